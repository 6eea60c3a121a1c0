"""Loans at the desk by scans and keys: thing and badge in either order, a thing alone, the reminder on the card, undo."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from station_app.db import Database
from station_app.model import AssetKind, Occupation, Person
from station_app.services import audit, loans, people
from station_app.ui.pages.desk import DeskPage
from tests.ui.shell import Clock, SheetShell, focus, idle, in_front, sees, shown, type_in


@pytest.fixture
def page(shell: SheetShell, db: Database, qtbot: QtBot) -> DeskPage:
    return in_front(DeskPage(shell), shell, qtbot)


@pytest.fixture
def umbrellas(db: Database) -> list[loans.Asset]:
    return loans.add(db, "雨伞", AssetKind.UMBRELLA, 8)[0]


@pytest.fixture
def rider(db: Database) -> Person:
    return people.register(db, Occupation.RIDER, "美团")[0]


def scan(qtbot: QtBot, page: DeskPage, code: str) -> None:
    page.scanned(code)
    idle(qtbot, page)


def key(qtbot: QtBot, page: DeskPage, which: str) -> None:
    qtbot.keyClicks(focus(), which)
    idle(qtbot, page)


def test_badge_then_thing_lends_it(
    page: DeskPage, shell: SheetShell, db: Database, umbrellas: list[loans.Asset], rider: Person, qtbot: QtBot
) -> None:
    scan(qtbot, page, rider.badge_code)
    scan(qtbot, page, umbrellas[7].code)
    (loan,) = loans.of_person(db, rider.id)
    assert (loan.title, shell.last) == ("雨伞 08", "已借出 雨伞 08，应于 7月19日 17:30 前归还")
    sees(qtbot, page, "雨伞 08 14:26 借出，应于7月19日归还")
    assert shell.then is not None
    shell.then()
    idle(qtbot, page)
    assert loans.of_person(db, rider.id) == []


def test_thing_then_badge_lends_it(
    page: DeskPage, shell: SheetShell, db: Database, umbrellas: list[loans.Asset], rider: Person, qtbot: QtBot
) -> None:
    scan(qtbot, page, umbrellas[0].code)
    sees(qtbot, page, "雨伞 01 在手：请扫驿站卡借出；没有卡也可以借")
    assert loans.open_loans(db) == []
    scan(qtbot, page, rider.badge_code)
    assert [loan.person_id for loan in loans.open_loans(db)] == [rider.id]
    assert "在手" not in shown(page)
    scan(qtbot, page, rider.badge_code)
    assert len(loans.open_loans(db)) == 1


def test_a_thing_without_a_badge_goes_to_nobody_in_particular(
    page: DeskPage, db: Database, umbrellas: list[loans.Asset], qtbot: QtBot
) -> None:
    scan(qtbot, page, umbrellas[0].code)
    key(qtbot, page, "0")
    assert [loan.person_id for loan in loans.open_loans(db)] == [None]
    scan(qtbot, page, umbrellas[1].code)
    qtbot.keyClick(focus(), Qt.Key.Key_Escape)
    idle(qtbot, page)
    key(qtbot, page, "0")
    assert len(loans.open_loans(db)) == 1


def test_the_thing_alone_comes_back_and_waits_for_nobody(
    page: DeskPage, shell: SheetShell, db: Database, clock: Clock, umbrellas: list[loans.Asset], rider: Person, qtbot: QtBot
) -> None:
    loans.lend(db, umbrellas[7].id, person_id=rider.id)
    clock.forward(60)
    scan(qtbot, page, umbrellas[7].code)
    assert loans.open_loans(db) == []
    assert shell.last == "已归还 雨伞 08"
    scan(qtbot, page, rider.badge_code)
    assert loans.open_loans(db) == []


def test_who_left_long_ago_does_not_borrow(
    page: DeskPage, db: Database, clock: Clock, umbrellas: list[loans.Asset], rider: Person, qtbot: QtBot
) -> None:
    scan(qtbot, page, rider.badge_code)
    clock.forward(5)
    scan(qtbot, page, umbrellas[0].code)
    assert loans.open_loans(db) == []
    assert page.loans.pending is not None


def test_the_reminder_names_the_days_and_one_key_returns(
    page: DeskPage, shell: SheetShell, db: Database, clock: Clock, umbrellas: list[loans.Asset], rider: Person, qtbot: QtBot
) -> None:
    loans.lend(db, umbrellas[7].id, person_id=rider.id)
    clock.forward(days=3)
    scan(qtbot, page, rider.badge_code)
    sees(qtbot, page, "雨伞 08 借出 3 天，应于昨天归还")
    key(qtbot, page, "0")
    assert loans.of_person(db, rider.id) == []
    qtbot.waitUntil(lambda: page.card.loans.lines() == [])
    assert "归还 雨伞 08" in "\n".join(entry.text for entry in page.log.entries())
    assert audit.check(db) == []


def test_a_number_typed_with_a_star_is_a_thing(
    page: DeskPage, db: Database, umbrellas: list[loans.Asset], rider: Person, qtbot: QtBot
) -> None:
    scan(qtbot, page, rider.badge_code)
    type_in(qtbot, "*8")
    qtbot.keyClick(focus(), Qt.Key.Key_Return)
    idle(qtbot, page)
    assert [loan.title for loan in loans.of_person(db, rider.id)] == ["雨伞 08"]


def test_a_code_of_elsewhere_is_told_and_changes_nothing(page: DeskPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    other = "2912345678900"
    code = next(other[:12] + str(digit) for digit in range(10) if loans.is_code(other[:12] + str(digit)))
    scan(qtbot, page, code)
    assert shell.last == "这是物品码，但不是本站的物品，请看看物品上的站名"
    assert shell.bad
