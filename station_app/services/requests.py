"""Requests: recorded in a person's own words, moved on step by step, each step a row of its own and of its own side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..db import Database, Row, Tx
from ..errors import Refused, RuleRefused, UserMistake
from ..model import (
    Category,
    Changes,
    Channel,
    Exchange,
    Op,
    Request,
    RequestKind,
    RequestState,
    RequestStep,
    Urgency,
    Verdict,
    uuid7,
)
from . import aliases, attachments, exchange, subjects

LONGEST_TEXT = 4000
SPAN = 100_000
"""Serials that an incarnation of a store has for a year."""
DEADLINES = {
    Urgency.EMERGENCY: timedelta(hours=2),
    Urgency.URGENT: timedelta(hours=24),
    Urgency.ORDINARY: timedelta(days=7),
    Urgency.COMPLEX: timedelta(days=15),
}
"""DOMAIN.md section 6, "Request deadlines"."""

AFTER: dict[RequestState, frozenset[RequestState]] = {
    RequestState.RECORDED: frozenset(
        {
            RequestState.ACCEPTED,
            RequestState.TRANSFERRED,
            RequestState.REPLIED,
            RequestState.CLOSED,
            RequestState.WITHDRAWN,
        }
    ),
    RequestState.ACCEPTED: frozenset(
        {RequestState.TRANSFERRED, RequestState.REPLIED, RequestState.CLOSED, RequestState.WITHDRAWN}
    ),
    RequestState.TRANSFERRED: frozenset({RequestState.TRANSFERRED, RequestState.REPLIED, RequestState.WITHDRAWN}),
    RequestState.REPLIED: frozenset({RequestState.TOLD, RequestState.REPLIED, RequestState.WITHDRAWN}),
    RequestState.TOLD: frozenset({RequestState.CLOSED, RequestState.REOPENED}),
    RequestState.CLOSED: frozenset({RequestState.REOPENED}),
    RequestState.REOPENED: frozenset(
        {
            RequestState.ACCEPTED,
            RequestState.TRANSFERRED,
            RequestState.REPLIED,
            RequestState.CLOSED,
            RequestState.WITHDRAWN,
        }
    ),
    RequestState.WITHDRAWN: frozenset(),
}
"""Which states may follow which."""

LIFE = " ".join(
    state.value
    for state in (RequestState.REOPENED, *(state for state in RequestState if state is not RequestState.REOPENED))
)
"""The states of one round in the order of its life: no state may follow (AFTER) that stands before it, except a reopening.

Two sides step on at once, each by its own clock, and learn of it weeks later. The state is therefore that of the step with the
highest (round, place in life): whoever holds the same steps says the same, in whatever order they came and whatever any clock said.
"""
IN_LIFE = f"round, instr('{LIFE}', state), time, id"
"""The columns that put steps in order; the time only tells steps of one state apart."""
NEWEST_STEP = (
    "(SELECT id FROM request_step WHERE request_id = r.id AND void_reason IS NULL"
    f" ORDER BY round DESC, instr('{LIFE}', state) DESC, time DESC, id DESC LIMIT 1)"
)
"""The id of the step that tells the state of a request ``r``."""
MOST_ROUNDS = 1000
"""The format's bound; no request is reopened so often, but what a pack says is not ours."""

OPEN = frozenset(RequestState) - {RequestState.CLOSED, RequestState.WITHDRAWN}


def add(
    db: Database,
    text: str,
    *,
    kind: RequestKind = RequestKind.HELP,
    category: Category = Category.OTHER,
    channel: Channel = Channel.DESK,
    urgency: Urgency = Urgency.ORDINARY,
    person_id: str | None = None,
    place: str = "",
    contact: str = "",
    pictures: Sequence[bytes] = (),
    at: datetime | None = None,
) -> tuple[Request, Changes]:
    """Record a request, with its pictures as ``pictures.prepare`` made them, and give it its number.

    UserMistake without text, for a text that is too long or more than six pictures; EnvironmentFault when the disk says no.
    """
    text = text.strip()
    if not text:
        raise UserMistake("requests.no_text")
    if len(text) > LONGEST_TEXT or len(place) > 200 or len(contact) > 200:
        raise UserMistake("requests.long_text", most=LONGEST_TEXT)
    stands = "SELECT 1 FROM person WHERE id = ? AND void_reason IS NULL"
    if person_id is not None and not aliases.is_stranger(person_id) and not db.one(stands, (person_id,)):
        raise UserMistake("people.unknown")
    with db.transact(Op.ADD_REQUEST, at, category=category.value, person=person_id) as tx:
        request_id = uuid7()
        key = subjects.new_key(tx, request_id)
        number = _next_number(tx)
        tx.details |= {"request": request_id, "number": number}
        due = db.stamp(datetime.fromisoformat(tx.stamp.time) + DEADLINES[urgency]).time
        sealed = {
            f"{name}_sealed": subjects.seal(key, f"request.{name}_sealed", request_id, content.strip())
            for name, content in (("text", text), ("place", place), ("contact", contact))
        }
        tx.put(
            "request",
            {
                "id": request_id, "time": tx.stamp.time, "business_date": tx.stamp.business_date, "number": number,
                "kind": kind.value, "category": category.value, "channel": channel.value, "urgency": urgency.value, "due": due,
                "person_id": person_id, "keeper_id": db.acting, **sealed,
            },
        )  # fmt: skip
        write_step(tx, request_id, RequestState.RECORDED)
        attachments.write(tx, request_id, pictures)
    return get(db, request_id), tx.changes


def _next_number(tx: Tx) -> str:
    """Station code, store letter, year, serial: unique even where two stores of one station write at once.

    A store that began anew counts in a span of its own, drawn by its id: whatever it went on from may have given the next serials
    already, or may go on giving them.
    """
    station = tx.db.one("SELECT code, letter FROM station WHERE id = ?", (tx.db.meta("station_id"),))
    if station is None:
        raise UserMistake("vault.no_station", name="")
    prefix = f"{station['code']}-{station['letter']}-{tx.stamp.business_date[:4]}-"
    begin = (int(tx.db.store_id[-6:], 16) % 999 + 1) * SPAN if tx.db.meta("parent") else 0
    last = tx.db.scalar(
        "SELECT max(serial) FROM (SELECT CAST(substr(number, ?) AS INTEGER) AS serial FROM request WHERE substr(number, 1, ?) = ?)"
        " WHERE serial BETWEEN ? AND ?",
        (len(prefix) + 1, len(prefix), prefix, begin, begin + SPAN - 1),
    )
    return f"{prefix}{(last or begin) + 1:04d}"


def step(
    db: Database,
    request_id: str,
    state: RequestState,
    *,
    note: str = "",
    unit: str = "",
    verdict: Verdict | None = None,
    at: datetime | None = None,
) -> tuple[Request, Changes]:
    """Move a request on; RuleRefused for a state that cannot follow. Told with the verdict "not" reopens it, any other closes it."""
    request = get(db, request_id)
    if db.scalar("SELECT void_reason FROM request WHERE id = ?", (request_id,)):
        raise UserMistake("requests.unknown")
    check_follows(request, state)
    if state is RequestState.TOLD and verdict is None:
        raise UserMistake("requests.no_verdict")
    with db.transact(Op.REQUEST_STEP, at, request=request_id, number=request.number, state=state.value) as tx:
        write_step(tx, request_id, state, note, unit, verdict)
        if state is RequestState.TOLD and verdict is not None:
            after = RequestState.REOPENED if verdict is Verdict.NOT else RequestState.CLOSED
            write_step(tx, request_id, after, verdict=verdict)
    return get(db, request_id), tx.changes


def check_follows(request: Request, state: RequestState) -> None:
    """Raise RuleRefused when ``state`` cannot follow the one the request is in."""
    if state not in AFTER[request.state]:
        last = request.steps[-1].time if request.steps else request.time
        raise RuleRefused(
            "requests.cannot_follow", rule="request_state", last=last, next=None, was=request.state, wanted=state
        )


def write_step(
    tx: Tx,
    request_id: str,
    state: RequestState,
    note: str = "",
    unit: str = "",
    verdict: Verdict | None = None,
    side: str = "station",
) -> str:
    """One step inside an operation; returns its id. ``side`` is "station" or "district", whoever's step it is."""
    key = subjects.key_of(tx.db, request_id)
    if key is None and note.strip():
        raise Refused("requests.no_key")
    step_id = uuid7()
    reached = "SELECT max(round) FROM request_step WHERE request_id = ? AND void_reason IS NULL"
    known = tx.db.scalar(reached, (request_id,)) or 1
    return tx.put(
        "request_step",
        {
            "id": step_id, "time": tx.stamp.time, "business_date": tx.stamp.business_date, "request_id": request_id,
            "round": min(known + (state is RequestState.REOPENED), MOST_ROUNDS), "state": state.value, "side": side,
            "unit": unit.strip() or None, "verdict": verdict.value if verdict else None,
            "note_sealed": subjects.seal(key, "request_step.note_sealed", step_id, note.strip()) if key else None,
            "keeper_id": tx.db.acting,
        },
    )  # fmt: skip


# --- forgetting (decision 011) -----------------------------------------------------------------------------------------


def forget_of(tx: Tx, person_id: str, reason: str) -> int:
    """Forget the words of a person's requests inside the operation that forgets the person; returns how many.

    One that is still open and has a contact stays until it is answered: whoever left a contact agreed to be answered there.
    """
    rows = tx.db.rows(
        f"SELECT * FROM ({REQUEST} WHERE r.person_id = ? AND k.secret IS NOT NULL)"
        f" WHERE contact_sealed IS NULL OR state NOT IN ({_quoted(OPEN)})",
        (person_id,),
    )
    for row in rows:
        subjects.erase(tx, row["id"], reason)
    return len(rows)


# --- looking up --------------------------------------------------------------------------------------------------------

REQUEST = (
    "SELECT r.*, k.secret, coalesce(s.state, 'recorded') AS state, s.verdict AS verdict FROM request r"
    " LEFT JOIN subject_key k ON k.subject_id = r.id"
    f" LEFT JOIN request_step s ON s.id = {NEWEST_STEP}"
)


def get(db: Database, request_id: str) -> Request:
    """One request with its steps; UserMistake for an id nobody has."""
    row = db.one(f"{REQUEST} WHERE r.id = ?", (request_id,))
    if row is None:
        raise UserMistake("requests.unknown")
    return _whole(db, row)


def by_number(db: Database, number: str) -> Request:
    """The request of this number; the short form (``112`` or ``2026-0112``) works at its own desk."""
    text = number.strip().upper()
    station = db.one("SELECT code, letter FROM station WHERE id = ?", (db.meta("station_id"),))
    year, _, serial = text.rpartition("-")
    if (
        station is not None
        and serial.isascii()
        and serial.isdigit()
        and (not year or (year.isascii() and year.isdigit()))
    ):
        text = f"{station['code']}-{station['letter']}-{year or db.now().year}-{int(serial):04d}"
    row = db.one(f"{REQUEST} WHERE r.number = ? AND r.void_reason IS NULL", (text,))
    if row is None:
        raise UserMistake("requests.unknown_number", number=number)
    return _whole(db, row)


def _whole(db: Database, row: Row) -> Request:
    mark = exchange.states(db, "request", [row["id"]]).get(row["id"], Exchange.LOCAL)
    return _shown(db, row, record(row, steps(db, row), mark))


def _shown(db: Database, row: Row, request: Request) -> Request:
    """A request as whoever is at work may see it: without people's words, but for what they took down today themselves."""
    if subjects.shown(db, row):
        return request
    return replace(
        request, text="", place="", contact="", steps=tuple(replace(step, note="") for step in request.steps)
    )


def listing(
    db: Database, states: frozenset[RequestState] | None = None, person_id: str | None = None, limit: int = 500
) -> list[Request]:
    """Requests without their steps, the newest first; only those in ``states``, only one person's, when asked."""
    rows = db.rows(
        f"SELECT * FROM ({REQUEST} WHERE r.void_reason IS NULL) WHERE (:any OR state IN ({_quoted(states)}))"
        f" AND (:person IS NULL OR person_id IN {aliases.MEMBERS}) ORDER BY business_date DESC, time DESC, id DESC LIMIT :limit",
        {"any": states is None, "person": person_id, "limit": limit},
    )
    marks = exchange.states(db, "request", [row["id"] for row in rows])
    return [_shown(db, row, record(row, (), marks.get(row["id"], Exchange.LOCAL))) for row in rows]


def find(db: Database, text: str, limit: int = 100) -> list[Request]:
    """Requests whose number or words hold ``text``, the newest first (the words are sealed, so they are read one by one)."""
    wanted = text.strip().casefold()
    return [r for r in listing(db, limit=5000) if wanted in r.number.casefold() or wanted in r.text.casefold()][:limit]


def counts(db: Database) -> dict[RequestState, int]:
    """How many requests are in each state now."""
    rows = db.rows(f"SELECT state, count(*) AS n FROM ({REQUEST} WHERE r.void_reason IS NULL) GROUP BY state")
    return {RequestState(row["state"]): row["n"] for row in rows}


def to_tell(db: Database, person_id: str | None = None) -> list[Request]:
    """Requests that were answered and whose person has not been told."""
    return listing(db, frozenset({RequestState.REPLIED}), person_id)


def _quoted(states: frozenset[RequestState] | None) -> str:
    return ", ".join(f"'{state.value}'" for state in sorted(states or frozenset())) or "''"


def steps(db: Database, request: Row) -> tuple[RequestStep, ...]:
    """The steps of a row of REQUEST, in the order of its life."""
    rows = db.rows(
        "SELECT s.*, (SELECT name FROM keeper WHERE id = s.keeper_id) AS keeper FROM request_step s"
        f" WHERE request_id = ? AND void_reason IS NULL ORDER BY {IN_LIFE}",
        (request["id"],),
    )
    return tuple(
        RequestStep(
            id=row["id"], time=row["time"], state=RequestState(row["state"]), side=row["side"], keeper=row["keeper"] or "",
            unit=row["unit"] or "", note=subjects.unseal(request["secret"], "request_step.note_sealed", row["id"], row["note_sealed"]),
            verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        )
        for row in rows
    )  # fmt: skip


def record(row: Row, steps: Sequence[RequestStep], mark: Exchange) -> Request:
    """A row of REQUEST as a record; its words are "" when its key is gone."""
    key, request_id = row["secret"], row["id"]

    def text(name: str) -> str:
        return subjects.unseal(key, f"request.{name}_sealed", request_id, row[f"{name}_sealed"])

    return Request(
        id=request_id, number=row["number"], time=row["time"], business_date=row["business_date"], kind=RequestKind(row["kind"]),
        category=Category(row["category"]), channel=Channel(row["channel"]), urgency=Urgency(row["urgency"]),
        state=RequestState(row["state"]), text=text("text"), due=row["due"], person_id=row["person_id"], place=text("place"),
        contact=text("contact"), exchange=mark,
        verdict=Verdict(row["verdict"]) if row["verdict"] else None, steps=tuple(steps),
        forgotten=key is None,
    )  # fmt: skip
