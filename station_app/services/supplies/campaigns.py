"""Campaigns: things given out on certain days, each recipient once, at one station or at several of a district."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...db import Database
from ...errors import RuleRefused
from ...model import Item
from .quotas import Rule


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Taken elsewhere."""

    station: str
    day: str


def rules(db: Database) -> list[Rule]:
    """The rules that campaigns under way bring with them."""
    return []


def running(db: Database, business_date: str) -> Mapping[str, Campaign]:
    """By item."""
    return {}


def taken_elsewhere(db: Database, person_id: str | None, running: Iterable[Campaign]) -> Mapping[str, Elsewhere]:
    """By campaign."""
    return {}


def barrier(item: Item, campaign: Campaign | None, elsewhere: Mapping[str, Elsewhere]) -> RuleRefused | None:
    """Why not."""
    return None
