"""Restoring: what a backup holds and what would be lost, putting it in place, and rehearsing that it can be done.

A restored station is a new incarnation of its store (SYNC.md section 4, rule 5): it gets a ``store_id`` of its own, and ``meta``
"parent" says which store and batch it goes on from. Erasures that came after the backup are applied again before anybody can
look at it (DECISIONS.md 1). What was in place is set aside, never deleted.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from .. import backup, blobs, vault
from .. import db as database
from ..backup import Backup
from ..db import Database, Row
from ..errors import EnvironmentFault, Refused, StationError
from ..model import Changes, Op, may
from ..paths import DataFolder
from ..schema import DISTRICT, STATION, Migration
from . import audit, exchange, incarnation, people, slots, stations, subjects

Clock = Callable[[], datetime]
REHEARSED_EVERY = timedelta(days=30)
SCHEMAS: Mapping[str, Sequence[Migration]] = {"station": STATION, "district": DISTRICT}
"""The schema of each side: a district's store is backed up and restored as a station's is."""
PIECE = 1024 * 1024
"""Bytes copied between two looks at whether the person stopped."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a store holds: its newest entry (ISO 8601, "" for none), regulars, person-times, units given, requests."""

    last: str
    people: int
    visits: int
    handouts: int
    requests: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What restoring would do. Without a readable store in place, ``now`` is None and nobody can say what would be lost.

    ``lost`` is how many operations came after the backup, ``since`` the time of the first of them, ``lost_rows`` the rows
    they added by table. ``erasures`` will be applied again.
    """

    backup: Backup
    station: str
    held: Content
    now: Content | None
    lost: int
    since: str
    lost_rows: Mapping[str, int]
    erasures: int


class Mend(Protocol):
    """What could be read of the damaged store in place: its erasures, and what ``put_back`` writes into the restored one."""

    @property
    def erasures(self) -> Sequence[Row]:
        """Every erasure that could be read."""

    @property
    def gone(self) -> frozenset[str]:
        """The slots that were taken away, as far as that could be read."""

    def put_back(self, restored: Database) -> None:
        """Write what the restored store lacks, in one operation."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a restore must not undo: every erasure, and the ids of the slots that were taken away."""

    erasures: Sequence[Row] = ()
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done: ``set_aside`` is where the store that was in place lies now, None where there was none.

    ``lost_pictures`` is how many pictures the backup should have had and has not.
    """

    backup: Backup
    store_id: str
    parent: str
    erased: int
    set_aside: Path | None
    lost_pictures: int = 0


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A restore that was tried and thrown away: when, of the backup of which time (ISO 8601), and what came of it.

    ``word`` and ``fields`` are the sentence to show; ``equal`` whether it could be relied on.
    """

    time: str
    backup: str
    equal: bool
    word: str
    fields: Mapping[str, Any]


# --- looking before ------------------------------------------------------------------------------------------------------


def preview(chosen: Backup, key: str, current: Database | None, *, clock: Clock = database.wall_clock) -> Preview:
    """What a backup holds, and what of the store in place it does not.

    Raises Refused when the backup is damaged (it says how many others there are) or another store's, EnvironmentFault when
    it was made by a newer program.
    """
    with closing(backup.look(chosen, key, clock=clock)) as held:
        _known_schema(held)
        erasures = _known(chosen, key, current).erasures
        known = {row["id"] for row in held.rows("SELECT id FROM erasure WHERE void_reason IS NULL")}
        lost, since, lost_rows = _lost(current, held) if current is not None else (0, "", {})
        return Preview(
            chosen, _name(held), content(held), None if current is None else content(current), lost,
            since, lost_rows, sum(row["id"] not in known for row in erasures),
        )  # fmt: skip


def _name(db: Database) -> str:
    return db.meta("district_name") if _side(db) == "district" else stations.current(db).name


def content(db: Database) -> Content:
    """What a store holds."""
    row = db.one(
        "SELECT (SELECT max(recorded) FROM operation) AS last,"
        " (SELECT count(*) FROM person WHERE void_reason IS NULL) AS people,"
        " (SELECT coalesce(sum(person_times), 0) FROM visit WHERE void_reason IS NULL) AS visits,"
        " (SELECT coalesce(sum(quantity), 0) FROM handout WHERE void_reason IS NULL) AS handouts,"
        " (SELECT count(*) FROM request WHERE void_reason IS NULL) AS requests"
    )
    if row is None:
        raise LookupError("a query without a table always has a row")
    return Content(row["last"] or "", row["people"], row["visits"], row["handouts"], row["requests"])


def _lost(current: Database, held: Database) -> tuple[int, str, dict[str, int]]:
    """Operations of ``current`` after the last one both have, the time of the first, and the rows they added."""
    common = _common(current, held)
    row = current.one("SELECT count(*) AS n, min(recorded) AS since FROM operation WHERE sequence > ?", (common,))
    added = current.rows(
        "SELECT table_name, count(*) AS n FROM change WHERE operation > ? AND before IS NULL GROUP BY 1", (common,)
    )
    count = 0 if row is None else int(row["n"])
    return count, (row["since"] or "") if row else "", {found["table_name"]: found["n"] for found in added}


def _common(one: Database, other: Database) -> int:
    """The last sequence up to which two stores have the same operations: a restored store goes its own way from there."""
    ids = "SELECT sequence, id FROM operation ORDER BY sequence"
    last = 0
    for mine, theirs in zip(one.rows(ids), other.rows(ids), strict=False):
        if tuple(mine) != tuple(theirs):
            break
        last = mine["sequence"]
    return int(last)


def _known(chosen: Backup, key: str, current: Database | None) -> Known:
    """From the store in place, or where that cannot be read from the newest sound later backup."""
    if current is not None:
        return _told_by(current)
    for later in backup.others(chosen):
        if later > chosen:
            with closing(database.look(later.path, key)) as held:
                return _told_by(held)
    return Known()


def _told_by(db: Database) -> Known:
    return Known(db.rows("SELECT * FROM erasure WHERE void_reason IS NULL ORDER BY time"), slots.gone(db))


def _known_schema(held: Database) -> None:
    found, known = held.scalar("PRAGMA user_version"), len(SCHEMAS[_side(held)])
    if found > known:
        raise EnvironmentFault("db.too_new", found=found, known=known)


def _side(db: Database) -> str:
    """Whose store this is: a district alone has an epoch."""
    return "district" if db.meta("epoch") else "station"


# --- restoring -----------------------------------------------------------------------------------------------------------


def restore(
    place: DataFolder, chosen: Backup, keys: Path, root: vault.Root, *, clock: Clock = database.wall_clock,
    holder: str = "window", by: str = "", progress: backup.Progress | None = None, mend: Mend | None = None,
) -> Restored:  # fmt: skip
    """Put a backup in place of a station's store, which is closed; ``keys`` is the slot file that ``root`` came from.

    That is the station's own, or, on a new computer, the backup folder's, which is put in place then. Everything is made ready
    beside the store and given its name last: power loss leaves the old store or the restored one. ``by`` is the keeper who asks,
    "" for whoever has the recovery sheet. ``progress(done, total)`` counts bytes and may raise Cancelled. With ``mend`` the store
    in place is not opened, and what could be read of it is put back. Raises Refused when the backup is damaged, the folder holds
    another station or the keeper may not, EnvironmentFault when a window has the store or the disk says no.
    """
    key = root.database_key()
    work = place.path / "restoring"
    try:
        backup.check(chosen)
        vault.make_folder(place.path)
        set_aside = None
        if _journal(place).exists():  # opening a damaged store would throw its journal away
            with database.held(place.database, holder):
                set_aside = _set_aside(place, clock())
        if mend is None:
            known = _of_current(place, chosen, keys, key, clock, holder, by)
        else:
            known = _known(chosen, key, None)
            known = Known([*known.erasures, *mend.erasures], known.gone | mend.gone)
        shutil.rmtree(work, ignore_errors=True)  # what an earlier try left
        work.mkdir()
        with closing(_opened_copy(chosen, key, work, clock, holder, progress, place.side)) as restored:
            if mend is None:  # whoever mends was asked about before
                require_may_restore(restored, by)
            parent = _begin_anew(restored, chosen, incarnation.read(place), known)
            if mend is not None:
                mend.put_back(restored)
            erased = _erase_again(restored, known.erasures)
            store_id, anchor = restored.store_id, incarnation.spelled(restored)
        lost = backup.bring_attachments(chosen, place.path / blobs.FOLDER)
        with database.held(place.database, holder):
            if set_aside is None and place.database.exists():
                set_aside = _set_aside(place, clock())
            _journal(place).unlink(missing_ok=True)  # beside another file it would spoil it
            if keys != place.slots:
                vault.write_whole(place.slots, keys.read_bytes())
            (work / place.database.name).replace(place.database)
            vault.sync_folder(place.path)
            vault.write_whole(place.anchor, anchor)
    except OSError as error:
        raise EnvironmentFault("backup.cannot_write", folder=str(place.path), reason=error.strerror) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Restored(chosen, store_id, parent, erased, set_aside, lost)


def weigh(
    place: DataFolder, chosen: Backup, key: str, by: str, *, clock: Clock = database.wall_clock, holder: str = "window"
) -> Preview:
    """What restoring would do to a store that is closed, for the keeper ``by``, "" for whoever has the recovery sheet.

    Raises what ``preview`` raises, Refused to whoever may not restore: by the store in place, or where that cannot be read, by the
    backup.
    """
    with closing(backup.look(chosen, key, clock=clock)) as held:
        if not _opens(place, key, clock, holder):
            before, held.acting = held.acting, by
            if not may(held.role, Op.SETTING, by, {"name": "restored"}):
                raise Refused("roles.not_allowed", role=held.role.value, denied=Op.SETTING.value)
            held.acting = before
            return preview(chosen, key, None, clock=clock)
    with closing(database.open(place.database, key, SCHEMAS[place.side], clock=clock, holder=holder)) as current:
        require_may_restore(current, by)
        return preview(chosen, key, current, clock=clock)


def _opens(place: DataFolder, key: str, clock: Clock, holder: str) -> bool:
    """Whether the store in place can be read with this key; raises EnvironmentFault when another program has it."""
    if not place.database.exists():
        return False
    try:
        database.open(place.database, key, SCHEMAS[place.side], clock=clock, holder=holder).close()
    except StationError as error:
        if error.word.startswith("db.in_use"):
            raise
        return False
    return True


def require_may_restore(db: Database, by: str) -> None:
    """Raise Refused, and log it, where this keeper may not restore; "" is whoever has the recovery sheet, who may."""
    before, db.acting = db.acting, by
    try:
        db.require(Op.SETTING, {"name": "restored"})
    finally:
        db.acting = before


def _of_current(
    place: DataFolder, chosen: Backup, keys: Path, key: str, clock: Clock, holder: str, by: str
) -> Known:
    """What the store in place knows, if it opens; it is brought to rest on the way.

    Raises Refused when the folder holds another station: it does not open with this key but has sound slots of its own.
    """
    if not place.database.exists():
        return _known(chosen, key, None)
    try:
        with closing(database.open(place.database, key, SCHEMAS[place.side], clock=clock, holder=holder)) as current:
            require_may_restore(current, by)
            slots.settle(current)
            return _known(chosen, key, current)
    except StationError as error:
        if error.word.startswith("db.in_use") or error.word == "roles.not_allowed":
            raise
        if keys != place.slots and _sound_slots(place.slots):
            raise Refused("backup.other_station", folder=place.path.name) from error
    return _known(chosen, key, None)


def _sound_slots(keys: Path) -> bool:
    try:
        return bool(vault.ways(keys))
    except StationError:
        return False


def _opened_copy(
    chosen: Backup, key: str, work: Path, clock: Clock, holder: str, progress: backup.Progress | None = None, side: str = "station"
) -> Database:
    """A copy of a backup in a folder of its own, brought to this program's schema and found sound."""
    copied = DataFolder(work, side).database
    with chosen.path.open("rb") as source, copied.open("wb") as target:
        while piece := source.read(PIECE):
            target.write(piece)
            if progress is not None:
                progress(source.tell(), chosen.size)
    with copied.open("r+b") as written:
        os.fsync(written.fileno())
    opened = database.open(copied, key, SCHEMAS[side], clock=clock, holder=holder)
    if opened.damage():
        opened.close()
        raise Refused("backup.differs")
    return opened


def _begin_anew(db: Database, chosen: Backup, anchor: incarnation.Anchor | None, known: Known) -> str:
    """A new incarnation of the store, which opens to no slot that was taken away since; returns its parent."""
    with db.transact(Op.SETTING, name="restored", backup=chosen.time.isoformat()) as tx:
        tx.details["parent"] = incarnation.begin(tx, "restored", anchor)
        slots.note_gone(tx, known.gone)
    return str(tx.details["parent"])


def _erase_again(db: Database, erasures: Sequence[Row]) -> int:
    """Apply what was erased after the backup, as the same facts, at the times and by the keepers of then."""
    known = {row["id"] for row in db.rows("SELECT id FROM erasure")}
    missing = [row for row in erasures if row["id"] not in known]
    if _side(db) == "district":
        return _forget_again(db, missing)
    for row in missing:
        subject, at, db.acting = row["subject_id"], datetime.fromisoformat(row["time"]), row["keeper_id"] or ""
        if db.one("SELECT 1 FROM person WHERE id = ? AND void_reason IS NULL", (subject,)):
            people.erase(db, subject, row["reason"] or "withdrawn", at, fact=row["id"])
            continue
        with db.transact(
            Op.ERASE_PERSON, at, by_itself=True, person=subject
        ) as tx:  # came after the backup, or is a request
            tx.put(
                "erasure", {name: row[name] for name in db.columns("erasure") if name not in ("version", "store_id")}
            )
            subjects.forget(tx, subject)
    db.acting = ""
    return len(missing)


def _forget_again(db: Database, erasures: Sequence[Row]) -> int:
    """The same at a district: facts of stations, and the keys of whom they speak of."""
    with db.transact(Op.TAKE_IN, by_itself=True, erased=len(erasures)) as tx:
        tx.take("erasure", [dict(row) for row in erasures])
        for row in erasures:
            exchange.add_digests(tx, {(row["store_id"], "erasure"): (1, exchange.digest_of(dict(row)))})
        for row in erasures:
            subjects.forget(tx, row["subject_id"])
    return len(erasures)


def _journal(place: DataFolder) -> Path:
    """What SQLite keeps beside a store that is open or was left in the middle of work."""
    return place.database.with_name(f"{place.database.name}-wal")


def _set_aside(place: DataFolder, now: datetime) -> Path:
    """Keep the store in place as it is under ``set-aside/<time>``; returns that folder."""
    target = place.path / "set-aside" / f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    while target.exists():
        target = target.with_name(f"{target.name}+")
    target.mkdir(parents=True)
    for file in (place.database, _journal(place), place.slots, place.anchor):
        if file.exists():
            shutil.copyfile(file, target / file.name)
            with (target / file.name).open("r+b") as written:
                os.fsync(written.fileno())
    _set_attachments_aside(place.path / blobs.FOLDER, target / blobs.FOLDER)
    for folder in (target, target.parent, place.path):
        vault.sync_folder(folder)
    return target


def _set_attachments_aside(source: Path, target: Path) -> None:
    """The pictures of the store that is set aside, which a sweep of the restored one would take; without room for them twice."""
    names = blobs.names_in(source)
    if names:
        target.mkdir()
    for name in names:
        try:
            os.link(source / name, target / name)
        except OSError:  # a file system without links
            shutil.copyfile(source / name, target / name)


# --- rehearsing ----------------------------------------------------------------------------------------------------------


def rehearse(db: Database, folder: Path | None = None, *, unasked: bool = False) -> tuple[Rehearsal, Changes]:
    """Restore the newest backup beside the store, compare it, throw it away, and keep the result to be shown.

    Reads the whole copy; operations go on meanwhile, so it belongs on a thread of its own. ``unasked``: in the trail it
    is the program's. Raises Refused without a backup.
    """
    folder = folder or backup.folder_of(db)
    found = backup.listing(folder)
    if not found:
        raise Refused("backup.none")
    word = "backup.rehearsed"
    fields: dict[str, Any] = {}
    try:
        fields["rows"] = _tried(db, found[0])
    except StationError as error:
        word, fields = error.word, error.fields
    except OSError as error:
        word, fields = "backup.cannot_write", {"folder": str(folder), "reason": error.strerror}
    local = found[0].time.astimezone(db.zone).isoformat(timespec="seconds")
    rehearsal = Rehearsal(db.stamp().time, local, word == "backup.rehearsed", word, fields)
    with db.transact(Op.SETTING, by_itself=True, name="rehearsal") as tx:
        tx.keeper = "" if unasked else db.acting
        tx.set_meta("rehearsal", json.dumps(asdict(rehearsal)))
    return rehearsal, Changes(tx.operation, Op.SETTING, {"meta": ("rehearsal",)})


def _tried(db: Database, chosen: Backup) -> int:
    """How many rows of a backup came back as they were; Refused when anything differs."""
    lost = backup.lost_attachments(chosen)
    if lost:
        raise Refused("backup.pictures_lost", n=lost)
    with closing(backup.look(chosen, db.key, clock=db.clock)) as held:
        figures, common = held.figures(), _common(db, held)
    vault.ways(backup.slots_in(chosen.path.parent))
    work = db.path.parent / "rehearsing"
    shutil.rmtree(work, ignore_errors=True)  # what a power cut left
    work.mkdir()
    try:
        with closing(_opened_copy(chosen, db.key, work, db.clock, "window")) as restored:
            back = restored.figures()
            same = all(back.rows.get(table) == count for table, count in figures.rows.items())
            if (
                not same
                or back.operation != figures.operation
                or back.change != figures.change
                or any(problem.word not in audit.PICTURE.values() for problem in audit.check(restored))
            ):
                raise Refused("backup.differs")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if common != figures.operation and not db.meta("parent"):
        raise Refused("backup.other_store")
    return sum(figures.rows.values())


def last_rehearsal(db: Database) -> Rehearsal | None:
    """The newest rehearsal, None before the first."""
    kept = db.meta("rehearsal")
    return Rehearsal(**json.loads(kept)) if kept else None


def rehearsal_due(db: Database) -> bool:
    """Whether a month went by since the last rehearsal (or it lies in a future that a wrong clock made)."""
    last = last_rehearsal(db)
    return last is None or not timedelta(0) <= db.now() - datetime.fromisoformat(last.time) < REHEARSED_EVERY
