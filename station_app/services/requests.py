"""Requests: recorded in a person's own words, moved on step by step, each step a row of its own and of its own side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..db import Database, Row, Tx
from ..errors import Refused, RuleRefused, UserMistake
from ..model import (
    Category,
    Changes,
    Channel,
    Exchange,
    ListedCategory,
    Op,
    Request,
    RequestKind,
    RequestState,
    RequestStep,
    Urgency,
    Verdict,
    uuid7,
)
from ..vault import new_subject_key
from . import aliases, attachments, deadlines, exchange, rules, slips, subjects

LONGEST_TEXT = 4000
LONGEST_LINE = 200
SPAN = 100_000
"""Serials that an incarnation of a store has for a year."""
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
    "(SELECT id FROM request_step WHERE request_id = r.id AND void_reason IS NULL AND voice_id IS NULL"
    f" ORDER BY round DESC, instr('{LIFE}', state) DESC, time DESC, id DESC LIMIT 1)"
)
"""The id of the step that tells the state of a request ``r``."""
MOST_ROUNDS = 1000
"""The format's bound; no request is reopened so often, but what a pack says is not ours."""

OPEN = frozenset(RequestState) - {RequestState.CLOSED, RequestState.WITHDRAWN}
ANSWERED = frozenset({RequestState.REPLIED, RequestState.TOLD})


Lock = Callable[[bytes], str]
"""A subject key -> the same sealed to the district, as base64 (``sync.outbox.lock``)."""


def add(
    db: Database,
    text: str,
    *,
    kind: RequestKind = RequestKind.HELP,
    category: Category | str = Category.OTHER,
    channel: Channel = Channel.DESK,
    urgency: Urgency = Urgency.ORDINARY,
    person_id: str | None = None,
    place: str = "",
    contact: str = "",
    grid: str = "",
    pictures: Sequence[bytes] = (),
    lock: Lock | None = None,
    at: datetime | None = None,
) -> tuple[Request, Changes]:
    """Record a request, with its pictures as ``pictures.prepare`` made them, and give it its number; its ``slip`` is told.

    With ``lock`` its words can be read at the district alone, from now on. UserMistake without text, for a text that is too long,
    more than six pictures, or pictures of what is locked; EnvironmentFault when the disk says no.
    """
    check(text, place, contact, grid)
    if pictures and lock is not None:
        raise UserMistake("requests.locked_pictures")
    stands = "SELECT 1 FROM person WHERE id = ? AND void_reason IS NULL"
    if person_id is not None and not aliases.is_stranger(person_id) and not db.one(stands, (person_id,)):
        raise UserMistake("people.unknown")
    with db.transact(Op.ADD_REQUEST, at, category=str(category), person=person_id) as tx:
        request_id, number, key = write(
            tx, text, kind=kind, category=category, channel=channel, urgency=urgency, person_id=person_id, place=place, contact=contact,
            grid=grid, lock=lock,
        )  # fmt: skip
        tx.details |= {"request": request_id, "number": number}
        attachments.write(tx, request_id, pictures, "before" if channel is Channel.SNAP else "")
    return replace(get(db, request_id), slip=slips.code(key)), tx.changes


def check(text: str, place: str = "", contact: str = "", grid: str = "") -> None:
    """Raise UserMistake for words that are none or too long."""
    if not text.strip():
        raise UserMistake("requests.no_text")
    if len(text.strip()) > LONGEST_TEXT or max(map(len, (place, contact, grid))) > LONGEST_LINE:
        raise UserMistake("requests.long_text", most=LONGEST_TEXT)


def write(
    tx: Tx,
    text: str,
    *,
    kind: RequestKind,
    category: Category | str,
    channel: Channel,
    urgency: Urgency,
    person_id: str | None = None,
    place: str = "",
    contact: str = "",
    grid: str = "",
    opening_id: str | None = None,
    lock: Lock | None = None,
) -> tuple[str, str, bytes]:
    """A request inside an operation, with its first step; returns its id, number and key. The words were checked (``check``)."""
    _check_category(tx.db, str(category))
    request_id, number = uuid7(), _next_number(tx)
    key = new_subject_key() if lock is not None else subjects.new_key(tx, request_id)
    sealed = {
        f"{name}_sealed": subjects.seal(key, f"request.{name}_sealed", request_id, content.strip())
        for name, content in (("text", text), ("place", place), ("contact", contact))
    }
    due = deadlines.due(tx.db, urgency, datetime.fromisoformat(tx.stamp.time))
    tx.put(
        "request",
        {
            "id": request_id, "time": tx.stamp.time, "business_date": tx.stamp.business_date, "number": number,
            "kind": kind.value, "category": str(category), "channel": channel.value, "urgency": urgency.value,
            "due": tx.db.stamp(due).time, "person_id": person_id, "grid": grid.strip() or None, "box_opening_id": opening_id,
            "locked_key": lock(key) if lock is not None else None, "keeper_id": tx.db.acting, **sealed,
        },
    )  # fmt: skip
    write_step(tx, request_id, RequestState.RECORDED)
    return request_id, number, key


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
        if state is RequestState.TOLD and verdict is not None:
            write_told(tx, request_id, verdict, note, unit)
        else:
            write_step(tx, request_id, state, note, unit, verdict)
    return get(db, request_id), tx.changes


def write_told(
    tx: Tx,
    request_id: str,
    verdict: Verdict,
    note: str = "",
    unit: str = "",
    *,
    voice_id: str = "",
    side: str = "station",
    round_: int | None = None,
    key: bytes | None = None,
) -> None:
    """An answer was told, and what came of it: closed by the person's own word, opened once more when it is not fixed.

    One of several who asked (``voice_id``) closes nothing for the others; but what is not fixed for one is open again.
    ``round_`` and ``key`` are of an answer that another station's request waits for; here they are known otherwise.
    """
    more: dict[str, Any] = {"side": side, "round_": round_, "key": key}
    write_step(tx, request_id, RequestState.TOLD, note, unit, verdict, voice_id=voice_id, **more)
    if verdict is Verdict.NOT:
        write_step(tx, request_id, RequestState.REOPENED, verdict=verdict, **more)
    elif not voice_id:
        write_step(tx, request_id, RequestState.CLOSED, verdict=verdict, **more)


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
    *,
    voice_id: str = "",
    round_: int | None = None,
    key: bytes | None = None,
) -> str:
    """One step inside an operation; returns its id. ``side`` is whose step it is; ``round_`` (the present one without it) that
    of the answer it belongs to; ``key`` opens the request where it is not kept here."""
    key = key or subjects.key_of(tx.db, request_id)
    if key is None and note.strip():
        raise Refused("requests.no_key")
    step_id = uuid7()
    reached = "SELECT max(round) FROM request_step WHERE request_id = ? AND void_reason IS NULL"
    known = round_ or tx.db.scalar(reached, (request_id,)) or 1
    return tx.put(
        "request_step",
        {
            "id": step_id, "time": tx.stamp.time, "business_date": tx.stamp.business_date, "request_id": request_id,
            "round": min(known + (state is RequestState.REOPENED), MOST_ROUNDS), "state": state.value, "side": side,
            "unit": unit.strip() or None, "verdict": verdict.value if verdict else None, "voice_id": voice_id or None,
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
        f"SELECT * FROM ({REQUEST} WHERE r.person_id = ? AND (k.secret IS NOT NULL OR r.locked_key IS NOT NULL))"
        f" WHERE contact_sealed IS NULL OR state NOT IN ({_quoted(OPEN)})",
        (person_id,),
    )
    for row in rows:
        subjects.erase(tx, row["id"], reason)
    return len(rows)


# --- looking up --------------------------------------------------------------------------------------------------------

REQUEST = (
    "SELECT r.*, k.secret, coalesce(s.state, 'recorded') AS state, s.verdict AS verdict,"
    " (SELECT count(*) FROM request_voice WHERE request_id = r.id AND void_reason IS NULL) AS voices FROM request r"
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


def with_slip(db: Database, request: Request) -> Request:
    """A request with the digits of its slip, for printing; without them where its words cannot be read here."""
    key = subjects.key_of(db, request.id)
    return request if key is None or not request.text else replace(request, slip=slips.code(key))


# --- categories ------------------------------------------------------------------------------------------------------------


def categories(db: Database) -> tuple[Category | ListedCategory, ...]:
    """What a request can be about: the district's list as it is in force, the glossary's own where there is none."""
    listed = rules.categories(db).categories
    return tuple(ListedCategory(one.code, one.zh, one.en) for one in listed if not one.retired) or tuple(Category)


def labelled(db: Database, request: Request) -> Request:
    """A request whose category bears the label that the district's list gives it, retired or not."""
    named = rules.categories(db).get(str(request.category))
    return request if named is None else replace(request, category=ListedCategory(named.code, named.zh, named.en))


def _category(code: str) -> Category | ListedCategory:
    try:
        return Category(code)
    except ValueError:
        return ListedCategory(code)


def _check_category(db: Database, category: str) -> None:
    """Raise UserMistake for a code that is neither the district's nor the glossary's."""
    if category not in {*map(str, categories(db)), *map(str, Category)}:
        raise UserMistake("requests.unknown_category", code=category)


def _whole(db: Database, row: Row) -> Request:
    mark = exchange.states(db, "request", [row["id"]]).get(row["id"], Exchange.LOCAL)
    return _shown(db, row, record(row, steps(db, row), mark))


def _shown(db: Database, row: Row, request: Request) -> Request:
    """A request as whoever is at work may see it: without people's words, but for what they took down today themselves."""
    request = labelled(db, request)
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


def for_board(db: Database, since: str) -> tuple[list[Request], list[str]]:
    """What was answered since then (ISO 8601) and is not withdrawn, the newest first; and the names of all who asked, to be masked.

    Raises Refused to whoever is not shown what people said.
    """
    db.require_sight("board")
    rows = db.rows(
        f"SELECT * FROM ({REQUEST} WHERE r.void_reason IS NULL AND r.id IN (SELECT request_id FROM request_step WHERE"
        " state = 'replied' AND void_reason IS NULL AND julianday(time) >= julianday(?))) WHERE state <> 'withdrawn'"
        " ORDER BY time DESC, id DESC LIMIT 500",
        (since,),
    )
    found = [_whole(db, row) for row in rows]
    names = []
    for request in found:
        key = subjects.key_of(db, request.person_id) if request.person_id else None
        if key is not None and request.person_id:
            sealed = db.scalar("SELECT name_sealed FROM identity WHERE id = ?", (request.person_id,))
            names.append(subjects.unseal(key, "identity.name_sealed", request.person_id, sealed))
    return found, names


SIMILAR = 0.5
"""The share of pairs of characters, of the shorter text's, from which two texts may well be about one matter."""
LEAST = 4
"""Characters that are worth comparing."""


def similar(db: Database, text: str, limit: int = 3) -> list[Request]:
    """Open requests whose words are much like ``text``, the most alike first; while a request is being written."""
    return alike(listing(db, OPEN, limit=1000), text, limit) if len(_pairs(text)) >= LEAST - 1 else []


def alike(known: Sequence[Request], text: str, limit: int) -> list[Request]:
    """Of ``known`` requests those whose words are much like ``text``, the most alike first."""
    wanted = _pairs(text)
    if len(wanted) < LEAST - 1:
        return []
    found = []
    for request in known:
        pairs = _pairs(request.text)
        shorter = min(len(pairs), len(wanted))
        share = len(pairs & wanted) / shorter if shorter >= LEAST - 1 else 0.0
        if share >= SIMILAR:
            found.append((share, request))
    return [request for _, request in sorted(found, key=lambda pair: -pair[0])[:limit]]


def _pairs(text: str) -> set[str]:
    """The pairs of neighbouring letters and characters: Chinese has no spaces to part words at."""
    plain = "".join(letter for letter in text.casefold() if letter.isalnum())
    return {plain[place : place + 2] for place in range(len(plain) - 1)}


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
            verdict=Verdict(row["verdict"]) if row["verdict"] else None, voice_id=row["voice_id"] or "",
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
        category=_category(row["category"]), channel=Channel(row["channel"]), urgency=Urgency(row["urgency"]),
        state=RequestState(row["state"]), text=text("text"), due=row["due"], person_id=row["person_id"], place=text("place"),
        contact=text("contact"), exchange=mark,
        verdict=Verdict(row["verdict"]) if row["verdict"] else None, steps=tuple(steps),
        forgotten=key is None and not row["locked_key"], sealed=key is None and bool(row["locked_key"]), grid=row["grid"] or "",
        voices=row["voices"], box_opening_id=row["box_opening_id"],
    )  # fmt: skip
