"""Power cuts: a day's writes and syncs are recorded, and the disk is put together as it may be after a cut at any point.

What was not synced may be there, missing or torn, in any mixture and order; what was synced is there. A name (a new file,
a rename, a removal) lasts once its folder was synced; before, the names that changed since are there up to some moment.
Of all that is left the next morning nothing may be missing that the screen had called saved before the cut.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from station_app.district import store
from station_app.errors import StationError
from station_app.services import audit, stations
from station_app.sync import outbox
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock
from tests.faults import shim
from tests.faults.deeds import DEEDS, State, differs, prepared
from tests.faults.deeds import found as morning_after
from tests.faults.table import Tally, scale
from tests.faults.test_kill import missing

FAULT = "power cut"
HEAD = struct.Struct("=cIIq")
SECTOR = 512
"""Bytes a disk writes whole."""


# --- the record ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """One thing asked of the disk (kinds as in disk.c); ``to`` is a rename's new name, ``at`` an offset or a length."""

    kind: str
    name: str
    at: int = 0
    data: bytes = b""

    @property
    def to(self) -> str:
        return self.data.decode()


def read_record(path: Path) -> list[Event]:
    """The events in their order."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        kind, name, length, offset = HEAD.unpack_from(data, at)
        at += HEAD.size
        text = data[at : at + name].decode()
        found.append(Event(kind.decode(), text, offset, data[at + name : at + name + length]))
        at += name + length
    return found


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shim.compiled(tmp_path_factory.mktemp("shim"))


# --- the disk -----------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class File:
    """What is safe of a file, and what was asked since."""

    safe: bytes = b""
    since: list[Event] = field(default_factory=list)

    def sync(self) -> None:
        self.safe, self.since = self._with(self.since), []

    def after_cut(self, chance: random.Random) -> bytes:
        """The file as it may be found: of what was asked since the last sync, whatever reached the disk."""
        kept = []
        for event in self.since:
            fate = chance.random()
            if fate < 0.45:
                kept.append(event)
            elif fate < 0.6 and len(event.data) > SECTOR:
                torn = chance.randrange(0, len(event.data), SECTOR)
                kept.append(Event(event.kind, event.name, event.at, event.data[:torn]))
        return self._with(kept)

    def _with(self, events: list[Event]) -> bytes:
        content = bytearray(self.safe)
        for event in events:
            if event.kind == "T":
                content = content[: event.at].ljust(event.at, b"\0")
            else:
                end = event.at + len(event.data)
                content = content.ljust(end, b"\0")
                content[event.at : end] = event.data
        return bytes(content)


Names = dict[str, File]


class Disk:
    """Files and folders by name: as the program sees them, and as they last once the folder they stand in is synced."""

    def __init__(self, home: Path) -> None:
        self.now: Names = {str(path): File(path.read_bytes()) for path in home.rglob("*") if path.is_file()}
        self._safe: dict[str, Names] = {}
        self._since: dict[str, list[Names]] = {}
        self._made: set[str] = set()
        for name, file in self.now.items():
            self._safe.setdefault(above(name), {})[name] = file

    def _in(self, folder: str) -> Names:
        return {name: file for name, file in self.now.items() if above(name) == folder}

    def take(self, event: Event) -> None:
        """One event more."""
        match event.kind:
            case "C":
                self.now[event.name] = File()
            case "M":
                self.now[event.name] = File()
                self._made.add(event.name)
                self._safe[event.name], self._since[event.name] = {}, []
            case "W" | "T":
                self.now[event.name].since.append(event)
            case "S" if event.name in self.now and event.name not in self._made:
                self.now[event.name].sync()
            case "S":
                self._safe[event.name], self._since[event.name] = self._in(event.name), []
            case "R":
                self.now[event.to] = self.now.pop(event.name)
            case "U" | "D":
                self.now.pop(event.name, None)
        if event.kind in "CRUMD":
            for name in {event.name, event.to or event.name}:
                self._since.setdefault(above(name), []).append(self._in(above(name)))

    def after_cut(self, chance: random.Random) -> dict[str, bytes]:
        """Every file as it may be found: in a folder that was made, only where that folder is there itself."""
        there: Names = {}
        for folder in sorted({*self._safe, *self._since}):
            there |= chance.choice([self._safe.get(folder, {}), *self._since.get(folder, [])])
        files = {name: file for name, file in there.items() if name not in self._made}
        return {name: file.after_cut(chance) for name, file in files.items() if self._reached(name, there)}

    def _reached(self, name: str, there: Names) -> bool:
        folder = above(name)
        return folder not in self._made or (folder in there and self._reached(folder, there))


def above(name: str) -> str:
    """The folder a name stands in."""
    return os.path.dirname(name)  # noqa: PTH120  thousands of times a run


# --- a day and its cuts ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """A station before a day, and the record of that day."""

    home: Path
    before: Path
    events: list[Event]

    def shown(self, until: int) -> list[dict[str, Any]]:
        """What the screen had shown before the event of this number."""
        screen = b"".join(event.data for event in self.events[:until] if event.kind == "P")
        return [json.loads(line) for line in screen.split(b"\n")[:-1]]  # what follows the last line end was not all said

    def cuts(self, chance: random.Random, number: int) -> Iterator[tuple[int, dict[str, bytes]]]:
        """So many cuts, each with what is then on the disk: half of them just after the screen said something."""
        spoken = [place + 1 for place, event in enumerate(self.events) if event.kind == "P"]
        points = [chance.choice(spoken) if turn % 2 else chance.randint(0, len(self.events)) for turn in range(number)]
        disk, done = Disk(self.before), 0
        for point in sorted(points):
            for event in self.events[done:point]:
                disk.take(moved(event, self.home, self.before))
            done = point
            yield point, disk.after_cut(chance)


def moved(event: Event, home: Path, before: Path) -> Event:
    """The event as it would have been in the copy of the folder from before the day."""
    name = event.name.replace(str(home), str(before), 1)
    data = event.data.replace(str(home).encode(), str(before).encode(), 1) if event.kind == "R" else event.data
    return Event(event.kind, name, event.at, data)


def recorded_day(tmp_path: Path, recorder: Path, seed: int, most: int, mutant: str = "") -> Day:
    """An enrolled station works a day under the recorder's eyes."""
    home = tmp_path / "home"
    stick = home / "stick"
    stick.mkdir(parents=True)
    clock = Clock()
    station, _ = stations.set_up(home / "station", SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
    district = store.set_up(tmp_path / "district", "990101", "云桥区", "", PASSWORD, clock=clock, cost=CHEAP)
    store.enrol(district, outbox.enrol(station, stick).path)
    outbox.trust(station, outbox.read_trust(store.introduce(district, stick).path))
    station.close()
    district.close()
    before = Path(shutil.copytree(home, tmp_path / "before"))
    orders = {"seed": seed, "most": most, "mutant": mutant, "wanted": ["register", "check_in", "export", "roster", "hand_out", "export"]}
    log = tmp_path / "log"
    shim.run(recorder, home, "tests.faults.desk", str(home / "station"), str(stick), json.dumps(orders), log=log)
    return Day(home, before, read_record(log))


def put(place: Path, found: dict[str, bytes], before: Path) -> None:
    """Lay out at ``place`` what was found of ``before``."""
    shutil.rmtree(place, ignore_errors=True)
    for name, content in found.items():
        if not name.endswith(("-shm", ".lock", ".holder")):  # made anew by whoever opens first
            path = place / Path(name).relative_to(before)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def morning(place: Path, found: dict[str, bytes], day: Day, point: int) -> tuple[list[str], list[str]]:
    """Open what the cut left behind; what is missing of what the screen had said, and what is damaged."""
    put(place, found, day.before)
    shown = day.shown(point)
    said = [line for line in shown if "saved" in line]
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (place / "stick").iterdir()}
    lost = []
    for line, later in ((line, shown[number:]) for number, line in enumerate(shown) if "file" in line):
        again = {"begin": "export"} in later  # it may be on its way to being replaced under the same name
        if files.get(line["file"]) not in ({line["hash"]} if not again else set(files.values())):
            lost.append(f"file {line['file']}")
    try:
        db = stations.open_station(place / "station", PASSWORD)
    except StationError as error:
        return lost, [str(error)]
    try:
        return lost + missing(db, said), [f"{one.word} {one.fields}" for one in audit.check(db)]
    except StationError as error:
        return lost, [str(error)]
    finally:
        db.close()


def test_nothing_that_was_called_saved_is_lost_by_a_power_cut(
    tmp_path: Path, recorder: Path, seed: int, chance: random.Random, tally: Tally
) -> None:
    day = recorded_day(tmp_path, recorder, seed, most=scale(400, 60))
    kinds = {event.kind for event in day.events}
    assert {"C", "W", "S", "R", "P"} <= kinds, "the recorder saw too little: this test shows nothing"
    for point, found in day.cuts(chance, scale(1000)):
        lost, corrupt = morning(tmp_path / "after", found, day, point)
        tally.tried += 1
        tally.lost += len(lost)
        tally.corrupt += len(corrupt)
        assert (lost, corrupt) == ([], []), f"cut after event {point} of {len(day.events)}"


@pytest.mark.parametrize("mutant", ["sync_seldom", "sync_no_file"])
def test_the_same_cuts_catch_a_program_that_does_not_sync(
    tmp_path: Path, recorder: Path, seed: int, chance: random.Random, tally: Tally, mutant: str
) -> None:
    day = recorded_day(tmp_path, recorder, seed, most=20, mutant=mutant)
    lost = [word for point, found in day.cuts(chance, 40) for word in morning(tmp_path / "after", found, day, point)[0]]
    tally.control(mutant, caught=any(word.startswith("file") == (mutant == "sync_no_file") for word in lost))


# --- every deed by itself -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recorded:
    """A deed whose requests were recorded, what the store held before and after, and the records of it."""

    name: str
    day: Day
    before: State
    after: State

    def wrong(self, place: Path, point: int, found: dict[str, bytes]) -> list[str]:
        """What is neither as before nor as after in what a cut left; only as after once the screen had said so."""
        return self.found(place, point, found)[0]

    def found(self, place: Path, point: int, found: dict[str, bytes]) -> tuple[list[str], State]:
        """The same, and the state."""
        put(place, found, self.day.before)
        for name in ("stick", "second"):
            (place / name).mkdir(exist_ok=True)
        state, problems = morning_after(place)
        ends = (self.after,) if {"saved": self.name} in self.day.shown(point) else (self.before, self.after)
        steps = DEEDS[self.name].steps if len(ends) == 2 else ()
        return [*problems, *differs(state, *ends, steps=steps)], state


def recorded_deeds(tmp_path: Path, recorder: Path, names: list[str], mutant: str = "") -> list[Recorded]:
    """Each deed done on a station of its own below one folder, under the recorder's eyes."""
    homes, log = tmp_path / "homes", tmp_path / "log"
    base = prepared(tmp_path / "prepared" / "home")
    before, _ = morning_after(shutil.copytree(base, tmp_path / "looked at"))
    for place, _name in enumerate(names):
        shutil.copytree(base, homes / str(place))
    orders = json.dumps({"deeds": names, "mutant": mutant})
    shim.run(recorder, homes, "tests.faults.recorded", str(homes), orders, log=log)
    events, made = read_record(log), []
    for place, name in enumerate(names):
        home = homes / str(place)
        mine = [event for event in events if event.kind == "P" or f"{event.name}/".startswith(f"{home}/")]
        after, problems = morning_after(shutil.copytree(home, tmp_path / f"after {place}"))
        assert problems == [], name
        made.append(Recorded(name, Day(home, base, mine), before, after))
    return made


@pytest.mark.parametrize("group", range(3))
def test_every_deed_is_done_or_not_done_after_a_power_cut(
    tmp_path: Path, recorder: Path, chance: random.Random, tally: Tally, group: int
) -> None:
    names = [name for place, name in enumerate(DEEDS) if place % 3 == group and name != "migration"]  # test_migration.py
    for deed in recorded_deeds(tmp_path, recorder, names):
        for point, found in deed.day.cuts(chance, scale(60, 6)):
            wrong = deed.wrong(tmp_path / "cut", point, found)
            tally.met(corrupt=bool(wrong))
            assert wrong == [], f"{deed.name}, cut after event {point} of {len(deed.day.events)}"


@pytest.mark.parametrize(
    ("mutant", "deed"),
    [
        ("sync_seldom", "receipt"), ("sync_no_file", "backup"), ("write_in_place", "password"), ("change_keys_at_once", "keeper removed"),
    ],
)  # fmt: skip
def test_a_deed_without_its_protection_is_caught(
    tmp_path: Path, recorder: Path, chance: random.Random, tally: Tally, mutant: str, deed: str
) -> None:
    (done,) = recorded_deeds(tmp_path, recorder, [deed], mutant)
    tally.control(
        f"{mutant} ({deed})", caught=any(done.wrong(tmp_path / "cut", point, found) for point, found in done.day.cuts(chance, 120))
    )
