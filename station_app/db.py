"""The one door to the encrypted database: open, keys, pragmas, too-new guard, rows, transactions with their change log.

One writer and one ``query_only`` reader connection of the same driver; nothing else in the process ever opens the file,
because a plain open and close cancels SQLite's locks (FAULTS.md). One transaction is one operation is one undo step:
whatever it writes to a ledger table is logged with before and after image in the same transaction, and each operation is
chained by hash to the one before. Whether the role of whoever is at work allows it is asked here and nowhere else.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from zoneinfo import ZoneInfo

import sqlcipher3
from sqlcipher3 import dbapi2 as driver

from .errors import Bug, EnvironmentFault, Refused, StationError, UserMistake
from .model import SEES_PEOPLE, Changes, Op, Role, may, uuid7
from .schema import LEDGERS, Migration

# sqlite-utils silently loses rows unless it takes this driver for its own before its first import (decision 001)
sys.modules["pysqlite3"] = sqlcipher3
sys.modules["pysqlite3.dbapi2"] = driver

DEFAULT_ZONE = "Asia/Shanghai"
AT_ONCE = 500
"""Rows of the other side that are looked up and written together."""
SLICE = 64
"""Pages copied before operations may go first: 256 KiB, some 2 ms (DECISIONS.md 4 allows 20)."""
BUSY = 5000
"""Milliseconds to wait for another program's lock."""
YEARS = range(1900, 9000)
"""Those in which a time of another zone, or a week later, is still a time (datetime ends at the years 1 and 9999)."""
DAMAGE = frozenset({"db.damaged", "db.wrong_key"})
"""What a store is refused with whose slot opened: the key is right, so the file is not."""
Row = Mapping[str, Any]


class Stamp(NamedTuple):
    """A moment as the ledgers keep it: ISO 8601 with the station's offset, its local day and local hour."""

    time: str
    business_date: str
    hour: int


class Figures(NamedTuple):
    """What a store and its copy must agree on: newest operation and change, and the rows of every table."""

    operation: int
    change: int
    rows: Mapping[str, int]


def wall_clock() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Database:
    """An open store. ``acting`` is the id of the keeper at work, "" before anybody is; ``clock`` tells the time.

    ``key`` is its raw key, for copies of it. ``desk_only`` where a start card opened it: nobody does more than the desk's work.
    ``only`` bounds that further, to the operations of a screen left to the visitors (``model.KIOSK``); None at a keeper's.
    """

    def __init__(
        self, path: Path, key: str, writer: Any, reader: Any, lock: Any, clock: Callable[[], datetime]
    ) -> None:
        self.path = path
        self.key = key
        self.clock = clock
        self.acting = ""
        self.desk_only = False
        self.only: frozenset[Op] | None = None
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self._writing = threading.RLock()
        self._next = threading.Lock()  # held while waiting to write: a copy under way lets whoever waits go first
        self._reading = threading.RLock()
        self._owner: int | None = None
        self._unsure = False
        self._stained = False
        self._columns = {
            table: [row["name"] for row in _asked(reader, f"PRAGMA table_info({table})", ())] for table in LEDGERS
        }
        self.zone = ZoneInfo(self.meta("zone") or DEFAULT_ZONE)

    # --- reading -------------------------------------------------------------------------------------------------

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """All rows of a query; inside this thread's own transaction they include what it wrote."""
        if self._owner == threading.get_ident():
            return _asked(self._writer, sql, parameters)
        with self._reading:
            return _asked(self._reader, sql, parameters)

    def one(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def scalar(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, parameters)
        return None if row is None else _first(row)

    def meta(self, name: str) -> str:
        """A small fact about this store, "" when it was never written."""
        return self.scalar("SELECT content FROM meta WHERE name = ?", (name,)) or ""

    def columns(self, table: str) -> list[str]:
        """The columns of a ledger table; Bug for any other."""
        if table not in self._columns:
            raise Bug(f"{table} is no ledger table")
        return self._columns[table]

    @property
    def store_id(self) -> str:
        """The 128-bit id of this incarnation of the database."""
        return self.meta("store_id")

    def interrupt(self) -> None:
        """Stop the query the reader is at; it raises in its own thread."""
        self._reader.interrupt()

    # --- time ----------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The present moment in the station's zone; EnvironmentFault where the computer's clock shows none of this world."""
        moment = self.clock()
        if moment.year not in YEARS:
            raise EnvironmentFault("db.impossible_clock", year=moment.year)
        return moment.astimezone(self.zone)

    def stamp(self, moment: datetime | None = None) -> Stamp:
        """``moment`` (now without one) as the ledgers keep it; UserMistake for a time without an offset or beyond all calendars."""
        if moment is not None and moment.tzinfo is None:
            raise UserMistake("db.naive_time", time=moment.isoformat())
        if moment is not None and moment.year not in YEARS:
            raise UserMistake("db.impossible_time", year=moment.year)
        local = self.now() if moment is None else moment.astimezone(self.zone)
        return Stamp(local.isoformat(timespec="seconds"), local.date().isoformat(), local.hour)

    # --- who may -------------------------------------------------------------------------------------------------

    @property
    def role(self) -> Role:
        """The role of whoever is at work, by their record as it stands now; nobody's is the house's own work.

        Somebody who left, or was never here, only reads. On a start card nobody is more than an evening keeper.
        """
        narrow = self.desk_only or self.only is not None
        if not self.acting:
            return Role.EVENING if narrow else Role.SUPERVISOR
        found = self.scalar(
            "SELECT role FROM keeper WHERE id = ? AND active = 1 AND void_reason IS NULL", (self.acting,)
        )
        if found is None:
            return Role.AUDITOR if self.store_id else Role.SUPERVISOR  # without an id it is just being set up
        role = Role(found)
        return Role.EVENING if narrow and role is not Role.AUDITOR else role

    @property
    def sees_people(self) -> bool:
        """Whether names, phones and words of visitors are shown to whoever is at work."""
        return self.role in SEES_PEOPLE

    def require(self, op: Op, details: Mapping[str, Any] | None = None) -> None:
        """Raise Refused, and log it, where the role of whoever is at work does not allow an operation."""
        role = self.role
        if self.only is not None and op not in self.only:
            self.deny(op.value)
        if not may(role, op) and not may(role, op, self._here(), details):
            self.deny(op.value)

    def _here(self) -> str:
        """Whoever is at work, "" where they left or were never here."""
        sql = "SELECT id FROM keeper WHERE id = ? AND active = 1 AND void_reason IS NULL"
        return self.scalar(sql, (self.acting,)) or ""

    def require_sight(self, what: str) -> None:
        """Raise Refused, and log it, where whoever is at work is not shown people's data; ``what`` was asked for (a code)."""
        if not self.sees_people:
            self.deny(what)

    def deny(self, what: str) -> NoReturn:
        """Log that ``what`` (a code) was refused to whoever is at work, and raise Refused."""
        role = self.role
        with self.transact(Op.REFUSE, by_itself=True, denied=what, role=role.value):
            pass
        raise Refused("roles.not_allowed", role=role.value, denied=what)

    # --- writing -------------------------------------------------------------------------------------------------

    @contextmanager
    def transact(self, op: Op, at: datetime | None = None, *, by_itself: bool = False, **details: Any) -> Iterator[Tx]:
        """One operation: everything written inside commits together with its log, or nothing does.

        ``at`` is when it happened (now without it); ``details`` are kept with the operation for the log on screen: codes
        and ids, nothing personal. ``by_itself`` is what the program does unasked, whoever sits there. Raises Refused where
        the role of whoever is at work does not allow it (logged), EnvironmentFault when the disk says no; what was to be
        written is not there then, unless the word is "db.unsure", which says that nobody can tell until the next start.
        """
        if self._owner == threading.get_ident():
            raise Bug("an operation inside an operation")
        if not by_itself:
            self.require(op, details)
        with self._turn():
            if self._unsure:
                self._wipe()
            _do(self._writer, "BEGIN IMMEDIATE")
            self._owner = threading.get_ident()
            try:
                tx = Tx(self, self._writer, op, self.stamp(at), details)
                yield tx
                tx._finish()
                self._commit()
            except BaseException:
                with suppress(driver.Error):
                    self._writer.execute("ROLLBACK")
                raise
            finally:
                self._owner = None
            if tx.forgets or self._stained:
                self._rinse()
        for step in tx.afterwards:
            step()

    def _commit(self) -> None:
        try:
            _do(self._writer, "COMMIT")
        except EnvironmentFault as fault:
            if fault.word == "db.io":  # where only the room was missing, the end of the operation was never written
                self._unsure = True
                self._wipe()
            raise

    def _wipe(self) -> None:
        """After a COMMIT that failed: see to it that the next start does not find what was called not saved.

        A sync that fails leaves the whole operation in the journal, behind the end that SQLite knows of here, but valid for
        whoever opens the file next. The next commit is written over it: so one is made, of nothing. Raises EnvironmentFault
        ("db.unsure") when the disk does not take that either.
        """
        try:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            _do(self._writer, f"PRAGMA user_version = {_version(self._writer)}")  # writes its page, whatever it holds
        except (driver.Error, StationError) as error:
            raise EnvironmentFault("db.unsure") from error
        self._unsure = False

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The writer connection for this thread, in the order of asking."""
        with self._next:
            self._writing.acquire()
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def standstill(self) -> Iterator[None]:
        """No operation is under way meanwhile: what stands beside the store is what its rows say. For moments only."""
        with self._turn():
            yield

    def _rinse(self) -> None:
        """Empty the write-ahead log, whose old frames still hold what was forgotten; where a copy or a check reads, next time."""
        with self._reading, suppress(driver.Error):  # what was forgotten is: a log that cannot be emptied now undoes nothing
            self._stained = True
            self._writer.execute("PRAGMA busy_timeout=0").fetchall()  # nobody at the desk waits for it
            try:
                self._stained = bool(_first(self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()))
            finally:
                self._writer.execute(f"PRAGMA busy_timeout={BUSY}").fetchall()

    # --- care ----------------------------------------------------------------------------------------------------

    @property
    def salt(self) -> str:
        """The 16 bytes (hex) that the file begins with and its page MACs rest on; no secret, but without them none can be checked."""
        return str(self.scalar("PRAGMA cipher_salt"))

    def damage(self) -> list[str]:
        """What SQLCipher's page MACs and SQLite's own check find wrong with the file, as they say it."""
        with self._writing:
            _do(self._writer, "PRAGMA wal_checkpoint(TRUNCATE)")  # without it the page check raises false alarms
            found = [str(_first(row)) for row in _asked(self._writer, "PRAGMA cipher_integrity_check", ())]
            found += [str(_first(row)) for row in _asked(self._writer, "PRAGMA integrity_check", ())]
        return [line for line in found if line != "ok"]

    def quick_check(self, stop: Callable[[], bool]) -> list[str] | None:
        """What SQLite's quick check finds wrong with the open store; None when ``stop``, asked every few ms, ended it.

        On a short-lived connection of its own (decision 003): nobody waits for it, and a bad page met here leaves the
        others as they are. Every page in use is read, so its MAC is checked too; free pages are not.
        """
        try:
            with _translated(), closing(_reader(self.path, self.key)) as checker:
                checker.set_progress_handler(stop, 1000)
                checker.execute("PRAGMA cache_size=-256").fetchall()  # each page is read once: keeping them only holds memory
                found = [str(_first(row)) for row in checker.execute("PRAGMA quick_check").fetchall()]
        except Refused as error:  # damage so bad that the check itself cannot go on
            return [error.word]
        except driver.OperationalError:
            if stop():
                return None
            raise
        return [line for line in found if line != "ok"]

    def full_check(self, stop: Callable[[], bool]) -> list[str] | None:
        """What is wrong with the whole file, free pages and indexes included; None when ``stop``, asked now and then, ended it.

        On a short-lived connection of its own, like ``quick_check``. The page MACs are read off the file as it lies there, so what
        the write-ahead log holds is written home first, in a way that nobody waits for; a page counts as bad only when it is bad
        again and again, for a checkpoint of the desk may just be writing it.
        """
        try:
            with _translated(), closing(_connect(self.path, self.key)) as checker:
                checker.set_progress_handler(stop, 1000)
                found = _unproved(checker, stop)
                if stop():
                    return None
                found += [str(_first(row)) for row in checker.execute("PRAGMA integrity_check").fetchall()]
        except Refused as error:  # damage so bad that the check itself cannot go on
            return [error.word]
        except driver.OperationalError:
            if stop():
                return None
            raise
        return [line for line in found if line != "ok"]

    @contextmanager
    def snapshot(self) -> Iterator[Database]:
        """The store as it stands at this moment, to be read for long on a connection of its own (decision 003).

        Nobody waits for it, and what is written meanwhile is not seen. Nothing can be written to it.
        """
        with _translated(), closing(_reader(self.path, self.key)) as connection:
            connection.execute("BEGIN")
            yield Database(self.path, self.key, connection, connection, None, self.clock)

    def figures(self) -> Figures:
        """What a copy of this store must hold."""
        with self._turn():
            return _figures(self._writer)

    def copy(self, target: Path, progress: Callable[[int, int], None] | None = None) -> Figures:
        """Copy the store to a new file of the same key, sealed like it; returns what it holds at that moment.

        Copied in slices, between which operations of other threads go first. What they write reaches the copy too: SQLite
        carries it over because the connection that is copied wrote it (https://sqlite.org/c3ref/backup_finish.html).
        ``progress(done, total)`` counts pages and may raise Cancelled. The file is not yet safe on the disk: the caller
        syncs it. Raises EnvironmentFault when the disk says no; Bug inside an operation.
        """
        if self._owner == threading.get_ident():
            raise Bug("a copy inside an operation")

        def between(_status: int, remaining: int, total: int) -> None:
            if progress is not None:
                progress(total - remaining, total)
            if remaining:
                self._writing.release()
                with self._next:
                    self._writing.acquire()

        _own(target)
        with _translated(), closing(_keyed(str(target), self.key)) as copied:
            # a small cache, so that pages go out as they come and the last slice is no longer than the others
            for pragma in ("synchronous=OFF", "journal_mode=MEMORY", "temp_store=MEMORY", "cache_size=-256"):
                copied.execute(f"PRAGMA {pragma}").fetchall()
            with self._turn():
                self._writer.backup(copied, pages=SLICE, progress=between)
                found = _figures(self._writer)
            copied.execute("PRAGMA journal_mode=DELETE").fetchall()  # one file, nothing beside it
        return found

    def close(self) -> None:
        """Write everything home and let the folder go."""
        with self._writing, self._reading:
            self._reader.close()
            with suppress(driver.Error):
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._writer.close()
            if self._lock is not None:
                _let_go(self._lock)


class Tx:
    """One operation under way. ``changes`` tells afterwards what it changed; ``forgets`` is set by what deletes a key.

    ``keeper`` is whose it is in the trail: whoever is at work, unless it is set to "" for what the program does unasked.

    ``afterwards`` is done once the operation is committed: what must not happen if it is not, such as deleting a file.
    """

    def __init__(self, db: Database, connection: Any, op: Op, stamp: Stamp, details: Mapping[str, Any]) -> None:
        self.db = db
        self.op = op
        self.stamp = stamp
        self.operation = uuid7()
        self.details = dict(details)
        self.undoes: str | None = None
        self.forgets = False
        self.keeper = db.acting
        self.afterwards: list[Callable[[], None]] = []
        self._connection = connection
        self._store_id = db.store_id
        self._touched: dict[str, list[str]] = {}
        self._images = sha256()
        self._sequence = self._next_sequence()

    @property
    def changes(self) -> Changes:
        """The tables and rows this operation changed."""
        return Changes(self.operation, self.op, {table: tuple(ids) for table, ids in self._touched.items()})

    def _next_sequence(self) -> int:
        return int(_asked(self._connection, "SELECT coalesce(max(sequence), 0) + 1 AS n FROM operation", ())[0]["n"])

    def put(self, table: str, row: Mapping[str, Any]) -> str:
        """Add a row (no "id", or a new one), or give an existing one a new version; returns its id.

        Columns not named keep what they were. Unknown tables and columns are bugs. Before and after image are logged.
        """
        columns = self.db.columns(table)
        if unknown := row.keys() - columns:
            raise Bug(f"{table} has no {sorted(unknown)}")
        row_id = str(row.get("id") or uuid7())
        found = _asked(self._connection, f"SELECT * FROM {table} WHERE id = ?", (row_id,))
        before = dict(found[0]) if found else None
        after: dict[str, Any] = dict.fromkeys(columns) | (before or {}) | dict(row)
        after |= {"id": row_id, "version": (before["version"] if before else 0) + 1, "store_id": self._store_id}
        self._write(table, columns, after)
        self._log(table, row_id, before, after)
        return row_id

    def void(self, table: str, row_id: str, reason: str) -> None:
        """Take a row out of every count, with the reason; it stays to be seen."""
        self.put(table, {"id": row_id, "void_reason": reason})

    def take(
        self,
        table: str,
        rows: Iterable[Mapping[str, Any]],
        owners: Set[str] | None = None,
        written: Callable[[Row | None, Row], None] | None = None,
        at_once: int = AT_ONCE,
        forked: bool = False,
    ) -> tuple[int, list[Row], list[Row]]:
        """Rows from the other side, written as they are; repeats are harmless.

        A row wins over the one here when its (version, store_id, image) is higher, so that any order of arrival ends alike.
        With ``owners``, a row of another store, or one that would replace another store's, is not taken. ``written`` is told
        the row that was here (or None) and the one in its place. ``rows`` is drawn from ``at_once`` rows before they are
        written. Returns how many rows were new or newer, the images that lost, or may have (so that they stay visible, SYNC.md
        section 4, rule 3; all, where two go on under one store id: ``forked``), and those not taken.
        """
        columns = self.db.columns(table)
        asked = f"SELECT * FROM {table} WHERE id IN (SELECT value FROM json_each(?))"
        taken = 0
        lost: list[Row] = []
        foreign: list[Row] = []
        source = iter(rows)
        while part := list(islice(source, at_once)):
            found = _asked(self._connection, asked, (json.dumps([row["id"] for row in part]),))
            known: dict[str, Row] = {row["id"]: dict(row) for row in found}
            fresh: list[Row] = []
            for row in part:
                there = {name: row.get(name) for name in columns}
                here = known.get(str(row["id"]))
                if owners is not None and not {there["store_id"], (here or there)["store_id"]} <= owners:
                    foreign.append(there)
                    continue
                if here == there:
                    continue
                # a store that goes on from an older state of another may not have been made of what is here
                doubtful = here is not None and (
                    forked or here["version"] == there["version"] or here["store_id"] != there["store_id"]
                )
                if here is not None and _rank(here) > _rank(there):
                    if doubtful:
                        lost.append(there)
                    continue
                if here is not None and doubtful:
                    lost.append(here)
                if written is not None:
                    written(here, there)
                known[str(row["id"])] = there
                fresh.append(there)
            self.run_many(_upsert(table, columns), [[row[name] for name in columns] for row in fresh])
            self._touched.setdefault(table, []).extend(str(row["id"]) for row in fresh)
            taken += len(fresh)
        if not self._touched.get(table):
            self._touched.pop(table, None)
        return taken, lost, foreign

    def run(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        """Write to a local table, which has no log; returns the rows touched."""
        return int(_do(self._connection, sql, parameters).rowcount)

    def run_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Write many rows to a local table."""
        with _translated():
            self._connection.executemany(sql, parameters)

    def set_meta(self, name: str, content: str) -> None:
        """Write a small fact about this store."""
        self.run(
            "INSERT INTO meta(name, content) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET content = excluded.content",
            (name, content),
        )
        if name == "store_id":
            self._store_id = content
        if name == "zone":
            self.db.zone = ZoneInfo(content)

    def _write(self, table: str, columns: list[str], row: Mapping[str, Any]) -> None:
        _do(self._connection, _upsert(table, columns), [row[name] for name in columns])

    def _log(self, table: str, row_id: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
        change = (table, row_id, after["version"], None if before is None else image(before), image(after))
        written = _do(
            self._connection,
            "INSERT INTO change(operation, table_name, row_id, version, before, after) VALUES(?, ?, ?, ?, ?, ?)",
            (self._sequence, *change),
        )
        self._images.update(spelled(written.lastrowid, *change))
        self._touched.setdefault(table, []).append(row_id)

    def _finish(self) -> None:
        if not self._touched and self.op is not Op.SETTING and not self.details:
            return
        recorded = self.db.stamp(None).time
        operation = (
            self._sequence, self.operation, self.op.value, self.stamp.time, self.stamp.business_date, self.keeper,
            self.undoes, recorded, image(self.details),
        )  # fmt: skip
        chain = link(self.db.meta(CHAIN), operation, self._images.digest())
        marks = ", ".join("?" * (len(OPERATION) + 1))
        _do(
            self._connection,
            f"INSERT INTO operation({', '.join(OPERATION)}, chain) VALUES({marks})",
            (*operation, chain),
        )
        self.set_meta(CHAIN, chain)  # the end of the chain: the newest operations cannot be cut off unseen


@cache
def _spelled_upsert(table: str, columns: tuple[str, ...]) -> str:
    sets = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "id")
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table}({', '.join(columns)}) VALUES({marks}) ON CONFLICT(id) DO UPDATE SET {sets}"


def _upsert(table: str, columns: Sequence[str]) -> str:
    return _spelled_upsert(table, tuple(columns))


def _rank(row: Row) -> tuple[int, str, str]:
    """Which of two images of a row stands; two of one version and store are of copies that did not know of each other."""
    return row["version"], row["store_id"], image(row)


OPERATION = ("sequence", "id", "op", "time", "business_date", "keeper_id", "undoes", "recorded", "details")
"""The columns of an operation that its link holds."""
CHAIN = "chain"
"""The small fact that is the newest link."""


def spelled(*parts: Any) -> bytes:
    """Texts, numbers and None as bytes that no other parts spell."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def link(before: str, operation: Sequence[Any], images: bytes) -> str:
    """An operation's link: SHA-256 over the link before it, its columns (OPERATION) and the digest of its changes.

    ``images`` is SHA-256 over its changes as ``spelled``, each with sequence, table, row, version, before and after.
    """
    return sha256(spelled(before, *operation, images.hex())).hexdigest()


def image(row: Mapping[str, Any]) -> str:
    """A row as the log keeps it: JSON with sorted keys, without its empty columns."""
    return json.dumps(
        {k: v for k, v in row.items() if v is not None}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


# --- opening -----------------------------------------------------------------------------------------------------------


def open(
    path: Path,
    key: str,
    migrations: Sequence[Migration],
    *,
    clock: Callable[[], datetime] = wall_clock,
    holder: str = "window",
    fresh: bool = False,
    before_migration: Callable[[Database], None] | None = None,
) -> Database:
    """Open (or make) the store at ``path`` with a raw key of 64 hex digits and bring it to the newest schema.

    ``holder`` ("window" or "command") is told to whoever comes second. ``fresh`` makes a new one: what a killed set-up left
    there, which no slot opens, is put aside. ``before_migration`` is given the store of an older program before anything in
    it changes, to back it up; what it raises leaves the store as it was. Raises EnvironmentFault when another program holds
    the folder, the disk says no or the file is of a newer program; Refused when the key is not this file's or it is damaged.
    """
    _check_key(key)
    lock = _hold(path, holder)
    try:
        if fresh and not path.with_suffix(".slots").exists():  # somebody else's set-up may just have ended
            _put_aside(path)
        _own(path)
        writer = _connect(path, key)
        try:
            if before_migration is not None and 0 < _version(writer) < len(migrations):
                with closing(_reader(path, key)) as reader:
                    before_migration(Database(path, key, writer, reader, None, clock))
            _migrate(writer, migrations)
            reader = _reader(path, key)
            try:
                return Database(path, key, writer, reader, lock, clock)
            except BaseException:
                reader.close()
                raise
        except BaseException:
            writer.close()
            raise
    except BaseException:
        _let_go(lock)
        raise


def look(path: Path, key: str, *, clock: Callable[[], datetime] = wall_clock) -> Database:
    """Open a finished copy of a store to read it only: nothing is written to it or beside it. Never for a live store.

    Raises Refused when the key is not this file's or it is damaged, EnvironmentFault when it cannot be read.
    """
    with _translated():
        connection = _keyed(f"{path.resolve().as_uri()}?mode=ro&immutable=1", key, uri=True)
        try:
            return Database(path, key, connection, connection, None, clock)
        except BaseException:
            connection.close()
            raise


@contextmanager
def glance(path: Path, key: str) -> Iterator[Callable[..., list[Row]]]:
    """Read a finished copy of a store that may be damaged: what is given is ``rows(sql, parameters=())`` on it.

    Nothing is written to it or beside it. Raises Refused when it does not open; ``rows`` does where a page cannot be read, and
    answers what others hold all the same.
    """
    with _translated():
        connection = _keyed(f"{path.resolve().as_uri()}?mode=ro&immutable=1", key, uri=True)
    connection.text_factory = lambda text: text.decode("utf-8", "replace")  # the end of a text may be on a page that is gone

    def rows(sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        return _asked(connection, sql, parameters)

    try:
        yield rows
    finally:
        connection.close()


@contextmanager
def held(path: Path, holder: str = "window") -> Iterator[None]:
    """Keep every other program off the store at ``path`` while its file is put in place; EnvironmentFault names who has it."""
    lock = _hold(path, holder)
    try:
        yield
    finally:
        _let_go(lock)


class PlainFile:
    """A plain SQLite file under way, for whoever reads a year without this program: never a store, never under a key."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def create(self, table: str, columns: Sequence[str], types: Sequence[str]) -> None:
        """A table whose first column is its key."""
        told = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types, strict=True))
        self._connection.execute(f"CREATE TABLE {table}({told}, PRIMARY KEY({columns[0]}))")

    def add(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Rows of it."""
        self._connection.executemany(f"INSERT INTO {table} VALUES({', '.join('?' * len(columns))})", rows)


@contextmanager
def plain_file(path: Path) -> Iterator[PlainFile]:
    """Write a new plain SQLite file; EnvironmentFault when the disk says no. The caller puts it in its place."""
    with _translated(), closing(driver.connect(str(path), isolation_level=None)) as connection:
        for pragma in ("journal_mode=MEMORY", "synchronous=OFF"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("BEGIN")
        yield PlainFile(connection)
        connection.execute("COMMIT")
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _check_key(key: str) -> None:
    if len(key) != 64 or set(key) - set("0123456789abcdef"):
        raise Bug("a raw database key is 64 lower-case hex digits")


def _keyed(place: str, key: str, *, uri: bool = False) -> Any:
    """A connection that the key opens; to be called where the driver's words are translated."""
    _check_key(key)
    connection = driver.connect(place, isolation_level=None, check_same_thread=False, cached_statements=256, uri=uri)
    connection.row_factory = driver.Row
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to stderr; we raise instead
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _reader(path: Path, key: str) -> Any:
    reader = _connect(path, key)
    _do(reader, "PRAGMA query_only=ON")
    return reader


def _version(connection: Any) -> int:
    return int(_first(_asked(connection, "PRAGMA user_version", ())[0]))


LOOKS = 3
"""Times a page has to be found bad before it is called so."""


def _unproved(checker: Any, stop: Callable[[], bool]) -> list[str]:
    """The pages of the file whose MAC does not hold, as SQLCipher says it; [] too while the log cannot be written home."""
    suspects: set[str] | None = None
    for _ in range(LOOKS):
        busy, logged, written = tuple(checker.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone())
        if stop():
            return []
        found = {str(_first(row)) for row in checker.execute("PRAGMA cipher_integrity_check").fetchall()}
        if busy or logged != written:  # pages that are in the log alone have no MAC in the file yet
            continue
        suspects = found if suspects is None else suspects & found
        if not suspects:
            return []
    return sorted(suspects or ())


def _figures(connection: Any) -> Figures:
    names = _asked(
        connection,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
        (),
    )
    rows = {row["name"]: _first(_asked(connection, f"SELECT count(*) FROM {row['name']}", ())[0]) for row in names}
    operation, change = (
        _first(_asked(connection, f"SELECT coalesce(max(sequence), 0) FROM {table}", ())[0])
        for table in ("operation", "change")
    )
    return Figures(operation, change, rows)


def _connect(path: Path, key: str) -> Any:
    with _translated():
        connection = _keyed(str(path), key)
        try:
            for pragma in (
                "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY", f"busy_timeout={BUSY}",
                "foreign_keys=ON", "trusted_schema=OFF", "mmap_size=0",
            ):  # fmt: skip
                connection.execute(f"PRAGMA {pragma}").fetchall()
        except BaseException:
            connection.close()
            raise
        return connection


def _migrate(connection: Any, migrations: Sequence[Migration]) -> None:
    present = _version(connection)
    if present > len(migrations):
        raise EnvironmentFault("db.too_new", found=present, known=len(migrations))
    if present == len(migrations):
        return
    import sqlite_utils

    with _translated():
        connection.execute("PRAGMA foreign_keys=OFF")
        for number in range(present, len(migrations)):
            connection.execute("BEGIN IMMEDIATE")
            try:
                migrations[number](sqlite_utils.Database(connection))
                if connection.execute("PRAGMA foreign_key_check").fetchone():
                    raise Bug(f"migration {number + 1} leaves rows without their parents")
                connection.execute(f"PRAGMA user_version = {number + 1}")
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        connection.execute("PRAGMA foreign_keys=ON")


def _hold(path: Path, holder: str) -> Any:
    """Take the folder for this program; EnvironmentFault names who has it."""
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_suffix(".lock"), timeout=0, thread_local=False)  # opened on one thread, closed on another
    note = path.with_suffix(".holder")
    try:
        lock.acquire()
        note.write_text(holder, "utf-8")
    except Timeout:
        try:
            by = note.read_text("utf-8")
        except OSError:
            by = "window"
        raise EnvironmentFault(
            "db.in_use_by_command" if by == "command" else "db.in_use_by_window", folder=path.parent.name
        ) from None
    except OSError as error:
        raise EnvironmentFault("db.unwritable_folder", folder=str(path.parent), reason=error.strerror) from error
    return lock


def _own(path: Path) -> None:
    """Make the file of a new database for its owner alone; what SQLite lays beside it gets the same rights."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:  # never opened here: a plain open and close would cancel the locks on it (decision 003)
        return
    except OSError as error:
        raise EnvironmentFault("db.unwritable_folder", folder=str(path.parent), reason=error.strerror) from error


def _put_aside(path: Path) -> None:
    """Rename a database and what belongs to it, itself last; not deleted, for its slots may only have been mislaid."""
    try:
        for part in ("-wal", "-shm", ""):
            left = path.with_name(path.name + part)
            if left.exists():
                left.replace(path.with_name(f"{path.stem}.unfinished{path.suffix}{part}"))
    except OSError as error:
        raise EnvironmentFault("db.unwritable_folder", folder=str(path.parent), reason=error.strerror) from error


def _let_go(lock: Any) -> None:
    with suppress(OSError):
        Path(lock.lock_file).with_suffix(".holder").unlink()
    lock.release()


# --- the driver's errors, told apart ------------------------------------------------------------------------------------


def _first(row: Any) -> Any:
    """A row's first column; the driver's rows also answer by place."""
    return row[0]


def _do(connection: Any, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
    with _translated():
        return connection.execute(sql, parameters)


def _asked(connection: Any, sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[Row]:
    with _translated():
        found: list[Row] = connection.execute(sql, parameters).fetchall()
        return found


@contextmanager
def _translated() -> Iterator[None]:
    """The driver's words as ours: what the machine refuses against what we did wrong (which stays as it is)."""
    try:
        yield
    except driver.DatabaseError as error:
        said = str(error)
        if "file is not a database" in said:
            raise Refused("db.wrong_key") from error
        if any(word in said for word in ("malformed", "hmac", "vtable constructor failed")):  # the last: the search index
            raise Refused("db.damaged") from error
        if "full" in said:
            raise EnvironmentFault("db.full") from error
        if "locked" in said or "busy" in said:
            raise EnvironmentFault("db.busy") from error
        if any(word in said for word in ("disk I/O error", "readonly", "read-only", "unable to open")):
            raise EnvironmentFault("db.io", reason=said) from error
        raise
