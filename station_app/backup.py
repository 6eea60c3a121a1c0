"""Backups: whole, sealed copies of a store with the slots that open them, made beside it and carried to a second place.

A backup folder is complete in itself: ``<time>-<reason>.backup`` (a database under the store's own key), its SHA-256 beside it
in the form that ``sha256sum -c`` reads, and the slot file. Attachments never change once written, so those of all backups lie
once in ``blobs``; each backup lists which are its own, after its own SHA-256, and one that no backup lists goes. One slot file
serves all backups and is always the newest, so that a revoked card or an old password does not open older backups either.
Restoring is in ``services/backups.py``.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from . import blobs, vault
from . import db as database
from .db import Database
from .errors import EnvironmentFault, Refused

DAILY, WEEKLY, MONTHLY = 7, 4, 6
RECENT = timedelta(days=2)
"""So long every backup stays: an import that proves wrong the next morning is taken back from before it."""

Progress = Callable[[int, int], None]


class Reason(StrEnum):
    """Why a backup was made."""

    CLOSE = "close"
    DAILY = "daily"
    BEFORE_IMPORT = "import"
    BEFORE_MIGRATION = "migration"
    MANUAL = "manual"

    @property
    def word(self) -> str:
        """The id of what people are told."""
        return f"backup.reason_{self.value}"


@dataclass(frozen=True, slots=True, order=True)
class Backup:
    """A finished backup: when it was made (UTC), why, where it lies, its bytes."""

    time: datetime
    reason: Reason
    path: Path
    size: int

    @property
    def hash_file(self) -> Path:
        """Where its SHA-256 stands."""
        return self.path.with_suffix(".sha256")


FOLDER = "backups"
"""Where a store's own backups lie, beside it."""


def folder_of(db: Database) -> Path:
    """Where a store's own backups lie."""
    return db.path.parent / FOLDER


def slots_in(folder: Path, side: str = "station") -> Path:
    """The slot file of a backup folder."""
    return folder / f"{side}.slots"


# --- which are kept, and when the next is due ---------------------------------------------------------------------------


def thin(times: Iterable[datetime], now: datetime) -> set[datetime]:
    """Which of ``times`` to keep: 7 daily, 4 weekly, 6 monthly, and all of the last two days.

    The newest of each of the last days, weeks and months *that have one*, in the zone of ``now``: a station that was closed
    for a season keeps its backups, and none goes while the clock is wrong, because times after ``now`` stay and fill no place.
    """
    local = sorted((moment.astimezone(now.tzinfo) for moment in times), reverse=True)
    kept = {moment for moment in local if moment > now - RECENT}
    past = [moment for moment in local if moment <= now]
    periods: tuple[tuple[int, Callable[[datetime], tuple[int, ...]]], ...] = (
        (DAILY, lambda moment: (moment.year, moment.month, moment.day)),
        (WEEKLY, lambda moment: moment.isocalendar()[:2]),
        (MONTHLY, lambda moment: (moment.year, moment.month)),
    )
    for most, period in periods:
        newest: dict[tuple[int, ...], datetime] = {}
        for moment in past:
            newest.setdefault(period(moment), moment)
        kept |= set(list(newest.values())[:most])
    return kept


def rolled_off(times: Iterable[datetime], now: datetime) -> date | None:
    """The local day by which none of these backups is kept any more if one is made every day; None without any."""
    left = {moment.astimezone(now.tzinfo) for moment in times}
    newer: set[datetime] = set()
    day = now
    while left:
        day += timedelta(days=1)
        kept = thin([*left, *newer, day], day)
        left, newer = left & kept, kept - left
    return day.date() if newer else None


def due(last: datetime | None, now: datetime) -> Reason | None:
    """Whether the day's backup is to be made: when ``last``, the newest one, is of another local day than ``now``."""
    if last is None or last.astimezone(now.tzinfo).date() != now.date():
        return Reason.DAILY
    return None


# --- making one ---------------------------------------------------------------------------------------------------------


def make(db: Database, reason: Reason, folder: Path | None = None, progress: Progress | None = None) -> Backup:
    """Copy an open store to ``folder`` (its own without one), open the copy, compare it, then thin out older ones.

    Operations of other threads go first all along, so it belongs on a thread of its own. ``progress(done, total)`` counts
    pages and may raise Cancelled; nothing is left then. Power loss leaves a finished backup or none. Raises Refused
    ("backup.differs") when the copy is not what was copied, EnvironmentFault when the disk says no or is full.
    """
    folder = folder or folder_of(db)
    with _told(folder):
        vault.make_folder(folder)
        _sweep(folder)
        _room(folder, db.path.stat().st_size + _more(_attachments(db), folder))
        _take_slots(db.path.with_suffix(".slots"), folder)
        target = _free_name(folder, db.clock(), reason)
        part = target.with_suffix(".part")
        try:
            figures = db.copy(part, progress)
            _compare(part, db.key, figures)
            _sync(part)
            # after the copy: whatever a row of it speaks of was on the disk before that row was written
            _finish(part, target, _digest(part), _gather(_attachments(db), folder))
        finally:
            part.unlink(missing_ok=True)
        _thin_out(folder, db.now())
    return _read_name(target, target.stat().st_size)


def carry(chosen: Backup, second: Path, now: datetime) -> Backup:
    """Copy a finished backup and the slots to a second place (a stick), read it back, and thin out what lies there.

    Raises Refused ("backup.damaged") when the copy does not read back as it was made, EnvironmentFault when the place is
    gone, read-only or full.
    """
    with _told(second):
        vault.make_folder(second, own=False)
        _sweep(second)
        _room(second, chosen.size + _more(chosen.path.parent / blobs.FOLDER, second))
        for slots in chosen.path.parent.glob("*.slots"):
            _take_slots(slots, second, own=False)
        target = second / chosen.path.name
        part = target.with_suffix(".part")
        try:
            shutil.copyfile(chosen.path, part)
            _sync(part)
            if _digest(part) != _noted(chosen):
                raise _damage(chosen)
            attached = _bring(chosen, second / blobs.FOLDER, _known(second), own=False)
            _finish(part, target, _noted(chosen), attached, own=False)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        _thin_out(second, now)
    return _read_name(target, chosen.size)


# --- those that are there -----------------------------------------------------------------------------------------------


def listing(folder: Path) -> list[Backup]:
    """The finished backups of a folder, the newest first; [] where there is none or the place is gone."""
    with suppress(OSError):
        found = ((path, path.stat().st_size) for path in folder.glob("*.backup") if _NAME.fullmatch(path.name))
        return sorted((_read_name(path, size) for path, size in found), reverse=True)
    return []


def check(chosen: Backup) -> None:
    """Raise Refused when a backup is not, byte for byte, what was made; it names how many others there are to choose."""
    if not _whole(chosen):
        raise _damage(chosen)


def others(chosen: Backup) -> list[Backup]:
    """The sound backups beside one that is not, the newest first: what to offer instead."""
    return [backup for backup in listing(chosen.path.parent) if backup.path != chosen.path and _whole(backup)]


def look(chosen: Backup, key: str, clock: Callable[[], datetime] = database.wall_clock) -> Database:
    """Open a backup to read it, after its bytes were checked; Refused when it is damaged or of another store."""
    check(chosen)
    return database.look(chosen.path, key, clock=clock)


# --- attachments ----------------------------------------------------------------------------------------------------------


def lost_attachments(chosen: Backup) -> int:
    """How many attachments of a backup are missing beside it or are not what they were; reads them all."""
    held = chosen.path.parent / blobs.FOLDER
    return sum(not _is(held / name, digest) for name, digest in (_listed(chosen) or {}).items())


def bring_attachments(chosen: Backup, folder: Path) -> int:
    """Copy the attachments of a backup to ``folder`` where they are not whole there; returns how many are lost.

    What else lies there stays. Raises OSError.
    """
    _bring(chosen, folder, {})
    return sum(not _is(folder / name, digest) for name, digest in (_listed(chosen) or {}).items())


def _attachments(db: Database) -> Path:
    return db.path.parent / blobs.FOLDER


def _gather(source: Path, folder: Path) -> dict[str, str]:
    """Copy the attachments of a store that no backup here has; returns the SHA-256 of each by name, as they lie here."""
    known, found = _known(folder), dict[str, str]()
    for name in sorted(blobs.names_in(source)):
        target = folder / blobs.FOLDER / name
        if name in known and target.exists():
            found[name] = known[name]
        else:
            with suppress(FileNotFoundError):  # forgotten meanwhile
                found[name] = _copied(source / name, target)
    return found


def _known(folder: Path) -> dict[str, str]:
    """What the backups of a folder list together: what was whole when it came here."""
    return {name: digest for backup in listing(folder) for name, digest in (_listed(backup) or {}).items()}


def _bring(chosen: Backup, folder: Path, known: Mapping[str, str], *, own: bool = True) -> dict[str, str]:
    """Copy the attachments of a backup that ``folder`` lacks, those that are damaged here excepted; returns all that it lists.

    Those ``known`` there are not read again: a stick is slow.
    """
    listed = _listed(chosen) or {}
    held = chosen.path.parent / blobs.FOLDER
    for name, digest in listed.items():
        there = (folder / name).exists() if name in known else _is(folder / name, digest)
        if not there and _is(held / name, digest):
            _copied(held / name, folder / name, own=own)
    return listed


def _copied(source: Path, target: Path, *, own: bool = True) -> str:
    """Copy an attachment, synced, under its name only when whole; returns its SHA-256."""
    vault.make_folder(target.parent, own=own)
    part = target.with_suffix(".part")
    try:
        with source.open("rb") as read, open(part, "wb", opener=vault.own_opener if own else None) as written:
            shutil.copyfileobj(read, written)
        _sync(part)
        digest = _digest(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    vault.sync_folder(target.parent)
    return digest


def _more(source: Path, folder: Path) -> int:
    """Bytes of the attachments in ``source`` that a backup folder lacks."""
    more = 0
    for name in blobs.names_in(source) - blobs.names_in(folder / blobs.FOLDER):
        with suppress(OSError):
            more += (source / name).stat().st_size
    return more


def _is(file: Path, digest: str) -> bool:
    try:
        return _digest(file) == digest
    except OSError:
        return False


_LINE = re.compile(rf"([0-9a-f]{{64}})  {blobs.FOLDER}/({blobs.NAME.pattern})")


def _listed(chosen: Backup) -> dict[str, str] | None:
    """The SHA-256 of each attachment of a backup by name; None when its list cannot be read."""
    try:
        lines = chosen.hash_file.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    found = [_LINE.fullmatch(line) for line in lines[1:]]
    return {match[2]: match[1] for match in found if match is not None}


# --- names and bytes ----------------------------------------------------------------------------------------------------

_NAME = re.compile(r"(\d{8}T\d{6})Z-(close|daily|import|migration|manual)\.backup")
_STAMP = "%Y%m%dT%H%M%S"


def _free_name(folder: Path, moment: datetime, reason: Reason) -> Path:
    """A name by the second, in UTC so that a journey or a wrong zone does not mix the order; the next free one."""
    taken = {backup.time for backup in listing(folder)}
    moment = moment.astimezone(UTC).replace(microsecond=0)
    while moment in taken:
        moment += timedelta(seconds=1)
    return folder / f"{moment:{_STAMP}}Z-{reason.value}.backup"


def _read_name(path: Path, size: int) -> Backup:
    stamp, _, reason = path.stem.partition("Z-")
    return Backup(datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC), Reason(reason), path, size)


def _compare(part: Path, key: str, figures: database.Figures) -> None:
    """Open the copy like one that is restored: page by page sound, and every figure that of the store."""
    copied = database.look(part, key)
    try:
        if copied.damage() or copied.figures() != figures:
            raise Refused("backup.differs")
    finally:
        copied.close()


def _finish(part: Path, target: Path, digest: str, attached: Mapping[str, str], *, own: bool = True) -> None:
    """Give a synced copy its name, its hash and those of its attachments first: a backup that is listed has them."""
    lines = [f"{digest}  {target.name}", *(f"{attached[name]}  {blobs.FOLDER}/{name}" for name in sorted(attached))]
    vault.write_whole(target.with_suffix(".sha256"), ("\n".join(lines) + "\n").encode(), own=own)
    part.replace(target)
    vault.sync_folder(target.parent)


def renew_slots(db: Database) -> None:
    """Bring the slot file with a store's own backups up to date: who lost their key opens no older copy either. Raises OSError."""
    folder = folder_of(db)
    if folder.exists():
        _take_slots(db.path.with_suffix(".slots"), folder)


def _take_slots(slots: Path, folder: Path, *, own: bool = True) -> None:
    """Bring the folder's slot file up to date; a damaged one does not replace a sound one."""
    kept = folder / slots.name
    try:
        vault.ways(slots)
    except Refused:
        if not kept.exists():
            raise
        return
    vault.write_whole(kept, slots.read_bytes(), own=own)


def _thin_out(folder: Path, now: datetime) -> None:
    backups = listing(folder)
    kept = thin([backup.time for backup in backups], now)
    for backup in backups:
        if backup.time not in kept:
            backup.path.unlink()
            backup.hash_file.unlink(missing_ok=True)
    lists = [_listed(backup) for backup in listing(folder)]
    if all(attached is not None for attached in lists):  # one that cannot be read may need any of them
        kept_names = {name for attached in lists for name in attached or ()}
        for name in blobs.names_in(folder / blobs.FOLDER) - kept_names:
            (folder / blobs.FOLDER / name).unlink()


def _sweep(folder: Path) -> None:
    """Clear away what a power cut left half done."""
    for pattern in ("*.part", "*.part-journal", "*.new"):
        for left in [*folder.glob(pattern), *(folder / blobs.FOLDER).glob(pattern)]:
            left.unlink()
    for alone in folder.glob("*.sha256"):
        if not alone.with_suffix(".backup").exists():
            alone.unlink()


def _room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size * 1.2 + 4 * 1024 * 1024:
        raise EnvironmentFault("backup.no_room", folder=str(folder), needed=size // 1024**2 + 5, free=free // 1024**2)


def _sync(file: Path) -> None:
    with file.open("r+b") as written:
        os.fsync(written.fileno())


def _digest(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _whole(chosen: Backup) -> bool:
    return _is(chosen.path, _noted(chosen))


def _noted(chosen: Backup) -> str:
    """The hash that was noted when a backup was made, "" when that is gone."""
    try:
        return chosen.hash_file.read_text("ascii").split(" ", 1)[0]
    except (OSError, UnicodeDecodeError):
        return ""


def _damage(chosen: Backup) -> Refused:
    time, left = f"{chosen.time.astimezone():%Y-%m-%d %H:%M}", len(others(chosen))
    return Refused("backup.damaged", time=time, n=left) if left else Refused("backup.damaged_alone", time=time)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What the machine refuses, told with the folder it concerns."""
    try:
        yield
    except OSError as error:
        raise EnvironmentFault("backup.cannot_write", folder=str(folder), reason=error.strerror) from error
    except EnvironmentFault as fault:
        if fault.word != "db.full":
            raise
        raise EnvironmentFault("backup.full", folder=str(folder)) from fault
