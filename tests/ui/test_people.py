"""The people page: found, registered, named later, printed, forgotten; rosters in and out again; all by keys."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from threading import Event

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from station_app import settings, words
from station_app.db import Database
from station_app.model import BadgeState, Consent, Occupation, Person
from station_app.paper import preview, qr
from station_app.paper.manner import Manner, print_badges
from station_app.services import (
    badges,
    people,
    pictures,
    preferences,
    prints,
    privacy,
    requests,
    rosters,
    stations,
    visits,
)
from station_app.services.rosters import PersonField
from station_app.ui.jobs import Jobs
from station_app.ui.kit import Button
from station_app.ui.pages.people import PeoplePage
from station_app.ui.pages.people_sheets import HeldSheet, PersonForm, Registered
from tests.ui.shell import Clock, SheetShell, in_front, set_up

Key = Qt.Key
DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    before = words.language()
    words.use("zh")
    yield
    words.use(before)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def db(tmp_path: Path, clock: Clock) -> Iterator[Database]:
    store = set_up(tmp_path / "station", clock)
    yield store
    store.close()


@pytest.fixture
def shell(db: Database, qtbot: QtBot) -> Iterator[SheetShell]:
    jobs = Jobs(db)
    broken: list[object] = []
    jobs.broken.connect(broken.append)
    shell = SheetShell(jobs, stations.current(db))
    yield shell
    jobs.close()
    assert broken == []


@pytest.fixture
def printed() -> list[Path]:
    """What was opened for printing."""
    return []


@pytest.fixture
def page(shell: SheetShell, printed: list[Path], qtbot: QtBot) -> PeoplePage:
    return opened(shell, qtbot, printed)


def opened(shell: SheetShell, qtbot: QtBot, printed: list[Path], file: Path | None = None) -> PeoplePage:
    """The page in front, all read; ``file`` is what the keeper would choose."""

    def choose(_parent: QWidget, then: Callable[[Path], None]) -> None:
        if file is not None:
            then(file)

    def show(path: Path) -> bool:
        printed.append(path)
        return True

    page = PeoplePage(shell, choose=choose, show=show)
    in_front(page, shell, qtbot)
    idle(qtbot, page)
    return page


def idle(qtbot: QtBot, page: PeoplePage) -> None:
    """Until nothing is under way and the rows in view were fetched."""
    turns: list[bool] = []

    def still() -> bool:
        turns.append(page.jobs.idle)
        return turns[-3:] == [True] * 3  # what is shown anew asks for more on its next turn

    qtbot.waitUntil(still)


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def form(shell: SheetShell) -> PersonForm:
    assert isinstance(shell.sheet, PersonForm)
    return shell.sheet


def put(qtbot: QtBot, text: str) -> None:
    """Type where the cursor is; what an input method would commit is inserted."""
    line = focus()
    assert isinstance(line, QLineEdit)
    if text.isascii():
        qtbot.keyClicks(line, text)
    else:
        line.insert(text)


def named(db: Database, name: str, phone: str = "", consent: Consent = Consent.DISTRICT) -> Person:
    return people.register(db, Occupation.RIDER, "美团", name, phone, consent)[0]


def only(db: Database) -> Person:
    (person,) = people.several(db, people.ids(db))
    return person


def held(page: PeoplePage) -> privacy.Held:
    assert page.card.held is not None
    return page.card.held


def listed(page: PeoplePage) -> list[str]:
    """The names in the list, in order."""
    found = people.several(page.jobs.db, [str(page.rows.id_at(row)) for row in range(page.rows.rowCount())])
    return [person.name for person in found]


# --- 办卡 ----------------------------------------------------------------------------------------------------------------


def test_a_nameless_card_takes_two_keys(page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    page.new()
    qtbot.keyClick(focus(), Key.Key_2)  # couriers
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    person = only(db)
    assert (person.occupation, person.name, person.consent) == (Occupation.COURIER, "", Consent.NONE)
    assert isinstance(shell.sheet, Registered)
    assert shell.sheet.number.text() == person.card_number
    assert shell.last == f"已办卡：无名卡 {person.card_number}，快递员"
    assert held(page).person == person
    assert page.tabs.code() == "all"
    shell.undo(shell.undoable[-1].operation)
    idle(qtbot, page)
    assert people.ids(db) == []
    assert page.card.held is None


def test_enter_alone_makes_another_of_the_kind_before(page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    page.new()
    qtbot.keyClick(focus(), Key.Key_5)
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    page.new()
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    found = people.several(db, people.ids(db))
    assert [person.occupation for person in found] == [Occupation.SANITATION_WORKER] * 2


def test_a_name_needs_consent_first_and_then_a_name(page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    page.new()
    sheet = form(shell)
    assert not sheet.name.isEnabled()
    assert not sheet.phone.isEnabled()
    sheet.consent.take_focus()
    qtbot.keyClick(focus(), Key.Key_3)
    assert sheet.name.isEnabled()
    qtbot.keyClick(focus(), Key.Key_Return)  # no name yet: it goes there, nothing is saved
    assert focus() is sheet.name.line
    qtbot.keyClick(focus(), Key.Key_Return)
    assert sheet.name.line.accessibleDescription() == "请填姓名或称呼；不想留的话，请选“不留姓名”"
    put(qtbot, "买买提·艾力")
    sheet.phone.take_focus()
    put(qtbot, "123")
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    assert sheet.phone.line.accessibleDescription() == "“123”不像手机号，请再看一下；可以不留"
    assert sheet.name.value() == "买买提·艾力"
    assert people.ids(db) == []
    sheet.phone.line.clear()
    put(qtbot, "13900006031")
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    person = only(db)
    assert (person.name, person.phone, person.consent) == ("买买提·艾力", "13900006031", Consent.DISTRICT)


def test_what_was_typed_is_not_kept_once_consent_is_taken_away(
    page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    page.new()
    sheet = form(shell)
    sheet.consent.take_focus()
    qtbot.keyClick(focus(), Key.Key_2)
    sheet.name.take_focus()
    put(qtbot, "张三")
    sheet.consent.take_focus()
    qtbot.keyClick(focus(), Key.Key_1)
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    assert (only(db).name, only(db).consent) == ("", Consent.NONE)


def test_the_new_card_is_printed_by_enter_with_a_code_that_opens_it(
    page: PeoplePage, shell: SheetShell, db: Database, printed: list[Path], qtbot: QtBot
) -> None:
    page.new()
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    (file,) = printed
    assert file.name == f"驿站卡-{only(db).card_number}.pdf"
    assert file.parent == db.path.parent / "print"
    assert preview.count(file) == 1
    assert page.card.preview.code == qr.matrix(only(db).badge_code)


# --- finding and looking -------------------------------------------------------------------------------------------------


def test_people_are_found_by_name_pinyin_initials_phone_and_card(page: PeoplePage, db: Database, qtbot: QtBot) -> None:
    wanted = named(db, "欧阳志强", "13900006031")
    named(db, "赵丽", "13900000000")
    page.look_up()
    for text in ("志强", "ouyang", "oyzq", "6031", wanted.card_number):
        page.search.clear()
        put(qtbot, text)
        idle(qtbot, page)
        assert listed(page) == ["欧阳志强"], text
    qtbot.keyClick(page.search, Key.Key_Return)
    assert focus() is page.table
    assert held(page).person.id == wanted.id
    qtbot.keyClick(page.table, Key.Key_Escape)
    idle(qtbot, page)
    assert page.search.text() == ""
    assert len(listed(page)) == 2


def test_nobody_found_says_what_else_to_try(page: PeoplePage, db: Database, qtbot: QtBot) -> None:
    named(db, "赵丽")
    page.look_up()
    put(qtbot, "zzz")
    idle(qtbot, page)
    assert listed(page) == []
    assert page._empty.sentence.text().startswith("没有找到")
    assert page.card.held is None
    assert not page.print_button.isEnabled()


def test_tabs_count_and_show_their_people(page: PeoplePage, shell: SheetShell, db: Database, clock: Clock, qtbot: QtBot) -> None:
    old = named(db, "老王")
    visits.check_in_person(db, old.id)
    clock.forward(31 * 24 * 60)
    here = people.register(db, Occupation.TRUCK_DRIVER)[0]
    people.register(db, Occupation.RIDE_HAIL_DRIVER, "滴滴", "陈建平", "", Consent.STATION)
    visits.check_in_person(db, here.id)
    page.refresh()
    idle(qtbot, page)
    tabs = [tab.words() for tab in page.tabs._tabs.values() if tab.isVisible()]
    assert tabs == ["全部 3", "骑手 1", "快递员 0", "环卫 0", "司机 2", "其他 0", "久未来访 1", "无名卡 1"]
    for tab, names in (("drivers", ["", "陈建平"]), ("away", ["老王"]), ("nameless", [""]), ("couriers", [])):
        page.tabs.choose(tab)
        idle(qtbot, page)
        assert listed(page) == names, tab


def test_the_header_sorts_by_keys(page: PeoplePage, db: Database, qtbot: QtBot) -> None:
    for name, times in (("赵丽", 1), ("艾力", 2), ("周凯", 0)):
        person = named(db, name)
        for hour in range(times):
            visits.check_in_person(db, person.id, db.now().replace(hour=8 + hour))
    head = page.table.horizontalHeader()
    head.setFocus()
    qtbot.keyClick(head, Key.Key_Left)  # from last seen to visits
    idle(qtbot, page)
    assert (page.sorting.order, listed(page)) == ("visits", ["艾力", "赵丽", "周凯"])
    qtbot.keyClick(head, Key.Key_Return)
    idle(qtbot, page)
    assert listed(page) == ["周凯", "赵丽", "艾力"]
    page.sorting.choose(0)
    idle(qtbot, page)
    assert listed(page) == ["艾力", "赵丽", "周凯"]


def test_twenty_thousand_people_are_fetched_as_they_are_seen(
    page: PeoplePage, db: Database, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transact(people.Op.IMPORT_PEOPLE) as tx:
        tx.run_many(
            "INSERT INTO person(id, version, store_id, occupation, consent, registered_on)"
            " VALUES(?, 1, 'x', 'rider', 'none', '2026-07-01')",
            [(f"p{number:05}",) for number in range(20_000)],
        )
        tx.run_many(
            "INSERT INTO person_entry(person_id, sort_key, occupation, last_seen) VALUES(?, ?, 'rider', '')",
            [(f"p{number:05}", f"~{number:05}") for number in range(20_000)],
        )
    fetched: list[str] = []
    several = people.several
    monkeypatch.setattr(people, "several", lambda store, ids: fetched.extend(ids) or several(store, ids))
    page.refresh()
    idle(qtbot, page)
    assert page.rows.rowCount() == 20_000
    view = page.table.viewport().height()
    in_view = {f"p{row:05}" for row in range(view // page.table.rowHeight(0) + 1)}
    assert "p00000" in fetched
    assert set(fetched) <= in_view
    fetched.clear()
    qtbot.keyClick(page.table, Key.Key_End)
    idle(qtbot, page)
    assert "p19999" in fetched
    assert all(number > "p19950" for number in set(fetched) - in_view)


def test_the_card_tells_visits_requests_and_consent(page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    person = named(db, "李志强", "13900006031")
    visits.check_in_person(db, person.id)
    requests.add(db, "希望多装充电口", person_id=person.id)
    page.refresh()
    idle(qtbot, page)
    facts = {name: fact.accessibleName() for name, fact in page.card.facts.items() if not fact.isHidden()}
    assert facts == {
        "visits": "来访 1 次 · 首次 7月17日", "phone": "手机尾号 6031", "handouts": "领取物资 0 份", "requests": "诉求 1 件",
        "consent": "告知书 全区通用 · 第 1 版 · 7月17日", "kept": "留到什么时候 不再来的话，2027年7月17日删除",
    }  # fmt: skip
    page.card.held_button.click()
    idle(qtbot, page)
    assert isinstance(shell.sheet, HeldSheet)
    qtbot.keyClick(shell.sheet.copy_button, Key.Key_Return)
    copied = QGuiApplication.clipboard().text()
    assert "姓名：李志强" in copied
    assert "手机号：13900006031" in copied
    assert person.card_number in copied


def test_a_scan_shows_its_person_and_counts_nothing(page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    first, second = named(db, "赵丽"), named(db, "周凯")
    page.refresh()
    idle(qtbot, page)
    for person in (second, first):
        assert page.scanned(person.badge_code)
        idle(qtbot, page)
        assert held(page).person.id == person.id
        assert shell.told[-1] == "只打开了资料，没有登记"
        assert shell.then is not None
        shell.then()
        assert shell.went[-1] == ("desk", person.id)
    assert visits.today(db, "2026-07-17").person_times == 0
    assert not page.scanned("6901234567892")
    badges.issue(db, first.id)
    assert page.scanned(first.badge_code)
    idle(qtbot, page)
    assert shell.bad
    assert "已挂失" in shell.last


# --- changing and forgetting ---------------------------------------------------------------------------------------------


def test_a_nameless_badge_becomes_a_named_one_with_nothing_counted_again(
    page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    person, _changes = people.register(db, Occupation.RIDER)
    visits.check_in_person(db, person.id)
    page.refresh()
    idle(qtbot, page)
    assert page.card.edit_button.words() == "补留姓名…"
    qtbot.keyClick(page.table, Key.Key_Return)
    sheet = form(shell)
    sheet.consent.take_focus()
    qtbot.keyClick(focus(), Key.Key_2)
    sheet.name.take_focus()
    put(qtbot, "周凯")
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    now = people.get(db, person.id)
    assert (now.name, now.consent, now.visits, now.badge_code) == ("周凯", Consent.STATION, 1, person.badge_code)
    assert shell.sheet is None
    assert held(page).notice_version == people.NOTICE_VERSION
    assert page.card.name.text() == "周凯"
    shell.undo(shell.undoable[-1].operation)
    idle(qtbot, page)
    assert people.get(db, person.id).name == ""


def test_a_named_person_cannot_be_made_nameless_by_editing(page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    named(db, "赵丽", "13900006031", Consent.STATION)
    page.refresh()
    idle(qtbot, page)
    qtbot.keyClick(page.table, Key.Key_Return)
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    assert (only(db).name, only(db).phone, only(db).consent) == ("赵丽", "13900006031", Consent.STATION)
    qtbot.keyClick(page.table, Key.Key_Return)
    form(shell).consent.take_focus()
    qtbot.keyClick(focus(), Key.Key_3)  # there is no third choice
    assert form(shell).consent.value() == Consent.STATION.value


def test_a_lost_card_is_replaced_and_the_old_one_opens_nothing(
    page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    person = named(db, "赵丽")
    page.refresh()
    idle(qtbot, page)
    page.card.reissue_button.click()
    idle(qtbot, page)
    now = only(db)
    assert now.badge_code != person.badge_code
    assert [badge.state for badge in badges.of_person(db, person.id)] == [BadgeState.ACTIVE, BadgeState.REVOKED]
    assert shell.last == f"赵丽的旧卡已挂失，新卡号 {now.card_number}"
    assert page.card.preview.code == qr.matrix(now.badge_code)
    page.look_up()
    put(qtbot, now.card_number)
    idle(qtbot, page)
    assert listed(page) == ["赵丽"]
    shell.undo(shell.undoable[-1].operation)
    idle(qtbot, page)
    assert only(db).badge_code == person.badge_code


def test_forgetting_asks_once_more_and_keeps_the_counts(page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    person = named(db, "赵丽", "13900006031")
    visits.check_in_person(db, person.id)
    page.refresh()
    idle(qtbot, page)
    page.card.erase_button.setFocus()
    qtbot.keyClick(page.card.erase_button, Key.Key_Return)
    assert page.card.erase_strip.isVisible()
    assert "不能恢复" in page.card.erase_strip.sentence.text()
    assert focus() is page.card.erase_strip.no
    qtbot.keyClick(focus(), Key.Key_Escape)
    idle(qtbot, page)
    assert not page.card.erase_strip.isVisible()
    assert only(db).name == "赵丽"
    page.card.erase_button.click()
    qtbot.keyClick(page.card.erase_strip.yes, Key.Key_Return)
    idle(qtbot, page)
    gone = people.get(db, person.id)
    assert (gone.name, gone.phone, gone.erased, gone.visits) == ("", "", True, 1)
    assert visits.today(db, "2026-07-17").person_times == 1
    assert people.find(db, "赵丽") == []
    assert listed(page) == []
    assert page.card.held is None
    assert shell.undoable == []


def test_ctrl_p_prints_the_card_shown_and_the_button_those_listed(
    page: PeoplePage, shell: SheetShell, db: Database, printed: list[Path], qtbot: QtBot
) -> None:
    for number in range(11):
        named(db, f"师傅{number}")
    people.register(db, Occupation.COURIER)
    page.refresh()
    idle(qtbot, page)
    qtbot.keyClick(page.table, Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, page)
    assert printed[-1].name == f"驿站卡-{held(page).person.card_number}.pdf"
    page.tabs.choose("riders")
    idle(qtbot, page)
    assert page.print_button.words() == "打印驿站卡 · 11"
    page.print_button.click()
    idle(qtbot, page)
    assert printed[-1].name == "驿站卡-2026-07-17-1426-11张.pdf"
    assert preview.count(printed[-1]) == 2
    assert page.strip.isHidden()


def test_cards_are_printed_as_the_print_room_is_set(
    page: PeoplePage, shell: SheetShell, db: Database, printed: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    named(db, "师傅")
    prints.set_logo(db, pictures.prepare(_red()))
    for setting, text in ((settings.PRINT_OFFSET, "3,-2"), (settings.BADGE_COLOUR, "red"), (settings.PRINT_BACK, "1")):
        preferences.change(db, setting.name, text)
    for form, pages in (("sheet", 2), ("single", 2), ("label80", 1)):
        preferences.change(db, settings.PRINT_FORM.name, form)
        page.refresh()
        idle(qtbot, page)
        qtbot.keyClick(page.table, Key.Key_P, Qt.KeyboardModifier.ControlModifier)
        idle(qtbot, page)
        meant = Manner(form, True, (3.0, -2.0), "red", prints.logo(db))
        assert print_badges(shell.station, [held(page).person], tmp_path / "meant.pdf", meant) == pages
        drawn, wanted = (preview.pages(file, 60) for file in (printed[-1], tmp_path / "meant.pdf"))
        assert [bytes(one.rgb) for one in drawn] == [bytes(one.rgb) for one in wanted]


def _red() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 300), "red").save(out, "PNG")
    return out.getvalue()


# --- rosters -------------------------------------------------------------------------------------------------------------


def drop(page: PeoplePage, file: Path) -> None:
    """Drop a file on the page."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    where = QPointF(page.rect().center())
    event = QDropEvent(where, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    page.dropEvent(event)


def figures(db: Database) -> tuple[int, int]:
    """(regulars, nameless ones)."""
    return people.count(db), people.count(db, people.Filter(nameless=True))


def test_the_three_sample_rosters_come_in_with_the_expected_figures(
    page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    expected = (
        ("roster_utf8.csv", "共 100 行：已登记 100，其中无名 9，合并 0，不收 0"),
        ("roster_gb18030.csv", "共 111 行：已登记 106，其中无名 106，合并 4，不收 1"),
        ("roster.xlsx", "共 100 行：已登记 100，其中无名 100，合并 0，不收 0"),
    )
    for name, told in expected:
        drop(page, DATA / name)
        idle(qtbot, page)
        assert page.wizard is not None
        assert page.wizard.found.text().startswith(name)
        qtbot.keyClick(focus(), Key.Key_Return)
        idle(qtbot, page)
        assert page.wizard.done.text.text() == told
        qtbot.keyClick(focus(), Key.Key_Escape)
        assert page.wizard is None
    idle(qtbot, page)
    assert figures(db) == (306, 215)
    drop(page, DATA / "roster_utf8.csv")
    idle(qtbot, page)
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    assert "已登记 0" in shell.last
    assert "合并 100" in shell.last
    assert figures(db) == (306, 215)


def test_the_preview_tells_encoding_rows_and_reasons(page: PeoplePage, db: Database, qtbot: QtBot) -> None:
    people_before(db)
    page.open_list(DATA / "roster_gb18030.csv")
    idle(qtbot, page)
    wizard = page.wizard
    assert wizard is not None
    assert wizard.found.text() == "roster_gb18030.csv · GB18030 · 第 3 行是表头"
    assert wizard.said.text().startswith("共 111 行：将登记 106，其中无名 106，合并 4，不收 1")
    model = wizard.table.model()
    for tab, rows in (("refuse", 1), ("merge", 4), ("nameless", 106), ("to_decide", 6), ("all", 111)):
        wizard.tabs.choose(tab)
        assert model.rowCount() == rows, tab
    wizard.tabs.choose("refuse")
    line, as_read = model.index(0, 0).data(), model.index(0, 1).data()
    assert line.isdigit()
    assert "=" in as_read
    assert "公式" in str(model.index(0, 2).data(Qt.ItemDataRole.AccessibleTextRole))
    wizard.tabs.choose("to_decide")
    assert str(model.index(0, 2).data(Qt.ItemDataRole.AccessibleTextRole)).endswith("。")
    assert figures(db) == (100, 9)


def people_before(db: Database) -> None:
    """The first roster is in already."""
    sheet = rosters.read_sheet(DATA / "roster_utf8.csv", rosters.PEOPLE)
    people.import_roster(db, rosters.plan_people(sheet, rosters.map_columns(sheet, rosters.PEOPLE)))


def test_consent_on_paper_keeps_the_names_and_its_day(page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    page.open_list(DATA / "roster.xlsx")
    idle(qtbot, page)
    wizard = page.wizard
    assert wizard is not None
    assert wizard.extra is not None
    wizard.extra.take_focus()
    put(qtbot, "2026-03-02")
    idle(qtbot, page)
    assert "其中无名 0" in wizard.said.text()
    wizard.import_button.click()
    idle(qtbot, page)
    assert figures(db) == (100, 0)
    assert privacy.held(db, people.ids(db)[0]).agreed_on == date(2026, 3, 2).isoformat()
    wizard.done.acted.emit()
    idle(qtbot, page)
    assert page.wizard is None
    assert figures(db) == (0, 0)


def test_a_column_can_be_corrected_before_anything_is_written(page: PeoplePage, db: Database, qtbot: QtBot) -> None:
    page.open_list(DATA / "roster_utf8.csv")
    idle(qtbot, page)
    wizard = page.wizard
    assert wizard is not None
    assert "其中无名 9" in wizard.said.text()
    combo = wizard.map.combos[PersonField.CONSENT]
    combo.setCurrentIndex(0)
    combo.activated.emit(0)
    idle(qtbot, page)
    assert "其中无名 100" in wizard.said.text()
    qtbot.keyClick(wizard, Key.Key_Escape)
    idle(qtbot, page)
    assert page.wizard is None
    assert focus() is page.table
    assert figures(db) == (0, 0)


def test_a_cancelled_import_leaves_nothing(
    page: PeoplePage, db: Database, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.open_list(DATA / "roster_utf8.csv")
    idle(qtbot, page)
    wizard = page.wizard
    assert wizard is not None
    whole = people.import_roster
    half_way, stopped = Event(), Event()

    def held_up(store: Database, plan: rosters.RosterPlan, progress: Callable[[int, int], None]) -> object:
        def step(done: int, total: int) -> None:
            if done == total // 2:
                half_way.set()
                assert stopped.wait(30)
            progress(done, total)

        return whole(store, plan, step)

    monkeypatch.setattr(people, "import_roster", held_up)
    wizard.run()
    qtbot.waitUntil(half_way.is_set)
    next(button for button in wizard.strip.findChildren(Button) if button.isVisible()).click()
    stopped.set()
    idle(qtbot, page)
    assert wizard.errors.text().startswith("没有导入")
    assert figures(db) == (0, 0)
    monkeypatch.undo()
    wizard.run()
    idle(qtbot, page)
    assert figures(db) == (100, 9)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("空.csv", b""),
        ("坏了.xlsx", b"PK\x03\x04" + bytes(200)),
        ("照片.csv", b"\x89PNG\r\n\x1a\n" + bytes(64)),
        ("没有表头.csv", "甲,乙\n1,2\n".encode()),
    ],
)
def test_a_file_that_is_no_roster_gets_one_sentence_and_changes_nothing(
    page: PeoplePage, db: Database, qtbot: QtBot, tmp_path: Path, name: str, content: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    drop(page, file)
    idle(qtbot, page)
    assert page.wizard is not None
    assert name in page.wizard.errors.text()
    assert page.wizard.import_button.isHidden()
    assert figures(db) == (0, 0)


def test_the_cards_of_a_batch_are_printed_from_its_result(
    page: PeoplePage, db: Database, printed: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "名册.csv"
    file.write_text("姓名,人员类别,同意告知书\n赵丽,骑手,是\n周凯,快递员,是\n李志强,环卫,否\n", "utf-8")
    named(db, "早就在的人")
    page.open_list(file)
    idle(qtbot, page)
    assert page.wizard is not None
    assert page.wizard.after_button.isHidden()
    page.wizard.run()
    idle(qtbot, page)
    page.wizard.after_button.click()
    idle(qtbot, page)
    assert [path.name for path in printed] == ["驿站卡-2026-07-17-1426-3张.pdf"]


def test_the_file_window_is_asked_by_enter(shell: SheetShell, db: Database, qtbot: QtBot, printed: list[Path]) -> None:
    page = opened(shell, qtbot, printed, DATA / "roster_utf8.csv")
    page.import_button.click()
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    assert page.wizard is not None
    assert page.wizard.said.text().startswith("共 100 行")
