"""What batches, packs and carriers say of themselves, and what a pack brings: the signed records of format version 1.

Each is a frozen type with bounds on every field; unknown fields are refused. Frozen with format version 1, like the
rows in ``wire.py``. Sees only ``strict`` and ``wire``.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from . import wire
from .strict import LARGEST

FORMAT = 1
"""The version of this format; a reader refuses any other and says that the program is too old."""

# --- manifests -------------------------------------------------------------------------------------------------------

Hash = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
MaybeHash = Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z")]
Fingerprint = Annotated[str, Meta(pattern=r"\A[0-9]{5}(-[0-9]{5}){5}\Z")]
Parent = Annotated[str, Meta(pattern=r"\A([0-9a-f-]{32,36}/([0-9a-f]{64})?)?\Z")]
Clock = Literal["ok", "behind", "ahead", "unknown"]


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of what is signed: frozen, no unknown fields."""


class Format(Signed, frozen=True, kw_only=True):
    """The version of these bytes, and the oldest and newest version the writer itself can read (for the answer)."""

    version: wire.Number = FORMAT
    min: wire.Number = FORMAT
    max: wire.Number = FORMAT


class Table(Signed, frozen=True, kw_only=True):
    """One table of the body: rows, bytes of its lines, order-independent digest (``wire.Digest``)."""

    name: wire.Code
    rows: wire.Number
    bytes: wire.Number
    digest: Hash


class Totals(Signed, frozen=True, kw_only=True):
    """Control totals the closing side counted, for the other to compare: handouts by item id, requests by state."""

    person_times: wire.Number = 0
    handouts: dict[wire.Name, wire.Number] = {}
    requests: dict[wire.RequestState, wire.Number] = {}


class Seen(Signed, frozen=True, kw_only=True):
    """The last receipt applied: the district's epoch and the pack's number, 0 and 0 before the first."""

    epoch: wire.Number = 0
    no: wire.Number = 0


class BatchFields(Signed, frozen=True, kw_only=True):
    """What the closing station says about a batch; ``write_batch`` adds what it measures.

    ``recipient`` is the fingerprint of the district's key, ``no`` counts from 1 in each store, ``prev`` is the hash of
    the batch before ("" for the first), ``parent`` is ``store_id/hash`` of the store this one goes on from ("" without
    one), ``first`` and ``last`` are change sequences, ``roster`` the roster version known, ``closed`` wall time.
    """

    district: wire.District
    recipient: Fingerprint
    station: wire.StationCode
    store_id: wire.StoreId
    no: Annotated[int, Meta(ge=1, le=LARGEST)]
    prev: MaybeHash
    parent: Parent = ""
    first: wire.Number
    last: wire.Number
    roster: wire.Number = 0
    receipt: Seen = Seen()
    closed: wire.Time
    clock: Clock = "ok"
    totals: Totals = Totals()


class Manifest(BatchFields, frozen=True, kw_only=True):
    """The signed head of a batch: what the station said and what ``write_batch`` measured (lengths in bytes)."""

    type: Literal["batch"] = "batch"
    format: Format = Format()
    schema: wire.Number = wire.SCHEMA
    tables: Annotated[list[Table], Meta(max_length=64)]
    raw_bytes: wire.Number
    raw_sha256: Hash
    body_bytes: wire.Number
    body_sha256: Hash


class PackFields(Signed, frozen=True, kw_only=True):
    """What the district says about a pack: for which station (fingerprint of its key), number and epoch, time."""

    district: wire.District
    station: wire.StationCode
    recipient: Fingerprint
    epoch: Annotated[int, Meta(ge=1, le=LARGEST)]
    no: Annotated[int, Meta(ge=1, le=LARGEST)]
    roster: wire.Number = 0
    made: wire.Time
    clock: Clock = "ok"


class PackManifest(PackFields, frozen=True, kw_only=True):
    """The signed head of a pack."""

    type: Literal["pack"] = "pack"
    format: Format = Format()
    schema: wire.Number = wire.SCHEMA
    raw_bytes: wire.Number
    raw_sha256: Hash
    body_bytes: wire.Number
    body_sha256: Hash


class Attachment(Signed, frozen=True, kw_only=True):
    """One attachment of a carrier by name, bytes and hash of its content."""

    name: Annotated[str, Meta(pattern=r"\A[0-9a-zA-Z_-]{1,64}(\.[0-9a-z]{1,8})?\Z")]
    bytes: wire.Number
    sha256: Hash


class CarrierManifest(Signed, frozen=True, kw_only=True):
    """The signed list of all a carrier holds: SHA-256 of each frame in order, of the keys, of each attachment."""

    type: Literal["carrier"] = "carrier"
    format: Format = Format()
    frames: Annotated[list[Hash], Meta(max_length=2000)]
    keys: wire.Number
    keys_sha256: Hash
    attachments: Annotated[list[Attachment], Meta(max_length=1000)]


# --- the body of a pack ----------------------------------------------------------------------------------------------


class Missing(Signed, frozen=True, kw_only=True):
    """A batch number the district has not seen though it has a later one."""

    store_id: wire.StoreId
    no: wire.Number


class Fork(Signed, frozen=True, kw_only=True):
    """Different batches with one number of one store: all are kept, the fork is shown."""

    store_id: wire.StoreId
    no: wire.Number
    hashes: list[Hash]


class TurnedDown(Signed, frozen=True, kw_only=True):
    """A row the district did not take, and why (a code)."""

    table: wire.Code
    id: wire.Id
    version: wire.Number
    reason: wire.Code


class Receipt(Signed, frozen=True, kw_only=True):
    """What the district has of this station: hashes, never positions; digests and totals are of its own copy."""

    have: list[Hash] = []
    missing: list[Missing] = []
    forks: list[Fork] = []
    refused: list[TurnedDown] = []
    digests: dict[wire.Code, Hash] = {}
    totals: Totals = Totals()


class Notice(Signed, frozen=True, kw_only=True):
    """A word of the district to its keepers."""

    id: wire.Id
    time: wire.Time
    title: wire.Name
    text: wire.Text


class Rule(Signed, frozen=True, kw_only=True):
    """A rule as versioned data: what it is called, from which day it holds, its named values."""

    id: wire.Id
    version: wire.Number
    name: wire.Code
    starts_on: wire.Day
    values: dict[wire.Code, wire.Text | wire.Number | None] = {}


class Pack(Signed, frozen=True, kw_only=True):
    """What the district sends down: a receipt, steps of requests (rows of ``request_step``), notices, rules."""

    receipt: Receipt = Receipt()
    steps: list[wire.RequestStep] = []
    notices: list[Notice] = []
    rules: list[Rule] = []
