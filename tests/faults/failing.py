"""Deeds on a disk that says no: run as a program of its own, under disk.c, by test_disk.py.

``python -m tests.faults.failing PREPARED WORK '{"deeds": [...], "most": 30, "seed": 1}'`` does each deed once to see how often it
writes, and then again for each of these moments (``most`` of them, evenly drawn; with "last" only among the last so many) and
each fault, on a fresh copy. A line of JSON for each point: what failed, what was told, what was wrong about it ("" for nothing).
"""

from __future__ import annotations

import ctypes
import json
import random
import shutil
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from station_app import words
from station_app.db import Database
from station_app.errors import EnvironmentFault, StationError
from tests.faults import mutants
from tests.faults.deeds import DEEDS, Deed, State, World, differs, enter, found

FAULTS = ("full", "broken", "short")
"""In the order of disk.c: ENOSPC, EIO, half a write and then ENOSPC."""
UNSURE = ("db.unsure",)
"""The one sentence after which something may or may not be there: it says so."""


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of one deed at which the disk said no, and what came of it."""

    deed: str
    fault: str
    sticky: bool
    at: int
    of: int
    what: str
    told: str
    wrong: str


class Disk:
    """disk.c, which was loaded before us."""

    def __init__(self) -> None:
        self._shim: Any = ctypes.CDLL(None)
        self._shim.disk_last.restype = ctypes.c_char_p

    def arm(self, at: int, sticky: bool, fault: str) -> None:
        self._shim.disk_arm(ctypes.c_long(at), int(sticky), FAULTS.index(fault))

    def disarm(self) -> None:
        self._shim.disk_disarm()

    @property
    def count(self) -> int:
        return int(self._shim.disk_count())

    @property
    def refused(self) -> int:
        return int(self._shim.disk_refused())

    @property
    def last(self) -> str:
        kind, _, name = self._shim.disk_last().decode().partition(" ")
        return f"{kind} {Path(name).name}"


class Bench:
    """Where deeds are done on copies of the prepared station."""

    def __init__(self, prepared: Path, work: Path) -> None:
        self.prepared = prepared
        self.work = work
        self.disk = Disk()

    def fresh(self, name: str = "home") -> Path:
        home = self.work / name
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.prepared, home)
        return home

    def begin(self, deed: Deed) -> tuple[World, Any]:
        world = enter(self.fresh())
        ready = deed.ready(world)
        if deed.closed:
            world.db.close()
        return world, ready

    @staticmethod
    def leave(world: World, deed: Deed, opened: Any) -> None:
        if isinstance(opened, Database):
            opened.close()
        elif not deed.closed:
            world.db.close()

    def whole(self, deed: Deed) -> tuple[State, State, int]:
        """What stands before and after a deed, and how many requests to the disk it takes."""
        before, wrong = found(self.fresh())
        assert wrong == [], wrong
        world, ready = self.begin(deed)
        self.disk.arm(10**9, sticky=False, fault="full")
        opened = deed.act(world, ready)
        count = self.disk.count
        self.disk.disarm()
        self.leave(world, deed, opened)
        after, wrong = found(world.home)
        assert wrong == [], wrong
        return before, after, count

    # --- one point -------------------------------------------------------------------------------------------------

    def fail(self, name: str, deed: Deed, fault: str, sticky: bool, at: int, states: tuple[State, State, int]) -> Point:
        """Let the disk fail once (or from then on) amid a deed; then once more without."""
        before, after, count = states
        world, ready = self.begin(deed)
        self.disk.arm(at, sticky, fault)
        told, wrong, opened = "", [], None
        try:
            opened = deed.act(world, ready)
        except StationError as error:
            told = error.word
            wrong += _ill_told(error)
        except Exception as error:  # noqa: BLE001  whatever it is, it should have been one of ours
            told, wrong = "?", [f"{type(error).__name__}: {error}"]
        what = self.disk.last if self.disk.refused else ""
        if told and sticky and not wrong:
            wrong += self._again_on_the_same_disk(world, deed, ready)
        self.disk.disarm()
        if told and not wrong:
            wrong += self._killed_now(world, deed, told, before, after)
            try:
                opened = deed.act(world, ready)
            except StationError as error:
                if not deed.last:  # else it may have been done already: the state below tells
                    wrong.append(f"and when the disk was well again: {error}")
        self.leave(world, deed, opened)
        if not wrong:
            state, wrong = found(world.home)
            if told:
                state |= {key: after[key] for key in deed.more if state[key] > after[key]}
            wrong = [*wrong, *(f"at the end, told {told or 'done'}: {one}" for one in differs(state, after))]
        return Point(name, fault, sticky, at, count, what, told, "; ".join(wrong))

    def _again_on_the_same_disk(self, world: World, deed: Deed, ready: Any) -> list[str]:
        try:
            opened = deed.act(world, ready)
        except StationError as error:
            return _ill_told(error)
        except Exception as error:  # noqa: BLE001
            return [f"the second time {type(error).__name__}: {error}"]
        if isinstance(opened, Database):
            opened.close()
        elif opened == (None, None):  # nothing was left to do: a batch had been closed, its anchor is written with the next
            return []
        return ["the second time it was called done, on a disk that fails"]

    def _killed_now(self, world: World, deed: Deed, told: str, before: State, after: State) -> list[str]:
        """What the next start would find if the program died here; it was told that nothing was done."""
        home = self.work / "killed"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(world.home, home, ignore=shutil.ignore_patterns("*-shm", "*.lock", "*.holder"))
        state, wrong = found(home)
        either = told in UNSURE or deed.last
        ends = (before, after) if either or deed.steps else (before,)
        return [*wrong, *(f"killed after {told}: {one}" for one in differs(state, *ends, steps=deed.steps))]


def _ill_told(error: StationError) -> list[str]:
    """What is wrong with how a person is told."""
    if not isinstance(error, EnvironmentFault):
        return [f"told as {type(error).__name__} {error.word}"]
    for language in ("zh", "en"):
        words.use(language)
        sentence = words.t(error.word, **error.fields)
        if sentence == error.word or "{" in sentence:
            return [f"no sentence for {error.word}: {sentence}"]
    return []


def main(prepared: str, work: str, orders: str) -> int:
    """Do what was ordered."""
    told = json.loads(orders)
    chance = random.Random(told["seed"])
    if told.get("mutant"):
        mutants.MUTANTS[told["mutant"]]()
    bench = Bench(Path(prepared), Path(work))
    for name in told["deeds"]:
        states = bench.whole(DEEDS[name])
        first = max(1, states[2] - told["last"] + 1) if told.get("last") else 1
        every = [(fault, sticky, at) for fault in FAULTS for sticky in (False, True) for at in range(first, states[2] + 1)]
        for fault, sticky, at in sorted(chance.sample(every, min(len(every), told["most"]))):
            print(json.dumps(asdict(bench.fail(name, DEEDS[name], fault, sticky, at, states)), ensure_ascii=False), flush=True)
    with suppress(OSError):
        shutil.rmtree(bench.work)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
