"""A newer program and an older store: every released one opens and works; interrupted anywhere, it is the old shape or the new."""

from __future__ import annotations

import json
import random
import re
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from station_app import db as database
from station_app.db import Database
from station_app.district import store as district_store
from station_app.errors import EnvironmentFault
from station_app.model import Occupation
from station_app.schema import DISTRICT, STATION
from station_app.services import audit, people, requests, stations, visits
from tests.conftest import PASSWORD, Clock
from tests.faults import shim
from tests.faults.deeds import NEXT, enter, prepared
from tests.faults.table import Tally, scale
from tests.faults.test_power import recorded_deeds
from tests.old_databases import make

FAULT = "migration"
OLD = sorted(path for path in make.HERE.iterdir() if re.fullmatch(r"(station|district)-\d+", path.name))


@pytest.fixture(scope="session")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shim.compiled(tmp_path_factory.mktemp("shim"))


# --- released stores ---------------------------------------------------------------------------------------------------------


def opened(old: Path, tmp_path: Path) -> Database:
    """A copy of a released store, opened by the program as it is."""
    folder = Path(shutil.copytree(old, tmp_path / old.name))
    clock = Clock("2026-07-18T09:00:00+08:00")
    if old.name.startswith("station"):
        return stations.open_station(folder, PASSWORD, clock=clock)
    return district_store.open_district(folder, PASSWORD, clock=clock)


def shape(db: Database) -> set[str]:
    """Every table and index, as it was created."""
    return {row["sql"] for row in db.rows("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")}


def test_there_is_a_store_of_every_schema() -> None:
    assert {path.name for path in OLD} == {
        *(f"station-{number + 1}" for number in range(len(STATION))), *(f"district-{number + 1}" for number in range(len(DISTRICT)))
    }  # fmt: skip


@pytest.mark.parametrize("old", OLD, ids=lambda path: path.name)
def test_a_released_store_is_brought_to_the_shape_of_a_new_one(old: Path, tmp_path: Path, tally: Tally) -> None:
    fresh = database.open(tmp_path / "fresh.db", "0" * 64, STATION if old.name.startswith("station") else DISTRICT)
    with closing(fresh), closing(opened(old, tmp_path)) as db:
        assert shape(db) == shape(fresh), (
            f"{old.name} is not the schema of its version any more. Released: write a migration. Not released yet: "
            "python -m tests.old_databases.make"
        )
        assert db.damage() == []
    tally.met()


@pytest.mark.parametrize("old", [path for path in OLD if path.name.startswith("station")], ids=lambda path: path.name)
def test_a_released_station_goes_on_with_its_day(old: Path, tmp_path: Path, tally: Tally) -> None:
    with closing(opened(old, tmp_path)) as db:
        assert audit.check(db) == []
        named = people.find(db, "李志强")[0]
        visits.check_in(db, named.badge_code)
        visits.tally(db, Occupation.OTHER, 2)
        assert people.count(db) == make.PEOPLE
        assert len(requests.listing(db)) == make.REQUESTS
        assert db.scalar("SELECT sum(person_times) FROM visit") == make.PERSON_TIMES + 3
        assert audit.check(db) == []
    tally.met()


# --- the next one, interrupted ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("prepared") / "home")


def test_a_disk_that_says_no_leaves_the_old_shape_or_the_new(
    disk: Path, station: Path, tmp_path: Path, chance: random.Random, tally: Tally
) -> None:
    orders = {"deeds": ["migration"], "most": {100: 8, 200: 40}.get(scale(1000), 100_000), "seed": chance.random()}
    printed = shim.run(disk, tmp_path / "work", "tests.faults.failing", str(station), str(tmp_path / "work"), json.dumps(orders))
    points = shim.lines(printed)
    for point in points:
        tally.met(corrupt=bool(point["wrong"]))
    assert [point for point in points if point["wrong"]] == []


def test_a_power_cut_leaves_the_old_shape_or_the_new_with_a_backup_of_the_old(
    disk: Path, tmp_path: Path, chance: random.Random, tally: Tally
) -> None:
    (done,) = recorded_deeds(tmp_path, disk, ["migration"])
    for point, left in done.day.cuts(chance, scale(400, 12)):
        wrong, state = done.found(tmp_path / "cut", point, left)
        if state["schema"] == len(NEXT) and state["backups"] == done.before["backups"]:
            wrong.append("no backup of the old shape")
        tally.met(corrupt=bool(wrong))
        assert wrong == [], f"cut after event {point} of {len(done.day.events)}"


# --- negative controls --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mutant", ["migrate_bit_by_bit", "no_backup_before"])
def test_a_migration_without_its_protection_is_caught(
    disk: Path, tmp_path: Path, chance: random.Random, tally: Tally, mutant: str
) -> None:
    (done,) = recorded_deeds(tmp_path, disk, ["migration"], mutant)
    found = (done.found(tmp_path / "cut", point, left) for point, left in done.day.cuts(chance, 120))
    kept = done.before["backups"]
    caught = any(wrong or (state["schema"] == len(NEXT) and state["backups"] == kept) for wrong, state in found)
    tally.control(mutant, caught=caught)


def test_a_store_of_a_newer_program_is_left_alone(station: Path, tmp_path: Path, tally: Tally) -> None:
    world = enter(Path(shutil.copytree(station, tmp_path / "home")))
    key = world.root.database_key()
    world.db.close()
    database.open(world.place.database, key, NEXT).close()
    before = world.place.database.read_bytes()
    with pytest.raises(EnvironmentFault) as fault:
        stations.open_station(world.folder, PASSWORD)
    assert fault.value.word == "db.too_new"
    assert world.place.database.read_bytes() == before
    tally.met()
