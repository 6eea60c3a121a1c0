"""Kits: items made of other items. Putting together and taking apart is a pair of movements, written with what one kit held then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...db import Database, Tx
from ...errors import Refused, UserMistake
from ...model import Changes, Item, MovementKind, Op
from .articles import get
from .shelf import draw, move

MOST_PARTS = 20


def parts_of(db: Database, kit_id: str) -> dict[str, int]:
    """How many of which item one kit holds, by the item's id; empty for what is no kit."""
    rows = db.rows("SELECT item_id, quantity FROM kit_part WHERE kit_id = ? AND void_reason IS NULL ORDER BY id", (kit_id,))
    return {row["item_id"]: row["quantity"] for row in rows}


def parts_of_all(db: Database) -> dict[str, dict[str, int]]:
    """The parts of every kit, by its id."""
    found: dict[str, dict[str, int]] = {}
    for row in db.rows("SELECT kit_id, item_id, quantity FROM kit_part WHERE void_reason IS NULL ORDER BY id"):
        found.setdefault(row["kit_id"], {})[row["item_id"]] = row["quantity"]
    return found


def makes(parts: Mapping[str, int], among: Mapping[str, Item]) -> int:
    """How many kits the parts on the shelf would make."""
    return min((max(among[item_id].balance, 0) // number for item_id, number in parts.items()), default=0)


def set_parts(db: Database, kit_id: str, parts: Mapping[str, int], at: datetime | None = None) -> Changes:
    """What a kit holds from now on; nothing makes it an ordinary item again. Kits that are made already stay as they were made.

    UserMistake for a part that is the kit itself or a kit, an unknown item, or a number that cannot be.
    """
    get(db, kit_id)
    with db.transact(Op.CHANGE_ITEM, at, item=kit_id, parts=len(parts)) as tx:
        write_parts(tx, kit_id, parts)
    return tx.changes


def write_parts(tx: Tx, kit_id: str, parts: Mapping[str, int]) -> None:
    """The parts of a kit inside an operation: those that differ change, the others stay. Raises as ``set_parts``."""
    if len(parts) > MOST_PARTS:
        raise UserMistake("kits.too_many", most=MOST_PARTS)
    inside = tx.db.one("SELECT 1 FROM kit_part WHERE item_id = ? AND void_reason IS NULL", (kit_id,))
    for item_id, number in parts.items():
        if not 1 <= number <= 1000:
            raise UserMistake("kits.bad_number", most=1000)
        if item_id == kit_id or inside is not None or get(tx.db, item_id).kit:
            raise UserMistake("kits.kit_in_kit")
    rows = tx.db.rows("SELECT id, item_id, quantity FROM kit_part WHERE kit_id = ? AND void_reason IS NULL", (kit_id,))
    for row in rows:
        if row["item_id"] not in parts:
            tx.void("kit_part", row["id"], "changed")
        elif parts[row["item_id"]] != row["quantity"]:
            tx.put("kit_part", {"id": row["id"], "quantity": parts[row["item_id"]]})
    for item_id in parts.keys() - {row["item_id"] for row in rows}:
        tx.put("kit_part", {"kit_id": kit_id, "item_id": item_id, "quantity": parts[item_id]})


def assemble(db: Database, kit_id: str, quantity: int, at: datetime | None = None) -> Changes:
    """Put kits together: their parts leave the shelf, they come onto it. Refused when a part does not reach."""
    kit, parts = _kit(db, kit_id, quantity)
    lacking = _lacking(db, quantity, parts)
    if lacking is not None:
        raise Refused("kits.part_short", **lacking)
    with db.transact(Op.ASSEMBLE, at, item=kit.id, quantity=quantity) as tx:
        put_together(tx, kit.id, quantity, parts)
    return tx.changes


def take_apart(db: Database, kit_id: str, quantity: int, at: datetime | None = None) -> Changes:
    """Take kits apart: they leave the shelf, what one holds now comes back onto it. Refused for more than there are."""
    kit, parts = _kit(db, kit_id, quantity)
    if quantity > kit.balance:
        raise UserMistake("supplies.more_than_there", name=kit.name, n=kit.balance)
    with db.transact(Op.ASSEMBLE, at, item=kit.id, quantity=-quantity) as tx:
        assembly_id = _write(tx, kit.id, -quantity, parts)
        draw(tx, kit.id, quantity, MovementKind.ASSEMBLY, assembly_id=assembly_id)
        for item_id, number in parts.items():
            move(tx, item_id, number * quantity, MovementKind.ASSEMBLY, assembly_id=assembly_id)
    return tx.changes


def fill(tx: Tx, kit: Item, quantity: int, parts: Mapping[str, int], handout_id: str) -> None:
    """Before kits are handed out: put together what lacks of them, as part of the handout. Never refuses (the thing was given)."""
    lacking = quantity - max(kit.balance, 0)
    if parts and lacking > 0:
        put_together(tx, kit.id, lacking, parts, handout_id)


def shortage(item: Item, quantity: int, parts: Mapping[str, int], among: Mapping[str, Item]) -> dict[str, int]:
    """How many of which item the book lacks for a handout, by the item's id; of a kit the parts that do not reach."""
    lacking = quantity - max(item.balance, 0) if parts else quantity - item.balance
    if lacking <= 0:
        return {}
    if not parts:
        return {item.id: lacking}
    wanted = {item_id: number * lacking - among[item_id].balance for item_id, number in parts.items()}
    return {item_id: number for item_id, number in wanted.items() if number > 0}


def put_together(tx: Tx, kit_id: str, quantity: int, parts: Mapping[str, int], handout_id: str | None = None) -> str:
    """The pair of movements of an assembly inside an operation, the first lot to expire first; returns the assembly's id."""
    assembly_id = _write(tx, kit_id, quantity, parts)
    for item_id, number in parts.items():
        draw(tx, item_id, number * quantity, MovementKind.ASSEMBLY, assembly_id=assembly_id, handout_id=handout_id)
    move(tx, kit_id, quantity, MovementKind.ASSEMBLY, assembly_id=assembly_id, handout_id=handout_id)
    return assembly_id


def spelled(parts: Mapping[str, int]) -> str:
    """What one kit was made of, as an assembly keeps it."""
    return "\n".join(f"{item_id} {number}" for item_id, number in sorted(parts.items()))


def read(text: str) -> dict[str, int]:
    """The other way round."""
    return {line.split(" ")[0]: int(line.split(" ")[1]) for line in text.splitlines()}


def _write(tx: Tx, kit_id: str, quantity: int, parts: Mapping[str, int]) -> str:
    stamp = tx.stamp
    return tx.put(
        "assembly",
        {
            "time": stamp.time, "business_date": stamp.business_date, "kit_id": kit_id, "quantity": quantity, "parts": spelled(parts),
            "keeper_id": tx.db.acting,
        },
    )  # fmt: skip


def _kit(db: Database, kit_id: str, quantity: int) -> tuple[Item, dict[str, int]]:
    kit, parts = get(db, kit_id), parts_of(db, kit_id)
    if not parts:
        raise UserMistake("kits.no_kit", name=kit.name)
    if not 1 <= quantity <= 10_000:
        raise UserMistake("supplies.bad_quantity")
    return kit, parts


def _lacking(db: Database, quantity: int, parts: Mapping[str, int]) -> dict[str, Any] | None:
    for item_id, number in parts.items():
        item = get(db, item_id)
        if item.balance < number * quantity:
            return {"name": item.name, "n": item.balance, "unit": item.unit, "wanted": number * quantity}
    return None
