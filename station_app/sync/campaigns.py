"""What a pack tells of the district's campaigns: records of format version 1. Sees only ``wire``.

All that hold are told each time. A share taken at another station is a digest under the district's badge key ``key_version``, another
for each campaign: it names nobody, and whoever lacks the key learns nothing from it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from . import wire

MOST_SHARES = 50_000
Some = Annotated[int, Meta(ge=1, le=1_000_000)]


class _Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A part of what is signed: frozen, no unknown fields."""


class Part(_Told, frozen=True, kw_only=True):
    """What one recipient gets of an item, by name."""

    name: wire.Name
    unit: wire.Name
    kind: Literal["cooling", "warming", "first_aid", "drink", "study", "gift", "other"]
    quantity: Some


class Planned(_Told, frozen=True, kw_only=True):
    """A campaign as this station is to give it out; ``most`` is its share of all."""

    code: wire.Code
    name: wire.Name
    starts_on: wire.Day
    ends_on: wire.Day
    each: Some
    badge_only: wire.Flag
    items: Annotated[list[Part], Meta(min_length=1, max_length=20)]
    most: Some | None = None
    note: wire.Text | None = None


class Taken(_Told, frozen=True, kw_only=True):
    """A share that was taken at another station, on a day."""

    code: wire.Code
    digest: Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    station: wire.Name
    business_date: wire.Day


class Told(_Told, frozen=True, kw_only=True):
    """All campaigns that hold for a station, and the shares taken elsewhere."""

    key_version: Annotated[str, Meta(pattern=r"\A[0-9]?\Z")] = ""
    campaigns: Annotated[list[Planned], Meta(max_length=200)] = []
    taken: Annotated[list[Taken], Meta(max_length=MOST_SHARES)] = []
