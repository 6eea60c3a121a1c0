"""Backups: each one made is restored elsewhere and compared with what was backed up; once a month the program does so itself."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from station_app import backup, vault
from station_app.backup import Backup, Reason
from station_app.db import Database, Figures
from station_app.errors import Refused, StationError
from station_app.paths import DataFolder
from station_app.schema import LEDGERS
from station_app.services import audit, backups, keeping, stations
from tests.conftest import PASSWORD
from tests.faults.deeds import DEEDS, World, enter, prepared
from tests.faults.table import Tally, scale

FAULT = "backup"
APART = {"restore", "migration", "set-up", "carry", "rehearse", "undo", "receipt", "backup", "erase"}
"""Deeds that are no day's work, or that a restore does again on purpose: what was erased stays erased (tests/services)."""
DAILY = [name for name in DEEDS if name not in APART]


@pytest.fixture
def desk(tmp_path: Path) -> World:
    return enter(prepared(tmp_path / "home"))


def content(db: Database) -> dict[str, Any]:
    """Every row of every ledger."""
    return {table: [tuple(row) for row in db.rows(f"SELECT * FROM {table} ORDER BY id")] for table in LEDGERS}


@dataclass(frozen=True, slots=True)
class Made:
    """A backup, and what stood in the store when it was made."""

    backup: Backup
    content: dict[str, Any]


def some_days(world: World, chance: random.Random, days: int) -> list[Made]:
    """A few things done on each of so many days, and a backup at the end of each."""
    made = []
    for _ in range(days):
        world.clock.forward(days=1)
        for name in chance.sample(DAILY, 3):
            deed = DEEDS[name]
            try:
                deed.act(world, deed.ready(world))
            except (StationError, StopIteration, IndexError):
                continue  # done already: a keeper is removed once
        made.append(Made(backup.make(world.db, chance.choice(list(Reason))), content(world.db)))
    return made


def differences(made: list[Made], home: Path, elsewhere: Path) -> list[str]:
    """Each backup that is still kept, restored to a computer that has nothing, against what stood when it was made."""
    root, _ = vault.unlock(DataFolder(home / "station").slots, PASSWORD)
    kept = {one.path for one in backup.listing(home / "station" / "backups")}
    said = []
    for number, one in enumerate(made):
        if one.backup.path not in kept:
            continue
        place = DataFolder(elsewhere / str(number))
        backups.restore(place, one.backup, backup.slots_in(one.backup.path.parent), root)
        with closing(stations.open_station(place.path, PASSWORD)) as restored:
            again = content(restored)
            said += [f"{number}: {table}" for table in LEDGERS if again[table] != one.content[table]]
            said += [f"{number}: {problem.word}" for problem in audit.check(restored)]
    return said


def test_each_backup_comes_back_as_the_store_was(desk: World, tmp_path: Path, chance: random.Random, tally: Tally) -> None:
    days = scale(14)
    made = some_days(desk, chance, days)
    desk.db.close()
    found = differences(made, desk.home, tmp_path / "elsewhere")
    tally.tried, tally.corrupt = days, len(found)
    assert found == []


def test_the_month_is_rehearsed_without_anybody_asking(desk: World, tally: Tally) -> None:
    months = scale(6)
    for _ in range(months):
        desk.clock.forward(days=31)
        keeping.daily(desk.db)
        last = backups.last_rehearsal(desk.db)
        assert last is not None
        assert (last.equal, last.time) == (True, desk.db.stamp().time)
        tally.met()
    desk.db.close()


# --- negative controls --------------------------------------------------------------------------------------------------------


def test_a_copy_of_an_older_state_is_caught(desk: World, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    old = backup.listing(backup.folder_of(desk.db))[0]

    def stale(db: Database, target: Path, _progress: Any = None) -> Figures:
        shutil.copyfile(old.path, target)
        return db.figures()

    monkeypatch.setattr(Database, "copy", stale)
    with pytest.raises(Refused) as refusal:
        backup.make(desk.db, Reason.MANUAL)
    tally.control("stale copy", caught=refusal.value.word == "backup.differs")
    desk.db.close()


def test_a_restore_that_drops_a_row_is_caught(
    desk: World, tmp_path: Path, chance: random.Random, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = some_days(desk, chance, 1)
    desk.db.close()
    opened = backups._opened_copy

    def short(*arguments: Any) -> Database:
        db = opened(*arguments)
        db._writer.execute("DELETE FROM visit WHERE id = (SELECT max(id) FROM visit)")
        return db

    monkeypatch.setattr(backups, "_opened_copy", short)
    tally.control("dropped row", caught=bool(differences(made, desk.home, tmp_path / "elsewhere")))


def test_a_rehearsal_of_a_spoiled_backup_is_told(desk: World, tally: Tally) -> None:
    desk.clock.forward(days=31)
    made = backup.make(desk.db, Reason.DAILY)
    data = bytearray(made.path.read_bytes())
    data[5000] ^= 1
    made.path.write_bytes(data)
    outcome, _ = backups.rehearse(desk.db)
    tally.control("spoiled backup", caught=not outcome.equal)
    desk.db.close()
