"""Hundreds at once: stations' files found and taken in, one after the other; packs for all, onto one stick."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..db import Database
from ..errors import Cancelled, EnvironmentFault, StationError
from ..model import Changes, Op
from ..sync.opening import Opener
from . import answer, intake, store
from .intake import Received

Progress = Callable[[int, int], None]
"""(done, in all); may raise Cancelled to stop before the next one."""
DEEPEST = 4
"""Folders below the one that was given, in which files are looked for."""
MOST_FILES = 5000


# --- files in -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in the places that were given: stations' files by name, introductions of stations."""

    batches: tuple[Path, ...]
    introductions: tuple[Path, ...]


def look(places: Iterable[Path]) -> Found:
    """The stations' files in these folders and below, and the files given themselves whatever they are called."""
    batches: list[Path] = []
    introductions: list[Path] = []
    for place in places:
        given = not place.is_dir()
        for file in [place] if given else _below(place):
            if file.suffix.lower() == ".json" and (given or file.name.startswith("enrol-")):
                introductions.append(file)
            elif given or file.suffix == ".batch":
                batches.append(file)
    return Found(tuple(dict.fromkeys(batches)), tuple(dict.fromkeys(introductions)))


def _below(folder: Path) -> Iterator[Path]:
    """The files in a folder and below by name; what cannot be read counts as empty, links to folders are not followed."""
    count = 0
    for here, folders, names in os.walk(folder):
        depth = len(Path(here).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if depth < DEEPEST else []
        for name in sorted(names):
            if not name.startswith("."):
                count += 1
                if count > MOST_FILES:
                    return
                yield Path(here) / name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: what it brought, or why it was not taken."""

    file: Path
    received: Received | None = None
    error: StationError | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What many files brought together. ``fresh`` files held something new, ``known`` nothing new, ``quarantined`` are of keys
    that were revoked."""

    files: int
    fresh: int
    known: int
    quarantined: int
    refused: int
    rows: int
    turned_down: int
    stations: int


def take(db: Database, file: Path, opener: Opener) -> Outcome:
    """Open a file in the worker and take it in; a refusal or a fault of the stick is its outcome, nothing is raised for it."""
    try:
        received, _ = intake.receive(db, intake.open_file(db, file, opener))
    except StationError as error:
        return Outcome(file, error=error)
    return Outcome(file, received)


def summary(outcomes: Sequence[Outcome]) -> Summary:
    """All outcomes in one."""
    taken = [one.received for one in outcomes if one.received is not None]
    return Summary(
        len(outcomes), sum(one.fresh > 0 for one in taken), sum(not (one.fresh or one.quarantined) for one in taken),
        sum(one.quarantined > 0 for one in taken), len(outcomes) - len(taken),
        sum(one.rows for one in taken), sum(one.turned_down for one in taken), len({one.station for one in taken}),
    )  # fmt: skip


# --- packs out ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Round:
    """Packs that were written and read back; ``left`` stations have none yet, ``error`` says why it ended before the last."""

    sent: tuple[answer.Sent, ...]
    left: tuple[str, ...]
    error: StationError | None = None


def send(
    db: Database, codes: Sequence[str], folder: Path, *, own_folders: bool = False, progress: Progress | None = None
) -> Round:
    """Write a pack for each of these stations (all without any) into ``folder``, or into a folder of its own for each.

    Stopped or failed, the packs written so far are whole and stay; whoever has none is named. UserMistake for a code
    nobody has, and then nothing is written.
    """
    wanted = [store.by_code(db, code).code for code in codes] or [station.code for station in store.stations(db)]
    sent: list[answer.Sent] = []
    try:
        for number, code in enumerate(wanted):
            if progress is not None:
                progress(number, len(wanted))
            place = folder / code if own_folders else folder
            if own_folders:
                _make(place)
            sent.append(answer.send(db, code, place)[0])
        if progress is not None:
            progress(len(wanted), len(wanted))
    except (Cancelled, EnvironmentFault) as error:
        return Round(tuple(sent), tuple(wanted[len(sent) :]), error)
    return Round(tuple(sent), ())


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise EnvironmentFault("sync_files.read_only", folder=str(folder)) from error


def changes(codes: Sequence[str]) -> Changes:
    """What a round of packs changed, told once for all."""
    return Changes("", Op.APPLY_PACK, {"enrolled": tuple(codes)})
