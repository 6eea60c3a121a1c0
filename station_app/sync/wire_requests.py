"""The rows of requests as they cross: openings of boxes, requests and clues, whoever joined them, their steps and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from .wire_types import Code, Count, Dated, Id, Name, RequestState, Round, Row, Sealed, Sha256, Text, Time

Channel = Literal["desk", "comment_box", "request_box", "walk_round", "chat", "phone", "snap"]
Topic = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9_]{0,31}\Z")]
"""The code of a category: those of the house, and whatever the district lists."""
LockedKey = Annotated[str, Meta(max_length=4000, pattern=r"\A[A-Za-z0-9+/]+={0,2}\Z")]


class BoxOpening(Dated, frozen=True, kw_only=True, gc=False):
    """A box was opened by two named people; ``first_number`` and ``last_number`` are those of the requests taken down from it."""

    box: Literal["comment_box", "request_box"]
    first_name: Name
    second_name: Name
    slips: Count
    first_number: Code | None = None
    last_number: Code | None = None
    note: Text | None = None
    keeper_id: Id | None = None


class Request(Dated, frozen=True, kw_only=True, gc=False):
    """A request; text, place and contact sealed under its own key, that key sealed to the district where the station may not read it."""

    number: Code
    kind: Literal["enquiry", "help", "complaint", "report", "suggestion", "praise"]
    category: Topic
    channel: Channel
    urgency: Literal["emergency", "urgent", "ordinary", "complex"]
    due: Time
    person_id: Id | None = None
    text_sealed: Sealed | None = None
    place_sealed: Sealed | None = None
    contact_sealed: Sealed | None = None
    grid: Name | None = None
    box_opening_id: Id | None = None
    locked_key: LockedKey | None = None
    keeper_id: Id | None = None


class RequestVoice(Dated, frozen=True, kw_only=True, gc=False):
    """Somebody else says the same as a request; contact and words sealed under the request's key."""

    request_id: Id
    channel: Channel
    person_id: Id | None = None
    contact_sealed: Sealed | None = None
    note_sealed: Sealed | None = None
    keeper_id: Id | None = None


class RequestStep(Dated, frozen=True, kw_only=True, gc=False):
    """A state a request reached, on which side; the note sealed under the request's key.

    ``round`` counts from 1 and rises each time the request is reopened: round and state, never the time, order the steps of
    two sides whose clocks differ. ``elsewhere`` is another station than the one that recorded the request: it told an answer to
    whoever showed a badge or slip. A step with a ``voice_id`` is about that voice and moves the request itself nowhere.
    """

    request_id: Id
    round: Round
    state: RequestState
    side: Literal["station", "district", "elsewhere"]
    unit: Name | None = None
    verdict: Literal["fixed", "partly", "not"] | None = None
    voice_id: Id | None = None
    note_sealed: Sealed | None = None
    keeper_id: Id | None = None


class Attachment(Dated, frozen=True, kw_only=True, gc=False):
    """A picture of the request ``subject_id``: kind, place among them, length and SHA-256 of the ciphertext that crosses."""

    subject_id: Id
    kind: Literal["jpeg"]
    rank: Annotated[int, Meta(ge=1, le=1000)]
    bytes: Annotated[int, Meta(ge=1, le=1024 * 1024)]
    sha256: Sha256
    shows: Literal["before", "after"] | None = None
    keeper_id: Id | None = None


TABLES: Mapping[str, type[Row]] = {
    "box_opening": BoxOpening,
    "request": Request,
    "request_voice": RequestVoice,
    "request_step": RequestStep,
    "attachment": Attachment,
}
"""Parents before children, as a batch holds them."""
