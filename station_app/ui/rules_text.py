"""Rules in an officer's words: one line a quota, unit, category or day; what a draft changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ..district.rules import Difference
from ..model import Category, ItemKind, Occupation, Role, RuleKind, Urgency
from ..rulebook import (
    NO_LIMIT,
    Body,
    Calendar,
    CalendarDay,
    Categories,
    CategoryRule,
    QuotaRule,
    Quotas,
    RuleSet,
    Unit,
    Units,
)
from ..words import label, language, t
from . import when

LEVELS = ("heat_yellow", "heat_orange", "heat_red", "cold_blue", "cold_yellow", "cold_orange", "cold_red")
Part = QuotaRule | Unit | CategoryRule | CalendarDay


@dataclass(frozen=True, slots=True)
class Line:
    """A part of a body as the list shows it: known by ``id``; ``more`` stands small under ``text``, ``mark`` is a pill (text, tone)."""

    id: str
    title: str
    sub: str
    text: str
    mark: tuple[str, str] | None = None
    more: str = ""


def lines(body: Body, labels: Mapping[str, str], unlike: Difference | None = None) -> list[Line]:
    """The parts of a body; ``labels`` are those of categories by code, ``unlike`` what of it is new or changed."""
    if isinstance(body, Quotas):
        return [Line(rule.name, rule.name, about(rule), quota(rule), _mark(rule.name, unlike), conditions(rule)) for rule in body.rules]
    if isinstance(body, Units):
        return [
            Line(unit.name, unit.name, reached(unit), serves(unit, labels), _mark(unit.name, unlike), places(unit))
            for unit in body.units
        ]
    if isinstance(body, Categories):
        return [
            Line(one.code, one.zh if language() == "zh" else one.en, f"{one.zh} · {one.en} · {one.code}", category(one),
                 _mark(one.code, unlike) or ((t("district_rules.retired"), "neutral") if one.retired else None))
            for one in body.categories
        ]  # fmt: skip
    return [Line(one.day, _day(one.day), one.name, t(f"district_rules.day_{one.what}"), _mark(one.day, unlike))
            for one in sorted(body.days, key=lambda one: one.day)]  # fmt: skip


def _mark(name: str, unlike: Difference | None) -> tuple[str, str] | None:
    if unlike is None:
        return None
    if name in unlike.added:
        return t("district_rules.is_new"), "good"
    return (t("district_rules.is_changed"), "attention") if name in unlike.changed else None


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{when.plain(day)} {t(f'terms.Weekday.{day.weekday()}')}"


# --- quotas --------------------------------------------------------------------------------------------------------------


def about(rule: QuotaRule) -> str:
    """Which supplies a quota is about."""
    return t("terms.list").join([*(label(ItemKind(kind)) for kind in rule.kinds), *rule.items])


def quota(rule: QuotaRule) -> str:
    """How much of it for whom."""
    span = {
        "day": t("district_rules.span_day"), "hours": t("district_rules.span_n_hours", n=rule.hours),
        "campaign": t("district_rules.span_of", name=rule.campaign),
    }[rule.span]  # fmt: skip
    return t("district_rules.quota", whom=t(f"district_rules.whom_{rule.whom}"), span=span, n=rule.most)


def conditions(rule: QuotaRule) -> str:
    """Under which conditions, and what it means for those who stay anonymous."""
    parts = []
    if rule.occupations:
        parts.append(t("terms.list").join(label(Occupation(one)) for one in rule.occupations))
    if rule.roles:
        parts.append(t("district_rules.given_by", roles=t("terms.list").join(label(Role(one)) for one in rule.roles)))
    if (rule.first_month, rule.last_month) != (1, 12):
        parts.append(t("district_rules.months", first=rule.first_month, last=rule.last_month))
    if rule.levels:
        parts.append(t("terms.list").join(level(one) for one in rule.levels))
    if rule.excludes:
        parts.append(t("district_rules.not_with", names=t("terms.list").join(rule.excludes)))
    if rule.anonymous != NO_LIMIT:
        parts.append(t("district_rules.anonymous", n=rule.anonymous))
    return t("terms.dot").join(parts)


def level(code: str) -> str:
    """The name of a weather warning."""
    return t(f"district_rules.level_{code}")


# --- units, categories -----------------------------------------------------------------------------------------------------


def reached(unit: Unit) -> str:
    """How a unit is reached."""
    return t("terms.dot").join(part for part in (unit.phone, unit.address) if part)


def serves(unit: Unit, labels: Mapping[str, str]) -> str:
    """What a unit takes on."""
    named = t("terms.list").join(labels.get(code, code) for code in unit.categories)
    parts = [named] if named else []
    if unit.fallback:
        parts.append(t("district_rules.is_fallback"))
    return t("terms.dot").join(parts)


def places(unit: Unit) -> str:
    """At which stations only, "" for all."""
    return t("district_rules.only_at", codes=t("terms.list").join(unit.stations)) if unit.stations else ""


def category(one: CategoryRule) -> str:
    """Who takes a category on, and how urgent it is by default."""
    return t("terms.dot").join([one.unit or t("district_rules.by_units"), label(Urgency(one.urgency))])


def category_labels(book: Categories) -> dict[str, str]:
    """The label of every category by code: the district's, or the glossary's own where it made no list."""
    if book.categories:
        return {one.code: one.zh if language() == "zh" else one.en for one in book.categories}
    return {one.value: label(one) for one in Category}


# --- versions ----------------------------------------------------------------------------------------------------------------


def weekend(body: Calendar) -> str:
    """The days off of a week."""
    days = t("terms.list").join(t(f"terms.Weekday.{number}") for number in sorted(body.weekend))
    return t("district_rules.weekend", days=days) if days else t("district_rules.no_weekend")


def changes(unlike: Difference) -> list[str]:
    """What a draft changes, a line each."""
    told = [
        t(f"district_rules.{what}", names=t("terms.list").join(names))
        for what, names in (("added", unlike.added), ("changed", unlike.changed), ("removed", unlike.removed))
        if names
    ]
    return [*told, *([t("district_rules.rest_changed")] if unlike.rest else [])]


def version(one: RuleSet) -> str:
    """What a version is called."""
    return t("district_rules.version", no=one.no)


def kinds() -> list[tuple[str, str]]:
    """The kinds as tabs."""
    return [(kind.value, label(kind)) for kind in RuleKind]


def roles() -> list[tuple[str, str]]:
    """Roles at the desk that may give against a rule."""
    return [(role.value, label(role)) for role in (Role.KEEPER, Role.SUPERVISOR, Role.EVENING)]
