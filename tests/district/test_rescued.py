"""A station that was rescued and its district: nothing is lost and nothing counted twice, whatever had crossed before."""

from __future__ import annotations

from pathlib import Path

import pytest

from station_app import backup, vault
from station_app.db import Database
from station_app.district import desk
from station_app.model import Occupation
from station_app.paths import DataFolder
from station_app.services import audit, exchange, keepers, keeping, people, rescue, stations, visits
from station_app.services.rescue import mending
from station_app.sync import outbox
from station_app.sync.opening import Opener
from tests.conftest import PASSWORD, Clock
from tests.district.conftest import introduced
from tests.district.test_loop import a_day, answered, same_totals, take

DAY = "2026-07-17"


def page_of(db: Database, table: str) -> int:
    return int(db.scalar("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)))


def rescued(station: Database, clock: Clock, spoilt: tuple[str, ...]) -> Database:
    """Close the station, spoil the first pages of some tables, rescue it, and open it again."""
    place, numbers = DataFolder(station.path.parent), [page_of(station, table) for table in spoilt]
    station.close()
    with place.database.open("r+b") as file:
        for number in numbers:
            file.seek((number - 1) * 4096 + 999)
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 4]))
    case = rescue.examine(rescue.unlock(place.path, PASSWORD), clock=clock)
    rescue.restore(case, case.backups[0], clock=clock)
    case.close()
    return stations.open_station(place.path, PASSWORD, clock=clock)


@pytest.mark.parametrize("arrives", ["before", "after", "never", "unpacked"])
@pytest.mark.parametrize("spoilt", [("visit",), ("change",), ("person", "identity", "handout")])
def test_what_came_after_the_backup_is_at_the_district_once(
    db: Database, district: Database, stick: Path, opener: Opener, clock: Clock, arrives: str, spoilt: tuple[str, ...]
) -> None:
    """The file of after the backup reaches the district before the rescue, after it, never, or was never written."""
    station = introduced(db, district, stick)
    keepers.open_station(station)
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    answered(station, district, stick, opener)
    keeping.keep(station, backup.Reason.MANUAL)
    clock.forward(minutes=30)
    a_day(station)
    group, _ = visits.tally(station, Occupation.RIDER, 7)
    visits.set_count(station, group.id, 9)
    late = None if arrives == "unpacked" else outbox.export(station, stick)[0].path
    if arrives == "before" and late is not None:
        take(district, late, opener)
    again = rescued(station, clock, spoilt)
    assert people.count(again) == 2
    visits.tally(again, Occupation.OTHER, 2)
    visits.set_count(again, group.id, 4)
    exported = outbox.export(again, stick)[0].path
    take(district, exported, opener)
    if arrives == "after" and late is not None:
        take(district, late, opener)
    take(district, exported, opener)
    assert desk.report(district, DAY, DAY)[0].person_times == 2 * 6 + 4 + 2
    same_totals(again, district)
    assert answered(again, district, stick, opener).refused == 0
    assert exchange.status(again).packed == 0
    assert audit.check(again) == []
    again.close()


def test_under_a_version_that_crossed_already_the_next_change_would_be_lost(
    db: Database, district: Database, stick: Path, opener: Opener, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: put back once each, the next change of a row bears a version below the district's."""
    monkeypatch.setattr(mending, "_above", lambda tx, table, row: tx.put(table, row))
    station = introduced(db, district, stick)
    a_day(station)
    keeping.keep(station, backup.Reason.MANUAL)
    visit, _ = visits.tally(station, Occupation.RIDER, 7)
    for count in (8, 9):
        visits.set_count(station, visit.id, count)
    take(district, outbox.export(station, stick)[0].path, opener)
    again = rescued(station, clock, ("quota",))
    visits.set_count(again, visit.id, 4)
    take(district, outbox.export(again, stick)[0].path, opener)
    assert desk.report(district, DAY, DAY)[0].person_times == 6 + 9, "and not 4, as at the station"
    again.close()


def test_keys_of_the_exchange_come_back_with_a_station_that_joined_after_its_backup(
    db: Database, district: Database, stick: Path, opener: Opener, clock: Clock
) -> None:
    keeping.keep(db, backup.Reason.MANUAL)
    station = introduced(db, district, stick)
    own = outbox.own_identity(station).public
    a_day(station)
    again = rescued(station, clock, ("badge",))
    assert outbox.own_identity(again).public == own
    take(district, outbox.export(again, stick)[0].path, opener)
    same_totals(again, district)
    assert vault.ways(DataFolder(again.path.parent).slots)
    again.close()
