"""Keepers: who may work here, their PINs, who is on duty, and the day's opening and closing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from .. import vault
from ..db import Database, Row, Tx
from ..errors import Refused, UserMistake
from ..model import Changes, Keeper, Op, Role
from ..paths import DataFolder
from . import slots

FREE_PIN_TRIES = 5
"""Wrong PINs before each further one has to wait, doubling from 30 seconds up to an hour."""
LONGEST_WAIT = timedelta(hours=1)
"""What is further ahead than this was noted under a wrong clock: nobody waits for it."""


def write(tx: Tx, keeper: Keeper) -> None:
    """Keep a keeper's record inside an operation."""
    tx.put("keeper", {"id": keeper.id, "name": keeper.name, "role": keeper.role.value, "active": int(keeper.active)})


def write_pin(tx: Tx, keeper_id: str, pin: str) -> None:
    """Keep the hash of a PIN inside an operation; UserMistake unless it is 4 to 6 digits."""
    tx.run(
        "INSERT INTO pin(keeper_id, hashed, failures) VALUES(?, ?, 0)"
        " ON CONFLICT(keeper_id) DO UPDATE SET hashed = excluded.hashed, failures = 0, blocked_until = NULL",
        (keeper_id, vault.hash_pin(pin)),
    )


def add(
    db: Database,
    folder: Path,
    root: vault.Root,
    name: str,
    role: Role,
    password: str,
    pin: str = "",
    *,
    cost: vault.Cost = vault.DESK,
    among: Sequence[Keeper] | None = None,
) -> tuple[Keeper, Changes]:
    """A further keeper with a slot of their own; raises UserMistake for an empty or taken name or a short password.

    ``among`` are those whose names are taken: all in the ledger, but at a district its own officers.
    """
    name = name.strip()
    if not name:
        raise UserMistake("keepers.no_name")
    if any(keeper.name == name for keeper in (listing(db) if among is None else among)):
        raise UserMistake("keepers.name_taken", name=name)
    vault.check_password(password)
    with slots.change(db, Op.ADD_KEEPER, name=name) as tx:
        keeper_id = tx.put("keeper", {"name": name, "role": role.value, "active": 1})
        if pin:
            write_pin(tx, keeper_id, pin)
        # the slot is written last: without its keeper's record a slot would be an open door
        vault.add(DataFolder(folder, db.path.stem).slots, root, keeper_id, password, cost=cost)
    return Keeper(keeper_id, name, role), tx.changes


def set_pin(db: Database, keeper_id: str, pin: str) -> Changes:
    """Give a keeper a new PIN."""
    with db.transact(Op.CHANGE_KEEPER, keeper=keeper_id) as tx:
        write_pin(tx, keeper_id, pin)
    return Changes(tx.operation, Op.CHANGE_KEEPER, {"pin": (keeper_id,)})


def listing(db: Database) -> list[Keeper]:
    """All keepers who still work here, by name."""
    rows = db.rows("SELECT * FROM keeper WHERE active = 1 AND void_reason IS NULL ORDER BY name")
    return [Keeper(row["id"], row["name"], Role(row["role"])) for row in rows]


def keeper(db: Database, keeper_id: str) -> Keeper | None:
    """One keeper, also one who left."""
    row = db.one("SELECT * FROM keeper WHERE id = ?", (keeper_id,))
    return None if row is None else Keeper(row["id"], row["name"], Role(row["role"]), bool(row["active"]))


def has_pin(db: Database, keeper_id: str) -> bool:
    """Whether this keeper can unlock the screen with a PIN."""
    return db.scalar("SELECT 1 FROM pin WHERE keeper_id = ?", (keeper_id,)) is not None


def unlock_screen(db: Database, keeper_id: str, pin: str) -> Keeper:
    """Back to work with a PIN; Refused when it is wrong, or while wrong ones have to wait."""
    row = db.one("SELECT * FROM pin WHERE keeper_id = ?", (keeper_id,))
    known = keeper(db, keeper_id)
    if row is None or known is None or not known.active:
        raise Refused("keepers.no_pin")
    now = db.now()
    if row["blocked_until"] and now < datetime.fromisoformat(row["blocked_until"]) <= now + LONGEST_WAIT:
        raise Refused("keepers.pin_waits", until=row["blocked_until"][11:19])
    right = vault.pin_matches(row["hashed"], pin)
    failures = 0 if right else row["failures"] + 1
    doubled = timedelta(seconds=30) * 2 ** min(max(failures - FREE_PIN_TRIES, 0), 10)
    wait = min(LONGEST_WAIT, doubled) if failures >= FREE_PIN_TRIES else None
    blocked = (now + wait).isoformat(timespec="seconds") if wait else None
    if failures or row["failures"]:
        with db.transact(Op.SETTING, by_itself=True, name="pin_tried") as tx:
            tx.run("UPDATE pin SET failures = ?, blocked_until = ? WHERE keeper_id = ?", (failures, blocked, keeper_id))
    if not right:
        raise Refused("keepers.wrong_pin")
    db.acting = keeper_id
    return known


# --- passwords, the recovery key and start cards ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Card:
    """A start card that still opens: its slot, the short number printed on it, when (ISO 8601) and by whom it was made."""

    slot_id: str
    number: str
    made: str
    by: str


def change_password(
    db: Database, folder: Path, keeper_id: str, old: str, new: str, *, cost: vault.Cost = vault.DESK
) -> Changes:
    """A keeper's new password for the old one; Refused when the old one is wrong, UserMistake for a short one."""
    with slots.change(db, Op.CHANGE_KEEPER, keeper=keeper_id, password="changed") as tx:
        vault.change_password(DataFolder(folder, db.path.stem).slots, keeper_id, old, new, cost=cost)
    return tx.changes


def reset_password(
    db: Database, folder: Path, root: vault.Root, keeper_id: str, new: str, *, cost: vault.Cost = vault.DESK
) -> Changes:
    """A new password where the old one is forgotten, by a root that the recovery key or another keeper reached.

    Raises UserMistake for a short password, Refused for somebody who does not work here.
    """
    known = keeper(db, keeper_id)
    if known is None or not known.active:
        raise Refused("vault.no_keeper")
    with slots.change(db, Op.CHANGE_KEEPER, keeper=keeper_id, password="reset") as tx:
        vault.add(DataFolder(folder, db.path.stem).slots, root, keeper_id, new, cost=cost)
    return tx.changes


def change(
    db: Database, keeper_id: str, name: str, role: Role, *, among: Sequence[Keeper] | None = None
) -> tuple[Keeper, Changes]:
    """Another name or role for a keeper; their password and PIN stay. ``among`` as in ``add``.

    Raises UserMistake for an empty or taken name and for nobody, Refused where no supervisor would be left.
    """
    name, here = name.strip(), listing(db) if among is None else among
    known = _here(db, keeper_id)
    if not name:
        raise UserMistake("keepers.no_name")
    if any(one.name == name and one.id != keeper_id for one in here):
        raise UserMistake("keepers.name_taken", name=name)
    if role is not Role.SUPERVISOR:
        _one_is_left(known, here)
    changed = replace(known, name=name, role=role)
    with db.transact(Op.CHANGE_KEEPER, keeper=keeper_id, name=name, role=role.value) as tx:
        write(tx, changed)
    return changed, tx.changes


def remove(db: Database, folder: Path, keeper_id: str, *, among: Sequence[Keeper] | None = None) -> Changes:
    """A keeper leaves: password and PIN open nothing any more, what they recorded stays under their name.

    ``among`` as in ``add``. Raises Refused for the last supervisor and the last password, UserMistake for nobody. Undo brings the
    record back, the password has to be given anew.
    """
    known = _here(db, keeper_id)
    _one_is_left(known, listing(db) if among is None else among)
    with slots.change(db, Op.CHANGE_KEEPER, keeper=keeper_id, name=known.name) as tx:
        write(tx, replace(known, active=False))
        tx.run("DELETE FROM pin WHERE keeper_id = ?", (keeper_id,))
        vault.remove(DataFolder(folder, db.path.stem).slots, keeper_id)
    return tx.changes


def _here(db: Database, keeper_id: str) -> Keeper:
    known = keeper(db, keeper_id)
    if known is None or not known.active:
        raise UserMistake("vault.no_keeper")
    return known


def _one_is_left(known: Keeper, here: Sequence[Keeper]) -> None:
    """Raise Refused where ``known`` is the only supervisor: nobody could give them their keys back."""
    if known.role is Role.SUPERVISOR and [one.role for one in here].count(Role.SUPERVISOR) == 1:
        raise Refused("vault.last_supervisor", name=known.name)


def make_recovery_key(db: Database, folder: Path, root: vault.Root) -> tuple[vault.RecoveryKey, Changes]:
    """A recovery key to be printed now: it is kept nowhere. The sheet before it opens nothing from now on."""
    with slots.change(db, Op.SETTING, name="recovery_key") as tx:
        key = vault.add_recovery(DataFolder(folder, db.path.stem).slots, root)
    return key, Changes(tx.operation, Op.SETTING, {"slot": (key.slot_id,)})


def recovery_key_made(db: Database, folder: Path) -> str | None:
    """When the recovery sheet that still opens was made (ISO 8601, "" when nobody knows), None without one."""
    if not any(way.kind == "recovery" for way in vault.ways(DataFolder(folder, db.path.stem).slots)):
        return None
    made = db.scalar(
        "SELECT time FROM operation WHERE op = ? AND json_extract(details, '$.name') = 'recovery_key'"
        " ORDER BY sequence DESC LIMIT 1",
        (Op.SETTING.value,),
    )
    return made or ""


def make_start_card(db: Database, folder: Path, root: vault.Root) -> tuple[vault.StartCard, Changes]:
    """A start card to be printed now, for the desk only; its digits are kept nowhere."""
    with slots.change(db, Op.SETTING, name="start_card") as tx:
        card = vault.add_start_card(DataFolder(folder, db.path.stem).slots, root)
        tx.details["slot"] = card.slot_id
    return card, Changes(tx.operation, Op.SETTING, {"slot": (card.slot_id,)})


def revoke_start_card(db: Database, folder: Path, slot_id: str) -> Changes:
    """A lost start card opens nothing from now on; UserMistake when it was revoked already."""
    with slots.change(db, Op.SETTING, name="start_card_revoked", slot=slot_id) as tx:
        vault.revoke(DataFolder(folder, db.path.stem).slots, slot_id)
    return Changes(tx.operation, Op.SETTING, {"slot": (slot_id,)})


def start_cards(db: Database, folder: Path) -> list[Card]:
    """The start cards that still open, in the order they were made."""
    rows = db.rows(
        "SELECT o.time, k.name, json_extract(o.details, '$.slot') AS slot FROM operation o"
        " LEFT JOIN keeper k ON k.id = o.keeper_id WHERE o.op = ? AND json_extract(o.details, '$.name') = 'start_card'",
        (Op.SETTING.value,),
    )
    made = {row["slot"]: (row["time"], row["name"] or "") for row in rows}
    return [
        Card(way.id, vault.slot_mark(way.id), *made.get(way.id, ("", "")))
        for way in vault.ways(DataFolder(folder, db.path.stem).slots)
        if way.kind == "start_card"
    ]


# --- who is on duty, and the day --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shift:
    """A keeper's time at the desk; ``finished`` is "" while it lasts."""

    id: str
    keeper: str
    began: str
    finished: str = ""


@dataclass(frozen=True, slots=True)
class StationDay:
    """A day's opening and closing; times are ISO 8601 or "", ``high`` is the forecast high in degrees Celsius or None."""

    business_date: str
    opened: str = ""
    closed: str = ""
    all_well: bool = True
    exceptions: str = ""
    high: int | None = None
    note: str = ""


def begin_shift(db: Database, at: datetime | None = None) -> Changes:
    """The acting keeper takes the desk; whoever had it is relieved."""
    if not db.acting:
        raise UserMistake("keepers.nobody")
    with db.transact(Op.BEGIN_SHIFT, at, keeper=db.acting) as tx:
        for row in db.rows("SELECT id FROM shift WHERE finished IS NULL AND void_reason IS NULL"):
            tx.put("shift", {"id": row["id"], "finished": tx.stamp.time})
        _take_desk(tx)
    return tx.changes


def end_shift(db: Database, at: datetime | None = None) -> Changes:
    """Whoever is on duty goes home; UserMistake when nobody is."""
    if on_duty(db) is None:
        raise UserMistake("keepers.nobody_on_duty")
    with db.transact(Op.END_SHIFT, at) as tx:
        for row in db.rows("SELECT id FROM shift WHERE finished IS NULL AND void_reason IS NULL"):
            tx.put("shift", {"id": row["id"], "finished": tx.stamp.time})
    return tx.changes


def on_duty(db: Database) -> Shift | None:
    """Who has the desk now."""
    found = shifts(db, "WHERE s.finished IS NULL AND s.void_reason IS NULL", ())
    return found[0] if found else None


def shifts_of(db: Database, business_date: str) -> list[Shift]:
    """Who had the desk on a day, in order."""
    return shifts(db, "WHERE s.business_date = ? AND s.void_reason IS NULL", (business_date,))


def shifts(db: Database, where: str, parameters: tuple[str, ...]) -> list[Shift]:
    """Shifts by a condition on ``shift s``."""
    rows = db.rows(
        f"SELECT s.id, s.time, s.finished, k.name FROM shift s LEFT JOIN keeper k ON k.id = s.keeper_id {where} ORDER BY s.time",
        parameters,
    )
    return [Shift(row["id"], row["name"] or "", row["time"], row["finished"] or "") for row in rows]


def day(db: Database, business_date: str) -> StationDay:
    """A day's opening and closing as recorded so far."""
    row = _day_row(db, business_date)
    if row is None or row["void_reason"]:
        return StationDay(business_date)
    return StationDay(
        business_date, row["opened"] or "", row["closed"] or "", row["all_well"] != 0, row["exceptions"] or "", row["high"],
        row["note"] or "",
    )  # fmt: skip


def open_station(db: Database, exceptions: str = "", high: int | None = None, at: datetime | None = None) -> Changes:
    """The opening check: all well without ``exceptions``. UserMistake when the station is open already.

    Whoever opens has the desk, unless somebody is on duty already.
    """
    if high is not None and not -60 <= high <= 60:
        raise UserMistake("keepers.bad_temperature", high=high)
    with db.transact(Op.OPEN_STATION, at) as tx:
        found = _day_row(db, tx.stamp.business_date)
        if found is not None and found["opened"] and not found["void_reason"]:
            raise UserMistake("keepers.open_already", time=found["opened"][11:16])
        tx.put(
            "station_day",
            _day_key(found, tx.stamp.business_date)
            | {
                "opened": tx.stamp.time, "opened_by": db.acting, "all_well": int(not exceptions.strip()),
                "exceptions": exceptions.strip() or None, "closed": None, "void_reason": None,
            }
            | ({"high": high} if high is not None else {}),  # what was told before opening stays
        )  # fmt: skip
        if db.acting and on_duty(db) is None:
            _take_desk(tx)
    return tx.changes


def _take_desk(tx: Tx) -> None:
    stamp = tx.stamp
    tx.put("shift", {"time": stamp.time, "business_date": stamp.business_date, "keeper_id": tx.db.acting})


def close_station(db: Database, note: str = "", at: datetime | None = None) -> Changes:
    """The closing: the day's note is kept; UserMistake when the station is not open. It can be opened again by undo."""
    with db.transact(Op.CLOSE_STATION, at) as tx:
        found = _day_row(db, tx.stamp.business_date)
        if found is None or not found["opened"] or found["void_reason"]:
            raise UserMistake("keepers.not_open")
        if found["closed"]:
            raise UserMistake("keepers.closed_already", time=found["closed"][11:16])
        tx.put(
            "station_day",
            {"id": found["id"], "closed": tx.stamp.time, "closed_by": db.acting, "note": note.strip() or None},
        )
    return tx.changes


def _day_row(db: Database, business_date: str) -> Row | None:
    """The day's row, also one that this station wrote before it was restored as a new store."""
    return db.one("SELECT * FROM station_day WHERE business_date = ? ORDER BY opened DESC LIMIT 1", (business_date,))


def _day_key(found: Row | None, business_date: str) -> dict[str, str]:
    return {"business_date": business_date} | ({"id": found["id"]} if found is not None else {})
