"""The practice day of a new keeper: its tasks, and which of them were really done, as the records say.

A practice station holds nobody's data but invented people's and is thrown away afterwards (``district.practice``). What
counts is what stands in the store: a task that was undone was done all the same, and the order is the keeper's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..db import Database
from ..model import Consent, ItemKind, Occupation, Op, Recorded

MARK = "practice-station"
"""A file beside the folders of a practice station; only a folder that bears it is ever thrown away."""
FOUND = "欧阳志强"
"""Who is looked up by name: a regular of every practice station."""
FOUND_TYPED = "ouyang"
"""What finds that regular, in plain letters."""


class Task(StrEnum):
    """What a new keeper does once, in the order it is offered; the sentences are ``drill.task_<code>`` and ``drill.how_<code>``."""

    OPEN = "open"
    COUNT = "count"
    UNDO = "undo"
    REGISTER = "register"
    HAND_OUT = "hand_out"
    FIND = "find"
    REQUEST = "request"
    PRINT = "print"
    CLOSE = "close"
    EXPORT = "export"


PAGES = {
    Task.REGISTER: "people", Task.PRINT: "people", Task.REQUEST: "requests", Task.CLOSE: "shift", Task.EXPORT: "sync",
}  # fmt: skip
"""The page a task is done on, where that is not the desk."""


@dataclass(frozen=True, slots=True)
class Course:
    """How far a keeper is: what was done, and the next task in order (None at the end)."""

    done: frozenset[Task]

    @property
    def next(self) -> Task | None:
        """The first task that was not done yet."""
        return next((task for task in Task if task not in self.done), None)


_OPERATIONS = {
    Op.OPEN_STATION: Task.OPEN, Op.UNDO: Task.UNDO, Op.ADD_REQUEST: Task.REQUEST, Op.PRINT_BADGES: Task.PRINT,
    Op.CLOSE_STATION: Task.CLOSE, Op.CLOSE_BATCH: Task.EXPORT,
}  # fmt: skip
"""Tasks for which the operation alone tells it."""
_ROWS = {
    Task.COUNT: (
        "SELECT 1 FROM visit WHERE occupation = ? AND recorded = ? LIMIT 1", (Occupation.RIDER.value, Recorded.TALLY.value)
    ),
    Task.REGISTER: (
        (
            "SELECT 1 FROM operation o JOIN change c ON c.operation = o.sequence WHERE o.op = ? AND c.table_name = 'person'"
            " AND json_extract(c.after, '$.consent') <> ? LIMIT 1"
        ),
        (Op.REGISTER.value, Consent.NONE.value),
    ),
    Task.HAND_OUT: (
        "SELECT 1 FROM handout h JOIN item i ON i.id = h.item_id WHERE i.kind = ? LIMIT 1", (ItemKind.DRINK.value,)
    ),
    Task.FIND: ("SELECT 1 FROM visit WHERE person_id IS NOT NULL AND recorded = ? LIMIT 1", (Recorded.TYPED.value,)),
}  # fmt: skip
"""Tasks that rows tell; rows that were voided count, too."""


def practising(db: Database) -> bool:
    """Whether this is a practice station."""
    return (db.path.parent.parent / MARK).is_file()


def course(db: Database) -> Course:
    """What was done at this practice station so far."""
    noted = {row["op"] for row in db.rows("SELECT DISTINCT op FROM operation WHERE json_extract(details, '$.denied') IS NULL")}
    done = {task for op, task in _OPERATIONS.items() if op.value in noted}
    return Course(frozenset(done | {task for task, (sql, given) in _ROWS.items() if db.rows(sql, given)}))
