"""The rows of format version 1 as they cross: one frozen type a ledger table, its bounds, and JSON Lines of them.

Columns are those of ``schema.py``; a test keeps the two alike. This file is frozen with format version
1: a later format gets types of its own. What all rows share is in ``wire_types``, the house's own ledgers in ``wire_house``, those
of requests in ``wire_requests``, those of supplies in ``wire_supplies``.

A table is a stream of lines. A line is one row as canonical JSON (``strict.py``) with every column that is not NULL,
ended by a line feed. Each row has exactly one spelling: a line is taken only when the typed row read from it would be
written byte for byte the same, which leaves no room for doubled or unknown keys, fractions, NaN or lone surrogates.
Columns that end in ``_sealed`` are base64 ciphertext under the key of their subject (DECISIONS.md 1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ..errors import Bug, Refused
from . import wire_house, wire_requests, wire_supplies
from .wire_requests import Attachment, Request, RequestStep
from .wire_types import (
    CLOCK,
    DAY,
    Celsius,
    Change,
    Clock,
    Code,
    Count,
    Dated,
    Day,
    Digits,
    District,
    Flag,
    Hour,
    Id,
    Month,
    Name,
    Number,
    Occupation,
    RequestState,
    Round,
    Row,
    Sealed,
    Sha256,
    StationCode,
    StoreId,
    Text,
    Time,
)

__all__ = [
    "LONGEST_LINE",
    "NO_ROWS",
    "SCHEMA",
    "TABLES",
    "AmenityUse",
    "Attachment",
    "Badge",
    "Change",
    "Clock",
    "Code",
    "Count",
    "Dated",
    "Day",
    "Digest",
    "Digits",
    "District",
    "Erasure",
    "Flag",
    "Hour",
    "Id",
    "Identity",
    "Keeper",
    "Month",
    "Name",
    "Number",
    "Occupation",
    "Person",
    "Request",
    "RequestState",
    "RequestStep",
    "Round",
    "Row",
    "Sealed",
    "Sha256",
    "Shift",
    "Station",
    "StationCode",
    "StationDay",
    "StoreId",
    "Text",
    "Time",
    "Visit",
    "decode",
    "digest",
    "encode",
    "line",
    "line_sum",
    "plain",
    "typed",
]

SCHEMA = 1
"""The schema version of these rows, told in every manifest."""
LONGEST_LINE = 64 * 1024
"""Bytes of one row, its line feed included."""


class Station(Row, frozen=True, kw_only=True, gc=False):
    """The station itself; ``opens`` and ``closes`` are local "HH:MM"."""

    code: StationCode
    letter: Annotated[str, Meta(pattern=r"\A[A-Z]\Z")]
    name: Name
    district_code: District
    zone: Code
    district_name: Name | None = None
    opens: Clock | None = None
    closes: Clock | None = None
    phone: Annotated[str, Meta(max_length=64)] | None = None
    sample: Flag | None = None


class Keeper(Row, frozen=True, kw_only=True, gc=False):
    """Somebody who works at the desk."""

    name: Name
    role: Literal["keeper", "supervisor", "evening", "auditor"]
    active: Flag


class Shift(Dated, frozen=True, kw_only=True, gc=False):
    """A keeper on duty from ``time`` to ``finished`` (None while it lasts)."""

    keeper_id: Id
    finished: Time | None = None


class StationDay(Row, frozen=True, kw_only=True, gc=False):
    """A day of the station: when it opened and closed, by whom, the weather: the warning in force, the forecast ``high``
    and ``low`` in degrees Celsius."""

    business_date: Day
    opened: Time | None = None
    closed: Time | None = None
    opened_by: Name | None = None
    closed_by: Name | None = None
    all_well: Flag | None = None
    exceptions: Text | None = None
    weather: Text | None = None
    high: Celsius | None = None
    low: Celsius | None = None
    note: Text | None = None


class Person(Row, frozen=True, kw_only=True, gc=False):
    """A regular without anything personal: what is needed to count."""

    occupation: Occupation
    consent: Literal["none", "station", "district"]
    registered_on: Day
    platform: Name | None = None
    notice_version: Number | None = None


class Identity(Row, frozen=True, kw_only=True, gc=False):
    """Name and phone of the person with the same id, sealed under that person's key."""

    name_sealed: Sealed | None = None
    phone_sealed: Sealed | None = None


class Badge(Row, frozen=True, kw_only=True, gc=False):
    """A badge of a person: its 22 digits and the 6 of the card number."""

    person_id: Id
    code: Digits
    card_number: Digits
    state: Literal["active", "revoked"]
    issued: Annotated[str, Meta(pattern=rf"\A{DAY}(T{CLOCK}(:[0-5][0-9](\.[0-9]{{1,6}})?)?(Z|[+-]{CLOCK}))?\Z")]


class Visit(Dated, frozen=True, kw_only=True, gc=False):
    """Somebody came in; a tally counts ``person_times`` people at once."""

    hour: Hour
    occupation: Occupation
    person_times: Count
    recorded: Literal["scan", "typed", "tally", "paper"]
    person_id: Id | None = None
    keeper_id: Id | None = None


class AmenityUse(Dated, frozen=True, kw_only=True, gc=False):
    """A service used during a visit."""

    amenity: Literal["water", "rest", "charging", "microwave", "toilet", "first_aid", "policy_advice"]
    visit_id: Id
    person_id: Id | None = None
    keeper_id: Id | None = None


class Erasure(Dated, frozen=True, kw_only=True, gc=False):
    """The key of ``subject_id`` was forgotten; the other side forgets it too."""

    subject_id: Id
    reason: Name | None = None
    keeper_id: Id | None = None


class PersonMerge(Dated, frozen=True, kw_only=True, gc=False):
    """Two records are of one person: what is said of ``merged_id`` counts as said of ``kept_id``; voided when taken back."""

    kept_id: Id
    merged_id: Id
    reason: Name | None = None
    keeper_id: Id | None = None


class Companion(Dated, frozen=True, kw_only=True, gc=False):
    """A person belongs to a circle whose people may collect for one another; voided when they do not any more."""

    circle_id: Id
    kind: Literal["household", "team"]
    person_id: Id
    keeper_id: Id | None = None


TABLES: Mapping[str, type[Row]] = {
    "station": Station,
    "keeper": Keeper,
    "shift": Shift,
    "station_day": StationDay,
    "person": Person,
    "identity": Identity,
    "badge": Badge,
    "visit": Visit,
    "amenity_use": AmenityUse,
    **wire_supplies.TABLES,
    **wire_requests.TABLES,
    **wire_house.TABLES,
    "erasure": Erasure,
    "person_merge": PersonMerge,
    "companion": Companion,
}
"""The tables that cross, parents before children: the order in which a batch holds them."""

_encoder = msgspec.json.Encoder(order="sorted")
_decoders = {name: msgspec.json.Decoder(kind) for name, kind in TABLES.items()}


def typed(table: str, row: Mapping[str, Any] | Row) -> Row:
    """``row`` (its NULL columns may be missing) as the type of ``table``; raises Bug when it would not be read."""
    kind = TABLES.get(table)
    if kind is None:
        raise Bug(f"{table} does not cross")
    fields = plain(row) if isinstance(row, Row) else row
    try:
        return msgspec.convert({name: column for name, column in fields.items() if column is not None}, kind)
    except msgspec.ValidationError as error:
        # the message names the column and the bound, never the content
        raise Bug(f"a row of {table} that would be refused: {error}") from None


def plain(row: Row) -> dict[str, Any]:
    """A row as a dict with every column of its table, NULL as None: what ``Tx.take`` wants."""
    return msgspec.structs.asdict(row)


def line(row: Row) -> bytes:
    """The one spelling of a row, without the line feed."""
    return _encoder.encode(row)


def encode(table: str, rows: Iterable[Mapping[str, Any] | Row]) -> Iterator[bytes]:
    """The lines of ``rows``, each checked against the bounds that the reader will hold it to."""
    for row in rows:
        spelled = _encoder.encode(typed(table, row)) + b"\n"
        if len(spelled) > LONGEST_LINE:
            raise Bug(f"a row of {table} longer than {LONGEST_LINE} bytes")
        yield spelled


def decode(table: str, lines: Iterable[bytes]) -> Iterator[Row]:
    """The rows of ``lines`` (without line feeds); Refused ``sync_files.bad_row`` names the table and the line."""
    decoder = _decoders.get(table)
    if decoder is None:
        raise Refused("sync_files.unknown_table", table=table[:40])
    number = 0
    for number, spelled in enumerate(lines, 1):
        try:
            row = decoder.decode(spelled)
            if _encoder.encode(row) != spelled:
                raise ValueError
        except (msgspec.DecodeError, ValueError, RecursionError):  # bad UTF-8 is a ValueError
            raise Refused("sync_files.bad_row", table=table, line=number) from None
        yield row


# --- digests ---------------------------------------------------------------------------------------------------------

NO_ROWS = "0" * 64
"""The digest of a table without rows."""


class Digest:
    """The order-independent digest of a table: the sum modulo 2**256 of the SHA-256 of every row's line (no line feed).

    Adding is one sum, removing one difference, so either side can keep it current. It finds what differs by accident;
    the manifest's hash of the bytes is what guards against intent.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, spelled: bytes) -> None:
        """Count one row, given as its line without line feed."""
        self.rows += 1
        self._sum += int.from_bytes(hashlib.sha256(spelled).digest(), "big")

    @property
    def hex(self) -> str:
        """64 hex digits."""
        return f"{self._sum % 2**256:064x}"


def line_sum(row: Row) -> int:
    """What one row adds to the digest of its table."""
    return int.from_bytes(hashlib.sha256(line(row)).digest(), "big")


def digest(table: str, rows: Iterable[Mapping[str, Any] | Row]) -> str:
    """The digest of ``rows`` as 64 hex digits."""
    total = Digest()
    for row in rows:
        total.add(line(typed(table, row)))
    return total.hex
