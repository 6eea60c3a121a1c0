"""What a damaged store still lets be read, gathered in a store of its own: from the tables, and what they lost from the log.

The log of changes holds every image a row ever had, so a row whose page is gone is taken from its newest image there; what the
log lost stands in the tables. Rows are read by place (rowid), closing in on a page that does not open and going on behind it.
Indexes hold ids and places without the rows: they tell what was there, and so what is lost.
"""

from __future__ import annotations

import json
import re
import shutil
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ... import backup
from ... import db as database
from ...backup import Backup
from ...db import Database, Row, Tx
from ...errors import EnvironmentFault, StationError
from ...model import Op, uuid7
from ...paths import DataFolder
from ...schema import LEDGERS, STATION
from . import pages
from .pages import Copy, Pattern, Progress

SPAN = 256
"""Rows read at once; fewer around a page that does not open."""
FAR = 1 << 40
"""A place no table reaches."""
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DERIVED = re.compile(r"sqlite_|person_search|person_entry|stock_sum|loan_left")
"""Tables that are made again from the others."""
LOG = ("operation", "change")
EXCHANGED = frozenset({"batch", "receipt", "refused_row"})
"""What was exchanged belongs to the store that did it; the restored one goes on from its backup's."""

Rows = Callable[..., list[Row]]


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one table: rows read from it, rows recovered from the log, rows known to have been there and lost."""

    table: str
    read: int
    recovered: int
    lost: int


@dataclass(slots=True)
class Salvage:
    """What could be read, as an open store in a work folder. ``bad`` of ``pages`` could not be proved.

    ``last`` is when the newest operation that can be read was recorded (ISO 8601, "" for none). ``close`` takes the folder away.
    """

    db: Database
    work: Path
    parts: tuple[Part, ...]
    pages: int
    bad: int
    last: str
    from_district: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """Rows that can be had, from whichever source."""
        return sum(part.read + part.recovered for part in self.parts if part.table not in LOG)

    @property
    def lost(self) -> int:
        """Rows that cannot."""
        return sum(part.lost for part in self.parts if part.table not in LOG)

    def close(self) -> None:
        """Let it go; nothing of it stays."""
        self.db.close()
        shutil.rmtree(self.work, ignore_errors=True)


def read(
    place: DataFolder, key: str, spare: Backup | None, *, progress: Progress, clock: Callable[[], datetime], holder: str
) -> Salvage:
    """Everything of a damaged store that can still be read; its own files are only copied.

    ``spare`` is a sound backup of it, if there is one. ``progress(done, total)`` may raise Cancelled; nothing is left then. Raises
    Refused ("rescue.nothing") when nothing can be read, EnvironmentFault when the store is open elsewhere or the disk says no.
    """
    work = place.path / "rescuing"
    shutil.rmtree(work, ignore_errors=True)  # what an earlier try left
    try:
        work.mkdir(parents=True)
        empty = _new_store(work / "found", key, clock, holder)
        noted, store_id = _noted(spare, key)
        copied = _copied(place, key, work, spare, empty, noted, _share(progress, 0, 40), holder)
        found = database.open(empty, key, STATION, clock=clock, holder=holder)
        try:
            with database.glance(copied.file, key) as rows:
                return _gathered(found, rows, work, copied, store_id, _share(progress, 40, 100))
        except BaseException:
            found.close()
            raise
    except OSError as error:
        shutil.rmtree(work, ignore_errors=True)
        raise EnvironmentFault("rescue.cannot_copy", folder=str(work), reason=error.strerror) from error
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _new_store(folder: Path, key: str, clock: Callable[[], datetime], holder: str) -> Path:
    """An empty store for what is found."""
    folder.mkdir()
    file = DataFolder(folder).database
    database.open(file, key, STATION, clock=clock, holder=holder).close()
    return file


def _copied(
    place: DataFolder,
    key: str,
    work: Path,
    spare: Backup | None,
    empty: Path,
    salt: str,
    progress: Progress,
    holder: str,
) -> Copy:
    """A readable copy: by the backup, or else by what a store of this program is like."""
    with database.glance(empty, key) as rows:
        root = rows("SELECT rootpage FROM sqlite_master WHERE name = 'erasure'")[0]["rootpage"]
        names = frozenset(row["name"] for row in rows("SELECT name FROM sqlite_master"))
    blank = pages.blank_of(empty, root)
    if spare is not None:
        with database.glance(spare.path, key) as rows:
            names = frozenset(row["name"] for row in rows("SELECT name FROM sqlite_master"))
    like = Pattern(spare.path if spare else empty, names, blank)
    return pages.copy(place, key, work, like, salt, progress, holder)


def _share(progress: Progress, first: int, last: int) -> Progress:
    """A part of the whole way, in hundredths."""
    return lambda done, total: progress(first + (last - first) * done // max(total, 1), 100)


def _noted(spare: Backup | None, key: str) -> tuple[str, str]:
    """The salt and id of the store as its backup knows them."""
    if spare is None:
        return "", ""
    held = backup.look(spare, key)
    try:
        return held.meta("salt"), held.store_id
    finally:
        held.close()


def _gathered(found: Database, rows: Rows, work: Path, copied: Copy, store_id: str, progress: Progress) -> Salvage:
    parts: list[Part] = []
    with found.transact(Op.SETTING, by_itself=True, name="rescue") as tx:
        local = [name for name in _tables(rows) if name not in LEDGERS and name not in LOG]
        steps, total = 0, len(LEDGERS) + len(local) + 1
        for table in local:
            if table in found_tables(tx) and table not in EXCHANGED:
                parts.append(_local(tx, rows, table))
            progress(steps := steps + 1, total)
        if not ID.fullmatch(found.store_id):
            tx.set_meta("store_id", store_id or uuid7())
        for table in LEDGERS:
            if table in _tables(rows):
                taken, _, _ = tx.take(table, _ledger_rows(rows, table))
                parts.append(Part(table, taken, 0, 0))
            progress(steps := steps + 1, total)
        logged = _from_log(tx, rows, parts, lambda: progress(steps, total))
        parts += [_log_part(rows, table) for table in LOG]
        progress(total, total)
    known = _known(rows)
    parts = [_counted(found, part, known) for part in parts]
    last = max((row["recorded"] for _, row in walk(rows, "operation")), default="")
    return Salvage(
        found, work, tuple(parts), copied.pages, len(copied.bad), str(last), _districts(found, logged | _logged(rows))
    )


# --- reading around what does not open ---------------------------------------------------------------------------------------


def walk(rows: Rows, table: str) -> Iterator[tuple[int, Row]]:
    """Every row of a table that opens, with its place."""
    first, span = -FAR, SPAN
    places: list[int] | None = None
    while True:
        try:
            found = rows(
                f"SELECT rowid AS place_, * FROM {table} WHERE rowid >= ? ORDER BY rowid LIMIT ?", (first, span)
            )
        except StationError:
            if span > 1:
                span = max(1, span // 4)
                continue
            if places is None:
                places = _places(rows, table)
            behind = _behind(rows, table, first, places)
            if behind is None:
                return
            first = behind
            continue
        if not found:
            return
        for row in found:
            if all("\0" not in text for text in tuple(row) if isinstance(text, str)):  # the end of it is blank
                yield row["place_"], row
        first, span = found[-1]["place_"] + 1, min(SPAN, span * 2)


def _behind(rows: Rows, table: str, first: int, places: Sequence[int]) -> int | None:
    """The next place after ``first`` from where rows open again; None when there is none."""
    after: Iterable[int] = places[bisect_right(places, first) :] if places else _guesses(max(first, 0))
    for place in after:
        with suppress(StationError):
            rows(f"SELECT * FROM {table} WHERE rowid >= ? ORDER BY rowid LIMIT 1", (place,))
            return place
    return None


def _guesses(first: int) -> Iterator[int]:
    """Places after ``first``: one by one as far as a page reaches, then further and further."""
    yield from range(first + 1, first + 1000)
    step = 1000
    while first + step < FAR:
        yield first + step
        step *= 2


def _places(rows: Rows, table: str) -> list[int]:
    """The places of all rows by the first index that can be read whole; [] without one."""
    with suppress(StationError):
        for index in rows(f"PRAGMA index_list({table})"):
            if index["partial"]:
                continue
            with suppress(StationError):
                return sorted(
                    row["place_"] for row in rows(f'SELECT rowid AS place_ FROM {table} INDEXED BY "{index["name"]}"')
                )
    return []


def _tables(rows: Rows) -> list[str]:
    found = rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [row["name"] for row in found if not DERIVED.match(row["name"])]


def found_tables(tx: Tx) -> set[str]:
    """The tables of the store that is filled."""
    return {row["name"] for row in tx.db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}


# --- the sources -------------------------------------------------------------------------------------------------------------


def _ledger_rows(rows: Rows, table: str) -> Iterator[Row]:
    for _, row in walk(rows, table):
        if _sound(row):
            yield dict(row)


def _sound(row: Mapping[str, Any]) -> bool:
    """Whether this is a row of a ledger."""
    return bool(ID.fullmatch(str(row["id"])) and ID.fullmatch(str(row["store_id"]))) and row["version"] >= 1


def _local(tx: Tx, rows: Rows, table: str) -> Part:
    """A local table's rows as they are; what is there already stays (the new store's own mark of its chain)."""
    columns = [row["name"] for row in tx.db.rows(f"PRAGMA table_info({table})")]
    read, seen = 0, set()
    for place, row in walk(rows, table):
        names = [name for name in columns if name in row.keys()]  # noqa: SIM118  a driver's row is no dict
        marks = ", ".join("?" * len(names))
        tx.run(f"INSERT OR IGNORE INTO {table}({', '.join(names)}) VALUES({marks})", [row[name] for name in names])
        read += 1
        seen.add(place)
    return Part(table, read, 0, len(set(_places(rows, table)) - seen))


def _from_log(tx: Tx, rows: Rows, parts: list[Part], tell: Callable[[], None]) -> set[str]:
    """Rows that their table lost, from their newest image in the log; returns the ids the log speaks of."""
    before = {table: _count(tx.db, table) for table in LEDGERS}
    logged: set[str] = set()
    waiting: dict[str, list[Row]] = {}
    for _, change in walk(rows, "change"):
        logged.add(change["row_id"])
        table, after = change["table_name"], _image(change["after"])
        if table in before and after is not None and _sound(after):
            waiting.setdefault(table, []).append(after)
        if sum(map(len, waiting.values())) >= SPAN:
            _take(tx, waiting)
            tell()
    _take(tx, waiting)
    for place, part in enumerate(parts):
        if part.table in before:
            recovered = _count(tx.db, part.table) - before[part.table]
            parts[place] = Part(part.table, part.read, recovered, part.lost)
    return logged


def _take(tx: Tx, waiting: dict[str, list[Row]]) -> None:
    for table, images in waiting.items():
        tx.take(table, images)
    waiting.clear()


def _image(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"id", "store_id", "version"} <= found.keys() else None


# --- what was there ----------------------------------------------------------------------------------------------------------


def _known(rows: Rows) -> dict[str, set[str]]:
    """The ids of every row that indexes speak of, by table."""
    known: dict[str, set[str]] = {table: set() for table in LEDGERS}
    for table in LEDGERS:
        with suppress(StationError):
            found = rows(f"SELECT id FROM {table} INDEXED BY sqlite_autoindex_{table}_1")
            known[table] |= {row["id"] for row in found}
    with suppress(StationError):
        for row in rows("SELECT DISTINCT row_id, table_name FROM change INDEXED BY change_row"):
            known.setdefault(row["table_name"], set()).add(row["row_id"])
    return known


def _logged(rows: Rows) -> set[str]:
    with suppress(StationError):
        return {row["row_id"] for row in rows("SELECT DISTINCT row_id FROM change INDEXED BY change_row")}
    return set()


def _counted(found: Database, part: Part, known: Mapping[str, set[str]]) -> Part:
    if part.table not in LEDGERS:
        return part
    there = {row["id"] for row in found.rows(f"SELECT id FROM {part.table}")}
    return Part(part.table, part.read, part.recovered, len(known[part.table] - there))


def _log_part(rows: Rows, table: str) -> Part:
    seen = [place for place, _ in walk(rows, table)]
    expected = len(_places(rows, table)) or max(seen, default=0)
    return Part(table, len(seen), 0, max(0, expected - len(seen)))


def _districts(found: Database, logged: set[str]) -> dict[str, frozenset[str]]:
    """Rows that came from the other side: they bear another store's id and this store has no log of them."""
    told = {}
    for table in LEDGERS:
        rows = found.rows(f"SELECT id FROM {table} WHERE store_id <> ?", (found.store_id,))
        told[table] = frozenset(row["id"] for row in rows) - logged
    return told


def _count(db: Database, table: str) -> int:
    return int(db.scalar(f"SELECT count(*) FROM {table}"))
