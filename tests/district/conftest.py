"""A station and its district that know each other, a stick between them, and the worker that opens files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from station_app.db import Database
from station_app.district import store
from station_app.sync import outbox
from station_app.sync.opening import Opener
from tests.conftest import CHEAP, PASSWORD, Clock


@pytest.fixture(scope="session")
def opener() -> Iterator[Opener]:
    with Opener() as made:
        yield made


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def district(tmp_path: Path, clock: Clock) -> Iterator[Database]:
    opened = store.set_up(tmp_path / "district", "990101", "云桥区", "社会工作部", PASSWORD, clock=clock, cost=CHEAP)
    yield opened
    opened.close()


@pytest.fixture
def station(db: Database, district: Database, stick: Path) -> Database:
    """A station that the district knows and that trusts the district."""
    return introduced(db, district, stick)


def introduced(db: Database, district: Database, stick: Path) -> Database:
    store.enrol(district, outbox.enrol(db, stick).path)
    outbox.trust(db, outbox.read_trust(store.introduce(district, stick).path))
    return db
