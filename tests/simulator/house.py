"""Who takes part in a schedule: stores founded once and copied, computers, the copies put away, files on sticks."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from station_app import model as codes
from station_app.backup import Backup
from station_app.db import Database
from station_app.district import store
from station_app.model import ItemKind, Occupation
from station_app.services import incarnation, people, stations, supplies
from station_app.sync import outbox
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock
from tests.simulator.model import Batch, Letter, Timeline

START = "2026-07-17T08:00:00+08:00"
OFFICE = "computer of the district"
SHARED = Path("/dev/shm")


def workplace() -> Path:
    """A new folder for stores, in memory where the system has such a place."""
    return Path(tempfile.mkdtemp(prefix="simulator-", dir=SHARED if SHARED.is_dir() else None))


# --- templates -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Template:
    """A store as founded, to be copied: its files, raw key, whoever is at work, what it remembers."""

    name: str
    folder: Path
    key: str
    acting: str
    timeline: Timeline
    code: str = ""


@dataclass(frozen=True)
class House:
    """The templates: the stations by name, and the district that knows those which are enrolled."""

    folder: Path
    stations: dict[str, Template]
    district: Template


@contextmanager
def known_ids(now: Callable[[], datetime], dice: random.Random) -> Iterator[None]:
    """Ids are made of a clock that is set here and of dice, so that a schedule can be repeated."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "time", SimpleNamespace(time_ns=lambda: int(now().timestamp() * 1_000_000_000)))
        patch.setattr(codes, "os", SimpleNamespace(urandom=dice.randbytes))
        yield


def founded() -> House:
    """A station with two computers, another station, the district they trust, and a station that nobody introduced yet."""
    clock = Clock("2026-07-16T08:00:00+08:00")
    with known_ids(clock, random.Random(0)), pytest.MonkeyPatch.context() as patch:
        folder = workplace()
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return _founded(folder, clock, patch)


def _founded(folder: Path, clock: Clock, patch: pytest.MonkeyPatch) -> House:
    patch.setattr(incarnation, "here", lambda: OFFICE)
    stick = folder / "stick"
    stick.mkdir()
    office = store.set_up(
        folder / "district", SAMPLE.district_code, SAMPLE.district_name, "社会工作部", PASSWORD, clock=clock, cost=CHEAP
    )
    trust = outbox.read_trust(store.introduce(office, stick).path)
    made = {}
    for name, code, letter in (("A", "YQ", "A"), ("B", "YQ", "B"), ("C", "LT", "A"), ("D", "BZ", "A")):
        patch.setattr(incarnation, "here", lambda number=f"computer {name}": number)
        here = replace(SAMPLE, code=code, letter=letter)
        opened, keeper = stations.set_up(folder / name, here, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
        opened.acting = keeper.id
        item, _ = supplies.add_item(opened, "矿泉水", "瓶", ItemKind.DRINK, most_per_day=5)
        supplies.receive(opened, item.id, 48, lot="A")
        people.register(opened, Occupation.RIDER, "美团")
        if name != "D":
            store.enrol(office, outbox.enrol(opened, stick).path, accept=True)
            outbox.trust(opened, trust)
        timeline = Timeline()
        timeline.note(opened)
        timeline.trusting = name != "D"
        made[name] = Template(name, folder / name, opened.key, keeper.id, timeline, code)
        opened.close()
    district = Template("district", folder / "district", office.key, office.acting, Timeline())
    office.close()
    return House(folder, made, district)


# --- who takes part ------------------------------------------------------------------------------------------------------


@dataclass
class Machine:
    """A computer with a station's data folder; ``number`` is what makes the computer this one and no other.

    ``blind``: its store was copied whole and put back whole, so nothing here can tell; only the district's receipts can.
    """

    name: str
    template: Template
    folder: Path
    clock: Clock
    number: str
    timeline: Timeline
    blind: bool = False
    db: Database | None = None
    ids: int = 0

    @property
    def code(self) -> str:
        """The station's code."""
        return self.template.code


@dataclass
class Copy:
    """A station's store put away: its files as they lay in the folder, or the backup that was made; what it remembers."""

    machine: Machine
    timeline: Timeline
    files: dict[str, bytes] = field(default_factory=dict)
    backup: Backup | None = None


@dataclass
class File:
    """A station's file on some stick, and the batches it has to bring."""

    path: Path
    machine: Machine
    batches: list[Batch]


@dataclass
class Pack:
    """The district's file on some stick."""

    path: Path
    letter: Letter


@dataclass(frozen=True)
class Violation:
    """A promise that did not hold: its name, and where it was seen."""

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"
