"""Self-care: what threatens the records of this computer, seen early and said calmly (FAULTS.md).

``look`` tells what is wrong now, the most serious first; ``check`` reads all that is in use, ``full_check`` every page; ``tend``
and ``spare`` keep a ballast file that gives room back when the disk is full. Recording goes on through all of it: order is by
sequence.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from .. import paths
from ..db import Database
from ..errors import EnvironmentFault, Refused
from ..model import Changes, Op
from ..paths import DataFolder, VolumeKind

MB = 1_000_000
LOW = 500 * MB
"""Free bytes below which the keeper is told."""
ROOMY = 100 * MB
"""Free bytes from which the ballast may be made again."""
FULL = 16 * MB
"""Free bytes below which it is this disk that is full, not the stick a copy was going to."""
BALLAST = 1024 * 1024
"""Bytes kept in reserve; giving them back let 1,500 more rows in (FAULTS.md)."""
BEHIND = timedelta(minutes=2)
AHEAD = timedelta(days=366)
RECENT = 300
"""Operations the clock is held against, about a day's work: a wrong clock is shown all day, one put right not for ever."""

Free = Callable[[Path], int]
Kind = Callable[[Path], VolumeKind]
Severity = Literal["bad", "attention"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something a keeper should know: ``word`` says it in short, ``advice`` what to do; ``fields`` fill both."""

    word: str
    advice: str
    severity: Severity = "attention"
    fields: Mapping[str, Any] = field(default_factory=dict)


DAMAGED = Trouble("care.damaged", "care.damaged_advice", "bad")
PLACES: Mapping[VolumeKind, tuple[str, str]] = {
    "removable": ("care.on_stick", "care.on_stick_advice"),
    "network": ("care.on_network", "care.on_network_advice"),
    "synced": ("care.on_cloud", "care.on_cloud_advice"),
}
"""Where an open database should not lie; set-up refuses there, but what is there already is opened (SYNC.md section 5)."""


def free_space(folder: Path) -> int:
    """Bytes free on the volume of ``folder``."""
    return shutil.disk_usage(folder).free


def look(
    db: Database, now: datetime, *, damaged: bool = False, free: Free = free_space, kind: Kind | None = None
) -> tuple[Trouble, ...]:
    """What is wrong now, the most serious first; () when all is well. ``damaged`` is what ``check`` found earlier."""
    found = (DAMAGED if damaged else None, clock(db, now), _room(db, free), place(db, kind))
    return tuple(trouble for trouble in found if trouble is not None)


def check(db: Database, stop: Callable[[], bool]) -> bool:
    """Whether the file is damaged, by reading all that is in use. ``stop`` is asked again and again and ends it early (False).

    Nothing waits for it. Raises EnvironmentFault when the file cannot be opened at all.
    """
    return bool(db.quick_check(stop))


# --- the full check --------------------------------------------------------------------------------------------------------

CHECKED_EVERY = timedelta(days=7)
FULL_CHECK = "full_check"
"""The small fact that keeps the outcome."""


@dataclass(frozen=True, slots=True)
class FullCheck:
    """When the whole file was checked last (ISO 8601), whether it was sound, and the sentence to show."""

    time: str
    sound: bool
    word: str
    fields: Mapping[str, Any]


def full_check(db: Database, stop: Callable[[], bool], *, unasked: bool = False) -> tuple[FullCheck, Changes] | None:
    """Check every page of the file and keep the outcome; None when ``stop``, asked now and then, ended it.

    ``unasked``: in the trail it is the program's, not that of whoever sits there.
    Nobody waits for it. Raises EnvironmentFault when the file cannot be opened at all.
    """
    found = db.full_check(stop)
    if found is None:
        return None
    word, fields = ("care.full_damaged", {"n": len(found)}) if found else ("care.full_sound", {})
    done = FullCheck(db.stamp().time, not found, word, fields)
    operation = ""
    with suppress(*((Refused,) if found else ())):  # a damaged store may not take it down any more; it is told all the same
        with db.transact(Op.SETTING, by_itself=True, name=FULL_CHECK) as tx:
            tx.keeper = "" if unasked else db.acting
            tx.set_meta(FULL_CHECK, json.dumps(asdict(done)))
        operation = tx.operation
    return done, Changes(operation, Op.SETTING, {"meta": (FULL_CHECK,)})


def weekly(db: Database, stop: Callable[[], bool]) -> FullCheck | None:
    """The full check when a week went by since the last; None when there was nothing to do or it was stopped."""
    if not full_check_due(db):
        return None
    done = full_check(db, stop, unasked=True)
    return done[0] if done else None


def last_full_check(db: Database) -> FullCheck | None:
    """The outcome of the newest full check, None before the first."""
    kept = db.meta(FULL_CHECK)
    return FullCheck(**json.loads(kept)) if kept else None


def full_check_due(db: Database) -> bool:
    """Whether a week went by since the last full check (or it lies in a future that a wrong clock made)."""
    last = last_full_check(db)
    return last is None or not timedelta(0) <= db.now() - datetime.fromisoformat(last.time) < CHECKED_EVERY


# --- the clock -----------------------------------------------------------------------------------------------------------


def clock(db: Database, now: datetime) -> Trouble | None:
    """What the newest records say of this computer's clock: behind them, or more than a year ahead of them."""
    rows = db.rows("SELECT recorded FROM operation ORDER BY sequence DESC LIMIT ?", (RECENT,))
    recorded = [datetime.fromisoformat(row["recorded"]) for row in reversed(rows)]
    if not recorded:
        return None
    newest = max(recorded)
    if newest - now > BEHIND:
        return Trouble("care.clock_behind", "care.clock_behind_advice", fields=_times(now, newest))
    for before, after in pairwise([*recorded, now]):
        if after - before > AHEAD:
            return Trouble("care.clock_ahead", "care.clock_ahead_advice", fields=_times(now, before))
    return None


def _times(now: datetime, last: datetime) -> dict[str, str]:
    return {"now": f"{now:%Y-%m-%d %H:%M}", "last": f"{last.astimezone(now.tzinfo):%Y-%m-%d %H:%M}"}


# --- the place -----------------------------------------------------------------------------------------------------------


def place(db: Database, kind: Kind | None = None) -> Trouble | None:
    """Whether the database lies where it should not: on a stick, a network drive, in a folder copied to a cloud."""
    words = PLACES.get((kind or _kind)(db.path.parent))
    return Trouble(words[0], words[1], fields={"folder": str(db.path.parent)}) if words else None


@lru_cache(maxsize=8)
def _kind(folder: Path) -> VolumeKind:
    """Asked once: a folder does not move below an open database, and macOS runs a command to tell."""
    return paths.volume_kind(folder)


# --- the disk ------------------------------------------------------------------------------------------------------------


def _room(db: Database, free: Free) -> Trouble | None:
    left = free(db.path.parent)
    if left >= LOW:
        return None
    return Trouble("care.disk_low", "care.disk_low_advice", "bad" if left < FULL else "attention", {"free": left // MB})


def ballast(db: Database) -> Path:
    """The file that is there to be given up."""
    return DataFolder(db.path.parent, db.path.stem).ballast


def tend(db: Database, *, free: Free = free_space) -> bool:
    """Make the ballast when it is missing and there is room; returns whether it stands.

    Random bytes, so that no file system stores them as a hole or in less room.
    """
    file = ballast(db)
    with suppress(OSError):  # a folder that cannot be written is told by the first operation
        if file.exists() and file.stat().st_size == BALLAST:
            return True
        if free(file.parent) < ROOMY:
            return False
        with file.open("wb") as out:
            out.write(os.urandom(BALLAST))
            out.flush()
            os.fsync(out.fileno())
        return True
    return False


def release(db: Database) -> bool:
    """Give the ballast's room back; returns whether there was any."""
    try:
        ballast(db).unlink()
    except OSError:
        return False
    return True


@contextmanager
def spare(db: Database, *, free: Free = free_space) -> Iterator[None]:
    """Around an operation: when the disk is full, give the ballast up and say that it can be tried again.

    Raises EnvironmentFault (care.full_released) then; nothing of the operation was saved, and its input is still with
    whoever asked. Without a ballast to give, the error stays what it was.
    """
    try:
        yield
    except EnvironmentFault as error:
        if error.word == "db.full" and free(db.path.parent) < FULL and release(db):
            raise EnvironmentFault("care.full_released") from error
        raise
