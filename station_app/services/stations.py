"""The station itself: set up once, opened every morning with a keeper's password."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, time
from pathlib import Path

from .. import backup, vault
from .. import db as database
from ..backup import Reason
from ..db import Database
from ..errors import EnvironmentFault, UserMistake
from ..model import Changes, Keeper, Op, Role, Station, uuid7
from ..paths import DataFolder
from ..schema import STATION
from . import founding, incarnation, keepers, slots

STATION_SECRETS = ("digest", "badge_0")
"""Random secrets every store has; badge key version 0 is the station's own, before enrolment gives it the district's."""


def set_up(
    folder: Path,
    station: Station,
    keeper_name: str,
    password: str,
    pin: str = "",
    *,
    clock: Callable[[], datetime] = database.wall_clock,
    holder: str = "window",
    cost: vault.Cost = vault.DESK,
    kind: founding.Kind | None = None,
) -> tuple[Database, Keeper]:
    """A new station in an empty folder, with its first keeper (a supervisor), open and ready.

    ``station.id`` may be "". Raises UserMistake for what cannot be, EnvironmentFault when the folder is taken, unwritable
    or no place for a live database (``founding.check_place``; ``kind`` as there).
    """
    place = DataFolder(folder)
    check(station)
    vault.check_password(password)
    if not keeper_name.strip():
        raise UserMistake("keepers.no_name")
    if pin:
        vault.hash_pin(pin)
    keeper_id = uuid7()
    return founding.found(
        place, STATION, keeper_id, password, lambda db: _found(db, station, keeper_id, keeper_name.strip(), pin),
        taken="stations.exists", clock=clock, holder=holder, cost=cost, kind=kind,
    )  # fmt: skip


def _found(db: Database, station: Station, keeper_id: str, keeper_name: str, pin: str) -> Keeper:
    with db.transact(Op.SET_UP) as tx:
        tx.set_meta("store_id", uuid7())
        tx.set_meta("zone", station.zone)
        for name in STATION_SECRETS:
            tx.run("INSERT INTO secret(name, content) VALUES(?, ?)", (name, os.urandom(32)))
        row = {k: v for k, v in asdict(station).items() if not (k == "id" and not v)}
        tx.set_meta("station_id", tx.put("station", row | {"sample": int(station.sample)}))
        keeper = Keeper(keeper_id, keeper_name, Role.SUPERVISOR)
        keepers.write(tx, keeper)
        if pin:
            keepers.write_pin(tx, keeper_id, pin)
    return keeper


def open_station(
    folder: Path,
    password: str,
    *,
    clock: Callable[[], datetime] = database.wall_clock,
    holder: str = "window",
) -> Database:
    """Open a station's folder with a keeper's password; that keeper is at work then.

    Raises Refused for a wrong password, UserMistake where no station is, EnvironmentFault when another program has it.
    """
    place = _there(folder)
    opened = vault.open_with_password(place.slots, password)
    db = _opened(place, opened, clock, holder)
    db.acting = opened.keeper_id
    return db


def open_with_start_card(
    folder: Path,
    digits: str,
    *,
    clock: Callable[[], datetime] = database.wall_clock,
    holder: str = "window",
) -> Database:
    """Open a station's folder with a printed start card: for the desk only, and for nobody until a PIN names them.

    Raises Refused for a card that opens nothing, UserMistake where no station is, EnvironmentFault when it is taken.
    """
    place = _there(folder)
    db = _opened(place, vault.unlock_with_start_card(place.slots, digits), clock, holder)
    db.desk_only = True
    return db


def open_with_recovery(
    folder: Path,
    groups: Sequence[str],
    *,
    clock: Callable[[], datetime] = database.wall_clock,
    holder: str = "window",
) -> tuple[Database, vault.Root]:
    """Open a station's folder with its recovery sheet, to give a keeper a new password (``keepers.reset_password``).

    Raises UserMistake naming a wrong group or where no station is, Refused for another station's or an older sheet.
    """
    place = _there(folder)
    opened = vault.unlock_with_recovery(place.slots, groups)
    return _opened(place, opened, clock, holder), opened.root


def _there(folder: Path) -> DataFolder:
    """The files of the station in a folder, UserMistake where none is. A slot file that is lost comes back from the backups."""
    place = DataFolder(folder)
    slots.put_back(place)
    if not place.exists:
        raise UserMistake("vault.no_station", name=str(folder))
    return place


def _opened(place: DataFolder, opened: vault.Opened, clock: Callable[[], datetime], holder: str) -> Database:
    """The store, if this slot still opens it, backed up before a newer program changes it; what was interrupted is ended."""
    db = database.open(
        place.database, opened.root.database_key(), STATION, clock=clock, holder=holder, before_migration=_back_up
    )
    slots.admit(db, opened)
    incarnation.settle(db)
    with suppress(EnvironmentFault):  # tried again before the next change of keys; the desk opens all the same
        slots.settle(db)
    return db


def _back_up(db: Database) -> None:
    """Before a newer program changes the shape of the store; without a backup it is not changed."""
    backup.make(db, Reason.BEFORE_MIGRATION)


def current(db: Database) -> Station:
    """The station this store belongs to."""
    row = db.one("SELECT * FROM station WHERE id = ?", (db.meta("station_id"),))
    if row is None:
        raise UserMistake("vault.no_station", name=db.path.parent.name)
    return Station(
        id=row["id"], code=row["code"], letter=row["letter"], name=row["name"], district_code=row["district_code"],
        district_name=row["district_name"] or "", opens=row["opens"] or "", closes=row["closes"] or "", zone=row["zone"],
        phone=row["phone"] or "", sample=bool(row["sample"]),
    )  # fmt: skip


def change(db: Database, **fields: str) -> tuple[Station, Changes]:
    """Change what the station says of itself (name, hours, phone); its code and letter stay."""
    wanted = {
        name: text for name, text in fields.items() if name in ("name", "opens", "closes", "phone", "district_name")
    }
    check(Station(**{**asdict(current(db)), **wanted}))
    with db.transact(Op.SETTING, name="station") as tx:
        tx.put("station", {"id": db.meta("station_id"), **wanted})
    return current(db), tx.changes


def check(station: Station) -> None:
    """Raise UserMistake for a station that cannot be, before anything is made of it."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if not station.name.strip():
        raise UserMistake("stations.no_name")
    if not (
        station.code.isascii() and station.code.isalnum() and station.code.isupper() and 2 <= len(station.code) <= 8
    ):
        raise UserMistake("stations.bad_code", code=station.code)
    if not (len(station.letter) == 1 and station.letter.isascii() and station.letter.isupper()):
        raise UserMistake("stations.bad_letter", letter=station.letter)
    if not (len(station.district_code) == 6 and station.district_code.isascii() and station.district_code.isdigit()):
        raise UserMistake("stations.bad_district_code", code=station.district_code)
    for hours in (station.opens, station.closes):
        try:
            right = len(hours) == 5 and time.fromisoformat(hours).tzinfo is None
        except ValueError:
            right = False
        if not right:
            raise UserMistake("stations.bad_hours", text=hours)
    try:
        ZoneInfo(station.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise UserMistake("stations.bad_zone", zone=station.zone) from None
