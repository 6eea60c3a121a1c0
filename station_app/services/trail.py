"""Who did what when, for whoever audits: every operation, undo, settings and refusals too, without anybody's data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..db import Database, Row
from ..errors import UserMistake
from ..model import SEES_TRAIL, Op

SLICE = 2_000
"""Operations read at once where every one of a span is looked at."""
MOST_ROWS = 40
"""Changed rows of one operation that are shown in full; an import changes thousands."""

SHOWN: Mapping[str, tuple[str, ...]] = {
    "station": ("code", "letter", "name", "district_code", "district_name", "opens", "closes", "phone"),
    "keeper": ("name", "role", "active"),
    "shift": ("time", "finished", "keeper_id"),
    "station_day": ("business_date", "opened", "closed", "opened_by", "closed_by", "all_well", "exceptions", "weather", "high", "low",
        "note"),
    "person": ("occupation", "platform", "consent", "notice_version", "registered_on"),
    "identity": (),
    "badge": ("state", "issued"),
    "visit": ("time", "occupation", "person_times", "recorded"),
    "amenity_use": ("time", "amenity"),
    "item": ("name", "unit", "kind", "rank", "low_level", "alcohol", "first_month", "last_month", "active", "medicine",
        "barcode", "spec", "place", "collect"),
    "kit_part": ("item_id", "quantity"),
    "campaign": ("name", "code", "starts_on", "ends_on", "most", "each", "badge_only", "active", "note"),
    "campaign_item": ("item_id", "quantity"),
    "quota": ("item_id", "item_kind", "measure", "who", "span", "hours", "most", "occupations", "first_month", "last_month", "level",
        "role", "starts_on", "ends_on", "name", "active"),
    "assembly": ("time", "quantity"),
    "transfer": ("time", "number", "direction", "partner", "item_name", "unit", "quantity", "note"),
    "movement": ("time", "item_id", "delta", "kind", "lot", "expiry", "source"),
    "handout": ("time", "item_id", "quantity", "occupation", "short", "already_given"),
    "refusal": ("time", "item_id", "rule", "last", "next", "overridden", "quantity", "reason"),
    "stocktake": ("time", "item_id", "book", "counted", "reason", "second_name"),
    "supply_order": ("time", "number", "item_id", "quantity", "balance", "runs_out", "wanted_by", "note"),
    "request": ("number", "time", "kind", "category", "channel", "urgency", "due", "grid"),
    "request_voice": ("time", "channel"),
    "box_opening": ("time", "box", "first_name", "second_name", "slips", "first_number", "last_number", "note"),
    "request_step": ("time", "state", "side", "unit", "verdict"),
    "attachment": ("time", "kind", "rank", "bytes", "shows"),
    "asset": ("code", "name", "kind", "number", "due_hours", "active", "note"),
    "asset_move": ("time", "asset_id", "kind", "quantity", "source", "note"),
    "loan": ("time", "asset_id", "quantity", "due", "short", "occupation", "deposit", "note"),
    "loan_end": ("time", "quantity", "outcome", "note"),
    "equipment": ("code", "name", "active", "model", "bought", "source", "place", "check_days", "next_check", "note"),
    "equipment_check": ("time", "equipment_id", "well", "next_check", "note"),
    "repair": ("time", "equipment_id", "fault", "state", "reported_by", "fixer", "done", "done_note", "accepted", "accepted_by"),
    "medicine": ("name", "unit", "least", "rank", "active"),
    "medicine_check": ("time", "medicine_id", "quantity", "action", "lot", "expiry", "note"),
    "check_point": ("part", "name", "rank", "active"),
    "house_check": ("time", "all_well", "points", "exceptions", "action", "second_name"),
    "closed_day": ("business_date", "reason", "note"),
    "handover": ("time", "from_name", "to_name", "matters", "note"),
    "duty_log": (
        "time", "person_times", "shift_name", "weather", "opened", "closed", "events", "matters", "handed_by", "handed_to",
    ),
    "emergency": ("time", "kind", "called", "place", "note", "ended"),
    "lost_item": ("time", "number", "thing", "state", "place", "kept_in", "ended", "ended_by", "note"),
    "feedback": ("time", "mood"),
    "person_merge": ("time", "reason"),
    "companion": ("time", "kind"),
    "item_photo": (),
    "erasure": ("time", "reason"),
}  # fmt: skip
"""What is shown of a row: nothing sealed, no badge, and no id that leads to a person."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: its place in the chain, when it was recorded and for when (ISO 8601), by whom (a name), its link.

    ``subject`` is the recorded name of what it was about (an item, a keeper, the number of a request), "" for nothing.
    ``denied`` is the code of what was refused to a role, "" for anything that was done. ``details`` are codes and ids.
    """

    no: int
    operation: str
    op: Op
    recorded: str
    time: str
    keeper: str
    subject: str
    undone: bool
    denied: str
    chain: str
    details: Mapping[str, Any]

    @property
    def id(self) -> int:
        """Its place in the chain."""
        return self.no


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which operations: recorded from the day ``first`` to the day ``last`` (ISO 8601, both included), and perhaps only one
    keeper's (name or id), of one kind, or what was refused to a role."""

    first: str
    last: str
    keeper: str = ""
    op: Op | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A column that changed: what it held before ("" for nothing) and after, as codes; ids of items and keepers as names."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that an operation wrote. ``added`` when it is new, ``voided`` with the reason when it counts no more."""

    table: str
    version: int
    added: bool
    voided: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """One operation in full: rows it wrote by table, the first of them, the link before its own, what it undoes or undid it."""

    step: Step
    tables: Mapping[str, int]
    rows: tuple[RowChange, ...]
    before: str
    undoes: Step | None
    undone_by: Step | None


def steps(db: Database, first: str, last: str, keeper: str = "", op: Op | None = None, *, refused: bool = False) -> list[Step]:
    """Everything recorded from the day ``first`` to the day ``last`` (ISO 8601, both included), in the order it was done.

    Only one keeper's, by name or id, only of one kind, or only what was refused where asked. Raises UserMistake for a keeper
    nobody knows, Refused to who may not read the trail.
    """
    found = numbers(db, Wanted(first, last, keeper, op, refused))
    return [step for part in _slices(found[::-1]) for step in some(db, part)]


def numbers(db: Database, wanted: Wanted, holds: Callable[[Step], bool] | None = None) -> list[int]:
    """The places in the chain of the operations wanted, the newest first; with ``holds`` only of those for which it does.

    Raises as ``steps``.
    """
    _require(db)
    rows = db.rows(
        "SELECT o.sequence FROM operation o WHERE substr(o.recorded, 1, 10) BETWEEN :first AND :last"
        " AND (:op IS NULL OR o.op = :op) AND (:any OR o.keeper_id IN (SELECT value FROM json_each(:who)))"
        " AND (NOT :refused OR json_extract(o.details, '$.denied') IS NOT NULL) ORDER BY o.sequence DESC",
        {
            "first": wanted.first, "last": wanted.last, "op": wanted.op and wanted.op.value, "any": not wanted.keeper,
            "who": json.dumps(_who(db, wanted.keeper)), "refused": wanted.refused,
        },
    )  # fmt: skip
    found = [int(row["sequence"]) for row in rows]
    if holds is None:
        return found
    return [step.no for part in _slices(found) for step in some(db, part) if holds(step)]


def some(db: Database, places: Sequence[int]) -> list[Step]:
    """The operations at these places in the chain, in that order."""
    _require(db)
    rows = db.rows(f"{STEP} WHERE o.sequence IN (SELECT value FROM json_each(?))", (json.dumps(list(places)),))
    found = {row["sequence"]: _step(row) for row in rows}
    return [found[place] for place in places if place in found]


def whole(db: Database, place: int) -> Whole:
    """The operation at this place in the chain with what it changed; UserMistake where there is none."""
    _require(db)
    row = db.one(f"{STEP} WHERE o.sequence = ?", (place,))
    if row is None:
        raise UserMistake("history.unknown")
    tables = db.rows(
        "SELECT table_name, count(*) AS n FROM change WHERE operation = ? GROUP BY 1 ORDER BY min(sequence)", (place,)
    )
    written = db.rows("SELECT * FROM change WHERE operation = ? ORDER BY sequence LIMIT ?", (place, MOST_ROWS))
    undoes = db.one(f"{STEP} WHERE o.id = ?", (row["undoes"],)) if row["undoes"] else None
    undone_by = db.one(f"{STEP} WHERE o.undoes = ?", (row["id"],))
    names = _names(db)
    return Whole(
        _step(row),
        {table["table_name"]: table["n"] for table in tables},
        tuple(_row_change(change, names) for change in written),
        db.scalar("SELECT chain FROM operation WHERE sequence = ?", (place - 1,)) or "",
        _step(undoes) if undoes is not None else None,
        _step(undone_by) if undone_by is not None else None,
    )


def keepers_seen(db: Database) -> list[str]:
    """The names of all who ever worked here, those who left too."""
    _require(db)
    return [row["name"] for row in db.rows("SELECT DISTINCT name FROM keeper ORDER BY name")]


STEP = (
    "SELECT o.*, k.name AS keeper, coalesce(i.name, w.name) AS subject,"
    " EXISTS(SELECT 1 FROM operation u WHERE u.undoes = o.id) AS undone FROM operation o"
    " LEFT JOIN keeper k ON k.id = o.keeper_id"
    " LEFT JOIN item i ON i.id = json_extract(o.details, '$.item')"
    " LEFT JOIN keeper w ON w.id = json_extract(o.details, '$.keeper')"
)


def _step(row: Row) -> Step:
    details = json.loads(row["details"] or "{}")
    op = Op(row["op"])
    name = details.get("name") if op is Op.ADD_KEEPER else None
    subject = row["subject"] or details.get("item_name") or details.get("number") or name or details.get("date") or ""
    return Step(
        row["sequence"], row["id"], op, row["recorded"], row["time"], row["keeper"] or "", str(subject), bool(row["undone"]),
        str(details.get("denied", "")), row["chain"], details,
    )  # fmt: skip


def _row_change(change: Row, names: Mapping[str, str]) -> RowChange:
    before = json.loads(change["before"]) if change["before"] else {}
    after = json.loads(change["after"])

    def said(image: Mapping[str, Any], name: str) -> str:
        found = image.get(name)
        return "" if found is None else names.get(str(found), str(found))

    fields = (Field(name, said(before, name), said(after, name)) for name in SHOWN.get(change["table_name"], ()))
    voided = str(after.get("void_reason") or "") if not before.get("void_reason") else ""
    return RowChange(
        change["table_name"], change["version"], not before, voided,
        tuple(field for field in fields if field.before != field.after),
    )  # fmt: skip


def _names(db: Database) -> dict[str, str]:
    """What supplies, keepers and things are called, by their ids."""
    tables = ("item", "keeper", "asset", "equipment", "medicine")
    return {
        row["id"]: row["name"] for row in db.rows(" UNION ALL ".join(f"SELECT id, name FROM {table}" for table in tables))
    }


def _require(db: Database) -> None:
    if db.role not in SEES_TRAIL:
        db.deny("trail")


def _slices(places: Sequence[int]) -> Iterator[Sequence[int]]:
    return (places[start : start + SLICE] for start in range(0, len(places), SLICE))


def _who(db: Database, keeper: str) -> list[str]:
    """The ids of the keepers of this name or id, those who left too."""
    found = [row["id"] for row in db.rows("SELECT id FROM keeper WHERE id = ? OR name = ?", (keeper, keeper))]
    if keeper and not found:
        raise UserMistake("trail.no_keeper", name=keeper)
    return found
