"""The rows of supplies as they cross: items and kits, rules and campaigns, what moved, was given, refused, counted, ordered.

A part of ``wire``, frozen with format version 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from .wire_types import Change, Code, Count, Dated, Day, Expiry, Flag, Id, Month, Name, Number, Occupation, Row, Text

ItemKind = Literal["cooling", "warming", "first_aid", "drink", "study", "gift", "other"]
Some = Annotated[int, Meta(ge=1, le=1_000_000)]
Level = Literal["heat_yellow", "heat_orange", "heat_red", "cold_blue", "cold_yellow", "cold_orange", "cold_red"]


class Item(Row, frozen=True, kw_only=True, gc=False):
    """A supply; quantities everywhere are in its ``unit``. ``spec`` is its size, ``place`` where it is kept;
    ``collect``: people of one circle may take it along for one another."""

    name: Name
    unit: Name
    kind: ItemKind
    rank: Count
    low_level: Count
    alcohol: Flag
    first_month: Month
    last_month: Month
    active: Flag
    medicine: Flag | None = None
    barcode: Annotated[str, Meta(pattern=r"\A[0-9]{8,14}\Z")] | None = None
    spec: Name | None = None
    place: Name | None = None
    collect: Flag | None = None


class ItemPhoto(Row, frozen=True, kw_only=True, gc=False):
    """A small picture of the item with the same id: a JPEG in base64."""

    jpeg: Annotated[str, Meta(max_length=48_000, pattern=r"\A[A-Za-z0-9+/]*={0,2}\Z")]


class KitPart(Row, frozen=True, kw_only=True, gc=False):
    """A kit holds so many of an item."""

    kit_id: Id
    item_id: Id
    quantity: Some


class Campaign(Row, frozen=True, kw_only=True, gc=False):
    """Things given out on certain days: ``each`` to one recipient, ``most`` in all. One code at all its stations."""

    code: Code
    name: Name
    starts_on: Day
    ends_on: Day
    each: Some
    badge_only: Flag
    origin: Literal["station", "district"]
    active: Flag
    most: Some | None = None
    note: Text | None = None


class CampaignItem(Row, frozen=True, kw_only=True, gc=False):
    """What one recipient of a campaign is given."""

    campaign_id: Id
    item_id: Id
    quantity: Some


class Quota(Row, frozen=True, kw_only=True, gc=False):
    """A rule: of these things at most so many for whom in which span; every condition it has must hold.

    It speaks of ``item_id``, of several ``items`` (ids between spaces), of a kind, or of everything. ``measure`` "choice" counts
    how many different things somebody had, not how many of them.
    """

    measure: Literal["quantity", "choice"]
    who: Literal["person", "household", "anonymous", "station"]
    span: Literal["day", "hours", "campaign", "always"]
    most: Count
    active: Flag
    starts_on: Day | None = None
    item_id: Id | None = None
    items: Text | None = None
    item_kind: ItemKind | None = None
    hours: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    occupations: Name | None = None
    first_month: Month | None = None
    last_month: Month | None = None
    level: Level | None = None
    role: Literal["keeper", "supervisor", "evening"] | None = None
    campaign_id: Id | None = None
    ends_on: Day | None = None
    name: Name | None = None


class Assembly(Dated, frozen=True, kw_only=True, gc=False):
    """So many kits were put together (below zero: taken apart); ``parts`` is what one was made of, "<item> <number>" a line."""

    kit_id: Id
    quantity: Change
    parts: Text
    keeper_id: Id | None = None


class Transfer(Dated, frozen=True, kw_only=True, gc=False):
    """Supplies went to another station or came from one; both sides write the number of the slip."""

    number: Code
    direction: Literal["out", "in"]
    partner: Name
    item_id: Id
    item_name: Name
    unit: Name
    quantity: Some
    note: Text | None = None
    keeper_id: Id | None = None


class Movement(Dated, frozen=True, kw_only=True, gc=False):
    """Stock went up or down by ``delta``; the balance is the sum."""

    item_id: Id
    delta: Change
    kind: Literal[
        "opening",
        "bought",
        "allocated",
        "donated",
        "handout",
        "waste",
        "count",
        "returned",
        "expired",
        "transfer",
        "assembly",
    ]
    lot: Name | None = None
    expiry: Expiry | None = None
    handout_id: Id | None = None
    source: Name | None = None
    keeper_id: Id | None = None
    assembly_id: Id | None = None
    transfer_id: Id | None = None
    stocktake_id: Id | None = None


class Handout(Dated, frozen=True, kw_only=True, gc=False):
    """What was given; ``short`` when the book held less, ``already_given`` when recorded late; ``collected_by`` took it along."""

    item_id: Id
    quantity: Count
    short: Flag
    already_given: Flag
    person_id: Id | None = None
    visit_id: Id | None = None
    occupation: Occupation | None = None
    keeper_id: Id | None = None
    household_id: Id | None = None
    campaign_id: Id | None = None
    collected_by: Id | None = None


class Refusal(Dated, frozen=True, kw_only=True, gc=False):
    """A rule said no, or was overridden with a reason: which rule in which version, what happened last, when it is possible next."""

    rule: Code
    overridden: Flag
    item_id: Id | None = None
    person_id: Id | None = None
    last: Name | None = None
    next: Name | None = None
    keeper_id: Id | None = None
    quota_id: Id | None = None
    quota_version: Number | None = None
    quantity: Count | None = None
    reason: Text | None = None
    campaign_id: Id | None = None
    handout_id: Id | None = None


class Stocktake(Dated, frozen=True, kw_only=True, gc=False):
    """What was counted against what the book said."""

    item_id: Id
    book: Change
    counted: Count
    reason: Text | None = None
    keeper_id: Id | None = None
    second_name: Name | None = None


class SupplyOrder(Dated, frozen=True, kw_only=True, gc=False):
    """One line of an order slip: how much is asked for, what was left, when it is thought to run out."""

    number: Code
    item_id: Id
    quantity: Some
    balance: Change
    runs_out: Day | None = None
    wanted_by: Day | None = None
    note: Text | None = None
    keeper_id: Id | None = None


TABLES: Mapping[str, type[Row]] = {
    "item": Item,
    "item_photo": ItemPhoto,
    "kit_part": KitPart,
    "campaign": Campaign,
    "campaign_item": CampaignItem,
    "quota": Quota,
    "assembly": Assembly,
    "transfer": Transfer,
    "movement": Movement,
    "handout": Handout,
    "refusal": Refusal,
    "stocktake": Stocktake,
    "supply_order": SupplyOrder,
}
"""The tables of supplies, parents before children."""
