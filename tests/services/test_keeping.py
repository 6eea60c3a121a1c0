"""Backups nobody asks for: the day's, before an import, before a newer program changes the store; a stick that is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from station_app import backup, settings
from station_app.backup import Reason
from station_app.db import Database
from station_app.errors import EnvironmentFault
from station_app.model import Occupation
from station_app.services import backups, keeping, preferences, stations, visits
from tests.conftest import PASSWORD, Clock


def reasons(db: Database) -> list[Reason]:
    return [one.reason for one in backup.listing(backup.folder_of(db))]


def test_one_a_day_and_one_rehearsal_a_month(db: Database, clock: Clock) -> None:
    assert keeping.newest_time(db) == ""
    assert keeping.daily(db) is not None
    assert keeping.newest_time(db) == "2026-07-17T08:00:00+08:00"
    rehearsed = backups.last_rehearsal(db)
    assert rehearsed is not None
    assert rehearsed.equal
    clock.set("2026-07-17T23:59:00+08:00")
    assert keeping.daily(db) is None
    clock.set("2026-07-18T00:01:00+08:00")
    kept = keeping.daily(db)
    assert kept is not None
    assert kept.backup.reason is Reason.DAILY
    assert backups.last_rehearsal(db) == rehearsed, "not again within the month"


def test_a_stick_that_is_gone_costs_no_backup(db: Database, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    preferences.change(db, settings.BACKUP_PLACE.name, str(stick))
    kept = keeping.keep(db, Reason.MANUAL)
    assert (kept.missed, [one.path.name for one in backup.listing(stick)]) == (None, [kept.backup.path.name])
    (tmp_path / "file").write_text("no folder", "utf-8")
    preferences.change(db, settings.BACKUP_PLACE.name, str(tmp_path / "file" / "stick"))
    kept = keeping.keep(db, Reason.MANUAL)
    assert kept.carried is None
    assert isinstance(kept.missed, EnvironmentFault)
    assert reasons(db) == [Reason.MANUAL, Reason.MANUAL]


def test_before_an_import_says_why_it_could_not(db: Database) -> None:
    assert keeping.before_import(db) is None
    assert reasons(db) == [Reason.BEFORE_IMPORT]
    for file in backup.folder_of(db).iterdir():
        file.unlink()
    backup.folder_of(db).rmdir()
    backup.folder_of(db).write_text("no folder", "utf-8")
    told = keeping.before_import(db)
    assert told is not None
    assert told.word == "backup.cannot_write"


def test_a_newer_program_backs_up_what_it_is_going_to_change(
    db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits.tally(db, Occupation.COURIER, 3)
    folder, before = db.path.parent, db.figures()
    db.close()
    newer = (*stations.STATION, lambda connection: connection.execute("CREATE TABLE later(id TEXT)"))
    monkeypatch.setattr(stations, "STATION", newer)
    opened = stations.open_station(folder, PASSWORD, clock=clock)
    try:
        (made,) = backup.listing(folder / backup.FOLDER)
        assert made.reason is Reason.BEFORE_MIGRATION
        with_before = backup.look(made, opened.key, clock=clock)
        assert with_before.figures() == before
        assert with_before.scalar("PRAGMA user_version") == len(newer) - 1
        with_before.close()
    finally:
        opened.close()
    stations.open_station(folder, PASSWORD, clock=clock).close()
    assert len(backup.listing(folder / backup.FOLDER)) == 1, "only when something is going to change"
