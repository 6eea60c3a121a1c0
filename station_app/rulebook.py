"""The rules that a district makes, as data: quotas, units, categories, calendar; typed and bounded as they cross in packs.

A **set** of one kind is a whole: version 5 says everything that holds of its kind, not what changed since version 4. It is never
edited; what is wrong in it is put right by the next one. Sets are ordered by ``age``: a district that was restored counts on in its
new epoch, so its next word is newer than any it lost.

Frozen with format version 1, like the types in ``sync/manifest.py``: another kind, or another field, is another version of the
format. Pure; sees only ``model``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from .model import RuleKind

_DAY = r"\A[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z"
LARGEST = 2**53 - 1
MOST_UNITS_EACH = 1000
MOST_HOURS = 8784
NO_LIMIT = -1

Id = Annotated[str, Meta(pattern=r"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")]
Day = Annotated[str, Meta(pattern=_DAY)]
Time = Annotated[str, Meta(pattern=rf"{_DAY[:-2]}T[0-9:.]{{5,15}}(Z|[+-][0-9]{{2}}:[0-9]{{2}})\Z")]
Code = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9_]{0,31}\Z")]
StationCode = Annotated[str, Meta(pattern=r"\A[A-Z0-9]{1,16}\Z")]
Title = Annotated[str, Meta(min_length=1, max_length=60)]
ItemName = Annotated[str, Meta(min_length=1, max_length=40)]
Line = Annotated[str, Meta(max_length=120)]
Note = Annotated[str, Meta(max_length=500)]
Month = Annotated[int, Meta(ge=1, le=12)]
Weekday = Annotated[int, Meta(ge=0, le=6)]
ItemKind = Literal["cooling", "warming", "first_aid", "drink", "study", "gift", "other"]
Occupation = Literal["rider", "courier", "ride_hail_driver", "truck_driver", "sanitation_worker", "resident", "other"]
Urgency = Literal["emergency", "urgent", "ordinary", "complex"]
Role = Literal["keeper", "supervisor", "evening"]
Level = Literal["heat_yellow", "heat_orange", "heat_red", "cold_blue", "cold_yellow", "cold_orange", "cold_red"]
"""Weather warnings that rules can hang on (DOMAIN.md section 6)."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A part of a set; what stands at its default is left out when written."""


def _once(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name} stands twice")
        seen.add(name)


# --- quotas ------------------------------------------------------------------------------------------------------------


class QuotaRule(_Part, frozen=True, kw_only=True):
    """At most ``most`` units, of all ``items`` (by name) and ``kinds`` together, for ``whom`` in a ``span``.

    A ``span`` is the station's local ``day``, the ``hours`` before now, or all of a ``campaign`` (by name). The rule holds for the
    ``occupations`` named (none named: for everybody), while one of the ``roles`` named hands out (none named: whoever does), from
    ``first_month`` to ``last_month`` (over the turn of the year where the first is the later), under the warning ``levels`` named
    (none named: in any weather). ``excludes``: whoever had one of these items in the span gets none. ``anonymous``: units for one
    handout to nobody in particular, ``NO_LIMIT`` for any number. ``overridden_by``: the roles at the desk that may give all the
    same, saying why. ``most`` 0 gives none at all.
    """

    name: Title
    items: Annotated[tuple[ItemName, ...], Meta(max_length=100)] = ()
    kinds: Annotated[tuple[ItemKind, ...], Meta(max_length=7)] = ()
    most: Annotated[int, Meta(ge=0, le=MOST_UNITS_EACH)]
    whom: Literal["person", "household"] = "person"
    span: Literal["day", "hours", "campaign"] = "day"
    hours: Annotated[int, Meta(ge=0, le=MOST_HOURS)] = 0
    campaign: Annotated[str, Meta(max_length=60)] = ""
    occupations: Annotated[tuple[Occupation, ...], Meta(max_length=7)] = ()
    roles: Annotated[tuple[Role, ...], Meta(max_length=3)] = ()
    first_month: Month = 1
    last_month: Month = 12
    levels: Annotated[tuple[Level, ...], Meta(max_length=7)] = ()
    excludes: Annotated[tuple[ItemName, ...], Meta(max_length=100)] = ()
    anonymous: Annotated[int, Meta(ge=NO_LIMIT, le=MOST_UNITS_EACH)] = NO_LIMIT
    overridden_by: Annotated[tuple[Role, ...], Meta(max_length=3)] = ("keeper", "supervisor")

    def __post_init__(self) -> None:
        """ValueError for a rule about nothing, or a span without its hours or campaign (or these without it)."""
        if not self.items and not self.kinds:
            raise ValueError("a quota of nothing")
        if (self.span == "hours") != bool(self.hours) or (self.span == "campaign") != bool(self.campaign):
            raise ValueError("a span without its length")

    def about(self, item: str, kind: str) -> bool:
        """Whether an item, by name and kind, falls under this rule."""
        return item in self.items or kind in self.kinds

    def in_season(self, month: int) -> bool:
        """Whether the rule holds in a month."""
        if self.first_month <= self.last_month:
            return self.first_month <= month <= self.last_month
        return month >= self.first_month or month <= self.last_month


class Quotas(_Part, frozen=True, kw_only=True, tag_field="kind", tag=RuleKind.QUOTAS.value):
    """All quotas of a district, in the order in which they are asked."""

    kind: ClassVar[RuleKind] = RuleKind.QUOTAS
    rules: Annotated[tuple[QuotaRule, ...], Meta(max_length=200)] = ()

    def __post_init__(self) -> None:
        """ValueError for two rules of one name: a refusal says the name."""
        _once((rule.name for rule in self.rules), "a quota")

    def about(self, item: str, kind: str) -> list[QuotaRule]:
        """The rules an item, by name and kind, falls under."""
        return [rule for rule in self.rules if rule.about(item, kind)]


# --- units -------------------------------------------------------------------------------------------------------------


class Unit(_Part, frozen=True, kw_only=True):
    """Somebody who takes requests on: the ``categories`` (codes) it serves, at the ``stations`` named (none named: at all).

    ``fallback``: the street, which takes what no other unit serves.
    """

    name: Title
    categories: Annotated[tuple[Code, ...], Meta(max_length=100)] = ()
    stations: Annotated[tuple[StationCode, ...], Meta(max_length=1000)] = ()
    fallback: bool = False
    phone: Annotated[str, Meta(max_length=60)] = ""
    address: Line = ""

    def at(self, station: str) -> bool:
        """Whether it serves a station by its code."""
        return not self.stations or station in self.stations


class Units(_Part, frozen=True, kw_only=True, tag_field="kind", tag=RuleKind.UNITS.value):
    """All units of a district, in the order in which they are offered."""

    kind: ClassVar[RuleKind] = RuleKind.UNITS
    units: Annotated[tuple[Unit, ...], Meta(max_length=300)] = ()

    def __post_init__(self) -> None:
        """ValueError for two units of one name: steps of requests name them."""
        _once((unit.name for unit in self.units), "a unit")

    def serving(self, category: str, station: str = "") -> Unit | None:
        """Who takes a category on at a station: whoever serves it, else the street; None where neither is known."""
        here = [unit for unit in self.units if not station or unit.at(station)]
        named = next((unit for unit in here if category in unit.categories), None)
        return named or next((unit for unit in here if unit.fallback), None)


# --- categories --------------------------------------------------------------------------------------------------------


class CategoryRule(_Part, frozen=True, kw_only=True):
    """What a request can be about: its code, its label in both languages, who takes it on and how urgent it is by default.

    ``unit`` is a name, "" for whoever the units name; ``retired``: no longer offered, but its old requests still bear it.
    """

    code: Code
    zh: Title
    en: Title
    unit: Annotated[str, Meta(max_length=60)] = ""
    urgency: Urgency = "ordinary"
    retired: bool = False


class Categories(_Part, frozen=True, kw_only=True, tag_field="kind", tag=RuleKind.CATEGORIES.value):
    """All categories of a district, in the order in which they are offered."""

    kind: ClassVar[RuleKind] = RuleKind.CATEGORIES
    categories: Annotated[tuple[CategoryRule, ...], Meta(max_length=100)] = ()

    def __post_init__(self) -> None:
        """ValueError for a code that stands twice."""
        _once((one.code for one in self.categories), "a category")

    def get(self, code: str) -> CategoryRule | None:
        """A category by its code."""
        return next((one for one in self.categories if one.code == code), None)


# --- calendar ----------------------------------------------------------------------------------------------------------


class CalendarDay(_Part, frozen=True, kw_only=True):
    """A day unlike others of its weekday: a ``holiday``, a weekend day that is worked (``workday``), or one on which the
    district closes its stations (``closed``)."""

    day: Day
    what: Literal["holiday", "workday", "closed"]
    name: Annotated[str, Meta(max_length=60)] = ""

    def __post_init__(self) -> None:
        """ValueError for a day no calendar has."""
        date.fromisoformat(self.day)


class Calendar(_Part, frozen=True, kw_only=True, tag_field="kind", tag=RuleKind.CALENDAR.value):
    """The year as the district's offices keep it; ``weekend`` are weekdays without work, 0 for Monday."""

    kind: ClassVar[RuleKind] = RuleKind.CALENDAR
    weekend: Annotated[tuple[Weekday, ...], Meta(max_length=7)] = (5, 6)
    days: Annotated[tuple[CalendarDay, ...], Meta(max_length=1000)] = ()

    def __post_init__(self) -> None:
        """ValueError for a day that stands twice."""
        _once((one.day for one in self.days), "the day")

    def named(self, day: date) -> CalendarDay | None:
        """What is said of a day in particular."""
        text = day.isoformat()
        return next((one for one in self.days if one.day == text), None)

    def is_working(self, day: date) -> bool:
        """Whether offices work on a day: deadlines in working days count these."""
        said = self.named(day)
        return said.what == "workday" if said else day.weekday() not in self.weekend

    def is_closed(self, day: date) -> bool:
        """Whether the district closed its stations on a day."""
        said = self.named(day)
        return said is not None and said.what == "closed"


# --- a version ---------------------------------------------------------------------------------------------------------

Body = Quotas | Units | Categories | Calendar
EMPTY: dict[RuleKind, Body] = {body.kind: body for body in (Quotas(), Units(), Categories(), Calendar())}
"""What holds where the district said nothing yet."""


class RuleSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version of the rules of a kind: numbered within it, holding from ``starts_on`` until a newer one does.

    ``made`` is when it was switched on (ISO 8601), ``author`` the officer's name, ``note`` what changed and why.
    """

    id: Id
    epoch: Annotated[int, Meta(ge=1, le=LARGEST)]
    no: Annotated[int, Meta(ge=1, le=LARGEST)]
    starts_on: Day
    made: Time
    author: Annotated[str, Meta(max_length=200)] = ""
    note: Note = ""
    body: Body

    def __post_init__(self) -> None:
        """ValueError for a day or time no calendar has."""
        date.fromisoformat(self.starts_on)
        datetime.fromisoformat(self.made)

    @property
    def kind(self) -> RuleKind:
        """What the rules are about."""
        return self.body.kind

    @property
    def age(self) -> tuple[int, int, str]:
        """What orders sets of a kind; the newest that has started is in force.

        Two under one number (a district that did not know yet that it was restored) are told apart by their ids, which sort by when
        they were made: whoever holds the same sets says the same, in whatever order they came.
        """
        return self.epoch, self.no, self.id

    @property
    def mark(self) -> str:
        """How a fact names the version it was recorded under: ``quotas/1/5``."""
        return f"{self.kind.value}/{self.epoch}/{self.no}"


class Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A version that a station says it goes by."""

    id: Id
    kind: Code
    epoch: Annotated[int, Meta(ge=1, le=LARGEST)]
    no: Annotated[int, Meta(ge=1, le=LARGEST)]


def in_force(sets: Iterable[RuleSet], on: str) -> RuleSet | None:
    """Of sets of one kind, the newest that has started on a day (YYYY-MM-DD): a newer word about an earlier day outranks an older
    one about a later day."""
    return max((one for one in sets if one.starts_on <= on), key=lambda one: one.age, default=None)


def to_send(sets: Iterable[RuleSet], on: str) -> list[RuleSet]:
    """Of sets of one kind, what is in force on a day and what will be after it, the oldest first."""
    known = list(sets)
    now = in_force(known, on)
    least = now.age if now else (0, 0, "")
    return sorted((one for one in known if one.age >= least), key=lambda one: one.age)


def encode(body: Body) -> str:
    """A body as the text a store keeps."""
    return msgspec.json.encode(body, order="deterministic").decode()


def decode(text: str | bytes) -> Body:
    """The body in a text; msgspec.ValidationError where it is none."""
    found: Body = _bodies.decode(text)
    return found


_bodies = msgspec.json.Decoder(Body)
