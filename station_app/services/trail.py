"""Who did what when, for whoever audits: every operation, undo, settings and refusals too, without anybody's data."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ..db import Database
from ..errors import UserMistake
from ..model import Op, Role


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: its place in the chain, when it was recorded and for when (ISO 8601), by whom (a name), its link.

    ``denied`` is the code of what was refused to a role, "" for anything that was done.
    """

    no: int
    operation: str
    op: Op
    recorded: str
    time: str
    keeper: str
    undone: bool
    denied: str
    chain: str


def steps(db: Database, first: str, last: str, keeper: str = "", op: Op | None = None) -> list[Step]:
    """Everything recorded from the day ``first`` to the day ``last`` (ISO 8601, both included), in the order it was done.

    Only one keeper's, by name or id, and only of one kind where asked. Raises UserMistake for a keeper nobody knows, Refused
    to an evening keeper.
    """
    if db.role is Role.EVENING:
        db.deny("trail")
    who = _who(db, keeper)
    rows = db.rows(
        "SELECT o.*, k.name AS keeper, EXISTS(SELECT 1 FROM operation u WHERE u.undoes = o.id) AS undone FROM operation o"
        " LEFT JOIN keeper k ON k.id = o.keeper_id WHERE substr(o.recorded, 1, 10) BETWEEN :first AND :last"
        " AND (:op IS NULL OR o.op = :op) AND (:any OR o.keeper_id IN (SELECT value FROM json_each(:who))) ORDER BY o.sequence",
        {"first": first, "last": last, "op": op and op.value, "any": not keeper, "who": json.dumps(who)},
    )
    return [
        Step(
            row["sequence"], row["id"], Op(row["op"]), row["recorded"], row["time"], row["keeper"] or "", bool(row["undone"]),
            str(json.loads(row["details"] or "{}").get("denied", "")), row["chain"],
        )
        for row in rows
    ]  # fmt: skip


def _who(db: Database, keeper: str) -> list[str]:
    """The ids of the keepers of this name or id, those who left too."""
    found = [row["id"] for row in db.rows("SELECT id FROM keeper WHERE id = ? OR name = ?", (keeper, keeper))]
    if keeper and not found:
        raise UserMistake("trail.no_keeper", name=keeper)
    return found
