"""Changing who opens the store: the slot file and the operation that says so come true together, or neither does.

The slot file lies beside the database, so no transaction covers both. Before it changes it is kept under another name; the
operation commits the mark of the new one; whoever opens the store next puts the old one back when that mark is not the slots'.

The file can be put back by whoever reaches the folder: an older one would open to a keeper who left, a password that was changed, a
card that was revoked. So the store remembers every slot that was taken away (``GONE``) and does not open to one; which slots there
should be it does not say, for a store that was itself put back must not lock out who was added since.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

from .. import backup, vault
from ..db import Database, Tx
from ..errors import EnvironmentFault, Refused, StationError
from ..model import Op
from ..paths import DataFolder

MARK = "slots"
"""The small fact that is the SHA-256 of the slot file as the newest operation left it."""
GONE = "slots_gone"
"""The small fact that lists the ids of all slots that were ever taken away."""
DENIED = "slot"
"""What is refused, in the trail, where a slot that was taken away is tried again."""


@contextmanager
def change(db: Database, op: Op, **details: Any) -> Iterator[Tx]:
    """One operation that also changes the store's slot file (by ``vault``, inside). What it raises leaves both as they were.

    Raises what ``db.transact`` raises; EnvironmentFault, too, when the file of an earlier try cannot be put back.
    """
    settle(db)
    file = _file(db)
    kept = vault.before(file)
    with _told(file):
        vault.write_whole(kept, file.read_bytes())
    try:
        with db.transact(op, **details) as tx:
            yield tx
            with _told(file):
                tx.set_meta(MARK, _mark(file))
            note_gone(tx, _ids(kept) - _ids(file))
    except BaseException as error:
        if not (isinstance(error, EnvironmentFault) and error.word == "db.unsure"):  # then the next start knows
            with suppress(EnvironmentFault):
                settle(db)
        raise
    with suppress(OSError):
        kept.unlink()
    with suppress(OSError, StationError):  # else with the next backup
        backup.renew_slots(db)


def note_gone(tx: Tx, ids: Collection[str]) -> None:
    """Remember inside an operation that these slots were taken away."""
    known = gone(tx.db)
    if not known.issuperset(ids):
        tx.set_meta(GONE, json.dumps(sorted(known.union(ids))))


def gone(db: Database) -> frozenset[str]:
    """The ids of the slots that were taken away; they open nothing, wherever a file comes from."""
    return frozenset(json.loads(db.meta(GONE) or "[]"))


def standing(db: Database) -> frozenset[str]:
    """The ids of the slots in the file beside a store; none where it is lost or damaged."""
    try:
        return frozenset(_ids(_file(db)))
    except StationError:
        return frozenset()


def admit(db: Database, opened: vault.Opened) -> None:
    """See whether a store that was just opened may be: not by a slot that was taken away, nor by a keeper who left.

    Refused, as for a wrong key, with the store closed again; that it was tried is in the trail.
    """
    sql = "SELECT 1 FROM keeper WHERE id = ? AND (active = 0 OR void_reason IS NOT NULL)"
    left = opened.keeper_id and db.scalar(sql, (opened.keeper_id,))
    if left or opened.slot_id in gone(db):
        try:
            _turn_away(db, opened)
        finally:
            db.close()


def by_password(db: Database, password: str) -> vault.Opened:
    """The root, and whose password it is, while the store is open; Refused (in the trail, too) where ``admit`` refuses."""
    opened = vault.open_with_password(_file(db), password)
    sql = "SELECT 1 FROM keeper WHERE id = ? AND active = 1 AND void_reason IS NULL"
    if opened.slot_id in gone(db) or db.scalar(sql, (opened.keeper_id,)) is None:
        _turn_away(db, opened)
    return opened


def _turn_away(db: Database, opened: vault.Opened) -> NoReturn:
    key = vault.slot_mark(opened.slot_id)
    with suppress(StationError), db.transact(Op.REFUSE, by_itself=True, denied=DENIED, keeper=opened.keeper_id, slot=key):
        pass  # not noted where the disk is full; it opens nothing either
    raise Refused(vault.WRONG[opened.kind])


def put_back(place: DataFolder) -> bool:
    """Put the slot file that lies with the backups in the place of one that is lost or damaged; whether that was done.

    It is always the newest, and whoever it should not open to is turned away (``admit``). A damaged one is kept beside it.
    """
    spare = backup.slots_in(place.path / backup.FOLDER, place.side)
    if not place.database.exists() or not spare.exists() or vault.before(place.slots).exists() or _sound(place.slots):
        return False
    if not _sound(spare):
        return False
    with suppress(OSError):
        if place.slots.exists():
            place.slots.replace(place.slots.with_name(f"{place.slots.name}.damaged"))
        vault.write_whole(place.slots, spare.read_bytes())
        return True
    return False


def _sound(file: Path) -> bool:
    """Whether a slot file can be read, or is of a newer program, which is not for us to replace."""
    try:
        vault.ways(file)
    except EnvironmentFault:
        return True
    except StationError:
        return False
    return True


def _ids(file: Path) -> set[str]:
    return {way.id for way in vault.ways(file)}


CLEARED = "slots_cleared"
"""What is noted when slots that were put back were cleared away."""


def settle(db: Database) -> None:
    """Finish what was interrupted: the slots stay when their operation was saved, else the ones before come back.

    Slots that were taken away and stand in the file again go. Raises EnvironmentFault when the folder says no.
    """
    file = _file(db)
    kept = vault.before(file)
    if kept.exists():
        with _told(file):
            if _mark(file) == db.meta(MARK):
                kept.unlink()
            else:
                kept.replace(file)
            vault.sync_folder(file.parent)
    if standing(db) & gone(db):
        with suppress(Refused):  # no password would be left: they open nothing all the same
            vault.drop(file, gone(db))
            with db.transact(Op.SETTING, by_itself=True, name=CLEARED) as tx:
                tx.keeper = ""


def _file(db: Database) -> Path:
    return DataFolder(db.path.parent, db.path.stem).slots


def _mark(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentFault("vault.unwritable", name=file.name, reason=error.strerror) from error
