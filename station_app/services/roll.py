"""The list of regulars for whoever may take it along: who is on it, and that it was taken, in the log.

What leaves the house is a file with names and phones: only a supervisor takes it (``Op.EXPORT_DATA``), and the trail says when.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..db import Database
from ..model import Changes, Op, Person
from . import people

SLICE = 500
"""People read at once: the desk goes on between."""


def begin(db: Database, kind: str, which: people.Filter | None = None, order_by: str = "name") -> tuple[list[str], Changes]:
    """The ids of who goes into a file of a ``kind`` ("xlsx", "csv"), noted in the log before anything is written.

    Refused to whoever may not take the list along.
    """
    db.require(Op.EXPORT_DATA)
    ids = people.ids(db, which, order_by)
    with db.transact(Op.EXPORT_DATA, what="roster", count=len(ids), kind=kind) as tx:
        pass
    return ids, tx.changes


def read(db: Database, ids: Sequence[str], progress: people.Progress = people.no_progress) -> Iterator[Person]:
    """These people in order, in slices; ``progress`` may raise Cancelled. Refused to whoever is not shown people's data."""
    db.require_sight("roster")
    for first in range(0, len(ids), SLICE):
        progress(first, len(ids))
        yield from people.several(db, ids[first : first + SLICE])
    progress(len(ids), len(ids))
