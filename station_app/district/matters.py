"""What the district does with requests of all stations: the unit that takes one on, duplicates dealt with as one, replies kept for
using again, and what a joint meeting takes up.

Every request keeps its own steps, for each station tells its own people. Which belong together, templates and meetings are the
district's own books and never leave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..db import Database, Tx
from ..errors import Refused, UserMistake
from ..model import Changes, Op, Request, RequestState, uuid7
from ..services import requests, rules
from . import answer, books, store

LONGEST_TITLE = 60
LONGEST_TEXT = 1000
LOOKED_AT = 2000
"""Requests, the newest, among which others of one matter are looked for."""
ANY = ""
"""The category of a template that serves every one."""


# --- whose it is -----------------------------------------------------------------------------------------------------------


def default_unit(db: Database, request: Request) -> str:
    """The unit that takes a request on by the district's rules: the category's own, whoever serves it there, else the street.

    "" where the rules name none.
    """
    named = rules.categories(db).get(str(request.category))
    if named is not None and named.unit:
        return named.unit
    station = request.number.partition("-")[0]
    unit = rules.units(db).serving(str(request.category), station)
    return unit.name if unit is not None else ""


def units(db: Database) -> list[str]:
    """The units that can take requests on, in the order in which the rules name them."""
    return [unit.name for unit in rules.units(db).units]


def assign(db: Database, number: str, unit: str = "", note: str = "") -> tuple[Request, Changes]:
    """Hand a request on to a unit, without one to the unit the rules name. UserMistake where these name none."""
    chosen = unit.strip() or default_unit(db, answer.by_number(db, number))
    if not chosen:
        raise UserMistake("matters.no_unit")
    return answer.reply(db, number, RequestState.TRANSFERRED, note, chosen)


# --- one matter, several requests ----------------------------------------------------------------------------------------------


def merge(db: Database, number: str, duplicates: list[str], note: str = "") -> tuple[Request, Changes]:
    """Deal with ``duplicates`` under the request ``number``: from now on every step on it is taken on all of them.

    Each is accepted with ``note``, where it was not yet, so that its station sees that it is being dealt with. Refused for a request
    that is dealt with under another one, UserMistake for itself or for none.
    """
    main = answer.by_number(db, number)
    found = [answer.by_number(db, other) for other in duplicates]
    if not found or main.id in {one.id for one in found}:
        raise UserMistake("matters.itself")
    if main_of(db, main.id):
        raise Refused("matters.under_another", number=main.number)
    with db.transact(Op.SAME_MATTER, request=main.id, number=main.number, count=len(found)) as tx:
        for one in found:
            for part in [one.id, *books.under(db, one.id)]:
                tx.run(
                    "INSERT INTO same_matter(request_id, main_id, time, keeper_id) VALUES(?, ?, ?, ?)"
                    " ON CONFLICT(request_id) DO UPDATE SET main_id = excluded.main_id, time = excluded.time",
                    (part, main.id, tx.stamp.time, tx.db.acting),
                )
            if RequestState.ACCEPTED in requests.AFTER[one.state]:
                requests.write_step(tx, one.id, RequestState.ACCEPTED, note, side="district")
    changes = tx.changes
    rows = dict(changes.rows) | {"same_matter": tuple(one.id for one in found)}
    return answer.by_number(db, main.id), Changes(changes.operation, Op.SAME_MATTER, rows)


def part(db: Database, number: str) -> Changes:
    """A request is a matter of its own after all."""
    one = answer.by_number(db, number)
    with db.transact(Op.SAME_MATTER, request=one.id, number=one.number, parted=True) as tx:
        if not tx.run("DELETE FROM same_matter WHERE request_id = ?", (one.id,)):
            raise UserMistake("matters.alone")
    return Changes(tx.operation, Op.SAME_MATTER, {"same_matter": (one.id,)})


def main_of(db: Database, request_id: str) -> str:
    """The request under which this one is dealt with, "" for one on its own."""
    return db.scalar("SELECT main_id FROM same_matter WHERE request_id = ?", (request_id,)) or ""


def together(db: Database, request_id: str) -> list[Request]:
    """The other requests of the same matter as this one, whichever of them it is."""
    main = main_of(db, request_id) or request_id
    return [answer.by_number(db, one) for one in [main, *books.under(db, main)] if one != request_id]


def similar(db: Database, request_id: str, limit: int = 5) -> list[Request]:
    """Open requests of any station whose words are much like one's, the most alike first: likely of one matter."""
    one = answer.by_number(db, request_id)
    if not one.text:
        return []
    known = {request_id, *(other.id for other in together(db, request_id))}
    others = [other for other in answer.inbox(db, LOOKED_AT) if other.state in requests.OPEN and other.id not in known]
    return requests.alike(others, one.text, limit)


# --- replies kept for using again ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Template:
    """A reply that is given often; ``category`` is a code, "" for any."""

    id: str
    category: str
    title: str
    text: str


def templates(db: Database, category: str | None = None) -> list[Template]:
    """The replies kept, those of ``category`` first (and those for any) where one is named."""
    rows = db.rows(
        "SELECT id, category, title, text FROM reply_template WHERE :any OR category IN (:category, '')"
        " ORDER BY category = '', category, title, id",
        {"any": category is None, "category": category or ""},
    )
    return [Template(row["id"], row["category"], row["title"], row["text"]) for row in rows]


def keep_template(db: Database, title: str, text: str, category: str = ANY, template_id: str = "") -> tuple[Template, Changes]:
    """Keep a reply, or another wording of one kept. UserMistake for no title or text, or too long ones."""
    title, text = title.strip(), text.strip()
    if not title or not text or len(title) > LONGEST_TITLE or len(text) > LONGEST_TEXT:
        raise UserMistake("matters.bad_template", title=LONGEST_TITLE, text=LONGEST_TEXT)
    kept = Template(template_id or uuid7(), category, title, text)
    with db.transact(Op.KEEP_TEMPLATE, template=kept.id, category=category) as tx:
        tx.run(
            "INSERT INTO reply_template(id, category, title, text, time, keeper_id) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(id)"
            " DO UPDATE SET category = excluded.category, title = excluded.title, text = excluded.text, time = excluded.time",
            (kept.id, category, title, text, tx.stamp.time, tx.db.acting),
        )
    return kept, Changes(tx.operation, Op.KEEP_TEMPLATE, {"reply_template": (kept.id,)})


def drop_template(db: Database, template_id: str) -> Changes:
    """A reply is not kept any more."""
    with db.transact(Op.KEEP_TEMPLATE, template=template_id, dropped=True) as tx:
        if not tx.run("DELETE FROM reply_template WHERE id = ?", (template_id,)):
            raise UserMistake("matters.no_template")
    return Changes(tx.operation, Op.KEEP_TEMPLATE, {"reply_template": (template_id,)})


# --- joint meetings ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meeting:
    """A joint meeting: the day it is held on, what it is called, how many requests it takes up and how many are decided."""

    id: str
    held_on: str
    title: str
    items: int
    decided: int


@dataclass(frozen=True, slots=True)
class Item:
    """A request on the agenda, and what was decided of it ("" before)."""

    request: Request
    station: str
    decision: str


MEETING = (
    "SELECT m.id, m.held_on, m.title, count(i.request_id) AS items, count(i.decided) AS decided FROM meeting m"
    " LEFT JOIN meeting_item i ON i.meeting_id = m.id"
)


def meetings(db: Database) -> list[Meeting]:
    """The joint meetings, the newest first."""
    rows = db.rows(f"{MEETING} GROUP BY m.id, m.held_on, m.title ORDER BY m.held_on DESC, m.id DESC")
    return [Meeting(row["id"], row["held_on"], row["title"], row["items"], row["decided"]) for row in rows]


def meeting(db: Database, meeting_id: str) -> Meeting:
    """One meeting; UserMistake for an id nobody has."""
    found = next((one for one in meetings(db) if one.id == meeting_id), None)
    if found is None:
        raise UserMistake("matters.no_meeting")
    return found


def plan_meeting(db: Database, held_on: str, title: str, numbers: list[str]) -> tuple[Meeting, Changes]:
    """A meeting with its agenda. UserMistake for a day no calendar has, no title, or a number nobody has."""
    title = title.strip()
    try:
        date.fromisoformat(held_on)
    except ValueError:
        raise UserMistake("matters.bad_day", text=held_on) from None
    if not title or len(title) > LONGEST_TITLE:
        raise UserMistake("matters.bad_title", most=LONGEST_TITLE)
    ids = list(dict.fromkeys(answer.by_number(db, number).id for number in numbers))
    meeting_id = uuid7()
    with db.transact(Op.PLAN_MEETING, meeting=meeting_id, count=len(ids)) as tx:
        tx.run(
            "INSERT INTO meeting(id, held_on, title, time, keeper_id) VALUES(?, ?, ?, ?, ?)",
            (meeting_id, held_on, title, tx.stamp.time, tx.db.acting),
        )
        _put_items(tx, meeting_id, ids)
    return meeting(db, meeting_id), Changes(tx.operation, Op.PLAN_MEETING, {"meeting": (meeting_id,)})


def add_to_meeting(db: Database, meeting_id: str, numbers: list[str]) -> tuple[Meeting, Changes]:
    """Further requests for a meeting that is planned; one that stands on its agenda already stays where it is."""
    meeting(db, meeting_id)
    ids = [answer.by_number(db, number).id for number in numbers]
    with db.transact(Op.PLAN_MEETING, meeting=meeting_id, count=len(ids)) as tx:
        _put_items(tx, meeting_id, ids)
    return meeting(db, meeting_id), Changes(tx.operation, Op.PLAN_MEETING, {"meeting": (meeting_id,)})


def _put_items(tx: Tx, meeting_id: str, ids: list[str]) -> None:
    last = tx.db.scalar("SELECT coalesce(max(rank), 0) FROM meeting_item WHERE meeting_id = ?", (meeting_id,))
    tx.run_many(
        "INSERT OR IGNORE INTO meeting_item(meeting_id, request_id, rank) VALUES(?, ?, ?)",
        [(meeting_id, request_id, rank) for rank, request_id in enumerate(ids, start=int(last) + 1)],
    )


def agenda(db: Database, meeting_id: str) -> list[Item]:
    """What a meeting takes up, in its order."""
    meeting(db, meeting_id)
    names = {one.code: one.name for one in store.every_station(db)}
    rows = db.rows("SELECT request_id, decision FROM meeting_item WHERE meeting_id = ? ORDER BY rank", (meeting_id,))
    found = [(answer.by_number(db, row["request_id"]), row["decision"] or "") for row in rows]
    return [Item(request, names.get(request.number.partition("-")[0], ""), decision) for request, decision in found]


def decide(db: Database, meeting_id: str, number: str, decision: str, *, reply: bool = True) -> tuple[Request, Changes]:
    """What a meeting decided of a request: kept on its agenda, and (with ``reply``) the answer that goes to the station.

    UserMistake for no decision or a request that is not on the agenda; RuleRefused where no answer can follow.
    """
    decision, planned = decision.strip(), meeting(db, meeting_id)
    request = answer.by_number(db, number)
    if not decision or len(decision) > LONGEST_TEXT:
        raise UserMistake("matters.no_decision", most=LONGEST_TEXT)
    if reply:
        requests.check_follows(request, RequestState.REPLIED)
    with db.transact(Op.PLAN_MEETING, meeting=meeting_id, request=request.id, number=request.number) as tx:
        kept = tx.run(
            "UPDATE meeting_item SET decision = ?, decided = ? WHERE meeting_id = ? AND request_id = ?",
            (decision, tx.stamp.time, meeting_id, request.id),
        )
        if not kept:
            raise UserMistake("matters.not_on_agenda", number=request.number)
        if reply:
            answer.write(tx, request, RequestState.REPLIED, decision, planned.title)
    rows = dict(tx.changes.rows) | {"meeting": (meeting_id,)}
    return answer.by_number(db, request.id), Changes(tx.operation, Op.PLAN_MEETING, rows)
