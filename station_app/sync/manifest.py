"""What batches, packs and carriers say of themselves, and what a pack brings: the signed records of format version 1.

Each is a frozen type with bounds on every field; unknown fields are refused. Frozen with format version 1, like the
rows in ``wire.py``. Sees only ``strict``, ``wire``, ``regulars`` and the types of ``rulebook``.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from .. import rulebook
from ..errors import Refused
from . import campaigns, regulars, wire
from .strict import LARGEST

OLDEST, FORMAT = 1, 1
"""The versions of this format that are read here; a newer one is refused with the word that the program is too old."""

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
    min: wire.Number = OLDEST
    max: wire.Number = FORMAT


def common(theirs: Format) -> int:
    """The version to write for a reader who told what they read: the newest both know.

    Refused ``sync_files.no_common_format`` when there is none.
    """
    version = min(FORMAT, theirs.max)
    if version < max(OLDEST, theirs.min):
        raise Refused("sync_files.no_common_format", ours=FORMAT, theirs=theirs.max)
    return version


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
    """The newest word of the district: its epoch and the number of the last pack applied in it, 0 and 0 before the first."""

    epoch: wire.Number = 0
    no: wire.Number = 0


class Link(Signed, frozen=True, kw_only=True):
    """A link of the chain over the operations: which one (0 for none yet), and its hash as it stands now."""

    operation: wire.Number = 0
    hash: MaybeHash = ""


class Part(Signed, frozen=True, kw_only=True):
    """Which part of a snapshot a batch is: its parts have consecutive numbers, and only all together are the whole."""

    part: Annotated[int, Meta(ge=1, le=LARGEST)]
    parts: Annotated[int, Meta(ge=1, le=LARGEST)]


class BatchFields(Signed, frozen=True, kw_only=True):
    """What the closing station says about a batch; ``write_batch`` adds what it measures.

    ``recipient`` is the fingerprint of the district's key, ``no`` counts from 1 in each store, ``prev`` is the hash of
    the batch before ("" for the first), ``parent`` is ``store_id/hash`` of the store this one goes on from ("" without
    one), ``first`` and ``last`` are change sequences, ``roster`` the roster version known, ``regulars``
    how far the district's regulars are known, ``closed`` wall time.

    ``totals`` and ``digests`` (by table) speak of all rows of this store up to this batch; totals are None where further
    batches were closed in the same go. ``chain`` is the newest operation, ``witnessed`` the link that now stands where the
    batch before had told its ``chain``: another one than it told means that the past was written anew. A batch with
    ``snapshot`` holds rows as they are, not what changed. ``rules`` are the newest versions the station has.
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
    regulars: regulars.Seen = regulars.Seen()
    closed: wire.Time
    clock: Clock = "ok"
    totals: Totals | None = Totals()
    digests: dict[wire.Code, Hash] = {}
    chain: Link = Link()
    witnessed: Link = Link()
    snapshot: Part | None = None
    rules: Annotated[list[rulebook.Held], Meta(max_length=16)] = []


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
    """What the district says about a pack: for which station, number and epoch, time.

    ``recipients`` are the fingerprints of the keys of the station's computers: one pack serves them all.
    """

    district: wire.District
    station: wire.StationCode
    recipients: Annotated[list[Fingerprint], Meta(min_length=1, max_length=7)]
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


MOST_WAITING = 8000
"""Answers in one pack; the district bounds them by their bytes long before."""

# --- the body of a pack ----------------------------------------------------------------------------------------------


class Fork(Signed, frozen=True, kw_only=True):
    """Different batches with one number of a store: all are kept, the fork is shown."""

    no: wire.Number
    hashes: list[Hash]


class TurnedDown(Signed, frozen=True, kw_only=True):
    """A row the district did not take, and why (a code)."""

    table: wire.Code
    id: wire.Id
    version: wire.Number
    reason: wire.Code


class Holding(Signed, frozen=True, kw_only=True):
    """What the district has of one store: hashes, never positions; digests (by table) and totals are of its own copy.

    ``missing`` are numbers it has not seen though it has later ones; ``snapshot`` asks for every row as it is.
    """

    store_id: wire.StoreId
    have: list[Hash] = []
    missing: list[wire.Number] = []
    forks: list[Fork] = []
    snapshot: bool = False
    digests: dict[wire.Code, Hash] = {}
    totals: Totals = Totals()


class Receipt(Signed, frozen=True, kw_only=True):
    """What the district has of this station, store by store, which rows it did not take, and the hashes of all attachments it
    has: what is not among them goes along again."""

    stores: list[Holding] = []
    refused: list[TurnedDown] = []
    attachments: list[Hash] = []


class Notice(Signed, frozen=True, kw_only=True):
    """A word of the district to its keepers; shown up to and with the day ``until``."""

    id: wire.Id
    time: wire.Time
    title: wire.Name
    text: wire.Text
    until: wire.Day

    def __post_init__(self) -> None:
        """ValueError for a day no calendar has."""
        date.fromisoformat(self.until)


class Allocation(Signed, frozen=True, kw_only=True):
    """Supplies on their way: the movement that receives them names ``id`` as its source and so tells that they came."""

    id: wire.Id
    time: wire.Time
    item_name: wire.Name
    unit: Annotated[str, Meta(min_length=1, max_length=10)]
    kind: Literal["cooling", "warming", "first_aid", "drink", "study", "gift", "other"]
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)]
    note: wire.Text = ""


class WaitingAnswer(Signed, frozen=True, kw_only=True):
    """An answer for whoever shows a certain badge or slip: found by ``mark``, readable with the badge's or slip's digits alone."""

    mark: Hash
    sealed: wire.Sealed


class Waiting(Signed, frozen=True, kw_only=True):
    """The answers that no person was told yet, of all stations; ``key`` (hex) is new in each pack and part of every mark."""

    key: Hash
    answers: Annotated[list[WaitingAnswer], Meta(max_length=MOST_WAITING)] = []


class Average(Signed, frozen=True, kw_only=True):
    """A month of the whole district: how many stations were open, their person-times and open days together."""

    month: Annotated[str, Meta(pattern=r"\A[0-9]{4}-(0[1-9]|1[0-2])\Z")]
    stations: wire.Number
    person_times: wire.Number
    open_days: wire.Number


class Form(Signed, frozen=True, kw_only=True):
    """A spreadsheet form of the district with its binding (docs/pack-format.md), to be filled at the station; ``content`` in Base64."""

    id: wire.Id
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    time: wire.Time
    binding: Annotated[str, Meta(max_length=1_000_000)]
    content: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9+/]*={0,2}\Z", max_length=400_000)]


class Pack(Signed, frozen=True, kw_only=True):
    """What the district sends down: a receipt, steps of requests (rows of ``request_step``), and all that holds now: the
    notices, the allocations that were not received, of each kind of rules the version in force and those to come; and what changed
    of the regulars; the campaigns, and whose share of them was taken elsewhere; what all
    stations together came to in the last months; the district's forms with their bindings."""

    receipt: Receipt = Receipt()
    steps: list[wire.RequestStep] = []
    notices: Annotated[list[Notice], Meta(max_length=200)] = []
    allocations: Annotated[list[Allocation], Meta(max_length=2000)] = []
    rules: Annotated[list[rulebook.RuleSet], Meta(max_length=200)] = []
    regulars: regulars.Roster = regulars.Roster()
    waiting: Waiting | None = None
    campaigns: campaigns.Told | None = None
    averages: Annotated[list[Average], Meta(max_length=60)] = []
    forms: Annotated[list[Form], Meta(max_length=20)] = []
