"""The log of a day, and undo: always a new operation with higher versions, never a rewritten line (DECISIONS.md 3)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ..db import Database, Row, Tx, image
from ..errors import Refused, UserMistake
from ..model import MAY, NOT_UNDOABLE, Changes, Exchange, LogLine, Op, Role
from . import aliases, attachments, exchange, loans, search, subjects

STEPS = 50
"""How far back Ctrl+Z goes on one day."""


def log(db: Database, business_date: str, limit: int = 200) -> list[LogLine]:
    """What was done on a business date, the newest first; undo, settings, what the house does by itself and
    what a role may not do are no lines here."""
    rows = db.rows(
        f"{LINE} WHERE o.business_date = ? AND o.op NOT IN ('undo', 'setting', 'close_batch', 'apply_pack', 'forget')"
        " AND json_extract(o.details, '$.denied') IS NULL"
        " ORDER BY o.sequence DESC LIMIT ?",
        (business_date, limit),
    )
    return _lines(db, rows)


def of_person(db: Database, person_id: str, limit: int = 50) -> list[LogLine]:
    """What was done for one person, the newest first."""
    rows = db.rows(
        f"{LINE} WHERE json_extract(o.details, '$.person') IN {aliases.MEMBERS} ORDER BY o.sequence DESC LIMIT :most",
        {"person": aliases.final(db, person_id), "most": limit},
    )
    return _lines(db, rows)


def of_row(db: Database, table: str, row_id: str) -> LogLine | None:
    """The newest operation that changed this row of a ledger; None when no change is known."""
    newest = "SELECT operation FROM change WHERE table_name = ? AND row_id = ? ORDER BY sequence DESC LIMIT 1"
    lines = _lines(db, db.rows(f"{LINE} WHERE o.sequence = ({newest})", (table, row_id)))
    return lines[0] if lines else None


LINE = (
    "SELECT o.*, k.name AS keeper, EXISTS(SELECT 1 FROM operation u WHERE u.undoes = o.id) AS undone,"
    " (SELECT max(sequence) FROM change WHERE operation = o.sequence) AS newest,"
    " (SELECT receipted FROM batch WHERE last_sequence >= (SELECT max(sequence) FROM change WHERE operation = o.sequence)"
    " ORDER BY last_sequence LIMIT 1) AS receipted"
    " FROM operation o LEFT JOIN keeper k ON k.id = o.keeper_id"
)


def _lines(db: Database, rows: list[Row]) -> list[LogLine]:
    edge, role = exchange.last_packed(db), db.role
    mine = MAY[role] - NOT_UNDOABLE if Op.UNDO in MAY[role] else frozenset[Op]()
    found = []
    for row in rows:
        op = Op(row["op"])
        if (row["newest"] or 0) > edge:
            state = Exchange.LOCAL
        else:
            state = Exchange.RECEIPTED if row["receipted"] else Exchange.PACKED
        found.append(
            LogLine(
                operation=row["id"],
                op=op,
                time=row["time"],
                business_date=row["business_date"],
                keeper=row["keeper"] or "",
                details=json.loads(row["details"] or "{}"),
                undone=bool(row["undone"]),
                undoable=op in mine
                and not row["undone"]
                and row["newest"] is not None
                and (role is not Role.EVENING or row["keeper_id"] == db.acting),
                exchange=state,
            )
        )
    return found


def last_undoable(db: Database, business_date: str | None = None) -> LogLine | None:
    """What Ctrl+Z would take back now: the newest operation recorded today that stands and can be undone."""
    today = business_date or db.stamp().business_date
    whose = db.acting if db.role is Role.EVENING else None
    rows = db.rows(
        f"{LINE} WHERE o.sequence > (SELECT max(sequence) FROM operation) - ? AND substr(o.recorded, 1, 10) = ?"
        " AND (? IS NULL OR o.keeper_id = ?) ORDER BY o.sequence DESC",
        (STEPS * 3, today, whose, whose),
    )
    return next((line for line in _lines(db, rows) if line.undoable), None)


def undo(db: Database, operation: str, at: datetime | None = None) -> Changes:
    """Take an operation back: added rows are voided (reason "undo"), changed ones get their before image again.

    A person or request that was never wanted is forgotten with it (decision 011); otherwise undo forgets nothing. Raises
    Refused when it stays by nature, was undone already, a later operation changed the same record, or something that
    stands was done with what it added: a regular who came, stock that was given. Refused too where whoever is at work may
    not do such an operation; an evening keeper takes back only what they did today themselves.
    """
    found = db.one("SELECT * FROM operation WHERE id = ?", (operation,))
    if found is None:
        raise UserMistake("history.unknown")
    op = Op(found["op"])
    if op in NOT_UNDOABLE:
        raise Refused("history.stays")
    _require_may_undo(db, found)
    if db.one("SELECT 1 FROM operation WHERE undoes = ?", (operation,)):
        raise Refused("history.undone_already")
    rows = db.rows("SELECT * FROM change WHERE operation = ? ORDER BY sequence DESC", (found["sequence"],))
    if not rows:
        raise Refused("history.stays")
    with db.transact(
        Op.UNDO, at, undone=op.value, **{k: v for k, v in json.loads(found["details"] or "{}").items() if k == "person"}
    ) as tx:
        tx.undoes = operation
        people = {_take_back(tx, row) for row in rows}
        _check_unused(tx, rows)
        _check_single(tx, rows)
        loans.require_sound(tx.db, {(row["table_name"], row["row_id"]) for row in rows if row["table_name"] in loans.FACTS})
        _forget_unwanted(tx, rows)
        if merges := [json.loads(row["after"]) for row in rows if row["table_name"] == "person_merge"]:
            aliases.rebuild(tx)
            if db.meta("station_id"):  # the district has no index to search
                people |= {one[name] for one in merges for name in ("kept_id", "merged_id")}
        for person_id in sorted(people - {""}):
            search.refresh(tx, person_id)
        if tx.forgets:
            search.merge(tx)
    return tx.changes


def _require_may_undo(db: Database, found: Row) -> None:
    db.require(Op(found["op"]), json.loads(found["details"] or "{}"))
    own = found["keeper_id"] == db.acting and found["recorded"][:10] == db.stamp().business_date
    if db.role is Role.EVENING and not own:
        db.deny(Op.UNDO.value)


def _take_back(tx: Tx, change: Row) -> str:
    """Undo one change; returns the id of the person whose search entry it touches, or ""."""
    table, row_id = change["table_name"], change["row_id"]
    after: dict[str, Any] = json.loads(change["after"])
    now = tx.db.one(f"SELECT * FROM {table} WHERE id = ?", (row_id,))
    if now is None or _content(dict(now)) != _content(after):
        raise Refused("history.changed_since")
    if change["before"] is None:
        tx.void(table, row_id, "undo")
    else:
        before = json.loads(change["before"])
        if table == "attachment" and not before.get("void_reason"):
            attachments.check_there(tx.db, after["sha256"])
        tx.put(table, {name: before.get(name) for name in tx.db.columns(table) if name not in ("version", "store_id")})
    if table in ("person", "identity"):
        return str(row_id)
    return str(after.get("person_id") or "") if table in ("badge", "visit") else ""


def _forget_unwanted(tx: Tx, rows: list[Row]) -> None:
    """Forget the people and requests that were added, and a name that no longer stands: not even its ciphertext stays."""
    added = {(change["table_name"], change["row_id"]) for change in rows if change["before"] is None}
    for row_id in sorted({change["row_id"] for change in rows if change["table_name"] == "identity"}):
        if tx.db.scalar("SELECT void_reason FROM identity WHERE id = ?", (row_id,)) is None:
            continue
        tx.put("identity", {"id": row_id, "name_sealed": None, "phone_sealed": None})
        if ("person", row_id) not in added:  # a nameless one again, who stays
            subjects.forget(tx, row_id)
    for table, row_id in sorted(added):
        if table in ("person", "request") and (subjects.key_of(tx.db, row_id) is not None or _is_locked(tx, table, row_id)):
            subjects.erase(tx, row_id, "undo")


def _is_locked(tx: Tx, table: str, row_id: str) -> bool:
    """Whether only the district has the key of a request."""
    return table == "request" and bool(tx.db.scalar("SELECT locked_key FROM request WHERE id = ?", (row_id,)))


USED_BY = {
    "person": (("visit", "person_id"), ("handout", "person_id"), ("request", "person_id"), ("badge", "person_id"),
               ("person_merge", "kept_id"), ("person_merge", "merged_id"), ("companion", "person_id"),
               ("loan", "person_id")),
    "item": (("movement", "item_id"), ("handout", "item_id"), ("stocktake", "item_id"), ("kit_part", "item_id"),
        ("campaign_item", "item_id")),
    "campaign": (("handout", "campaign_id"),),
    "request": (("request_step", "request_id"), ("attachment", "subject_id"), ("request_voice", "request_id")),
    "request_voice": (("request_step", "voice_id"),),
    "asset": (("loan", "asset_id"), ("asset_move", "asset_id")),
    "loan": (("loan_end", "loan_id"),),
    "equipment": (("equipment_check", "equipment_id"), ("repair", "equipment_id")),
    "medicine": (("medicine_check", "medicine_id"),),
}  # fmt: skip
"""Which rows use one that an operation added. A visit is not among them: its handouts and services stand by themselves
(DECISIONS.md 3)."""


def _check_unused(tx: Tx, rows: list[Row]) -> None:
    """Refused when a row that was just voided is still used by one that counts."""
    for change in rows:
        for table, column in USED_BY.get(change["table_name"], ()) if change["before"] is None else ():
            used = f"SELECT 1 FROM {table} WHERE {column} = ? AND void_reason IS NULL LIMIT 1"
            if tx.db.one(used, (change["row_id"],)):
                raise Refused("history.used_since")


SINGLE = {
    "asset": "SELECT count(*) FROM asset WHERE void_reason IS NULL AND active = 1 AND (name, number) ="
    " (SELECT name, number FROM asset WHERE id = ?)",
    "equipment": "SELECT count(*) FROM equipment WHERE void_reason IS NULL AND code = (SELECT code FROM equipment WHERE id = ?)",
    "medicine": "SELECT count(*) FROM medicine WHERE void_reason IS NULL AND active = 1"
    " AND name = (SELECT name FROM medicine WHERE id = ?)",
    "closed_day": "SELECT count(*) FROM closed_day WHERE void_reason IS NULL AND business_date ="
    " (SELECT business_date FROM closed_day WHERE id = ?)",
    "duty_log": "SELECT count(*) FROM duty_log WHERE void_reason IS NULL AND business_date ="
    " (SELECT business_date FROM duty_log WHERE id = ?)",
    "item": "SELECT count(*) FROM item WHERE void_reason IS NULL AND name = (SELECT name FROM item WHERE id = ?)",
    "badge": "SELECT count(*) FROM badge WHERE void_reason IS NULL AND state = 'active'"
    " AND person_id = (SELECT person_id FROM badge WHERE id = ?)",
    # a rule that is on and limits the same under the same conditions would be there twice
    "quota": "SELECT count(*) FROM quota q JOIN quota o ON o.id = ? WHERE q.void_reason IS NULL AND q.active = 1 AND o.active = 1"
    + "".join(
        f" AND q.{name} IS o.{name}"
        for name in (
            "item_id", "items", "item_kind", "measure", "who", "span", "hours", "campaign_id", "occupations", "first_month",
            "last_month", "level", "role",
        )
    ),
    "kit_part": "SELECT count(*) FROM kit_part p JOIN kit_part o ON o.id = ? WHERE p.void_reason IS NULL AND p.kit_id = o.kit_id"
    " AND p.item_id = o.item_id",
}  # fmt: skip
"""Of what there is one: supplies of a name, active badges of a person, rules alike, parts of a kit, things of a number ..."""


def _check_single(tx: Tx, rows: list[Row]) -> None:
    """Refused when what comes back has been replaced meanwhile, and both would stand."""
    for change in rows:
        sql = SINGLE.get(change["table_name"])
        if sql is not None and tx.db.scalar(sql, (change["row_id"],)) > 1:
            raise Refused("history.changed_since")


def _content(row: dict[str, Any]) -> str:
    return image({name: content for name, content in row.items() if name not in ("version", "store_id")})


def undo_last(db: Database) -> tuple[LogLine, Changes] | None:
    """Ctrl+Z: take back the newest thing that whoever is at work may take back; None when there is nothing.

    Raises Refused to who may not undo at all.
    """
    db.require(Op.UNDO)
    line = last_undoable(db)
    return None if line is None else (line, undo(db, line.operation))
