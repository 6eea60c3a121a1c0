"""Items: what a station hands out, by name and barcode, with its picture; rules and kits are in rooms of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...db import Database, Row, Tx
from ...errors import UserMistake
from ...model import Changes, Item, ItemKind, Op
from . import barcodes
from .quotas import MOST_AT_ONCE, Rule, simple_rule, simple_rules, within, write_simple
from .shelf import Lot, lots, lots_of_all

FIELDS = frozenset(
    {
        "name", "unit", "kind", "low_level", "alcohol", "medicine", "first_month", "last_month", "rank", "active", "barcode", "spec",
        "place", "collect",
    }
)  # fmt: skip
"""What can be changed of an item."""


@dataclass(frozen=True, slots=True)
class Details:
    """What is told of an item beside name, unit and kind. ``months`` are the first and last month it is handed out."""

    low_level: int = 0
    alcohol: bool = False
    medicine: bool = False
    months: tuple[int, int] = (1, 12)
    most_per_day: int | None = None
    barcode: str = ""
    spec: str = ""
    place: str = ""
    collect: bool = False


def add_item(
    db: Database, name: str, unit: str, kind: ItemKind, *, at: datetime | None = None, parts: Mapping[str, int] | None = None, **more: Any
) -> tuple[Item, Changes]:
    """A new supply, a kit with ``parts``; ``more`` are ``Details``.

    UserMistake for an empty or taken name, a barcode that is none or another's, or parts as ``kits.set_parts``.
    """
    name = name.strip()
    if by_name(db, name) is not None:
        raise UserMistake("supplies.name_taken", name=name)
    with db.transact(Op.ADD_ITEM, at, item_name=name) as tx:
        item_id = write_item(tx, name, unit, kind, **more)
        tx.details["item"] = item_id
        if parts:
            _write_parts(tx, item_id, parts)
    return get(db, item_id), tx.changes


def write_item(tx: Tx, name: str, unit: str, kind: ItemKind, **more: Any) -> str:
    """The rows of a new supply inside an operation; ``more`` are ``Details``. Returns its id."""
    told = Details(**more)
    row = _row(told) | {"name": name.strip(), "unit": unit.strip(), "kind": kind.value}
    _check(tx.db, row, told.most_per_day)
    rank = tx.db.scalar("SELECT coalesce(max(rank), 0) + 1 FROM item")
    item_id = tx.put("item", row | {"rank": rank, "active": 1})
    if told.most_per_day is not None:
        write_simple(tx, item_id, told.most_per_day)
    return item_id


def _row(told: Details) -> dict[str, Any]:
    return {
        "low_level": told.low_level, "alcohol": int(told.alcohol), "medicine": int(told.medicine), "first_month": told.months[0],
        "last_month": told.months[1], "barcode": barcodes.item_code(told.barcode) if told.barcode.strip() else None,
        "spec": told.spec.strip() or None, "place": told.place.strip() or None, "collect": int(told.collect),
    }  # fmt: skip


def change_item(
    db: Database, item_id: str, at: datetime | None = None, *, most_per_day: int | None = None, parts: Mapping[str, int] | None = None,
    **wanted: Any,
) -> tuple[Item, Changes]:  # fmt: skip
    """Change a supply (``FIELDS``); what is None stays, an empty text clears.

    ``most_per_day`` sets the plain quota in the same operation, 0 lifts it; ``parts`` what a kit holds from now on; None leaves them.
    """
    old = get(db, item_id)
    if unknown := wanted.keys() - FIELDS:
        raise UserMistake("supplies.unknown_field", names=", ".join(sorted(unknown)))
    new = {name: _column(name, content) for name, content in wanted.items() if content is not None}
    row = db.one("SELECT * FROM item WHERE id = ?", (item_id,))
    _check(db, {**dict(row or {}), **new}, most_per_day or old.most_per_day)
    with db.transact(Op.CHANGE_ITEM, at, item=item_id) as tx:
        tx.put("item", {"id": item_id, **new})
        if most_per_day is not None and most_per_day != (old.most_per_day or 0):
            write_simple(tx, item_id, most_per_day or None)
        if parts is not None:
            _write_parts(tx, item_id, parts)
    return get(db, item_id), tx.changes


def _write_parts(tx: Tx, item_id: str, parts: Mapping[str, int]) -> None:
    from .kits import write_parts  # kits are items: they look up

    write_parts(tx, item_id, parts)


def _column(name: str, content: Any) -> Any:
    if isinstance(content, bool):
        return int(content)
    if isinstance(content, ItemKind):
        return content.value
    if name == "barcode":
        return barcodes.item_code(content) if content.strip() else None
    if name in ("spec", "place"):
        return content.strip() or None
    return content.strip() if isinstance(content, str) else content


def set_quota(db: Database, item_id: str, most_per_day: int | None, at: datetime | None = None) -> tuple[Item, Changes]:
    """The plain quota: how many of an item one person may have a local day; None lifts it."""
    get(db, item_id)
    if most_per_day is not None and not 1 <= most_per_day <= MOST_AT_ONCE:
        raise UserMistake("supplies.bad_quota", most=MOST_AT_ONCE)
    with db.transact(Op.SET_QUOTA, at, item=item_id, most=most_per_day) as tx:
        write_simple(tx, item_id, most_per_day)
    return get(db, item_id), tx.changes


def _check(db: Database, row: Mapping[str, Any], most: int | None) -> None:
    """Raise UserMistake for an item that cannot be; ``row`` is its columns, with its id when it is there already."""
    name, own = str(row["name"]), row.get("id")
    if not name or len(name) > 40:
        raise UserMistake("supplies.bad_name")
    if not row["unit"] or len(row["unit"]) > 10:
        raise UserMistake("supplies.bad_unit")
    if not 0 <= row["low_level"] <= 1_000_000:
        raise UserMistake("supplies.bad_level")
    if not all(1 <= row[month] <= 12 for month in ("first_month", "last_month")):
        raise UserMistake("supplies.bad_months")
    if most is not None and not 1 <= most <= MOST_AT_ONCE:
        raise UserMistake("supplies.bad_quota", most=MOST_AT_ONCE)
    if any(len(row.get(text) or "") > 60 for text in ("spec", "place")):
        raise UserMistake("supplies.too_long")
    other = by_name(db, name)
    if other is not None and other.id != own:
        raise UserMistake("supplies.name_taken", name=name)
    other = by_barcode(db, row["barcode"]) if row.get("barcode") else None
    if other is not None and other.id != own:
        raise UserMistake("supplies.barcode_taken", name=other.name)


ITEM = "SELECT i.*, EXISTS(SELECT 1 FROM kit_part WHERE kit_id = i.id AND void_reason IS NULL) AS kit FROM item i"


def items(db: Database, *, with_retired: bool = False) -> list[Item]:
    """All supplies in the order of their keys."""
    active = "" if with_retired else "AND i.active = 1"
    rows = db.rows(f"{ITEM} WHERE i.void_reason IS NULL {active} ORDER BY i.rank, i.id")
    stock, plain = lots_of_all(db), simple_rules(db)
    return [_record(row, stock.get(row["id"], []), plain.get(row["id"])) for row in rows]


def get(db: Database, item_id: str) -> Item:
    """One supply; UserMistake for an id nobody has."""
    row = db.one(f"{ITEM} WHERE i.id = ?", (item_id,))
    if row is None:
        raise UserMistake("supplies.unknown")
    return _item(db, row)


def in_season(item: Item, month: int) -> bool:
    """Whether an item is handed out in a month; a season may span the turn of the year."""
    return within(item.first_month, item.last_month, month)


def by_name(db: Database, name: str) -> Item | None:
    """The supply of this name."""
    row = db.one(f"{ITEM} WHERE i.name = ? AND i.void_reason IS NULL", (name.strip(),))
    return None if row is None else _item(db, row)


def by_barcode(db: Database, code: str) -> Item | None:
    """The supply in use with this barcode, as ``barcodes.item_code`` spells it, or with this label on its shelf."""
    row = db.one(f"{ITEM} WHERE i.barcode = ? AND i.active = 1 AND i.void_reason IS NULL", (code,))
    if row is not None:
        return _item(db, row)
    if not code.startswith(barcodes.OWN):
        return None
    return next((item for item in items(db) if barcodes.own_code(item.id) == code), None)


def scanned(db: Database, text: str) -> tuple[Item, barcodes.Scanned] | None:
    """The supply whose barcode was scanned, with the lot and expiry a GS1 code tells; None for a code of nothing here."""
    found = barcodes.read(text)
    if found is None:
        return None
    item = by_barcode(db, found.code)
    return None if item is None else (item, found)


def named(db: Database, text: str) -> Item:
    """The supply with this name, barcode or id; UserMistake without one."""
    item = by_name(db, text)
    if item is not None:
        return item
    found = scanned(db, text)
    return found[0] if found is not None else get(db, text)


def _item(db: Database, row: Row) -> Item:
    return _record(row, lots(db, row["id"]), simple_rule(db, row["id"]))


def _record(row: Row, stock: Sequence[Lot], plain: Rule | None) -> Item:
    expiry = next((lot.expiry for lot in stock if lot.balance > 0 and lot.expiry), None)
    return Item(
        id=row["id"], name=row["name"], unit=row["unit"], kind=ItemKind(row["kind"]), rank=row["rank"], low_level=row["low_level"],
        alcohol=bool(row["alcohol"]), first_month=row["first_month"], last_month=row["last_month"],
        most_per_day=plain.most if plain is not None else None, balance=sum(lot.balance for lot in stock), next_expiry=expiry,
        active=bool(row["active"]), medicine=bool(row["medicine"]), barcode=row["barcode"] or "", spec=row["spec"] or "",
        place=row["place"] or "", kit=bool(row["kit"]), collect=bool(row["collect"]),
    )  # fmt: skip
