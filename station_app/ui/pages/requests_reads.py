"""What the requests page reads: the list with its people, one request in full. Reader thread only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ...db import Database
from ...model import Channel, Exchange, Op, Person, Picture, Request, RequestState, Voice, may
from ...services import attachments, boxes, exchange, keepers, people, request_notes, requests, stations, voices
from ...services.exchange import BatchLine
from ...services.request_notes import Note

MOST = 5000
"""Requests the list holds, the newest first; a busy station has some 500 a year."""

ANSWERED = frozenset({RequestState.REPLIED, RequestState.TOLD})
WORKING = frozenset({RequestState.ACCEPTED, RequestState.TRANSFERRED, RequestState.REOPENED})


@dataclass(frozen=True, slots=True)
class Line:
    """A request as the list shows it; ``late`` is how long its time limit is past while nobody answered; and how many pictures it has."""

    request: Request
    person: Person | None
    late: timedelta | None
    pictures: int = 0

    @property
    def id(self) -> str:
        """The request's id."""
        return self.request.id

    def tab(self) -> frozenset[str]:
        """The tabs it stands on."""
        request = self.request
        tabs = {"all"}
        if request.exchange is Exchange.LOCAL:
            tabs.add("local")
        if request.state in WORKING or (request.state is RequestState.RECORDED and request.exchange is not Exchange.LOCAL):
            tabs.add("working")
        if request.state in ANSWERED:
            tabs.add("to_tell")
        if request.state not in requests.OPEN:
            tabs.add("closed")
        return frozenset(tabs)


@dataclass(frozen=True, slots=True)
class Listing:
    """All requests at a moment of the station's clock; days since each box was opened (None: never), who is at work (a name)."""

    now: datetime
    rows: tuple[Line, ...]
    boxes: Mapping[Channel, int | None]
    keeper: str


BOARD_DAYS = 60
"""Days that the board of replies goes back."""


@dataclass(frozen=True, slots=True)
class Board:
    """What was answered in the last days, and the names that must not stand on it."""

    today: date
    requests: tuple[Request, ...]
    names: tuple[str, ...]


def board(db: Database) -> Board:
    """The replies of the last days. Raises Refused to whoever is not shown what people said."""
    now = db.now()
    found, names = requests.for_board(db, (now - timedelta(days=BOARD_DAYS)).isoformat(timespec="seconds"))
    return Board(now.date(), tuple(found), tuple(names))


@dataclass(frozen=True, slots=True)
class Whole:
    """One request with its steps, its person, the batch it first left in, the name of the district, its pictures.

    ``lacking`` is how many more pictures the district has not been brought yet.
    """

    now: datetime
    row: Line
    batch: BatchLine | None
    district: str
    pictures: tuple[Picture, ...] = ()
    may_add: bool = False
    may_remove: bool = False
    lacking: int = 0
    voices: tuple[Voice, ...] = ()
    slip: str = ""
    notes: tuple[Note, ...] = ()


def listing(db: Database) -> Listing:
    """The newest requests with their people."""
    now = db.now()
    found = requests.listing(db, limit=MOST)
    known, pictures = _people(db, found), attachments.counts(db)
    return Listing(now, tuple(
        Line(request, known.get(request.person_id or ""), late(request, now), pictures.get(request.id, 0)) for request in found
    ), boxes.days_since(db), _at_work(db))  # fmt: skip


def _at_work(db: Database) -> str:
    keeper = keepers.keeper(db, db.acting) if db.acting else None
    return keeper.name if keeper is not None else ""


def whole(db: Database, request_id: str) -> Whole:
    """One request in full; UserMistake for an id nobody has."""
    now = db.now()
    request = requests.get(db, request_id)
    person = _people(db, [request]).get(request.person_id or "")
    batch = exchange.carried_in(db, "request", request_id)
    pictures = tuple(attachments.listing(db, request_id))
    return Whole(
        now, Line(request, person, late(request, now), len(pictures)), batch, stations.current(db).district_name, pictures,
        may_add=attachments.may_add(db, request_id), may_remove=may(db.role, Op.REMOVE_PICTURE),
        voices=tuple(voices.of_request(db, request_id)), slip=requests.with_slip(db, request).slip,
        notes=tuple(request_notes.listing(db, request_id)),
    )  # fmt: skip


def _people(db: Database, found: Iterable[Request]) -> dict[str, Person]:
    ids = sorted({request.person_id for request in found if request.person_id})
    return {person.id: person for person in people.several(db, ids)} if ids else {}


def late(request: Request, now: datetime) -> timedelta | None:
    """How long the time limit is past, None while it is not or an answer is here."""
    if request.state not in requests.OPEN - ANSWERED:
        return None
    past = now - datetime.fromisoformat(request.due)
    return past if past > timedelta(0) else None
