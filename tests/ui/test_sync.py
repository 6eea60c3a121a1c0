"""The page 上报 by keys: joining, exporting, taking in, against a real district in the next folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from station_app import settings, vault
from station_app.db import Database
from station_app.district import answer, intake, light, store
from station_app.model import Exchange, Occupation, Request, RequestState
from station_app.paths import Volume
from station_app.services import attachments, exchange, preferences, requests, stations, visits
from station_app.services.pictures import prepare
from station_app.sync import outbox
from station_app.sync.opening import Opener
from station_app.ui.beam import CodesView
from station_app.ui.jobs import Jobs
from station_app.ui.pages import sync_text
from station_app.ui.pages.sync import SyncPage
from tests.pictures import phone
from tests.ui.shell import Clock, FakeShell, set_up

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
WORKER = (sys.executable, "-c", "from station_app.sync.opening import worker_main; raise SystemExit(worker_main())")


class Place:
    """A station with its page, a stick, and the district's end."""

    def __init__(self, qtbot: QtBot, root: Path) -> None:
        self.qtbot, self.root = qtbot, root
        self.clock = Clock()
        self.db = set_up(root / "station", self.clock)
        self.stick = root / "KEEPER"
        self.stick.mkdir()
        self.plugged: list[Volume] = []
        self.district = store.set_up(
            root / "district", "520304", "云桥区", "社工部", "demo-district", clock=self.clock, cost=vault.Cost(1, 8192)
        )
        self.jobs = Jobs(self.db)
        self.broken: list[object] = []
        self.jobs.broken.connect(self.broken.append)
        self.shell = FakeShell(self.jobs, stations.current(self.db))
        self.page = SyncPage(self.shell, volumes=lambda: list(self.plugged), opener=Opener(command=WORKER))

    def show(self) -> None:
        self.page.resize(1274, 678)
        with self.qtbot.waitActive(self.page):  # else the keys have no focus to go to
            self.page.show()
            self.page.activateWindow()
        self.wait()
        self.page.settle()

    def front(self) -> None:
        """The page's window is the active one again."""
        self.page.activateWindow()
        self.qtbot.waitUntil(self.page.isActiveWindow)
        self.wait()
        self.page.settle()

    def plug(self) -> None:
        """The stick goes in; the page's next look finds it."""
        self.plugged = [Volume(self.stick, "KEEPER", 15_000_000_000)]
        self.look()

    def look(self) -> None:
        self.page.poll()
        self.wait()

    def wait(self) -> None:
        self.qtbot.waitUntil(lambda: self.jobs.idle and self.page.idle, timeout=30_000)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        if QApplication.focusWidget() is None:  # the window lost the front on a busy machine: a key would go to nobody
            self.page.activateWindow()
            self.qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
        self.qtbot.keyClick(QApplication.focusWidget() or self.page, key, modifier)
        self.wait()

    def join(self) -> None:
        """Station and district know each other, without the page."""
        store.enrol(self.district, outbox.enrol(self.db, self.stick).path)
        outbox.trust(self.db, outbox.read_trust(store.introduce(self.district, self.stick).path))

    def take_in(self, file: Path) -> intake.Received:
        with Opener(command=WORKER) as opener:
            return intake.receive(self.district, intake.open_file(self.district, file, opener))[0]

    def exported(self) -> list[Path]:
        return sorted(self.stick.glob("*.batch"))

    def close(self) -> None:
        self.shell.close_sheet()
        self.page.close()
        self.wait()
        self.page.deleteLater()
        self.jobs.close()
        self.db.close()
        self.district.close()
        assert self.broken == []


@pytest.fixture
def place(qtbot: QtBot, tmp_path: Path) -> Iterator[Place]:
    place = Place(qtbot, tmp_path)
    yield place
    place.close()


@pytest.fixture
def joined(place: Place) -> Place:
    place.join()
    for _ in range(3):
        visits.tally(place.db, Occupation.RIDER, 1)
    return place


def asked(db: Database) -> Request:
    return requests.add(db, "充电口不足")[0]


# --- joining ---------------------------------------------------------------------------------------------------------


def test_joining_takes_two_steps_and_a_look_at_the_fingerprints(place: Place) -> None:
    place.show()
    page = place.page
    assert page.out.button.words() == "写入网文件"
    place.plug()
    place.press(Key.Key_E, CTRL)
    written = place.stick / "enrol-YQ.json"
    assert page.out.done.text() == "已写好 enrol-YQ.json，校验无误，可以拔出U盘"
    enrolled, _ = store.enrol(place.district, written)
    assert page.out.fingerprint.text().replace("\u200b", "") == enrolled.fingerprint
    assert exchange.batches(place.db) == []

    store.introduce(place.district, place.stick)
    place.look()
    assert page.back.notice is not None
    assert "trust-520304.json" in page.back.notice.text.text()
    assert outbox.district(place.db) is None
    place.press(Key.Key_I, CTRL)
    assert page.back.fingerprint == store.own_identity(place.district).public.fingerprint
    assert outbox.district(place.db) is None, "looking is not trusting"
    assert page.back.different is not None
    assert page.back.different.hasFocus()
    assert page.back.same is not None
    page.back.same.setFocus()
    place.press(Key.Key_Return)
    trusted = outbox.district(place.db)
    assert trusted is not None
    assert trusted.name == "云桥区"
    assert place.shell.last == "已信任云桥区，现在可以上报了"
    assert page.out.button.words() == "导出上报"


def test_a_fingerprint_that_differs_is_not_trusted(place: Place) -> None:
    store.introduce(place.district, place.stick)
    place.show()
    place.plug()
    place.press(Key.Key_I, CTRL)
    place.press(Key.Key_Return)
    assert outbox.district(place.db) is None
    assert place.page.back.same is None


def test_the_introduction_of_another_district_is_refused_with_its_reason(place: Place, tmp_path: Path) -> None:
    other = store.set_up(tmp_path / "other", "520302", "别的区", "社工部", "demo-district", cost=vault.Cost(1, 8192))
    file = store.introduce(other, tmp_path).path
    other.close()
    place.show()
    place.page.read_trust(file)
    place.wait()
    assert place.page.back.same is not None
    place.page.back.same.setFocus()
    place.press(Key.Key_Return)
    assert "这是别的区（520302）的文件" in place.page.back.errors.text()
    assert outbox.district(place.db) is None


# --- exporting -------------------------------------------------------------------------------------------------------


def test_the_whole_loop_by_keys_turns_the_rows(joined: Place) -> None:
    place, page = joined, joined.page
    request = asked(place.db)
    place.show()
    assert page.out.number.text() == str(exchange.waiting(place.db))
    assert "来访 3" in page.out.kinds.text()
    assert "诉求 2" in page.out.kinds.text()
    place.plug()
    assert page.out.targets.target == place.stick
    waiting = exchange.waiting(place.db)
    place.press(Key.Key_E, CTRL)
    assert page.out.done.text() == f"已导出 {waiting} 条，校验无误，可以拔出U盘"
    assert place.shell.last == page.out.done.text()
    assert exchange.status(place.db).packed == waiting
    assert page.batches.rowCount() == 1
    assert "待区里回执" in str(page.batches.data(page.batches.index(0, 4)))

    (file,) = place.exported()
    assert place.take_in(file).rows == waiting
    answer.reply(place.district, request.number, RequestState.REPLIED, "七月底前加装 8 个", "综合执法局")
    answer.pack(place.district, "YQ", place.stick)
    place.look()
    assert page.back.notice is not None
    assert page.back.notice.text.text() == "发现 520304-YQ-0001.pack：1 批回执 · 1 条答复"
    assert exchange.status(place.db).packed == waiting, "offered, not applied"
    place.press(Key.Key_I, CTRL)
    assert page.back.done.text() == "已取回第 1 号回包：1 批回执 · 1 条答复"
    assert exchange.status(place.db).receipted == waiting
    assert "区里已入库 · 回执 7月17日" in str(page.batches.data(page.batches.index(0, 4)))
    assert requests.get(place.db, request.id).state is RequestState.REPLIED
    page.back.requests.setFocus()
    place.press(Key.Key_Return)
    assert place.shell.went == [("requests", "")]


def test_a_pack_taken_in_before_is_no_news_unless_it_is_asked_for(joined: Place) -> None:
    place = joined
    outbox.export(place.db, place.stick)
    place.take_in(place.exported()[0])
    answer.pack(place.district, "YQ", place.stick)
    place.show()
    place.plug()
    place.press(Key.Key_I, CTRL)
    place.page.hide()
    place.wait()
    place.page._looked = None
    place.show()
    assert place.page.back.errors.text() == ""
    place.page.look(place.stick / "520304-YQ-0001.pack")
    place.wait()
    assert "已经取回过" in place.page.back.errors.text()


def test_a_stopped_export_keeps_its_batch_for_the_next(joined: Place) -> None:
    place, page = joined, joined.page
    place.show()
    place.plug()
    waiting = exchange.waiting(place.db)
    go_on = Event()
    place.jobs.run(lambda _db: go_on.wait(30) and None)
    place.qtbot.keyClick(page, Key.Key_E, CTRL)
    assert page.out.progress.isVisible()
    page.out.progress.cancelled.emit()
    go_on.set()
    place.wait()
    assert place.exported() == []
    assert list(place.stick.glob("*.part")) == []
    assert place.shell.last == "已停下。这一批留在本机，下次导出时一起带上。"
    assert exchange.status(place.db).packed == waiting
    assert exchange.batches(place.db)[0].carried_to == ""
    assert not page.out.progress.isVisible()
    assert f"另有 {waiting} 条" in page.out.packed.text()
    place.press(Key.Key_E, CTRL)
    assert page.out.done.text() == f"已导出 {waiting} 条，校验无误，可以拔出U盘"
    assert place.take_in(place.exported()[0]).rows == waiting


def test_a_stick_pulled_out_is_said_and_nothing_is_called_exported(joined: Place) -> None:
    place = joined
    place.show()
    place.plug()
    place.stick.joinpath("trust-520304.json").unlink()
    place.stick.joinpath("enrol-YQ.json").unlink()
    place.stick.rmdir()
    place.press(Key.Key_E, CTRL)
    assert "U盘还插着吗" in place.page.out.errors.text()
    assert place.page.out.done.text() == ""
    assert exchange.batches(place.db)[0].state is Exchange.PACKED


def test_a_folder_is_chosen_without_blocking_and_remembered(joined: Place, tmp_path: Path) -> None:
    place, page = joined, joined.page
    folder = tmp_path / "share"
    folder.mkdir()
    place.show()
    place.press(Key.Key_E, CTRL)
    dialog = page.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(folder))
    dialog.close()
    place.front()
    assert preferences.get(place.db, settings.LAST_FOLDER) == str(folder)
    assert page.out.targets.target == folder
    place.press(Key.Key_E, CTRL)
    (file,) = folder.glob("*.batch")
    assert file.name in page.out.done.text()
    assert "U盘" not in page.out.done.text()


def test_a_folder_inside_the_stations_own_data_is_refused(joined: Place) -> None:
    place = joined
    inside = place.db.path.parent / "copies"
    inside.mkdir()
    place.show()
    place.page.choose_folder(inside)
    place.wait()
    assert "在驿站自己的数据里" in place.page.out.errors.text()
    assert preferences.get(place.db, settings.LAST_FOLDER) == ""
    assert place.page.out.targets.target is None


# --- what is not taken -------------------------------------------------------------------------------------------------


def test_a_damaged_pack_is_refused_with_a_sentence_and_changes_nothing(joined: Place) -> None:
    place = joined
    outbox.export(place.db, place.stick)
    place.take_in(place.exported()[0])
    file = answer.pack(place.district, "YQ", place.stick)[0].path
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    before = exchange.status(place.db)
    place.show()
    place.plug()
    assert place.page.back.errors.text() == "520304-YQ-0001.pack：文件损坏或不完整，没有采用。请重新拷贝一次。"
    assert place.page.back.notice is None
    place.press(Key.Key_I, CTRL)
    dialog = place.page.findChild(QFileDialog)
    assert dialog is not None, "with nothing on offer Ctrl+I asks for a file"
    dialog.close()
    assert exchange.status(place.db) == before


def test_a_pack_for_another_station_is_refused_by_name(joined: Place, tmp_path: Path) -> None:
    place = joined
    outbox.export(place.db, place.stick)
    place.take_in(place.exported()[0])
    file = answer.pack(place.district, "YQ", place.stick)[0].path
    foreign = file.rename(place.stick / "520304-MJW-0001.pack")
    place.show()
    place.plug()
    assert place.page.back.notice is None, "named for another station, it is not even offered"
    foreign.write_bytes(b"not a pack")
    place.page.look(foreign)
    place.wait()
    assert "这不是驿站的交换文件" in place.page.back.errors.text()


def test_a_long_silence_of_the_district_is_pointed_out(joined: Place) -> None:
    place = joined
    outbox.export(place.db, place.stick)
    place.clock.forward(60 * 24 * 14)
    place.show()
    assert place.page._notices.count() == 0
    place.clock.forward(60 * 24)
    place.page.refresh()
    place.wait()
    (notice,) = (place.page._notices.itemAt(place_).widget() for place_ in range(place.page._notices.count()))
    assert notice.accessibleName().startswith("已经 15 天没有收到区里的回执了")


def test_no_process_is_kept_while_nobody_looks(joined: Place) -> None:
    place = joined
    outbox.export(place.db, place.stick)
    place.take_in(place.exported()[0])
    answer.pack(place.district, "YQ", place.stick)
    place.show()
    place.plug()
    assert place.page._opener._process is not None
    place.page.hide()
    place.wait()
    assert place.page._opener._process is None
    assert not place.page._poll.isActive()


def test_where_no_stick_may_be_a_telephone_takes_it_from_the_screen(joined: Place, tmp_path: Path) -> None:
    joined.show()
    page = joined.page
    assert page.out.light.isVisible()
    page.out.light.setFocus()
    joined.press(Qt.Key.Key_Space)
    codes = joined.shell.sheet
    assert isinstance(codes, CodesView)
    codes.setFixedSize(420, 640)
    joined.qtbot.waitUntil(lambda: codes.idle)
    joined.qtbot.keyClick(codes, Qt.Key.Key_Space)  # hold: a busy machine takes longer for a photograph than they stand
    codes.turn(-codes.place)
    joined.qtbot.waitUntil(lambda: codes.idle)
    with Opener(command=WORKER) as opener:
        for number in range(len(codes.texts)):
            assert codes.where.text() == f"第 {number + 1} 张，共 {len(codes.texts)} 张"
            photo = tmp_path / f"{number}.png"
            assert codes.grab().save(str(photo))
            seen = light.read_picture(joined.district, photo, opener)
            joined.qtbot.keyClick(codes, Qt.Key.Key_Right)
            joined.qtbot.waitUntil(lambda: codes.idle)
    assert codes.place == 0  # after the last comes the first
    assert [done.fresh for done in seen.received] == [1]
    joined.qtbot.keyClick(codes, Qt.Key.Key_Left)
    assert codes.place == len(codes.texts) - 1
    codes.save_to(tmp_path / "nowhere")
    joined.qtbot.waitUntil(lambda: codes.idle)
    assert "code-001" in codes.told.text()
    (tmp_path / "pictures").mkdir()
    codes.save_to(tmp_path / "pictures")
    joined.qtbot.waitUntil(lambda: codes.idle)
    assert len(list((tmp_path / "pictures").iterdir())) == len(codes.texts)
    assert sync_text.where(exchange.batches(joined.db)[0].carried_to) == "屏幕上的码"


def test_pictures_without_a_receipt_are_counted_beside_the_rows(joined: Place) -> None:
    request, _ = requests.add(joined.db, "路灯不亮", pictures=[prepare(phone(64, 48))] * 2)
    page = joined.page
    page.refresh()
    joined.wait()
    assert "2 张图片" in page.out.packed.text()
    for picture in attachments.listing(joined.db, request.id):
        attachments.remove(joined.db, picture.id)
    page.refresh()
    joined.wait()
    assert "图片" not in page.out.packed.text()
