"""Changing who opens the store: the slot file and the operation that says so come true together, or neither does.

The slot file lies beside the database, so no transaction covers both. Before it changes it is kept under another name; the
operation commits the mark of the new one; whoever opens the store next puts the old one back when that mark is not the slots'.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from .. import vault
from ..db import Database, Tx
from ..errors import EnvironmentFault
from ..model import Op
from ..paths import DataFolder

MARK = "slots"
"""The small fact that is the SHA-256 of the slot file as the newest operation left it."""


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
    except BaseException as error:
        if not (isinstance(error, EnvironmentFault) and error.word == "db.unsure"):  # then the next start knows
            with suppress(EnvironmentFault):
                settle(db)
        raise
    with suppress(OSError):
        kept.unlink()


def settle(db: Database) -> None:
    """Finish what was interrupted: the slots stay when their operation was saved, else the ones before come back.

    Raises EnvironmentFault when the folder says no.
    """
    file = _file(db)
    kept = vault.before(file)
    if not kept.exists():
        return
    with _told(file):
        if _mark(file) == db.meta(MARK):
            kept.unlink()
        else:
            kept.replace(file)
        vault.sync_folder(file.parent)


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
