"""The words of one step in full: tables, columns and what stood in them, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ...model import (
    Amenity,
    AssetKind,
    AssetMove,
    BadgeState,
    BoxAction,
    Category,
    Channel,
    CheckPart,
    ClosedReason,
    Consent,
    EmergencyKind,
    ItemKind,
    LoanOutcome,
    LostState,
    Mood,
    MovementKind,
    Occupation,
    Recorded,
    RepairState,
    RequestKind,
    RequestState,
    Role,
    Urgency,
    Verdict,
)
from ...services.trail import Field, RowChange
from ...words import label, t

CODES: Mapping[str, type[StrEnum]] = {
    "occupation": Occupation, "amenity": Amenity, "role": Role, "consent": Consent, "recorded": Recorded, "category": Category,
    "channel": Channel, "urgency": Urgency, "verdict": Verdict, "item.kind": ItemKind, "movement.kind": MovementKind,
    "request.kind": RequestKind, "badge.state": BadgeState, "request_step.state": RequestState,
    "asset.kind": AssetKind, "asset_move.kind": AssetMove, "outcome": LoanOutcome, "repair.state": RepairState,
    "medicine_check.action": BoxAction, "check_point.part": CheckPart, "closed_day.reason": ClosedReason,
    "emergency.kind": EmergencyKind, "lost_item.state": LostState, "mood": Mood,
}  # fmt: skip
"""Columns that hold codes; with their table where the name alone does not tell."""
SWITCHES = frozenset({"active", "all_well", "alcohol", "short", "already_given", "overridden", "well"})
SIDES = frozenset({"station", "district"})


def table(name: str) -> str:
    """What the rows of a table are called."""
    return t(f"trail.table_{name}")


def headline(row: RowChange) -> str:
    """What happened to one row."""
    if row.voided:
        return t("trail.row_voided", what=table(row.table))
    return t("trail.row_added", what=table(row.table)) if row.added else t("trail.row_changed", what=table(row.table), n=row.version)


def lines(row: RowChange) -> list[str]:
    """Each column that is shown and changed: what it holds, before and after where it was there before."""
    return [_line(row, field) for field in row.fields]


def _line(row: RowChange, field: Field) -> str:
    name = t(f"trail.column_{field.name}")
    after = content(row.table, field.name, field.after)
    if row.added:
        return t("trail.holds", name=name, after=after)
    return t("trail.changes", name=name, before=content(row.table, field.name, field.before), after=after)


def content(table_name: str, column: str, text: str) -> str:
    """What stood in a column, in words."""
    if not text:
        return t("trail.nothing")
    kind = CODES.get(f"{table_name}.{column}") or CODES.get(column)
    if kind is not None and text in {code.value for code in kind}:
        return label(kind(text))
    if column in SWITCHES and text in ("0", "1"):
        return t("trail.yes") if text == "1" else t("trail.no_word")
    if column == "side" and text in SIDES:
        return t(f"trail.side_{text}")
    if len(text) > 16 and text[4:5] == text[7:8] == "-" and text[10:11] == "T":
        return text[:16].replace("T", " ")
    return text
