"""Unattended: files that come into a folder are taken in, answers are left in another; killed at any moment nothing is lost.

A file is noted as done only after it was taken in and answered, so whatever a kill interrupts is done again, and doing it again
is harmless. Nothing that others put there is moved or deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..db import Database
from ..errors import EnvironmentFault, Refused, StationError
from ..model import Op
from ..sync import carry
from ..sync.opening import Opener
from . import answer, intake

SETTLED = 2.0
"""Seconds a file must have been left alone: until then somebody may still be copying it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """By which a file is known again: its name, its bytes, when it was last written (ns)."""

    name: str
    size: int
    written: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: what it brought, or why it was not taken; ``answer`` is the pack written for its station."""

    file: Path
    received: intake.Received | None = None
    refused: StationError | None = None
    answer: Path | None = None
    unanswered: StationError | None = None


def look(
    db: Database, folder: Path, answers: Path | None, opener: Opener, *, stop: Callable[[], bool] = lambda: False
) -> Iterator[Outcome]:
    """One look at ``folder``: every file that is new or written anew, one after the other; ``stop`` is asked between two.

    A refused file is told once and looked at again only when it changes; one that could not be read, or whose answer could not
    be written, comes again with the next look. Raises EnvironmentFault when the folder is gone.
    """
    known = _known(db)
    now = db.clock().timestamp()
    for file in carry.find_batches(folder):
        if stop():
            return
        mark = _mark(file)
        if mark is None or known.get(mark.name) == mark or 0 <= now - mark.written / 1e9 < SETTLED:
            continue
        outcome = _done(db, file, answers, opener)
        if not isinstance(outcome.refused, EnvironmentFault) and outcome.unanswered is None:
            _note(db, mark, outcome)
        yield outcome


def _done(db: Database, file: Path, answers: Path | None, opener: Opener) -> Outcome:
    try:
        received, _ = intake.receive(db, intake.open_file(db, file, opener))
    except (Refused, EnvironmentFault) as error:
        return Outcome(file, refused=error)
    if answers is None:
        return Outcome(file, received)
    try:
        return Outcome(file, received, answer=_answer(db, received.station, answers))
    except (Refused, EnvironmentFault) as error:
        return Outcome(file, received, unanswered=error)


def _answer(db: Database, station: str, answers: Path) -> Path:
    """The next pack for a station; the ones before it go, for each says all that they said."""
    before = carry.find_packs(answers, station)
    written, _ = answer.pack(db, station, answers)
    for old in before:
        with suppress(OSError):  # being fetched at this moment: the next answer takes it away
            if old != written.path:
                old.unlink()
    return written.path


def _mark(file: Path) -> Mark | None:
    try:
        found = file.stat()
    except OSError:  # fetched away between two looks
        return None
    return Mark(file.name, found.st_size, found.st_mtime_ns)


def _known(db: Database) -> Mapping[str, Mark]:
    return {row["name"]: Mark(row["name"], row["size"], row["written"]) for row in db.rows("SELECT * FROM watched")}


def _note(db: Database, mark: Mark, outcome: Outcome) -> None:
    with db.transact(Op.TAKE_IN, by_itself=True, watched=outcome.refused.word if outcome.refused else "taken") as tx:
        tx.run(
            "INSERT INTO watched(name, size, written) VALUES(?, ?, ?)"
            " ON CONFLICT(name) DO UPDATE SET size = excluded.size, written = excluded.written",
            (mark.name, mark.size, mark.written),
        )
