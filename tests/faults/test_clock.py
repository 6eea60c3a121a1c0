"""Wrong clocks: a day off, ten years off, 1970, put back amid the day, midnight, 08:00 (midnight in UTC), summer time.

What was done keeps its order, because it has a number; the keeper is warned; quotas go by the station's own day.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from station_app import backup
from station_app.db import Database, Stamp
from station_app.errors import EnvironmentFault, RuleRefused, UserMistake
from station_app.model import ItemKind, Occupation
from station_app.services import audit, care, exchange, history, keepers, people, stations, supplies, trail, visits
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock
from tests.faults.table import Tally

FAULT = "clock"
NOON = "2026-07-17T12:00:00+08:00"
BEHIND, AHEAD, NONE = "care.clock_behind", "care.clock_ahead", ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the clock shows from noon on, and what the keeper is told then."""

    name: str
    shows: str
    told: str


TURNS = (
    Turn("a day behind", "2026-07-16T12:00:00+08:00", BEHIND),
    Turn("a day ahead", "2026-07-18T12:00:00+08:00", NONE),
    Turn("ten years behind", "2016-07-17T12:00:00+08:00", BEHIND),
    Turn("ten years ahead", "2036-07-17T12:00:00+08:00", AHEAD),
    Turn("1970", "1970-01-01T08:00:07+08:00", BEHIND),
    Turn("before 1970", "1969-12-31T12:00:00+08:00", BEHIND),
    Turn("the year 1980 of an empty battery", "1980-01-01T00:00:12+08:00", BEHIND),
    Turn("three hours back", "2026-07-17T09:00:00+08:00", BEHIND),
    Turn("a minute back", "2026-07-17T12:03:00+08:00", NONE),
    Turn("after 2038", "2038-01-19T11:14:08+08:00", AHEAD),
    Turn("a leap day", "2028-02-29T12:00:00+08:00", AHEAD),
)


def station(folder: Path, clock: Clock, zone: str = "Asia/Shanghai") -> Database:
    told = replace(SAMPLE, zone=zone)
    db, _ = stations.set_up(folder, told, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
    return db


@pytest.fixture
def noon(tmp_path: Path) -> Iterator[Database]:
    """A station that did its morning by a right clock."""
    db = station(tmp_path / "station", Clock("2026-07-17T08:30:00+08:00"))
    keepers.open_station(db)
    yield db
    db.close()


def work(db: Database, clock: Clock) -> list[str]:
    """Five things done, a minute between them; their operations in the order in which they were done."""
    done = []
    for occupation in list(Occupation)[:4]:
        done.append(visits.tally(db, occupation, 2)[1].operation)
        clock.forward(minutes=1)
    done.append(people.register(db, Occupation.RIDER)[1].operation)
    clock.forward(minutes=1)
    return done


def wrong(db: Database, clock: Clock, turn: Turn) -> list[str]:
    """What goes wrong when the clock turns at noon."""
    before = work(db, clock)
    clock.set(turn.shows)
    trouble = care.clock(db, db.now())
    said = [f"told {trouble.word if trouble else 'nothing'}"] if (trouble.word if trouble else NONE) != turn.told else []
    before_local = exchange.status(db).local
    after = work(db, clock)
    done = [row["id"] for row in db.rows("SELECT id FROM operation ORDER BY sequence")]
    if [name for name in done if name in (*before, *after)] != [*before, *after]:
        said.append("the order of operations")
    steps = [step.operation for step in trail.steps(db, "1900-01-01", "2999-12-31")]
    if [name for name in steps if name in (*before, *after)] not in ([*before, *after], [*before, *after][::-1]):
        said.append("the order of the trail")
    today = [line.operation for line in history.log(db, db.stamp().business_date) if line.operation in after]
    if today != after[::-1]:
        said.append("the log of the day")
    if exchange.status(db).local <= before_local:
        said.append("what waits to be sent")
    undone = history.undo_last(db)
    if undone is None or undone[0].operation != after[-1]:
        said.append("what undo takes back")
    made = backup.make(db, backup.Reason.CLOSE)
    if made not in backup.listing(made.path.parent):
        said.append("the backup just made went")
    said += [one.word for one in audit.check(db)]
    day = clock.moment.astimezone(db.zone).date().isoformat()
    if any(visit.business_date != day for visit in visits.listing(db, day, day) if visit.id):
        said.append("the day of a visit")
    return said


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.name)
def test_work_goes_on_in_order_and_the_keeper_is_warned(noon: Database, tally: Tally, turn: Turn) -> None:
    clock = noon.clock
    assert isinstance(clock, Clock)
    clock.set(NOON)
    found = wrong(noon, clock, turn)
    tally.met(corrupt=bool(found))
    assert found == []


@pytest.mark.parametrize("shows", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00"])
def test_a_clock_at_the_end_of_all_calendars_is_told_and_nothing_is_written(noon: Database, tally: Tally, shows: str) -> None:
    before, moment = noon.figures(), datetime.fromisoformat(shows)
    noon.clock = lambda: moment
    for deed in (lambda: visits.tally(noon, Occupation.RIDER), lambda: noon.now(), lambda: people.register(noon, Occupation.OTHER)):
        with pytest.raises(EnvironmentFault) as fault:
            deed()
        assert fault.value.word == "db.impossible_clock"
    noon.clock = Clock(NOON)
    with pytest.raises(UserMistake) as mistake:
        visits.tally(noon, Occupation.RIDER, at=moment)
    assert mistake.value.word == "db.impossible_time"
    assert noon.figures() == before
    tally.met()


# --- the station's day -------------------------------------------------------------------------------------------------------

EDGES = (
    ("2026-07-17T23:59:59+08:00", "2026-07-18T00:00:00+08:00", "Asia/Shanghai", True),
    ("2026-07-17T07:59:59+08:00", "2026-07-17T08:00:00+08:00", "Asia/Shanghai", False),  # midnight in UTC
    ("2026-12-31T23:59:59+08:00", "2027-01-01T00:00:00+08:00", "Asia/Shanghai", True),
    ("2026-03-29T00:59:59+00:00", "2026-03-29T01:00:00+00:00", "Europe/Berlin", False),  # 01:59:59 and then 03:00
    ("2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00", "Europe/Berlin", False),  # 02:30 twice
    ("2026-10-24T21:59:59+00:00", "2026-10-24T22:00:00+00:00", "Europe/Berlin", True),  # the day of 25 hours begins
    ("2026-10-25T22:59:59+00:00", "2026-10-25T23:00:00+00:00", "Europe/Berlin", True),  # and ends
)


def new_day(folder: Path, before: str, after: str, zone: str) -> bool:
    """Whether somebody who had the day's share just before may have it again just after."""
    clock = Clock(before)
    with closing(station(folder, clock, zone)) as db:
        one, _ = people.register(db, Occupation.RIDER)
        item, _ = supplies.add_item(db, "湿巾", "包", ItemKind.DRINK, most_per_day=1)
        supplies.receive(db, item.id, 9)
        supplies.hand_out(db, item.id, person_id=one.id)
        clock.set(after)
        try:
            supplies.hand_out(db, item.id, person_id=one.id)
        except RuleRefused as refusal:
            assert refusal.next == (clock.moment.astimezone(db.zone).date() + timedelta(days=1)).isoformat()
            return False
        finally:
            assert audit.check(db) == []
        return True


@pytest.mark.parametrize(("before", "after", "zone", "fresh"), EDGES)
def test_the_days_share_begins_anew_at_local_midnight_only(
    tmp_path: Path, tally: Tally, before: str, after: str, zone: str, fresh: bool
) -> None:
    found = new_day(tmp_path / "station", before, after, zone)
    tally.met(corrupt=found != fresh)
    assert found == fresh


def test_every_moment_of_a_year_has_the_day_and_hour_of_its_place(tmp_path: Path, tally: Tally) -> None:
    clock = Clock()
    for zone in ("Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia"):
        with closing(station(tmp_path / zone.partition("/")[2], clock, zone)) as db:
            for hour in range(0, 24 * 365, 7):
                moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
                stamp, there = db.stamp(moment), moment.astimezone(db.zone)
                assert (stamp.business_date, stamp.hour) == (f"{there:%Y-%m-%d}", there.hour)
                assert datetime.fromisoformat(stamp.time) == moment
        tally.met()


# --- negative controls --------------------------------------------------------------------------------------------------------


def test_a_log_by_the_clock_is_caught(noon: Database, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Database.rows
    monkeypatch.setattr(
        Database, "rows", lambda db, sql, parameters=(): rows(db, sql.replace("ORDER BY o.sequence DESC", "ORDER BY o.time"), parameters)
    )
    assert isinstance(noon.clock, Clock)
    noon.clock.set(NOON)
    tally.control("order by time", caught=bool(wrong(noon, noon.clock, TURNS[7])))


def test_a_clock_nobody_looks_at_is_caught(noon: Database, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(care, "clock", lambda _db, _now: None)
    assert isinstance(noon.clock, Clock)
    noon.clock.set(NOON)
    tally.control("no warning", caught=bool(wrong(noon, noon.clock, TURNS[0])))


def test_the_day_of_utc_is_caught(tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    def in_utc(db: Database, moment: datetime | None = None) -> Stamp:
        there = (moment or db.clock()).astimezone(UTC)
        return Stamp(there.isoformat(timespec="seconds"), there.date().isoformat(), there.hour)

    monkeypatch.setattr(Database, "stamp", in_utc)
    before, after, zone, fresh = EDGES[1]
    tally.control("day of UTC", caught=new_day(tmp_path / "station", before, after, zone) != fresh)
