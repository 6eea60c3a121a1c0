"""What a report told when it left, and why a figure is another now: every late entry, void and merge, row by row."""

from __future__ import annotations

from datetime import datetime

import pytest

from station_app.db import Database
from station_app.model import Amenity, AssetKind, ItemKind, LoanOutcome, Occupation, Op, RepairState, RequestState
from station_app.services import (
    duplicates,
    equipment,
    exported,
    figures,
    history,
    keepers,
    loans,
    people,
    reports,
    requests,
    supplies,
    upkeep,
    visits,
)
from station_app.services.exported import Difference, Explained
from station_app.services.figures import Wanted

FIRST, LAST = "2026-07-01", "2026-07-31"


def at(day: int, hour: int = 9) -> datetime:
    return datetime.fromisoformat(f"2026-07-{day:02d}T{hour:02d}:00:00+08:00")


@pytest.fixture
def kit(db: Database) -> str:
    item, _ = supplies.add_item(db, "防暑包", "份", ItemKind.COOLING)
    supplies.receive(db, item.id, 50, at=at(1))
    return item.id


@pytest.fixture
def month(db: Database, kit: str) -> exported.Export:
    """Three days of July, exported."""
    rider, _ = people.register(db, Occupation.RIDER, "飞鹿外卖")
    for day in (1, 2, 3):
        came, _ = visits.check_in_person(db, rider.id, at=at(day))
        visits.use_amenity(db, came.visit.id, Amenity.WATER, at=at(day))
        visits.tally(db, Occupation.COURIER, 4, at=at(day, 13))
        supplies.hand_out(db, kit, 2, given=True, at=at(day, 13))
    requests.add(db, "充电口不足", at=at(2))
    export, _ = exported.remember(db, reports.period(db, FIRST, LAST), "pdf")
    return export


def told(db: Database, export: exported.Export) -> dict[str, tuple[Difference, Explained]]:
    """Every difference with its causes, by its figure and part; the causes make the whole of each."""
    found = {}
    for one in exported.differences(export, reports.period(db, FIRST, LAST), upkeep.upkeep(db, FIRST, LAST)):
        explained = exported.why(db, export, one)
        if one.wanted.figure not in ("closed_in", "stock_out"):  # no sums
            assert sum(cause.now - cause.then for cause in explained.causes) + explained.untold == one.now - one.then
        found[" ".join([one.wanted.figure, *(value for values in one.wanted.parts.values() for value in values)])] = (one, explained)
    return found


def test_nothing_changed_is_nothing_to_tell(db: Database, month: exported.Export) -> None:
    assert told(db, month) == {}
    assert exported.previous(db, FIRST, LAST) == month
    assert exported.previous(db, FIRST, "2026-07-30") is None


def test_a_late_entry_and_a_void_are_told_apart(db: Database, month: exported.Export) -> None:
    _, late = visits.tally(db, Occupation.COURIER, 3, at=at(3, 17))
    line = next(one for one in history.log(db, "2026-07-01") if one.op is Op.TALLY)
    history.undo(db, line.operation)
    found = told(db, month)
    one, explained = found["person_times"]
    assert (one.then, one.now, explained.untold) == (15, 14, 0)
    causes = [(cause.why, cause.then, cause.now) for cause in explained.causes]
    assert causes == [("voided", 4, 0), ("late", 0, 3)]
    assert explained.causes[0].reason == "undo"
    assert explained.causes[1].line is not None
    assert explained.causes[1].line.id == late.rows["visit"][0]
    assert [(cause.why, cause.now - cause.then) for cause in found["person_times 2026-07-03"][1].causes] == [("late", 3)]
    assert [cause.why for cause in found["person_times 13"][1].causes] == ["voided"]
    assert set(found) == {
        "person_times", "anonymous", "person_times 2026-07-01", "person_times 2026-07-03", "person_times courier", "person_times 13",
        "person_times 17",
    }  # fmt: skip


def test_a_handout_taken_back_is_in_supplies_and_balance(db: Database, month: exported.Export) -> None:
    line = next(one for one in history.log(db, "2026-07-02") if one.op is Op.HANDOUT)
    history.undo(db, line.operation)
    found = told(db, month)
    moved = {name: one.now - one.then for name, (one, _) in found.items()}
    assert moved == {"handed_out": -2, "handed_out 防暑包": -2, "balance 防暑包": 2}
    for _, explained in found.values():
        assert [cause.why for cause in explained.causes] == ["voided"]
        assert explained.untold == 0


def test_a_person_who_came_late(db: Database, month: exported.Export) -> None:
    fresh, _ = people.register(db, Occupation.COURIER)
    visits.check_in_person(db, fresh.id, at=at(3, 18))
    visits.check_in_person(db, fresh.id, at=at(2, 18))
    one, explained = told(db, month)["unique_people"]
    assert (one.then, one.now) == (1, 2)
    assert [(cause.why, cause.then, cause.now) for cause in explained.causes] == [("late", 0, 1)]
    assert explained.untold == 0


def test_two_badges_that_became_one_person_are_a_merge_and_part_again(db: Database, month: exported.Export) -> None:
    fresh, _ = people.register(db, Occupation.COURIER)
    visits.check_in_person(db, fresh.id, at=at(3, 18))
    export, _ = exported.remember(db, reports.period(db, FIRST, LAST), "pdf")
    first = db.scalar("SELECT min(id) FROM person")
    _, merged = duplicates.merge(db, first, fresh.id)
    one, explained = told(db, export)["unique_people"]
    assert (one.then, one.now, explained.untold) == (2, 1, 0)
    assert [(cause.why, cause.then, cause.now) for cause in explained.causes] == [("merged", 1, 0)]
    again, _ = exported.remember(db, reports.period(db, FIRST, LAST), "pdf")
    history.undo(db, merged.operation)
    one, explained = told(db, again)["unique_people"]
    assert (one.then, one.now, explained.untold) == (1, 2, 0)
    assert [(cause.why, cause.then, cause.now) for cause in explained.causes] == [("parted", 0, 1)]
    assert "unique_people" not in told(db, export)


def test_another_employer_moves_the_visits_with_it(db: Database, month: exported.Export) -> None:
    people.change(db, db.scalar("SELECT min(id) FROM person"), platform="蓝鸟快送")
    found = told(db, month)
    assert set(found) == {"registered 飞鹿外卖", "registered 蓝鸟快送"}
    for _, explained in found.values():
        assert [cause.why for cause in explained.causes] == ["changed"] * 3
        assert explained.untold == 0


def test_requests_are_told_by_their_state_and_open_days_by_the_day(db: Database, month: exported.Export) -> None:
    requests.step(db, requests.listing(db)[0].id, RequestState.CLOSED, at=at(9))
    keepers.open_station(db, at=at(12, 8))
    requests.add(db, "想借打气筒", at=at(12))
    found = told(db, month)
    assert {name: [cause.why for cause in explained.causes] for name, (_, explained) in found.items()} == {
        "open_days": ["day"], "requests": ["late"], "requests closed": ["state"], "closed_in": ["state"], "posted_minutes": ["day"],
        "open_minutes": ["day"], "estimated": ["day"],
    }  # fmt: skip
    assert found["open_days"][1].causes[0].time == "2026-07-12"


def test_hours_are_told_by_the_day(db: Database, month: exported.Export) -> None:
    keepers.open_station(db, at=at(8))
    export, _ = exported.remember(db, reports.period(db, FIRST, LAST), "pdf")
    assert (export.kept["open_minutes"], export.kept["estimated"]) == (510, 1)  # 09:00 to the posted 17:30
    keepers.close_station(db, at=at(8, 12))
    found = told(db, export)
    causes = {name: [(cause.why, cause.then, cause.now) for cause in explained.causes] for name, (_, explained) in found.items()}
    assert causes == {"open_minutes": [("day", 510, 180)], "estimated": [("day", 1, 0)]}


def test_loans_and_repairs_are_told_row_by_row(db: Database, month: exported.Export) -> None:
    """Lent before the export and back after it, half back, lost since, taken back again; a repair that was accepted, a new one."""
    cables = loans.add(db, "充电线", AssetKind.CABLE, 9, pooled=True, at=at(1))[0][0]
    oven = equipment.add(db, "微波炉", at=at(1))[0]
    out, _ = loans.lend(db, cables.id, quantity=3, at=at(2))
    half, _ = loans.lend(db, cables.id, quantity=2, at=at(3))
    _, early = loans.end(db, half.id, quantity=1, at=at(4))
    broken, _ = equipment.report(db, oven.id, "不加热", at=at(3))
    for state in (RepairState.UNDER_WAY, RepairState.DONE):
        equipment.repair(db, broken.id, state, at=at(4))
    export, _ = exported.remember(db, reports.period(db, FIRST, LAST), "pdf")
    assert [export.kept[name] for name in ("lent", "still_out", "repairs_open")] == [5, 4, 1]
    assert told(db, export) == {}
    loans.end(db, out.id, quantity=2, outcome=LoanOutcome.LOST, at=at(5))
    history.undo(db, early.operation)
    loans.lend(db, cables.id, quantity=2, at=at(5))
    equipment.repair(db, broken.id, RepairState.ACCEPTED, at=at(6))
    equipment.report(db, oven.id, "门关不上", at=at(7))
    equipment.report(db, oven.id, "灯不亮", at=at(7))
    found = told(db, export)
    causes = {name: [(cause.why, cause.then, cause.now) for cause in explained.causes] for name, (_, explained) in found.items()}
    assert causes == {
        "lent": [("late", 0, 2)], "still_out": [("changed", 3, 1), ("changed", 1, 2), ("late", 0, 2)],
        "repairs_open": [("changed", 1, 0), ("late", 0, 1), ("late", 0, 1)],
    }  # fmt: skip
    assert all(explained.untold == 0 for _, explained in found.values())


def test_days_out_of_stock_and_the_median_tell_their_rows(db: Database, kit: str, month: exported.Export) -> None:
    supplies.hand_out(db, kit, 44, given=True, at=at(4))
    request = requests.listing(db)[0].id
    _, closed = requests.step(db, request, RequestState.CLOSED, at=at(4))
    export, _ = exported.remember(db, reports.period(db, FIRST, LAST), "pdf")
    assert (export.kept["stock_out"], export.kept["closed_in"]) == ({"防暑包": 14}, 2 * 24 * 60)  # from the 4th up to today
    supplies.receive(db, kit, 5, at=at(10))
    history.undo(db, closed.operation)
    found = told(db, export)
    one, explained = found["stock_out 防暑包"]
    assert (one.then, one.now) == (14, 6)
    assert [(cause.why, cause.now) for cause in explained.causes] == [("late", 5)]
    one, explained = found["closed_in"]
    assert (one.then, one.now, [(cause.why, cause.then, cause.now) for cause in explained.causes]) == (2880, 0, [("state", 2880, 0)])


def test_every_figure_is_the_sum_of_the_rows_behind_it(db: Database, month: exported.Export) -> None:
    for figure in figures.ALL:
        wanted = Wanted(figure.name, FIRST, LAST)
        lines = figures.lines(db, figure.table, figures.ids(db, wanted), figure.adds)
        whole = figures.count(db, wanted)
        if figure.name == "unique_people":
            assert whole <= len(lines)
        elif figure.name == "times_handed_out":
            assert whole == len(lines)
        else:
            assert whole == sum(line.n for line in lines)
        for part in figure.parts:
            if figure.name != "unique_people":
                assert sum(figures.split(db, wanted, part).values()) == whole
            for value, n in figures.split(db, wanted, part).items():
                assert figures.count(db, Wanted(figure.name, FIRST, LAST, {part: (value,)})) == n


def test_the_weekdays_of_a_span() -> None:
    assert figures.weekdays("2026-07-01", "2026-07-31", 4) == ("2026-07-03", "2026-07-10", "2026-07-17", "2026-07-24", "2026-07-31")
    assert figures.weekdays("2026-07-01", "2026-07-02", 4) == ()
    assert figures.weekdays("2026-07-03", "2026-07-03", 4) == ("2026-07-03",)
