"""Openings of the comment box and the request box: by two named people, all slips taken down in one go (DOMAIN.md ledger 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ..db import Database, Row
from ..errors import UserMistake
from ..model import Category, Changes, Channel, Op, RequestKind, Urgency, uuid7
from . import requests, slips

BOXES = (Channel.COMMENT_BOX, Channel.REQUEST_BOX)
MOST_SLIPS = 500
LONGEST_NAME = 50
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Slip:
    """What one slip says, as it is taken down."""

    text: str
    kind: RequestKind = RequestKind.HELP
    category: Category | str = Category.OTHER
    urgency: Urgency = Urgency.ORDINARY
    place: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """A box was opened: when (ISO 8601), by which two, how many slips lay in it, the numbers of what was taken down ("" for none)."""

    id: str
    time: str
    business_date: str
    box: Channel
    first_name: str
    second_name: str
    slips: int
    first_number: str
    last_number: str
    note: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A request taken down from a slip: its id, its number, the digits of the slip that answers it."""

    id: str
    number: str
    slip: str


def open_box(
    db: Database,
    box: Channel,
    first_name: str,
    second_name: str,
    taken: Sequence[Slip] = (),
    *,
    slips_found: int | None = None,
    note: str = "",
    lock: requests.Lock | None = None,
    at: datetime | None = None,
) -> tuple[Opening, list[Taken], Changes]:
    """Two people opened a box: the opening and a request for every slip, in one operation.

    ``slips_found`` is how many lay in it, where some say nothing that can be taken down. With ``lock`` nobody at this station reads
    them from now on. UserMistake for another thing than a box, one name or the same twice, fewer slips found than taken down, or
    words that are none or too long.
    """
    first, second, note = first_name.strip(), second_name.strip(), note.strip()
    if box not in BOXES:
        raise UserMistake("boxes.no_box")
    if not first or not second or first == second or max(len(first), len(second)) > LONGEST_NAME:
        raise UserMistake("boxes.two_people")
    count = len(taken) if slips_found is None else slips_found
    if not len(taken) <= count <= MOST_SLIPS or len(note) > LONGEST_NOTE:
        raise UserMistake("boxes.bad_count", n=len(taken), most=MOST_SLIPS)
    for slip in taken:
        requests.check(slip.text, slip.place, slip.contact)
    opening_id, made = uuid7(), []
    with db.transact(Op.OPEN_BOX, at, box=box.value, count=count, opening=opening_id) as tx:
        for slip in taken:
            request_id, number, key = requests.write(
                tx, slip.text, kind=slip.kind, category=slip.category, channel=box, urgency=slip.urgency, place=slip.place,
                contact=slip.contact, opening_id=opening_id, lock=lock,
            )  # fmt: skip
            made.append(Taken(request_id, number, slips.code(key)))
        tx.put(
            "box_opening",
            {
                "id": opening_id, "time": tx.stamp.time, "business_date": tx.stamp.business_date, "box": box.value, "first_name": first,
                "second_name": second, "slips": count, "first_number": made[0].number if made else None,
                "last_number": made[-1].number if made else None, "note": note or None, "keeper_id": db.acting,
            },
        )  # fmt: skip
    return get(db, opening_id), made, tx.changes


def get(db: Database, opening_id: str) -> Opening:
    """One opening; UserMistake for an id nobody has."""
    row = db.one("SELECT * FROM box_opening WHERE id = ?", (opening_id,))
    if row is None:
        raise UserMistake("boxes.unknown")
    return _record(row)


def listing(db: Database, limit: int = 200) -> list[Opening]:
    """The openings, the newest first."""
    rows = db.rows(
        "SELECT * FROM box_opening WHERE void_reason IS NULL ORDER BY business_date DESC, time DESC, id DESC LIMIT ?", (limit,)
    )
    return [_record(row) for row in rows]


def days_since(db: Database) -> dict[Channel, int | None]:
    """Days since each box was opened last, None for one that never was."""
    today = date.fromisoformat(db.stamp().business_date)
    rows = db.rows("SELECT box, max(business_date) AS last FROM box_opening WHERE void_reason IS NULL GROUP BY box")
    last = {row["box"]: row["last"] for row in rows}
    return {box: max((today - date.fromisoformat(last[box])).days, 0) if box in last else None for box in BOXES}


def _record(row: Row) -> Opening:
    return Opening(
        row["id"], row["time"], row["business_date"], Channel(row["box"]), row["first_name"], row["second_name"], row["slips"],
        row["first_number"] or "", row["last_number"] or "", row["note"] or "",
    )  # fmt: skip
