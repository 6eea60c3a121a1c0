"""Who did what when: filtered, written to a table without anybody's data, and nothing in it a formula."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from station_app import settings, vault
from station_app.db import Database
from station_app.errors import EnvironmentFault, Refused, UserMistake
from station_app.model import Consent, Occupation, Op, Role
from station_app.paper.table import harmless
from station_app.paper.trail import setting, trail_csv, who
from station_app.paths import DataFolder
from station_app.services import (
    audit,
    backups,
    care,
    history,
    keepers,
    keeping,
    people,
    preferences,
    slots,
    trail,
    visits,
)  # fmt: skip
from tests.conftest import CHEAP, PASSWORD, Clock

EVIL = '=HYPERLINK("http://x","点我")'


@pytest.fixture
def days(db: Database, clock: Clock) -> Database:
    """Two days: the first keeper registers and takes back, a keeper with a formula for a name counts, an auditor tries."""
    root, _ = vault.unlock(DataFolder(db.path.parent).slots, PASSWORD)
    other, _ = keepers.add(db, db.path.parent, root, EVIL, Role.KEEPER, "another-password", cost=CHEAP)
    auditor, _ = keepers.add(db, db.path.parent, root, "检查员", Role.AUDITOR, "third-password", cost=CHEAP)
    people.register(db, Occupation.RIDER, "美团", "李志强", "13912345678", Consent.STATION)
    _, tallied = visits.tally(db, Occupation.RIDER, 2)
    history.undo(db, tallied.operation)
    clock.set("2026-07-18T09:00:00+08:00")
    db.acting = other.id
    visits.tally(db, Occupation.COURIER, 3)
    preferences.change(db, "large_type", "1")
    db.acting = auditor.id
    with pytest.raises(Refused):
        visits.tally(db, Occupation.COURIER, 4)
    return db


def ops(steps: list[trail.Step]) -> list[Op]:
    return [step.op for step in steps]


def test_every_operation_is_there_in_order(days: Database) -> None:
    steps = trail.steps(days, "2026-07-17", "2026-07-18")
    assert [step.no for step in steps] == list(range(1, 10))
    assert ops(steps) == [
        Op.SET_UP, Op.ADD_KEEPER, Op.ADD_KEEPER, Op.REGISTER, Op.TALLY, Op.UNDO, Op.TALLY, Op.SETTING, Op.REFUSE,
    ]  # fmt: skip
    assert [step.no for step in steps if step.undone] == [5]
    assert [(step.no, step.denied) for step in steps if step.denied] == [(9, "tally")]


def test_days_keepers_and_kinds_are_told_apart(days: Database) -> None:
    assert ops(trail.steps(days, "2026-07-18", "2026-07-18")) == [Op.TALLY, Op.SETTING, Op.REFUSE]
    assert ops(trail.steps(days, "2026-07-17", "2026-07-18", "检查员")) == [Op.REFUSE]
    assert [s.no for s in trail.steps(days, "2026-07-17", "2026-07-18", op=Op.TALLY)] == [5, 7]
    assert [s.no for s in trail.steps(days, "2026-07-17", "2026-07-18", EVIL, Op.TALLY)] == [7]
    with pytest.raises(UserMistake):
        trail.steps(days, "2026-07-17", "2026-07-18", "没有这个人")


def test_what_was_entered_later_stands_on_the_day_it_was_entered(db: Database, clock: Clock) -> None:
    visits.tally(db, Occupation.RIDER, 2, clock().replace(day=16))
    (step,) = trail.steps(db, "2026-07-17", "2026-07-17", op=Op.TALLY)
    assert (step.recorded[:10], step.time[:10]) == ("2026-07-17", "2026-07-16")
    assert trail.steps(db, "2026-07-16", "2026-07-16") == []


def test_the_table_says_the_same_without_anybodys_data(days: Database, tmp_path: Path) -> None:
    steps = trail.steps(days, "2026-07-17", "2026-07-18")
    target = tmp_path / "trail.csv"
    assert trail_csv(steps, target) == 9
    data = target.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    assert "李志强" not in text
    assert "13912345678" not in text
    head, *lines = list(csv.reader(text.splitlines()))
    assert head[:2] == ["序号", "记录时间"]
    assert [line[-1] for line in lines] == [step.chain for step in steps]
    assert lines[6][3] == f"'{EVIL}"
    assert not [cell for line in lines for cell in line if cell[:1] in "=+-@" and cell]
    assert [line[6] for line in lines if line[6]] == ["已撤销", "岗位不允许：匿名登记"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_a_formula_is_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


def test_plain_cells_stay_as_they_are() -> None:
    assert [harmless(cell) for cell in ("", "王敏", "2026-07-17", "3")] == ["", "王敏", "2026-07-17", "3"]


def test_a_folder_that_is_not_there_is_told(days: Database, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault) as fault:
        trail_csv([], tmp_path / "none" / "trail.csv")
    assert fault.value.word == "paper.cannot_write"


# --- what the program does unasked ------------------------------------------------------------------------------------------


def test_what_the_program_does_unasked_is_nobodys(db: Database) -> None:
    keeping.daily(db)
    care.weekly(db, lambda: False)
    day = db.now().date().isoformat()
    unasked = [step for step in trail.steps(db, day, day) if not step.keeper]
    assert {str(step.details.get("name", step.op)) for step in unasked} == {"salt", "rehearsal", "full_check"}
    assert {who(step) for step in unasked} == {"程序"}
    care.full_check(db, lambda: False)
    backups.rehearse(db)
    assert [step.keeper for step in trail.steps(db, day, day)][-2:] == ["王敏", "王敏"]
    assert audit.check(db) == []


def test_every_setting_has_a_word() -> None:
    package = Path(trail.__file__).parents[1]
    named = {
        name for file in package.rglob("*.py") for name in re.findall(r'Op\.SETTING[^)]*name="(\w+)"', file.read_text("utf-8"))
    }
    assert len(named) > 8
    worded = {*named, *settings.BY_NAME, slots.CLEARED, care.FULL_CHECK, audit.VERIFICATION} - {"rescue"}
    assert {name for name in worded if not setting(name)} == set(), "the trail would say that something was set, not what"
