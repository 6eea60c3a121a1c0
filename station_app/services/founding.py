"""A new store in an empty folder, station's or district's: whole, or not there at all, whenever it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from .. import db as database
from .. import vault
from ..db import Database
from ..errors import EnvironmentFault
from ..paths import DataFolder
from ..schema import Migration
from . import incarnation

T = TypeVar("T")


def found(
    place: DataFolder,
    migrations: Sequence[Migration],
    acting: str,
    password: str,
    write: Callable[[Database], T],
    *,
    taken: str,
    clock: Callable[[], datetime],
    holder: str,
    cost: vault.Cost,
) -> tuple[Database, T]:
    """The store, open with ``acting`` at work, and what ``write`` made of its first operation.

    Raises EnvironmentFault (sentence ``taken``) when somebody was set up here already, or when the folder cannot be written;
    what ``write`` raises leaves no store behind.
    """
    vault.check_password(password)
    if place.slots.exists():
        raise EnvironmentFault(taken, folder=place.path.name)
    try:
        vault.make_folder(place.path)
    except OSError as error:
        raise EnvironmentFault("db.unwritable_folder", folder=str(place.path), reason=error.strerror) from error
    root = vault.new_root()
    opened = None
    try:
        opened = database.open(place.database, root.database_key(), migrations, clock=clock, holder=holder, fresh=True)
        opened.acting = acting
        made = write(opened)
        # last: until the slots stand nobody was set up here, and a set-up that was killed can be tried again
        incarnation.write_anchor(opened)
        vault.create(place.slots, acting, password, cost=cost, root=root)
    except BaseException:
        if opened is not None:  # else the folder is another program's
            opened.close()
            for file in (place.slots, place.database, place.anchor):
                with suppress(OSError):  # the disk that said no says it here, too
                    file.unlink(missing_ok=True)
        raise
    return opened, made
