"""A new store in an empty folder, station's or district's: whole, or not there at all, whenever it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from .. import db as database
from .. import paths, vault
from ..db import Database
from ..errors import EnvironmentFault
from ..paths import DataFolder, VolumeKind
from ..schema import Migration
from . import incarnation

T = TypeVar("T")
Kind = Callable[[Path], VolumeKind]

BAD_PLACES: Mapping[VolumeKind, str] = {
    "removable": "stations.on_stick", "network": "stations.on_network", "synced": "stations.on_cloud",
}  # fmt: skip
"""Where a live database must not lie (SYNC.md section 5), and the sentence that says so."""


def check_place(folder: Path, kind: Kind | None = None) -> None:
    """Raise EnvironmentFault for a folder on a stick, on a network drive or copied to a cloud: no live database belongs there."""
    word = BAD_PLACES.get((kind or paths.volume_kind)(folder))
    if word is not None:
        raise EnvironmentFault(word, folder=str(folder))


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
    kind: Kind | None = None,
) -> tuple[Database, T]:
    """The store, open with ``acting`` at work, and what ``write`` made of its first operation.

    Raises EnvironmentFault (sentence ``taken``) when somebody was set up here already, when the folder cannot be written or is no
    place for a live database; ``kind`` tells what it stands on, if the system is not to be asked. What ``write`` raises leaves no
    store behind.
    """
    vault.check_password(password)
    check_place(place.path, kind)
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
