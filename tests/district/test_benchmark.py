"""The measurement of benchmarks/intake.py, small: what it measures is the real thing, taken whole and once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import intake
from station_app.db import Database
from station_app.district import desk, store
from tests.conftest import CHEAP, PASSWORD, Clock


@pytest.fixture
def floor(tmp_path: Path, clock: Clock) -> Iterator[Database]:
    opened = store.set_up(tmp_path / "floor", "990101", "云桥区", "", PASSWORD, clock=clock, cost=CHEAP)
    yield opened
    opened.close()


def test_what_is_measured_is_taken_whole_and_once(district: Database, floor: Database, tmp_path: Path) -> None:
    found = intake.measure(district, floor, 2, 3, tmp_path)
    assert district.scalar("SELECT count(*) FROM visit") == 2 * 3 * intake.VISITS
    assert floor.scalar("SELECT count(*) FROM visit") == 2 * 3 * intake.VISITS
    tables = ("visit", "amenity_use", "handout", "movement", "person", "badge", "item")
    assert found["rows"] == sum(district.scalar(f"SELECT count(*) FROM {table}") for table in tables)
    assert {line.held.agrees for line in desk.status(district)} == {True}
