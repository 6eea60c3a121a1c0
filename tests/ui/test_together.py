"""Two records of one person, who may collect for whom, the list as a file, guests of other stations: through the pages, by keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from station_app import vault, words
from station_app.db import Database
from station_app.errors import RuleRefused
from station_app.model import Consent, Occupation, Op, Person
from station_app.services import companions, duplicates, people, roaming, stations, supplies, visits
from station_app.ui.jobs import Jobs
from station_app.ui.pages.people import PeoplePage
from station_app.ui.pages.people_together import CircleForm, MergeForm
from tests.ui.shell import Clock, SheetShell, in_front, set_up
from tests.ui.test_desk import Desk, desk, items, regular, stocked  # noqa: F401  the desk in front

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    words.use("zh")
    yield
    words.use("zh")


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
    yield SheetShell(jobs, stations.current(db))
    jobs.close()
    assert broken == []


@pytest.fixture
def both(db: Database) -> tuple[Person, Person]:
    return named(db, "欧阳志强"), named(db, "欧阳志强")


@pytest.fixture
def page(shell: SheetShell, both: tuple[Person, Person], qtbot: QtBot) -> PeoplePage:
    page = PeoplePage(shell)
    in_front(page, shell, qtbot)
    idle(qtbot, page)
    return page


def idle(qtbot: QtBot, page: PeoplePage) -> None:
    turns: list[bool] = []

    def still() -> bool:
        turns.append(page.jobs.idle)
        return turns[-3:] == [True] * 3

    qtbot.waitUntil(still)


def named(db: Database, name: str, phone: str = "19911006031") -> Person:
    return people.register(db, Occupation.RIDER, "美团", name, phone, Consent.STATION)[0]


def test_a_record_that_looks_like_another_is_merged_and_taken_apart(
    page: PeoplePage, shell: SheetShell, db: Database, both: tuple[Person, Person], qtbot: QtBot
) -> None:
    page.tabs.choose("twice")
    idle(qtbot, page)
    assert page.rows.rowCount() == 2
    page.card.merge_button.click()
    idle(qtbot, page)
    form = shell.sheet
    assert isinstance(form, MergeForm)
    assert "手机号相同" in form.twins[0].text.text()
    form.twins[0].findChildren(type(page.card.merge_button))[0].click()
    form.submit()
    idle(qtbot, page)
    assert len(people.ids(db)) == 1
    page.tabs.choose("all")
    idle(qtbot, page)
    assert "已并入 1 份登记" in page.card.merged.text.text()
    page.card.merged.acted.emit()
    idle(qtbot, page)
    assert len(people.ids(db)) == 2


def test_two_people_are_not_suggested_again(page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    page.card.merge_button.click()
    idle(qtbot, page)
    form = shell.sheet
    assert isinstance(form, MergeForm)
    form.twins[0].findChildren(type(page.card.merge_button))[1].click()
    idle(qtbot, page)
    assert duplicates.suggestions(db) == []


def test_a_household_is_made_by_typing_the_other_one(
    page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    other = named(db, "单小英", "19922006032")
    page.refresh()
    idle(qtbot, page)
    page.card.circle_button.click()
    form = shell.sheet
    assert isinstance(form, CircleForm)
    focus = QApplication.focusWidget()
    assert focus is not None
    qtbot.keyClicks(focus, "shanxy")
    qtbot.keyClick(focus, Qt.Key.Key_Backspace)
    qtbot.keyClick(focus, Qt.Key.Key_Backspace)
    idle(qtbot, page)
    qtbot.keyClick(focus, Qt.Key.Key_Return)
    idle(qtbot, page)
    assert page.card.held is not None
    assert [one.id for one in companions.of_person(db, page.card.held.person.id)[1]] == [other.id]
    assert page.card.facts["circle"].isVisible()


def test_the_list_leaves_as_text_with_consent_and_is_in_the_log(
    page: PeoplePage, shell: SheetShell, db: Database, tmp_path: Path, qtbot: QtBot
) -> None:
    named(db, "=1+1", "19933006033")
    page.refresh()
    idle(qtbot, page)
    target = tmp_path / "常客.xlsx"
    page.export(target)
    idle(qtbot, page)
    sheet = openpyxl.load_workbook(target).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:6] == ["卡号", "姓名", "职业", "所属平台/单位", "电话", "同意范围"]
    assert "'=1+1" in {row[1] for row in rows}
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}
    assert {row[4] for row in rows[1:]} == {"19911006031", "19933006033"}
    last = db.one("SELECT op, details FROM operation ORDER BY sequence DESC LIMIT 1")
    assert last is not None
    assert (last["op"], json.loads(last["details"])) == (Op.EXPORT_DATA, {"what": "roster", "count": 3, "kind": "xlsx"})


def test_shift_and_a_tally_key_make_a_nameless_card_for_who_stands_here(desk: Desk) -> None:  # noqa: F811
    desk.press(Qt.Key.Key_F4, SHIFT)  # two keys, no form
    (visit,) = desk.visits()
    assert visit.person_id is not None
    person = people.get(desk.db, visit.person_id)
    assert (person.occupation, person.consent, person.name) == (Occupation.RIDE_HAIL_DRIVER, Consent.NONE, "")
    assert person.card_number in desk.shell.last
    assert desk.focused()


def test_a_guest_is_greeted_and_what_they_do_is_said_once(desk: Desk) -> None:  # noqa: F811
    badge = vault.new_badge(roaming.keys(desk.db)["0"], "0", stations.current(desk.db).district_code)
    desk.scan(badge.digits)
    assert desk.page.card.name.text() == "外站来访者"
    assert desk.page.card.occupations.isVisible()
    desk.press(Qt.Key.Key_F6, CTRL)
    (visit,) = desk.visits()
    assert visit.occupation is Occupation.SANITATION_WORKER
    assert desk.page.card.occupations.chips[Occupation.SANITATION_WORKER].isChecked()
    desk.press(Qt.Key.Key_Backspace)
    assert desk.visits()[0].occupation is Occupation.OTHER


def test_an_input_method_composing_loses_no_key(desk: Desk, regular: Person) -> None:  # noqa: F811
    """Pinyin is composed in the field, then committed: what was found follows what is committed."""
    desk.press(Qt.Key.Key_Slash)
    field = desk.page.field
    for text in ("l", "li", "li zhi", "li zhi qiang"):
        QApplication.sendEvent(field, QInputMethodEvent(text, []))
        desk.rest()
    done = QInputMethodEvent()
    done.setCommitString("李志强")
    QApplication.sendEvent(field, done)
    desk.rest()
    assert field.text().lstrip("/") == "李志强"
    assert [one.id for one in field.found.people()] == [regular.id]
    desk.press(Qt.Key.Key_Return)
    assert desk.visits()[0].person_id == regular.id


def test_the_arrows_and_enter_choose_among_the_best_first(desk: Desk, db: Database) -> None:  # noqa: F811
    for name in ("李志强强", "王李志"):
        named(db, name)
    desk.press(Qt.Key.Key_Slash)
    for letter in "lizhi":
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClicks(focus, letter)
        desk.catcher.settle()
    desk.rest()
    assert [one.name for one in desk.page.field.found.people()][-1] == "王李志"
    desk.press(Qt.Key.Key_Down)
    desk.press(Qt.Key.Key_Down)
    desk.press(Qt.Key.Key_Return)
    (visit,) = desk.visits()
    assert people.get(desk.db, visit.person_id or "").name == "王李志"


def test_a_slip_is_forgiven_where_nobody_fits(desk: Desk, regular: Person) -> None:  # noqa: F811
    desk.press(Qt.Key.Key_Slash)
    desk.type("lizhiqinag")
    assert [one.id for one in desk.page.field.found.people()] == [regular.id]
    assert visits.today(desk.db, "2026-07-17").person_times == 0


def test_one_of_a_household_collects_for_another_and_it_counts_against_them(desk: Desk, db: Database, regular: Person) -> None:  # noqa: F811
    other = named(db, "单小英", "19922006032")
    companions.link(db, [regular.id, other.id])
    kit = supplies.named(db, "防暑包")
    supplies.change_item(db, kit.id, collect=True)
    desk.scan(regular.badge_code)
    desk.press(Qt.Key.Key_1)
    desk.press(Qt.Key.Key_Plus)
    desk.press(Qt.Key.Key_1)
    assert [(one.person_id, one.collected_by) for one in reversed(supplies.handouts(db, "2026-07-17", "2026-07-17"))] == [
        (regular.id, None), (other.id, regular.id),
    ]  # fmt: skip
    assert "代领" in desk.shell.last
    desk.press(Qt.Key.Key_1)
    assert desk.shell.bad  # the other one had theirs today
    desk.press(Qt.Key.Key_Plus)
    assert desk.page.card.whose.chips[""].isChecked()


def test_without_the_rule_nobody_collects_for_another(desk: Desk, db: Database, regular: Person) -> None:  # noqa: F811
    other = named(db, "单小英", "19922006032")
    companions.link(db, [regular.id, other.id])
    desk.scan(regular.badge_code)
    assert not desk.page.card.whose.isVisible()
    with pytest.raises(RuleRefused) as refusal:
        supplies.hand_out(db, supplies.named(db, "防暑包").id, person_id=other.id, collected_by=regular.id)
    assert refusal.value.rule == "collect_item"
    done, _ = supplies.hand_out(db, supplies.named(db, "防暑包").id, person_id=other.id, collected_by=regular.id, given=True)
    assert (done.already_given, done.collected_by) == (True, regular.id)


def test_what_was_had_under_a_merged_record_counts(db: Database) -> None:
    first, second = named(db, "李志强"), named(db, "李志强", "19922006032")
    kit = stocked(db)[0]
    supplies.hand_out(db, kit.id, person_id=second.id)
    duplicates.merge(db, first.id, second.id)
    with pytest.raises(RuleRefused):
        supplies.hand_out(db, kit.id, person_id=first.id)
