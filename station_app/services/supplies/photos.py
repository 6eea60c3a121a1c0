"""A small picture of an item, drawn anew without anything hidden in it; it crosses with the item as base64."""

from __future__ import annotations

import base64
import io
from datetime import datetime

from ...db import Database
from ...errors import Bug, UserMistake
from ...model import Changes, Op
from .. import pictures
from .articles import get

EDGE = 400
"""Pixels of the longer side at most."""
LARGEST = 32 * 1024
"""Bytes of a picture at most: a row on the wire is at most 64 KiB."""


def small(prepared: bytes) -> bytes:
    """What ``pictures.prepare`` made, at most ``EDGE`` pixels and ``LARGEST`` bytes."""
    from PIL import Image

    pictures.check(prepared)
    with Image.open(io.BytesIO(prepared)) as found:
        picture = found.convert("RGB")
    picture.thumbnail((EDGE, EDGE))
    for quality in (82, 70, 58, 45, 30):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True)
        if len(out.getvalue()) <= LARGEST:
            return out.getvalue()
    raise Bug("a picture of 400 pixels that 32 KiB do not hold")


def set_photo(db: Database, item_id: str, prepared: bytes | None, at: datetime | None = None) -> Changes:
    """Give an item its picture, as ``pictures.prepare`` made it; None takes it away. UserMistake when there is none to take."""
    get(db, item_id)
    known = db.one("SELECT void_reason FROM item_photo WHERE id = ?", (item_id,))
    if prepared is None and (known is None or known["void_reason"]):
        raise UserMistake("pictures.unknown")
    with db.transact(Op.CHANGE_ITEM, at, item=item_id, photo=prepared is not None) as tx:
        if prepared is None:
            tx.void("item_photo", item_id, "removed")
        else:
            jpeg = base64.b64encode(small(prepared)).decode()
            tx.put("item_photo", {"id": item_id, "jpeg": jpeg, "void_reason": None})
    return tx.changes


def photo(db: Database, item_id: str) -> bytes | None:
    """The picture of an item as JPEG, None without one."""
    found = db.scalar("SELECT jpeg FROM item_photo WHERE id = ? AND void_reason IS NULL", (item_id,))
    return None if found is None else base64.b64decode(found)
