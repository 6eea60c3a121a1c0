"""The district's window by keys: stations, files taken in, calls, packs, requests, supplies, reports, notices, lock."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar, cast

import pypdfium2
import pytest
from openpyxl import load_workbook
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from station_app import app, words
from station_app.db import Database
from station_app.district import answer, books, desk, keys, matters, months, promises, store
from station_app.errors import Refused
from station_app.model import ItemKind, Occupation, RequestState
from station_app.paths import Volume
from station_app.services import arrivals, exchange, keepers, kept_forms, requests, stations, supplies, visits
from station_app.sync import inbox, outbox
from station_app.sync.opening import Opener
from station_app.ui import theme
from station_app.ui.district.exchange import ExchangePage
from station_app.ui.district.exchange_parts import SentList
from station_app.ui.district.reports import CorrectionList, ReportsPage
from station_app.ui.district.requests import RequestsPage
from station_app.ui.district.requests_desk import AgendaSheet, MeetingsSheet, TemplatesSheet, export
from station_app.ui.district.settings import SettingsPage
from station_app.ui.district.stations import StationsPage
from station_app.ui.district.stations_card import EnrolCard, OutcomeList
from station_app.ui.district.supplies import SuppliesPage, quantities, shared
from station_app.ui.district.window import PAGES, DistrictWindow
from station_app.ui.hands import Hands
from station_app.ui.jobs import Jobs
from station_app.ui.kit import Chip
from station_app.ui.page import Page
from station_app.ui.pages.reports import ReportsPage as StationReports
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.ui.shell import SheetShell, in_front, shown

Key = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier
CTRL = Qt.KeyboardModifier.ControlModifier
FORM = Path(__file__).parents[1] / "data" / "district_monthly_form.xlsx"
WORKER = (sys.executable, "-c", "from station_app.sync.opening import worker_main; raise SystemExit(worker_main())")
P = TypeVar("P", bound=Page)


class Desk:
    """A district with two stations, its window, the hands on it, a stick."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self.root, self.clock = root, clock
        self.db = store.set_up(
            root / "district", "990101", "云桥区", "陈立", PASSWORD, pin="2468", clock=clock, cost=CHEAP
        )
        self.stick = root / "KEEPER"
        self.stick.mkdir()
        self.stations: dict[str, Database] = {}
        for code, name in (("YQ", "云桥暖心驿站"), ("LT", "龙潭驿站")):
            self.station(code, name)
            store.enrol(self.db, outbox.enrol(self.stations[code], root).path)
            outbox.trust(self.stations[code], outbox.read_trust(store.introduce(self.db, root).path))
        self.opened: list[Path] = []

    def station(self, code: str, name: str) -> Database:
        found = replace(SAMPLE, code=code, name=name, district_name="云桥区", phone="0851-27220000")
        self.stations[code], _ = stations.set_up(
            self.root / code, found, "王敏", PASSWORD, clock=self.clock, cost=CHEAP
        )
        return self.stations[code]

    def open(self, qtbot: QtBot) -> None:
        self.window = app.district_window(self.db)
        self.broken: list[object] = []
        self.window.jobs.broken.connect(self.broken.append)
        page = self.page(StationsPage)
        page._opener._command = list(WORKER)  # the worker of these sources, whatever is installed
        self.plugged: list[Volume] = []
        page._volumes = lambda: list(self.plugged)
        exchange_page = self.page(ExchangePage)
        exchange_page._volumes = lambda: list(self.plugged)
        for shows in (page, exchange_page, self.page(ReportsPage)):
            shows._show_file = self._see
        self.window.show()
        qtbot.waitActive(self.window)
        self.hands = Hands(self.window, lambda: self.window.idle)
        self.hands.settle()

    def _see(self, file: Path) -> bool:
        self.opened.append(file)
        return True

    def page(self, kind: type[P]) -> P:
        return cast(P, self.window.page(kind.name))

    def go(self, name: str) -> None:
        self.hands.key(str(PAGES.index(name) + 1), ALT)

    @property
    def told(self) -> str:
        return self.window.toast.text()

    def sheet(self) -> QWidget:
        """What the open sheet holds."""
        sheet = self.window._sheet
        assert sheet.is_open()
        content = sheet._content
        assert content is not None
        return content

    def sends(self, code: str, *, times: int = 3) -> Path:
        """A station's file on the stick, with something new in it."""
        visits.tally(self.stations[code], Occupation.RIDER, times)
        return outbox.export(self.stations[code], self.stick)[0].path

    def asks(self, code: str, text: str = "充电口不足") -> str:
        number = requests.add(self.stations[code], text)[0].number
        self.drop(outbox.export(self.stations[code], self.stick)[0].path)
        return number

    def drop(self, *files: Path) -> None:
        """Drop files onto the window."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        none = Qt.KeyboardModifier.NoModifier
        event = QDropEvent(QPointF(600, 400), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, none)
        self.window.dropEvent(event)
        self.hands.settle()

    def plug(self) -> None:
        self.plugged = [Volume(self.stick, "KEEPER", 15_000_000_000)]
        shown_page = self.window._shown()
        shown_page.poll()  # type: ignore[attr-defined]
        self.hands.settle()

    def apply(self, code: str) -> None:
        """A station takes its newest pack from the stick."""
        newest = sorted(self.stick.glob(f"990101-{code}-*.pack"))[-1]
        with Opener(command=WORKER) as opener:
            inbox.apply(self.stations[code], inbox.look(self.stations[code], newest, opener)[0])

    def field(self) -> QWidget:
        focus = QApplication.focusWidget()
        assert focus is not None
        return focus


@pytest.fixture(scope="module")
def dressed(qapp: QApplication) -> None:
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-07-17T14:26:00+08:00")


@pytest.fixture
def at(qtbot: QtBot, dressed: None, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    made = Desk(tmp_path, clock)
    made.open(qtbot)
    yield made
    made.window.close()
    made.db.close()
    for station in made.stations.values():
        station.close()
    made.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert made.broken == []


# --- the window -----------------------------------------------------------------------------------------------------------


def test_alt_and_a_digit_show_every_page(at: Desk) -> None:
    for name in reversed(PAGES):
        at.go(name)
        assert at.window.page(name).isVisible()
    assert "云桥区 · 区级工作台" in shown(at.window.top)


def test_ctrl_l_hides_everything_until_the_pin(at: Desk) -> None:
    at.hands.ctrl("l")
    assert at.window.locked
    assert not at.window.page("stations").isVisible()
    at.drop(at.sends("YQ"))
    assert at.page(StationsPage).taking.outcomes == []
    at.hands.type("0000")
    at.hands.key(Key.Key_Return)
    assert at.window.locked
    at.hands.type("2468")
    at.hands.key(Key.Key_Return)
    assert not at.window.locked


def test_the_language_changes_and_every_page_is_there(at: Desk) -> None:
    at.window.speak("en")
    at.hands.settle()
    assert words.language() == "en"
    for name in PAGES:
        at.go(name)
        assert at.window.page(name).isVisible()
    assert "District desk" in shown(at.window.top)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_page_fits_the_smallest_screen_in_large_type_too(at: Desk, language: str) -> None:
    at.window.speak(language)
    at.drop(at.sends("YQ"))
    at.hands.key(Key.Key_F11)
    at.hands.settle()
    assert theme.tokens().large
    try:
        for name in PAGES:
            at.go(name)
            if name == "stations":
                at.page(StationsPage).tabs.choose("overdue")
            at.hands.settle()
            assert at.window.minimumSizeHint().width() <= 1366, name
    finally:
        at.hands.key(Key.Key_F11)
        at.hands.settle()
    assert at.window.width() <= 1366, "and when the type is as before"


# --- stations and files -----------------------------------------------------------------------------------------------------


def test_a_folder_dropped_on_any_page_is_taken_in_and_each_file_told(at: Desk) -> None:
    at.sends("YQ")
    at.sends("LT", times=9)
    (at.stick / "YQA-20260717-0099.batch").write_bytes(b"broken")
    at.go("reports")
    at.drop(at.stick)
    page = at.page(StationsPage)
    assert page.isVisible()
    assert page.files.done.text() == "收好了：3 个文件，2 个有新内容（2 个驿站，6 条），1 个没有收"
    assert page.figures[1].accessibleName() == "本月人次 12"
    page.files.each.setFocus()
    at.hands.key(Key.Key_Return)
    rows = cast(OutcomeList, at.sheet()).rows
    assert [rows.record(row).file.name for row in range(3)] == [
        "YQA-20260717-0099.batch", "LTA-20260717-0001.batch", "YQA-20260717-0001.batch",
    ]  # fmt: skip
    assert cast(OutcomeList, at.sheet()).told.text(), "why it was refused, in full"
    at.hands.key(Key.Key_Escape)
    at.drop(at.stick)
    assert page.files.done.text() == "收好了：3 个文件，2 个以前收过，1 个没有收"
    assert page.figures[1].accessibleName() == "本月人次 12", "the same again changes nothing"


def test_files_on_a_stick_are_offered_and_taken_by_ctrl_i(at: Desk) -> None:
    at.sends("YQ")
    at.plug()
    page = at.page(StationsPage)
    assert page.files.notice is not None
    assert page.files.notice.text.text() == "U盘 KEEPER 上有 1 个还没收的文件"
    at.hands.ctrl("i")
    assert "1 个有新内容" in at.told
    at.plug()
    assert page.files.notice is None, "a file that was looked at is no news"


def test_stopping_keeps_what_was_taken_and_the_rest_can_come_again(at: Desk) -> None:
    for code in ("YQ", "LT"):
        at.sends(code)
    page = at.page(StationsPage)
    page.taking.advanced.connect(lambda done, _total: page.taking.stop() if done == 1 else None)
    at.drop(at.stick)
    assert page.files.done.text().startswith("已停下：1 个文件")
    assert len(page.taking.outcomes) == 1
    assert sum(line.held.batches for line in desk.status(at.db)) == 1


def test_another_language_in_the_middle_of_many_files_stops_them_and_loses_nothing(at: Desk) -> None:
    for code in ("YQ", "LT"):
        at.sends(code)
    page = at.page(StationsPage)
    page.taking.advanced.connect(lambda done, _total: at.window.speak("en") if done == 1 else None)
    at.drop(at.stick)
    assert words.language() == "en"
    assert sum(line.held.batches for line in desk.status(at.db)) == 1
    at.page(StationsPage)._opener._command = list(WORKER)
    at.drop(at.stick)
    assert sum(line.held.batches for line in desk.status(at.db)) == 2
    assert at.page(StationsPage).files.done.text().startswith("Done: 2 files, 1 with something new")


def test_a_station_joins_when_its_fingerprint_is_the_same(at: Desk) -> None:
    fresh = at.station("XP", "新蒲驿站")
    file = outbox.enrol(fresh, at.stick).path
    at.drop(file)
    card = cast(EnrolCard, at.sheet())
    assert card.fingerprint.text().replace("\u200b", "") == outbox.own_identity(fresh).public.fingerprint
    assert len(store.stations(at.db)) == 2, "looking is not believing"
    assert card.no.hasFocus(), "a slip of Enter believes nobody"
    at.hands.key(Key.Key_Return)
    assert len(store.stations(at.db)) == 2
    assert "没有入网" in at.told
    at.drop(file)
    cast(EnrolCard, at.sheet()).yes.setFocus()
    at.hands.key(Key.Key_Return)
    assert [one.code for one in store.stations(at.db)] == ["LT", "XP", "YQ"]
    assert at.told == "新蒲驿站 已入网，可以收它的文件了"
    assert at.page(StationsPage).card.dossier is not None
    assert at.page(StationsPage).card.dossier.standing.station.code == "XP"


def test_the_table_is_searched_filtered_and_put_in_order(at: Desk, clock: Clock) -> None:
    at.drop(at.sends("YQ", times=9))
    page = at.page(StationsPage)

    def names() -> list[str]:
        return [page._rows.record(row).station.code for row in range(page._rows.rowCount())]

    assert names() == ["YQ", "LT"], "by name"
    page.list.horizontalHeader().sectionClicked.emit(5)
    assert page.order.currentData() == "requests"
    page.order.setCurrentIndex(page.order.findData("visits"))
    assert names() == ["YQ", "LT"]
    page.order.setCurrentIndex(page.order.findData("silent"))
    at.hands.key("/")
    at.hands.type("LT")
    assert names() == ["LT"]
    at.hands.key(Key.Key_Escape)
    assert len(names()) == 2
    assert "一致" in shown(page.card) or "还没上报" in shown(page.card)
    page.tabs.choose("look")
    assert names() == []


def test_a_stations_card_tells_how_it_was_used(at: Desk, clock: Clock) -> None:
    station = at.stations["YQ"]
    item, _ = supplies.add_item(station, "矿泉水", "瓶", ItemKind.DRINK)
    supplies.receive(station, item.id, 1)
    keepers.open_station(station)
    visits.tally(station, Occupation.RIDER, 8)
    supplies.hand_out(station, item.id)
    clock.forward(minutes=120)
    keepers.close_station(station)
    at.drop(outbox.export(station, at.stick)[0].path)
    page = at.page(StationsPage)
    page.list.choose(store.by_code(at.db, "YQ").station_id)
    at.hands.settle()
    seen = shown(page.card)
    assert "06-18 至 07-17 · 开放 1 天、2 小时" in seen
    assert "每小时 4.0 人次" in seen
    assert "断货：矿泉水 1 天" in seen
    assert "站日均 8.0" in shown(page)


def test_the_chase_list_tells_phone_and_last_call_and_goes_on_paper(at: Desk, clock: Clock, tmp_path: Path) -> None:
    at.drop(at.sends("YQ"))
    clock.forward(days=8)
    page = at.page(StationsPage)
    page.refresh()
    at.hands.settle()
    page.tabs.choose("overdue")
    at.hands.settle()
    page.settle()
    at.hands.key("3")  # the third button of the card: a call
    field = at.field()
    assert isinstance(field, QPlainTextEdit)
    at.hands.type("周五前报上来")
    at.hands.ctrl(Key.Key_Return)
    assert "已记下联系过" in at.told
    called = [line.called.note for line in desk.overview(at.db).lines if line.called is not None]
    assert called == ["周五前报上来"]
    at.hands.ctrl("p")
    (pdf,) = at.opened
    from station_app.paper import preview

    assert preview.count(pdf) == 1
    page.save_csv(tmp_path / "chase.csv")
    at.hands.settle()
    text = (tmp_path / "chase.csv").read_text("utf-8-sig")
    assert "0851-27220000" in text
    assert "周五前报上来" in text
    at.window.toast.clear()


def test_a_revoked_station_is_kept_aside_until_an_officer_decides(at: Desk) -> None:
    page = at.page(StationsPage)
    page.list.choose(next(one.station_id for one in store.stations(at.db) if one.code == "YQ"))
    at.hands.settle()
    at.hands.key("5")
    at.hands.key(Key.Key_Return)  # all computers
    at.hands.type("电脑丢失")
    at.hands.ctrl(Key.Key_Return)
    assert [one.code for one in store.stations(at.db)] == ["LT"]
    at.drop(at.sends("YQ"))
    assert "1 个放进隔离" in page.files.done.text()
    assert at.db.scalar("SELECT count(*) FROM visit") == 0
    at.go("exchange")
    held = at.page(ExchangePage)
    held.tabs.choose("held")
    held.held.setFocus()
    held.held.choose(keys.held(at.db)[0].id)
    at.hands.key(Key.Key_Return)
    at.hands.key("2")  # it is good
    at.hands.key(Key.Key_Return)
    at.hands.type("电脑找回来了")
    at.hands.ctrl(Key.Key_Return)
    assert at.db.scalar("SELECT sum(person_times) FROM visit") == 3
    assert keys.held(at.db) == []


# --- packs ------------------------------------------------------------------------------------------------------------------


def test_packs_for_all_stations_go_onto_the_stick_by_one_key(at: Desk) -> None:
    at.drop(at.sends("YQ"))
    at.hands.ctrl("e")  # from the stations: to the page that writes
    page = at.page(ExchangePage)
    assert page.isVisible()
    at.plug()
    at.hands.ctrl("e")
    assert page.done.text() == "写好 2 个回包，都回读校验过，可以拔出U盘"
    assert sorted(file.name for file in at.stick.glob("*.pack")) == ["990101-LT-0001.pack", "990101-YQ-0001.pack"]
    at.apply("YQ")
    assert exchange.status(at.stations["YQ"]).receipted > 0
    page.each.setFocus()
    at.hands.key(Key.Key_Return)
    listed = cast(SentList, at.sheet())
    assert listed.rows.rowCount() == 2


def test_one_stations_pack_from_its_card(at: Desk) -> None:
    at.drop(at.sends("YQ"))
    page = at.page(StationsPage)
    page.list.choose(next(one.station_id for one in store.stations(at.db) if one.code == "YQ"))
    at.hands.settle()
    page.settle()
    at.hands.key("2")
    at.plug()
    at.hands.ctrl("e")
    assert [file.name for file in at.stick.glob("*.pack")] == ["990101-YQ-0001.pack"]


def test_a_stick_pulled_out_leaves_what_was_written_and_says_what_is_left(at: Desk) -> None:
    at.go("exchange")
    page = at.page(ExchangePage)
    page.targets.target = at.root / "pulled out"
    page.write()
    at.hands.settle()
    assert "还有 2 个没写" in page.done.text()
    assert page.errors.text()
    assert store.by_code(at.db, "YQ").last_pack_no == 0, "a number is spent only on a pack that was read back"


def test_the_districts_card_tells_its_fingerprint(at: Desk) -> None:
    at.go("exchange")
    page = at.page(ExchangePage)
    assert page.fingerprint.text().replace("\u200b", "") == store.root(at.db).public.fingerprint
    assert page.code.accessibleName() == store.root(at.db).public.fingerprint
    at.hands.ctrl("p")
    assert [file.name for file in at.opened] == ["trust-990101.pdf"]
    at.plug()
    page.write_trust.setFocus()
    at.hands.key(Key.Key_Return)
    told = outbox.read_trust(at.stick / "trust-990101.json")
    assert told.fingerprint == store.root(at.db).public.fingerprint


# --- requests ---------------------------------------------------------------------------------------------------------------


def test_a_request_is_answered_by_a_digit_and_comes_back_with_the_pack(at: Desk) -> None:
    number = at.asks("YQ")
    at.go("requests")
    page = at.page(RequestsPage)
    assert page.card.whole is not None
    assert page.card.whole.row.request.number == number
    assert "充电口不足" in shown(page.card)
    at.hands.key("1")
    at.hands.type("七月底前加装八个")
    at.hands.ctrl(Key.Key_Return)
    assert answer.by_number(at.db, number).state is RequestState.REPLIED
    assert "随下次回包送到驿站" in at.told
    at.go("exchange")
    at.plug()
    at.hands.ctrl("e")
    at.apply("YQ")
    assert requests.by_number(at.stations["YQ"], number).steps[-1].note == "七月底前加装八个"


def test_ctrl_z_takes_an_answer_back(at: Desk) -> None:
    number = at.asks("YQ")
    at.go("requests")
    at.hands.key("2")
    assert answer.by_number(at.db, number).state is RequestState.ACCEPTED
    at.hands.ctrl("z")
    assert answer.by_number(at.db, number).state is RequestState.RECORDED
    at.hands.ctrl("z")
    assert at.told == "没有可以撤销的了"


def test_requests_are_told_apart_by_station_tab_and_words(at: Desk, clock: Clock) -> None:
    at.asks("YQ", "充电口不足")
    at.asks("LT", "饮水机坏了")
    at.go("requests")
    page = at.page(RequestsPage)

    def numbers() -> list[str]:
        return [page._model.record(row).code for row in range(page._model.rowCount())]

    assert sorted(numbers()) == ["LT", "YQ"]
    page.station.setCurrentIndex(page.station.findData("LT"))
    assert numbers() == ["LT"]
    page.station.setCurrentIndex(0)
    at.hands.key("/")
    at.hands.type("充电")
    assert numbers() == ["YQ"]
    page.search.clear()
    page.tabs.choose("late")
    assert numbers() == []


def test_a_joint_meeting_takes_up_what_is_listed_decides_and_its_word_reaches_the_station(at: Desk, tmp_path: Path) -> None:
    first, second = at.asks("YQ", "充电口不足"), at.asks("LT", "饮水机坏了")
    at.go("requests")
    page = at.page(RequestsPage)
    printed: list[Path] = []
    page._show_file = lambda path: not printed.append(path)
    page.station.setCurrentIndex(page.station.findData("YQ"))
    page.meeting_button.click()
    at.hands.settle()
    meetings = at.sheet()
    assert isinstance(meetings, MeetingsSheet)
    assert meetings.new_button.text() == "新会议，议列表中未办结的 1 件"
    meetings.new_button.click()
    at.hands.settle()
    at.hands.type("七月联席会议")
    at.hands.key(Key.Key_Return)
    at.hands.type("2026-07-20")
    at.hands.ctrl(Key.Key_Return)
    at.hands.until(lambda: len(printed) == 1, "the agenda")
    assert "充电口不足" in text_of(printed[0])
    assert "饮水机坏了" not in text_of(printed[0])
    page.station.setCurrentIndex(0)
    page.list.choose(answer.by_number(at.db, second).id)
    at.hands.settle()
    page.meeting_button.click()
    at.hands.settle()
    at.hands.key(Key.Key_Return)  # the meeting that is planned
    agenda = at.sheet()
    assert isinstance(agenda, AgendaSheet)
    assert agenda.add_button is not None
    agenda.add_button.click()
    at.hands.settle()
    agenda = at.sheet()
    assert isinstance(agenda, AgendaSheet)
    assert agenda.rows.rowCount() == 2
    at.hands.key(Key.Key_Return)
    at.hands.type("七月底前加装八个")
    at.hands.ctrl(Key.Key_Return)
    agenda = at.sheet()
    assert isinstance(agenda, AgendaSheet)
    assert agenda.meeting.decided == 1
    assert at.told == f"{first} 已议定，现在是已答复"
    at.hands.key(Key.Key_Escape)
    at.go("exchange")
    at.plug()
    at.hands.ctrl("e")
    at.apply("YQ")
    step = requests.by_number(at.stations["YQ"], first).steps[-1]
    assert (step.note, step.unit) == ("七月底前加装八个", "七月联席会议")


def test_a_reply_is_kept_by_category_used_changed_and_dropped(at: Desk) -> None:
    number = at.asks("YQ")
    at.go("requests")
    page = at.page(RequestsPage)
    page.templates_button.click()
    at.hands.settle()
    sheet = at.sheet()
    assert isinstance(sheet, TemplatesSheet)
    sheet.new_button.click()
    at.hands.settle()
    at.hands.type("充电口")
    at.hands.key(Key.Key_Return)
    at.hands.key(Key.Key_Return)
    at.hands.type("七月底前加装八个充电口。")
    at.hands.ctrl(Key.Key_Return)
    (kept,) = matters.templates(at.db)
    assert (kept.title, kept.text, at.told) == ("充电口", "七月底前加装八个充电口。", "模板已保存")
    at.hands.key(Key.Key_Return)  # in the list: change it
    at.hands.type("（加装）")
    at.hands.ctrl(Key.Key_Return)
    assert [one.title for one in matters.templates(at.db)] == ["充电口（加装）"]
    at.hands.key(Key.Key_Escape)
    page.list.choose(answer.by_number(at.db, number).id)
    page.refresh()
    at.hands.settle()
    at.hands.key("1")
    next(chip for chip in at.sheet().findChildren(Chip) if chip.text() == "充电口（加装）").click()
    at.hands.ctrl(Key.Key_Return)
    assert answer.by_number(at.db, number).steps[-1].note == "七月底前加装八个充电口。"
    page.templates_button.click()
    at.hands.settle()
    sheet = at.sheet()
    assert isinstance(sheet, TemplatesSheet)
    sheet.drop_button.click()
    at.hands.settle()
    assert matters.templates(at.db) == []
    at.window.toast._link.click()
    at.hands.settle()
    assert [one.title for one in matters.templates(at.db)] == ["充电口（加装）"]


def test_requests_leave_for_another_system_from_the_page(at: Desk, tmp_path: Path) -> None:
    number = at.asks("YQ")
    at.go("requests")
    page = at.page(RequestsPage)
    for ending in ("json", "csv"):
        export(page.shell, tmp_path / f"requests.{ending}")
        at.hands.settle()
        assert at.told == f"已写出 1 件诉求：requests.{ending}"
    told = json.loads((tmp_path / "requests.json").read_text("utf-8"))
    assert [one["number"] for one in told["requests"]] == [number]
    assert number in (tmp_path / "requests.csv").read_text("utf-8-sig")
    page.hotline_button.click()
    assert page.findChild(QFileDialog) is not None
    page.findChild(QFileDialog).reject()


# --- supplies ---------------------------------------------------------------------------------------------------------------


def text_of(pdf: Path) -> str:
    """What stands on the first page."""
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        text = page.get_textpage()
        told = str(text.get_text_range())
        text.close()
        page.close()
    return told


def test_supplies_are_allocated_travel_and_are_confirmed(at: Desk) -> None:
    station = at.stations["YQ"]
    item, _ = supplies.add_item(station, "防暑包", "份", ItemKind.COOLING, low_level=20)
    supplies.receive(station, item.id, 5)
    at.drop(outbox.export(station, at.stick)[0].path)
    at.go("supplies")
    page = at.page(SuppliesPage)
    assert "合计 5 份" in shown(page.card)
    at.hands.ctrl("n")
    form = at.sheet()
    for _ in range(3):
        at.hands.key(Key.Key_Return)  # item, unit and kind are those of the row
    at.hands.key("2")  # to those that run low
    at.hands.key(Key.Key_Return)
    at.hands.type("60")
    assert form.values()["lines"] == "YQ 60"  # type: ignore[attr-defined]
    at.hands.ctrl(Key.Key_Return)
    assert at.told == "已给 1 个驿站调拨防暑包，随下次回包送到"
    at.go("exchange")
    at.plug()
    at.hands.ctrl("e")
    assert "调拨 1 笔" in at.page(ExchangePage).done.text()
    at.apply("YQ")
    (due,) = arrivals.due(station)
    arrivals.receive(station, due.id)
    at.drop(outbox.export(station, at.stick)[0].path)
    at.go("supplies")
    page.tabs.choose("promised")
    page.promised.choose(due.id)
    at.hands.settle()
    assert "今天 14:26 收到" in shown(page.card)
    assert supplies.get(station, item.id).balance == 65
    opened: list[Path] = []
    page._show_file = lambda path: not opened.append(path)
    at.hands.ctrl("p")
    at.hands.until(lambda: bool(opened), "the slip")
    told = text_of(opened[0])
    for said in ("云桥区物资配发单", "发往 1 个驿站；合计 防暑包 60 份", stations.current(station).name, "2026-07-17"):
        assert said in told
    from station_app.paper.order_slip import Allotted, received_slip

    came = arrivals.received(station, "2026-07-01", "2026-07-31")
    assert [one.quantity for one in came] == [5, 60]
    rows = [Allotted("", one.item, one.quantity, one.unit, "", one.time, one.note, one.keeper) for one in came]
    slip = opened[0].with_name("received.pdf")
    place = stations.current(station)
    assert received_slip(rows, slip, station=place, printed_on=date(2026, 7, 17), first="2026-07-01", last="2026-07-31") == 1
    assert "已收到 防暑包 65 份" in text_of(slip)


def test_an_allocation_is_taken_back_from_the_toast(at: Desk) -> None:
    at.go("supplies")
    at.hands.ctrl("n")
    form = at.sheet()
    form.set_values({"item": "防暑包", "unit": "份", "lines": "YQ 60\n龙潭驿站 40"})  # type: ignore[attr-defined]
    at.hands.ctrl(Key.Key_Return)
    assert sorted((one.code, one.quantity) for one in promises.allocations(at.db)) == [("LT", 40), ("YQ", 60)]
    at.window.toast.act()
    at.hands.settle()
    assert all(one.withdrawn for one in promises.allocations(at.db))


def test_a_line_that_is_not_clear_is_told_at_its_field(at: Desk) -> None:
    at.go("supplies")
    at.hands.ctrl("n")
    form = at.sheet()
    form.set_values({"item": "防暑包", "unit": "份", "lines": "YQ 60\n无名驿站 4"})  # type: ignore[attr-defined]
    at.hands.ctrl(Key.Key_Return)
    assert "这一行看不懂：“无名驿站 4”" in shown(form)
    assert promises.allocations(at.db) == []


def test_lines_are_read_and_shares_add_up() -> None:
    names = {"YQ": "云桥暖心驿站", "LT": "龙潭驿站"}
    assert quantities("yq 60\n龙潭驿站：４０\n\n", names) == {"YQ": 60, "LT": 40}
    from station_app.ui.district.supplies import Depot

    depot = Depot(None, names, {"YQ": 2, "LT": 1}, (), ())  # type: ignore[arg-type]
    assert shared("visits", 100, depot, None) == [("YQ", 67), ("LT", 33)]
    assert shared("each", 7, depot, None) == [("YQ", 7), ("LT", 7)]
    assert shared("low", 7, depot, None) == []
    shelf = promises.Shelf("矿泉水", "瓶", ItemKind.DRINK, {"YQ": 3, "LT": 50}, frozenset({"YQ"}), {"YQ": 45})
    assert shared("lack", 0, depot, shelf) == [("YQ", 45)]


# --- reports ----------------------------------------------------------------------------------------------------------------


def test_a_month_is_reported_printed_closed_and_corrected(at: Desk, clock: Clock, tmp_path: Path) -> None:
    for code, times in (("YQ", 5), ("LT", 7)):
        keepers.open_station(at.stations[code])
        at.drop(at.sends(code, times=times))
    at.go("reports")
    page = at.page(ReportsPage)
    rows = [page._rows.record(row) for row in range(page._rows.rowCount())]
    assert [(line.code, line.report.person_times) for line in rows] == [("", 12), ("LT", 7), ("YQ", 5)]
    assert not page.close_button.isVisible()
    at.hands.ctrl("p")
    from station_app.paper import preview

    assert preview.count(at.opened[-1]) == 2, "the figures, and the table with totals and the line to sign"
    page.save_csv(tmp_path / "july.csv")
    at.hands.settle()
    lines = (tmp_path / "july.csv").read_text("utf-8-sig").splitlines()
    assert lines[-1].startswith(",合计 2 个驿站,12,")

    clock.set("2026-08-03T09:00:00+08:00")
    page.choose("2026-07")
    at.hands.settle()
    page.close_button.setFocus()
    at.hands.key(Key.Key_Return)
    at.hands.key(Key.Key_Return)  # the sheet says what closing means; its button closes
    assert at.told == "2026-07 已结账"
    assert months.listing(at.db)[0] == ("2026-07", True)
    visits.tally(at.stations["LT"], Occupation.OTHER, 4, clock().replace(month=7, day=30))
    at.drop(outbox.export(at.stations["LT"], at.stick)[0].path)
    at.go("reports")
    assert page.figures[0].accessibleName() == "来访人次 12", "as it was closed"
    assert "其后有" in shown(page)
    page.show_corrections()
    listed = cast(CorrectionList, at.sheet())
    told = [(listed.rows.record(row).station, listed.rows.record(row).figure) for row in range(listed.rows.rowCount())]
    assert ("LT", "person_times") in told


def test_a_form_bound_here_goes_with_the_packs_and_is_filled_at_the_station(
    at: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    """Dropped onto the district's page and bound; the pack brings form and binding; the station fills it and cannot change it."""
    station = at.stations["YQ"]
    visits.tally(station, Occupation.RIDER, 7)
    at.drop(outbox.export(station, at.stick)[0].path)
    at.go("reports")
    page = at.page(ReportsPage)
    at.hands.ctrl("b")
    page.forms.take(FORM)
    at.hands.settle()
    (kept,) = kept_forms.listing(at.db)
    assert (kept.name, len(kept.binding.cells), kept.given) == (FORM.name, 38, False)
    page.forms.month = date(2026, 7, 1)
    page.forms.fill_to(tmp_path / "district.xlsx")
    at.hands.settle()
    sheet = load_workbook(tmp_path / "district.xlsx")["月报"]
    assert (sheet["C5"].value, sheet["A2"].value) == (7, f"驿站名称：{at.db.meta('district_name')}")
    at.go("exchange")
    at.plug()
    at.hands.ctrl("e")
    at.apply("YQ")
    (given,) = kept_forms.listing(station)
    assert (given.id, given.name, given.binding, given.given) == (kept.id, kept.name, kept.binding, True)
    assert kept_forms.content(station, given.id) == FORM.read_bytes()
    for change in (lambda: kept_forms.rebind(station, given.id, given.binding), lambda: kept_forms.forget(station, given.id)):
        with pytest.raises(Refused, match=r"forms\.given"):
            change()
    here = SheetShell(Jobs(station), stations.current(station))
    there = in_front(StationReports(here), here, qtbot)
    there.show_forms()
    qtbot.waitUntil(lambda: there.forms.opened is not None and there.jobs.idle)
    assert "这张表由区里绑定" in there.forms.told.text()
    assert not there.forms.forget_button.isEnabled()
    assert "区里下发" in there.forms.rows.columns[0].sub(there.forms.rows.record(0))  # type: ignore[misc]
    there.forms.fill_to(tmp_path / "station.xlsx")
    qtbot.waitUntil(lambda: (tmp_path / "station.xlsx").exists() and there.jobs.idle)
    sheet = load_workbook(tmp_path / "station.xlsx")["月报"]
    assert (sheet["C5"].value, sheet["A2"].value) == (7, f"驿站名称：{here.station.name}")
    there.close()
    here.jobs.close()
    kept_forms.forget(at.db, kept.id)
    answer.pack(at.db, "YQ", at.stick)
    at.apply("YQ")
    assert kept_forms.listing(station) == []


def test_two_days_typed_in_are_reported(at: Desk) -> None:
    at.drop(at.sends("YQ"))
    at.go("reports")
    page = at.page(ReportsPage)
    at.hands.key("/")
    for text in ("2026-07-16", "2026-07-17"):
        at.hands.ctrl("a")
        at.hands.type(text)
        at.hands.key(Key.Key_Return)
        page.last.take_focus()
    assert page.view is not None
    assert (page.view.whole.first, page.view.whole.last, page.view.whole.person_times) == (
        "2026-07-16",
        "2026-07-17",
        3,
    )


# --- notices, settings --------------------------------------------------------------------------------------------------------


def test_a_notice_is_posted_travels_and_is_withdrawn(at: Desk) -> None:
    at.go("exchange")
    page = at.page(ExchangePage)
    at.hands.ctrl("n")
    at.hands.type("高温橙色预警")
    at.hands.key(Key.Key_Return)
    at.hands.type("请备足饮水")
    at.hands.ctrl(Key.Key_Return)
    assert at.told == "通知已备好，随下次回包送到驿站"
    at.plug()
    at.hands.ctrl("e")
    at.apply("LT")
    assert [one.text for one in arrivals.notices(at.stations["LT"])] == ["请备足饮水"]
    page.notices.setFocus()
    page.notices.choose(promises.notices(at.db)[0].id)
    at.hands.key(Key.Key_Return)
    at.hands.key(Key.Key_Return)  # the sheet's button
    assert promises.notices(at.db)[0].withdrawn


def test_settings_change_what_is_overdue_and_the_officers_pin(at: Desk) -> None:
    at.go("settings")
    page = at.page(SettingsPage)
    at.hands.ctrl("a")
    at.hands.type("3")
    at.hands.key(Key.Key_Return)
    assert desk.overview(at.db).days == 3
    page.buttons["pin"].setFocus()
    at.hands.key(Key.Key_Return)
    for text in ("97531", "97531", PASSWORD):
        at.hands.type(text)
        at.hands.key(Key.Key_Return)
    assert keepers.unlock_screen(at.db, books.officers(at.db)[0].id, "97531")


def test_a_second_officer_works_here_too(at: Desk) -> None:
    at.drop(at.sends("YQ"))  # a keeper called 王敏 stands in the ledgers now
    at.go("settings")
    at.page(SettingsPage)._cost = CHEAP
    at.hands.ctrl("n")
    for text in ("王敏", "second-officer", "13579", PASSWORD):
        at.hands.type(text)
        at.hands.key(Key.Key_Return)
    assert [one.name for one in books.officers(at.db)] == ["王敏", "陈立"]
    second = books.officers(at.db)[0].id
    at.hands.ctrl("l")
    at.hands.type("second-officer")
    at.hands.key(Key.Key_Return)
    assert (at.window.locked, at.db.acting) == (False, second)
    at.hands.ctrl("n")
    for text in ("陈立", "another-one", "", "second-officer"):
        at.hands.type(text)
        at.hands.key(Key.Key_Return)
    assert len(books.officers(at.db)) == 2, "the name is taken"


def test_the_window_backs_up_and_prints_the_recovery_sheet(at: Desk) -> None:
    at.go("settings")
    page = at.page(SettingsPage)
    page.keys_card.make_backup()
    at.hands.settle()
    assert len(list((at.db.path.parent / "backups").glob("*.backup*"))) >= 1 or any(
        (at.db.path.parent / "backups").iterdir()
    )
    printed: list[Path] = []
    page.keys_card._show_file = lambda file: printed.append(file) is None
    page.keys_card.print_recovery.setFocus()
    at.hands.key(Key.Key_Return)
    at.hands.type(PASSWORD)
    at.hands.key(Key.Key_Return)
    assert [file.suffix for file in printed] == [".pdf"]
    assert keepers.recovery_key_made(at.db, at.db.path.parent) is not None


def test_window_class_names_its_pages() -> None:
    assert DistrictWindow.page_names == PAGES


def test_the_desk_backs_up_once_a_day_and_when_it_closes(qtbot: QtBot, dressed: None, tmp_path: Path, clock: Clock) -> None:
    db = store.set_up(tmp_path / "home", "990101", "云桥区", "陈立", PASSWORD, clock=clock, cost=CHEAP)
    window = app.district_window(db, backups=True)
    broken: list[object] = []
    keeping = window.keeping
    assert keeping is not None
    for signal in (window.jobs.broken, keeping.broken):
        signal.connect(broken.append)
    window.show()
    hands = Hands(window, lambda: window.idle and keeping.idle and window._tending.idle)
    hands.settle()
    for _ in range(2):
        window._tick()
        hands.settle()
    kept = tmp_path / "home" / "backups"
    assert [file.name for file in kept.glob("*.backup")] == ["20260717T062600Z-daily.backup"]
    assert "备份 今天 14:26" in shown(window.foot)
    window.close()
    assert len(list(kept.glob("*-close.backup"))) == 1
    assert broken == []
    db.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


# --- a folder that others fill --------------------------------------------------------------------------------------------


def test_a_watched_folder_is_taken_in_and_answered_while_the_desk_is_open(at: Desk) -> None:
    incoming, answers = at.root / "incoming", at.root / "answers"
    incoming.mkdir()
    answers.mkdir()
    at.go("exchange")
    page = at.page(ExchangePage)
    page.watching.opener._command = list(WORKER)
    page.tabs.choose("watch")
    at.hands.settle()
    assert "指定一个共享文件夹" in shown(page.watch)
    page.watch.keep("watch_folder", at.db.path.parent / "in")
    at.hands.settle()
    assert page.watch.errors.text(), "the district's own data is no folder for others"
    page.watch.keep("watch_folder", incoming)
    at.hands.settle()
    page.watch.keep("watch_answers", incoming)
    assert page.watch.errors.text() == "收件和回包要用两个不同的文件夹。"
    page.watch.keep("watch_answers", answers)
    at.hands.settle()

    visits.tally(at.stations["YQ"], Occupation.RIDER, 7)
    file = outbox.export(at.stations["YQ"], incoming)[0].path
    (incoming / "LTA-20260717-0099.batch").write_bytes(b"broken")
    left = at.clock().timestamp() - 60  # nobody is copying them any more
    for one in incoming.iterdir():
        os.utime(one, (left, left))
    page.watching.timer.timeout.emit()
    at.hands.settle()
    assert [(line.name, line.pill[0]) for line in page.watching.lines] == [(file.name, "已收"), ("LTA-20260717-0099.batch", "没有收")]
    assert page.watching.lines[0].text == "YQ：3 条 · 已放回包 990101-YQ-0001.pack"
    at.go("stations")
    assert at.page(StationsPage).figures[1].accessibleName() == "本月人次 7"
    assert page.watching.opener._process is None, "no process is kept while nothing comes"
    page.watching.timer.timeout.emit()
    at.hands.settle()
    assert len(page.watching.lines) == 2, "a file is taken in once"

    at.window.speak("en")  # the pages are made anew, and none but the one shown
    at.hands.settle()
    assert "exchange" in at.window._pages, "the folder is looked at also where nobody opened the page"
    at.window.speak("zh")
    at.hands.settle()
    page = at.page(ExchangePage)

    shutil.rmtree(incoming)
    at.go("exchange")
    page.watching.timer.timeout.emit()
    at.hands.settle()
    assert page.watch.errors.text(), "a share that went away is said"
    page.watch.off.click()
    at.hands.settle()
    assert at.told.startswith("已停止自动收件")
    page.watching.timer.timeout.emit()
    at.hands.settle()
    assert page.watch.errors.text() == ""
