"""Pictures at the district: those of its stations' requests, sealed as they came, in its own folder; what of them is here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from .. import blobs
from ..db import Database
from ..errors import Refused
from ..model import Picture
from ..services import attachments


def take(db: Database, brought: Mapping[str, memoryview], stores: Sequence[str]) -> int:
    """Keep what a station's file brought, by the ids of their rows; returns how many were new.

    Only what a row of the sender that stands tells the hash of, and whose request is not forgotten: of what goes now for
    want of its row or its key the next file brings another copy, because no receipt lists it.
    """
    if not brought:
        return 0
    wanted, folder = attachments.of_stores(db, stores), blobs.of(db)
    new = 0
    for row_id, content in brought.items():
        digest = wanted.get(row_id)
        if digest == hashlib.sha256(content).hexdigest() and not folder.holds(digest):
            folder.put(bytes(content))
            new += 1
    return new


def held(db: Database, stores: Sequence[str]) -> list[str]:
    """The SHA-256 of every picture of these stores that is here, for their receipt."""
    folder = blobs.of(db)
    names = folder.names()
    return sorted(digest for digest in attachments.of_stores(db, stores).values() if folder.name(digest) in names)


def listing(db: Database, request_id: str) -> tuple[list[Picture], int]:
    """The pictures of a request whose files are here, and how many have not come yet; none for who is not shown what people said."""
    told, folder = attachments.listing(db, request_id), blobs.of(db)
    here = [picture for picture in told if folder.holds(picture.sha256)]
    return here, len(told) - len(here)


def of_request(db: Database, request_id: str) -> tuple[list[tuple[int, bytes]], int]:
    """The pictures of a request as (place, JPEG), and how many have not come whole yet.

    Raises UserMistake for an id nobody has, Refused to whoever is not shown what people said.
    """
    db.require_sight("picture")
    found: list[tuple[int, bytes]] = []
    lacking = 0
    for picture in attachments.listing(db, request_id):
        try:
            found.append((picture.rank, attachments.content(db, picture.id)))
        except Refused:
            lacking += 1
    return found, lacking
