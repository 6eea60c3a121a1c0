"""Protections taken out, each by its name: what the suites of this folder have to notice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from station_app import db as database
from station_app import vault
from station_app.db import Database, Tx
from station_app.district import watch
from station_app.model import Op
from station_app.schema import Migration
from station_app.services import slots, stations


def acknowledge_early() -> None:
    """The screen says "saved" before the COMMIT."""
    finish = Tx._finish

    def early(tx: Tx) -> None:
        finish(tx)
        print(json.dumps({"saved": "early", "operation": tx.operation, "rows": dict(tx.changes.rows)}), flush=True)

    Tx._finish = early  # type: ignore[assignment, method-assign]


def commit_row_by_row() -> None:
    """Each row is committed by itself, before its line of the change log is written."""
    write = Tx._write

    def alone(tx: Tx, *rest: Any) -> None:
        write(tx, *rest)
        tx._connection.execute("COMMIT")
        tx._connection.execute("BEGIN IMMEDIATE")

    Tx._write = alone  # type: ignore[assignment, method-assign]


def sync_seldom() -> None:
    """synchronous=NORMAL: fast, and survives every kill, but not a power cut."""
    connect = database._connect

    def seldom(path: Path, key: str) -> Any:
        connection = connect(path, key)
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    database._connect = seldom


def sync_no_file() -> None:
    """What is written to a stick, and the slots and the anchor, are left to the system to keep when it likes."""
    os.fsync = lambda _file: None


def leave_what_failed() -> None:
    """What a failed COMMIT left in the journal stays there, for the next start to find."""

    def nothing(db: Database) -> None:
        db._unsure = False

    Database._wipe = nothing  # type: ignore[method-assign]


def change_keys_at_once() -> None:
    """The slot file is changed with nothing kept to put back."""

    @contextmanager
    def at_once(db: Database, op: Op, **details: Any) -> Iterator[Tx]:
        with db.transact(op, **details) as tx:
            yield tx

    slots.change = at_once


def write_in_place() -> None:
    """A small file is written over, not beside and then put in place."""
    vault.write_whole = lambda file, data, own=True: file.write_bytes(data) and None


def the_drivers_own_words() -> None:
    """What the driver says comes through as it is."""
    database._translated = nullcontext


def migrate_bit_by_bit() -> None:
    """Each statement of a migration is committed by itself."""

    def bit_by_bit(connection: Any, migrations: Sequence[Migration]) -> None:
        import sqlite_utils

        for number in range(database._version(connection), len(migrations)):
            migrations[number](sqlite_utils.Database(connection))
            connection.execute(f"PRAGMA user_version = {number + 1}")

    database._migrate = bit_by_bit


def noted_first() -> None:
    """A watched file is noted as done before it is taken in and answered."""
    done, note = watch._done, watch._note

    def first(db: Database, file: Path, *rest: Any) -> watch.Outcome:
        mark = watch._mark(file)
        if mark is not None:
            note(db, mark, watch.Outcome(file))
        return done(db, file, *rest)

    watch._done = first
    watch._note = lambda *_: None


def no_backup_before() -> None:
    """A newer program changes the store with no backup of it."""
    stations._back_up = lambda _db: None


MUTANTS = {
    one.__name__: one
    for one in (
        acknowledge_early, commit_row_by_row, sync_seldom, sync_no_file, leave_what_failed, change_keys_at_once, write_in_place,
        the_drivers_own_words, migrate_bit_by_bit, no_backup_before, noted_first,
    )
}  # fmt: skip
