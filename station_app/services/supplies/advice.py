"""What the weather suggests about supplies: rules a level switches on, what is to be at hand and is short. Only suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...db import Database
from ...model import Item, ItemKind, QuotaSpan, QuotaWho, WeatherLevel
from .articles import in_season, items
from .quotas import Rule, Situation, in_force, that_count

WANTED = {True: (ItemKind.COOLING, ItemKind.DRINK), False: (ItemKind.WARMING,)}
"""What is to be at hand in heat (True) and in cold."""


@dataclass(frozen=True, slots=True)
class Advice:
    """For a weather level: the first item with a rule that it switches on and how many one person may have then; what is short."""

    item: Item | None
    most: int
    short: tuple[Item, ...]


def advise(db: Database, level: WeatherLevel | None, stock: Sequence[Item] | None = None) -> Advice:
    """What a level suggests now; nothing without one. ``stock`` are the items where they were read already."""
    if level is None:
        return Advice(None, 0, ())
    stock = items(db) if stock is None else stock
    moment = db.now()
    now = Situation(moment, db.stamp(moment).business_date, None, level, None)
    rules = in_force(db)
    found: tuple[Item, Rule] | None = None
    for item in stock:
        told = [one for one in that_count(rules, item, now) if one.level is not None or one.levels]
        personal = [one for one in told if (one.who, one.span) == (QuotaWho.PERSON, QuotaSpan.DAY)]
        if found is None and personal:
            found = (item, min(personal, key=lambda one: one.most))
    month = now.month
    short = tuple(
        item
        for item in stock
        if item.kind in WANTED[level.heat] and in_season(item, month) and item.balance <= max(item.low_level, 0)
    )
    return Advice(found[0] if found else None, found[1].most if found else 0, short)
