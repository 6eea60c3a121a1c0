"""What a report told when it left, and why a figure is another now: every late entry, void and merge, row by row."""

from __future__ import annotations

from datetime import datetime

import pytest

from station_app.db import Database
from station_app.model import Amenity, ItemKind, Occupation, Op, RequestState
from station_app.services import (
    duplicates,
    exported,
    figures,
    history,
    keepers,
    people,
    reports,
    requests,
    supplies,
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
    for one in exported.differences(export.report, reports.period(db, FIRST, LAST)):
        explained = exported.why(db, export, one)
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
        "open_days": ["day"], "requests": ["late"], "requests closed": ["state"],
    }  # fmt: skip
    assert found["open_days"][1].causes[0].time == "2026-07-12"


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
