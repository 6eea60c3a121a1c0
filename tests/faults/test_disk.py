"""Full and failing disks: every request that anything a keeper does makes to the disk fails once, or from then on.

All of it or nothing, told in a sentence of ours, and a second try does it once. What is called done is there.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.faults import shim
from tests.faults.deeds import DEEDS, prepared
from tests.faults.table import Tally, scale

FAULT = "full or failing disk"
MOST = 100_000
GROUPS = 4
"""Each a program of its own that does a part of the deeds, so that a parallel run has something to share out."""


@pytest.fixture(scope="session")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shim.compiled(tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="session")
def station(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("prepared") / "home")


def tried(disk: Path, station: Path, work: Path, **orders: object) -> list[dict[str, object]]:
    work.mkdir()
    return list(shim.lines(shim.run(disk, work, "tests.faults.failing", str(station), str(work), json.dumps(orders))))


@pytest.mark.parametrize("group", range(GROUPS))
def test_all_or_nothing_and_told_so(
    disk: Path, station: Path, tmp_path: Path, chance: random.Random, tally: Tally, group: int
) -> None:
    names = [name for place, name in enumerate(DEEDS) if place % GROUPS == group and name != "migration"]  # test_migration.py
    # in full every request of every deed; a check-in makes some 36 of them, a set-up some 260
    most = {100: 4, 200: 20}.get(scale(1000), MOST)
    points = tried(disk, station, tmp_path / "work", deeds=names, most=most, seed=chance.random())
    for point in points:
        tally.met(corrupt=bool(point["wrong"]))
    assert [point for point in points if point["wrong"]] == []
    assert {point["deed"] for point in points} == set(names)
    assert {point["told"] for point in points} > {"db.full"}


@pytest.mark.parametrize(
    ("mutant", "deed"),
    [
        ("leave_what_failed", "tally"), ("change_keys_at_once", "start card revoked"), ("commit_row_by_row", "hand out"),
        ("the_drivers_own_words", "tally"),
    ],
)  # fmt: skip
def test_a_protection_taken_out_is_noticed(disk: Path, station: Path, tmp_path: Path, tally: Tally, mutant: str, deed: str) -> None:
    points = tried(disk, station, tmp_path / "work", deeds=[deed], most=10, last=2, seed=7, mutant=mutant)
    tally.control(mutant, caught=any(point["wrong"] for point in points))
