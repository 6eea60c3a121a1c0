"""The district's quotas as rules of the desk: they count beside the station's own, which may be stricter, never more generous."""

from __future__ import annotations

from dataclasses import replace

from ...db import Database
from ...model import ItemKind, Occupation, QuotaSpan, QuotaWho, Role, RuleKind, WeatherLevel
from ...rulebook import NO_LIMIT, QuotaRule, RuleSet
from .. import rules as books
from .quotas import Rule


def rules(db: Database, on: str = "") -> list[Rule]:
    """Those in force on a local day ("" for today); a rule on things or campaigns this station does not have says nothing here."""
    held = books.in_force(db, RuleKind.QUOTAS, on)
    if held is None:
        return []
    ids = {row["name"]: row["id"] for row in db.rows("SELECT id, name FROM item WHERE void_reason IS NULL")}
    campaigns = {row["name"]: row["id"] for row in db.rows("SELECT id, name FROM campaign WHERE void_reason IS NULL AND active = 1")}
    found: list[Rule] = []
    for told in books.quotas(db, on).rules:
        found += _translated(told, held, ids, campaigns)
    return found


def _translated(told: QuotaRule, held: RuleSet, ids: dict[str, str], campaigns: dict[str, str]) -> list[Rule]:
    items = frozenset(ids[name] for name in told.items if name in ids)
    if (not items and not told.kinds) or (told.campaign and told.campaign not in campaigns):
        return []
    season = (None, None) if (told.first_month, told.last_month) == (1, 12) else (told.first_month, told.last_month)
    base = Rule(
        id=held.id, version=held.no, items=items, kinds=frozenset(ItemKind(code) for code in told.kinds),
        who=QuotaWho(told.whom), span=QuotaSpan(told.span), hours=told.hours or None, most=told.most,
        occupations=frozenset(Occupation(code) for code in told.occupations), first_month=season[0], last_month=season[1],
        levels=frozenset(WeatherLevel(code) for code in told.levels), roles=frozenset(Role(code) for code in told.roles),
        campaign_id=campaigns.get(told.campaign), name=told.name,
        district=True, overridden_by=frozenset(Role(code) for code in told.overridden_by),
    )  # fmt: skip
    found = [base]
    if told.anonymous != NO_LIMIT:
        found.append(_but(base, who=QuotaWho.ANONYMOUS, most=told.anonymous, at_once=True))
    excluding = frozenset(ids[name] for name in told.excludes if name in ids)
    if excluding:
        found.append(_but(base, excluded_by=excluding))
    return found


def _but(rule: Rule, **other: object) -> Rule:
    return replace(rule, **other)  # type: ignore[arg-type]
