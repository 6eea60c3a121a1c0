"""Equipment: the register, checks and when the next one is due, faults and their repair until somebody accepted it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ..db import Database, Row, Tx
from ..errors import UserMistake
from ..model import Changes, Op, RepairState

LONGEST = 3660
"""Days between two checks at most."""
SOON = 7
"""Days ahead that a check is said to be due."""

FORTH: Mapping[RepairState, tuple[RepairState, ...]] = {
    RepairState.REPORTED: (RepairState.UNDER_WAY, RepairState.DONE, RepairState.DROPPED),
    RepairState.UNDER_WAY: (RepairState.DONE, RepairState.DROPPED),
    RepairState.DONE: (RepairState.ACCEPTED, RepairState.UNDER_WAY),
    RepairState.ACCEPTED: (),
    RepairState.DROPPED: (RepairState.UNDER_WAY,),
}
"""What may follow on each state of a repair: what is done and not accepted is under way again."""
OPEN = (RepairState.REPORTED, RepairState.UNDER_WAY, RepairState.DONE)


@dataclass(frozen=True, slots=True)
class Equipment:
    """A piece of the register. ``next_check`` is the day of the next check, "" without; ``fault`` the open repair's, "" for none."""

    id: str
    code: str
    name: str
    model: str
    bought: str
    source: str
    place: str
    check_days: int
    next_check: str
    note: str
    active: bool
    last_check: str = ""
    fault: str = ""
    repair_state: RepairState | None = None

    def check_due(self, today: str, ahead: int = 0) -> bool:
        """Whether it has to be checked by ``ahead`` days after ``today``."""
        edge = (date.fromisoformat(today) + timedelta(days=ahead)).isoformat()
        return self.active and bool(self.next_check) and self.next_check <= edge


@dataclass(frozen=True, slots=True)
class Check:
    """One look at a piece."""

    id: str
    time: str
    well: bool
    next_check: str
    note: str
    keeper: str


@dataclass(frozen=True, slots=True)
class Repair:
    """A fault and what became of it; times are ISO 8601 or ""."""

    id: str
    time: str
    equipment_id: str
    equipment: str
    fault: str
    state: RepairState
    reported_by: str
    fixer: str
    done: str
    done_note: str
    accepted: str
    accepted_by: str


# --- the register ----------------------------------------------------------------------------------------------------------


def add(
    db: Database,
    name: str,
    *,
    code: str = "",
    model: str = "",
    bought: str = "",
    source: str = "",
    place: str = "",
    check_days: int = 0,
    next_check: str = "",
    note: str = "",
    at: datetime | None = None,
) -> tuple[Equipment, Changes]:
    """A piece for the register; without ``code`` the next number, without ``next_check`` after ``check_days``. Raises UserMistake."""
    code = code.strip() or _next_code(db)
    if db.one("SELECT 1 FROM equipment WHERE code = ? AND void_reason IS NULL", (code,)):
        raise UserMistake("equipment.code_taken", code=code)
    row = _checked(
        {"name": name, "code": code, "model": model, "bought": bought, "source": source, "place": place, "next_check": next_check,
         "note": note, "check_days": check_days}
    )  # fmt: skip
    with db.transact(Op.ADD_EQUIPMENT, at, item_name=row["name"]) as tx:
        if check_days and not next_check:
            row["next_check"] = _after(tx.stamp.business_date, check_days)
        tx.details["equipment"] = equipment_id = tx.put("equipment", {**row, "active": 1})
    return get(db, equipment_id), tx.changes


def change(
    db: Database, equipment_id: str, at: datetime | None = None, **fields: str | int | bool | None
) -> tuple[Equipment, Changes]:
    """Change a piece: the names of ``add`` and ``active``; what is None or left out stays."""
    old = get(db, equipment_id)
    wanted = {name: told for name, told in fields.items() if told is not None}
    now = {name: getattr(old, name) for name in ("name", "code", "model", "bought", "source", "place", "next_check", "note", "check_days")}
    row = _checked({**now, **{name: told for name, told in wanted.items() if name in now}})
    other = db.one("SELECT id FROM equipment WHERE code = ? AND void_reason IS NULL", (row["code"],))
    if other is not None and other["id"] != equipment_id:
        raise UserMistake("equipment.code_taken", code=row["code"])
    if "next_check" not in wanted:
        del row["next_check"]  # that of the newest check, not of the register
    with db.transact(Op.CHANGE_EQUIPMENT, at, equipment=equipment_id, item_name=row["name"]) as tx:
        tx.put("equipment", {"id": equipment_id, **row, "active": int(bool(wanted.get("active", old.active)))})
    return get(db, equipment_id), tx.changes


def _checked(fields: Mapping[str, str | int | bool]) -> dict[str, str | int | None]:
    row = {name: told.strip() if isinstance(told, str) else int(told) for name, told in fields.items()}
    if not row["name"] or any(len(told) > 80 for told in row.values() if isinstance(told, str)):
        raise UserMistake("equipment.bad_name")
    if not 0 <= int(row["check_days"]) <= LONGEST:
        raise UserMistake("equipment.bad_days", most=LONGEST)
    for name in ("bought", "next_check"):
        day_or_none(str(row[name]))
    return {name: told or None for name, told in row.items()}


def day_or_none(text: str) -> date | None:
    """A day in ISO form, None for ""; UserMistake for what is none."""
    if not text:
        return None
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise UserMistake("equipment.bad_date", text=text[:40])


def _next_code(db: Database) -> str:
    """E001, E002 ...: one after the highest of this form."""
    found = db.rows("SELECT code FROM equipment WHERE code LIKE 'E%'")
    numbers = [int(row["code"][1:]) for row in found if row["code"][1:].isascii() and row["code"][1:].isdigit()]
    return f"E{max(numbers, default=0) + 1:03d}"


def _after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


# --- checks and repairs ------------------------------------------------------------------------------------------------------


def check(
    db: Database,
    equipment_id: str,
    well: bool = True,
    note: str = "",
    next_check: str = "",
    at: datetime | None = None,
) -> tuple[Equipment, Changes]:
    """Somebody looked at a piece; the next check is after its days unless told. What is not well is reported as a fault with ``note``."""
    piece = get(db, equipment_id)
    day_or_none(next_check)
    if not well and not note.strip():
        raise UserMistake("equipment.no_fault_told")
    _check_text(note)
    with db.transact(Op.CHECK_EQUIPMENT, at, equipment=equipment_id, item_name=piece.name, well=well) as tx:
        stamp = tx.stamp
        following = next_check or (_after(stamp.business_date, piece.check_days) if piece.check_days else None)
        tx.put(
            "equipment_check",
            {
                "time": stamp.time, "business_date": stamp.business_date, "equipment_id": equipment_id, "well": int(well),
                "next_check": following, "note": note.strip() or None, "keeper_id": db.acting,
            },
        )  # fmt: skip
        if not well and not piece.fault:
            _report(tx, equipment_id, note, "")
    return get(db, equipment_id), tx.changes


def report(
    db: Database, equipment_id: str, fault: str, reported_by: str = "", at: datetime | None = None
) -> tuple[Repair, Changes]:
    """A fault was found; by the keeper at work unless somebody else is named."""
    piece = get(db, equipment_id)
    if not fault.strip():
        raise UserMistake("equipment.no_fault_told")
    _check_text(fault)
    _check_text(reported_by, 60)
    with db.transact(Op.REPORT_FAULT, at, equipment=equipment_id, item_name=piece.name) as tx:
        repair_id = _report(tx, equipment_id, fault, reported_by)
        tx.details["repair"] = repair_id
    return repair_of(db, repair_id), tx.changes


def _report(tx: Tx, equipment_id: str, fault: str, by: str) -> str:
    row = {
        "time": tx.stamp.time, "business_date": tx.stamp.business_date, "equipment_id": equipment_id, "fault": fault.strip(),
        "state": RepairState.REPORTED.value, "reported_by": by.strip() or _at_work(tx.db) or None, "keeper_id": tx.db.acting,
    }  # fmt: skip
    return tx.put("repair", row)


def _at_work(db: Database) -> str:
    return db.scalar("SELECT name FROM keeper WHERE id = ?", (db.acting,)) or ""


def repair(
    db: Database, repair_id: str, state: RepairState, *, fixer: str = "", note: str = "", accepted_by: str = "",
    at: datetime | None = None,
) -> tuple[Repair, Changes]:  # fmt: skip
    """A repair goes on: who repairs it, what was done, who accepted it (the keeper at work unless named). Raises UserMistake."""
    old = repair_of(db, repair_id)
    if state not in FORTH[old.state]:
        raise UserMistake("equipment.not_next", state=old.state.value)
    _check_text(note)
    _check_text(fixer, 60)
    _check_text(accepted_by, 60)
    with db.transact(Op.REPAIR, at, equipment=old.equipment_id, repair=repair_id, item_name=old.equipment, repair_state=state.value) as tx:
        row: dict[str, str | None] = {"id": repair_id, "state": state.value}
        if fixer.strip():
            row["fixer"] = fixer.strip()
        if note.strip():
            row["done_note"] = note.strip()
        if state is RepairState.DONE:
            row["done"] = tx.stamp.time
        if state is RepairState.ACCEPTED:
            row |= {"accepted": tx.stamp.time, "accepted_by": accepted_by.strip() or _at_work(db) or None}
        tx.put("repair", row)
    return repair_of(db, repair_id), tx.changes


def _check_text(text: str, most: int = 500) -> None:
    if len(text) > most:
        raise UserMistake("equipment.long_text", most=most)


# --- looking up ----------------------------------------------------------------------------------------------------------------

PIECE = (
    "SELECT e.*, c.time AS checked, c.next_check AS following, r.fault, r.state AS repairing FROM equipment e"
    " LEFT JOIN equipment_check c ON c.id = (SELECT id FROM equipment_check WHERE equipment_id = e.id AND void_reason IS NULL"
    " ORDER BY time DESC, id DESC LIMIT 1)"
    " LEFT JOIN repair r ON r.id = (SELECT id FROM repair WHERE equipment_id = e.id AND void_reason IS NULL"
    " AND state IN ('reported', 'under_way', 'done') ORDER BY time, id LIMIT 1)"
    " WHERE e.void_reason IS NULL"
)


def listing(db: Database, *, with_retired: bool = False) -> list[Equipment]:
    """The register, by code."""
    return [_piece(row) for row in db.rows(f"{PIECE} AND (e.active = 1 OR ?) ORDER BY e.code", (with_retired,))]


def get(db: Database, equipment_id: str) -> Equipment:
    """One piece; UserMistake for an id nobody has."""
    row = db.one(f"{PIECE} AND e.id = ?", (equipment_id,))
    if row is None:
        raise UserMistake("equipment.unknown", text=equipment_id[:40])
    return _piece(row)


def named(db: Database, text: str) -> Equipment:
    """One piece by id, code or name; UserMistake when there is none or several."""
    found = [piece for piece in listing(db, with_retired=True) if text.strip() in (piece.id, piece.code, piece.name)]
    if len(found) != 1:
        raise UserMistake("equipment.unknown", text=text[:40])
    return found[0]


def due(db: Database, ahead: int = SOON) -> list[Equipment]:
    """What has to be checked within ``ahead`` days, what is due first at the top."""
    today = db.stamp().business_date
    found = [piece for piece in listing(db) if piece.check_due(today, ahead)]
    return sorted(found, key=lambda piece: (piece.next_check, piece.code))


def checks(db: Database, equipment_id: str, limit: int = 50) -> list[Check]:
    """The checks of a piece, the newest first."""
    rows = db.rows(
        "SELECT c.*, k.name AS keeper FROM equipment_check c LEFT JOIN keeper k ON k.id = c.keeper_id"
        " WHERE c.equipment_id = ? AND c.void_reason IS NULL ORDER BY c.time DESC, c.id DESC LIMIT ?",
        (equipment_id, limit),
    )
    return [
        Check(row["id"], row["time"], bool(row["well"]), row["next_check"] or "", row["note"] or "", row["keeper"] or "") for row in rows
    ]


REPAIR = "SELECT r.*, e.name AS piece FROM repair r JOIN equipment e ON e.id = r.equipment_id WHERE r.void_reason IS NULL"


def repairs(db: Database, equipment_id: str | None = None, *, only_open: bool = False) -> list[Repair]:
    """Repairs of a piece or of all, the newest first."""
    where, parameters = "", list[str]()
    if equipment_id is not None:
        where, parameters = " AND r.equipment_id = ?", [equipment_id]
    if only_open:
        where += " AND r.state IN ('reported', 'under_way', 'done')"
    return [_repair(row) for row in db.rows(f"{REPAIR}{where} ORDER BY r.time DESC, r.id DESC", parameters)]


def repair_of(db: Database, repair_id: str) -> Repair:
    """One repair; UserMistake for an id nobody has."""
    row = db.one(f"{REPAIR} AND r.id = ?", (repair_id,))
    if row is None:
        raise UserMistake("equipment.unknown_repair")
    return _repair(row)


def _piece(row: Row) -> Equipment:
    return Equipment(
        id=row["id"], code=row["code"], name=row["name"], model=row["model"] or "", bought=row["bought"] or "", source=row["source"] or "",
        place=row["place"] or "", check_days=row["check_days"] or 0, next_check=row["following"] or row["next_check"] or "",
        note=row["note"] or "", active=bool(row["active"]), last_check=row["checked"] or "", fault=row["fault"] or "",
        repair_state=RepairState(row["repairing"]) if row["repairing"] else None,
    )  # fmt: skip


def _repair(row: Row) -> Repair:
    return Repair(
        id=row["id"], time=row["time"], equipment_id=row["equipment_id"], equipment=row["piece"], fault=row["fault"],
        state=RepairState(row["state"]), reported_by=row["reported_by"] or "", fixer=row["fixer"] or "", done=row["done"] or "",
        done_note=row["done_note"] or "", accepted=row["accepted"] or "", accepted_by=row["accepted_by"] or "",
    )  # fmt: skip
