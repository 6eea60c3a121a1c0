"""The forms of the page 规则: a quota, a unit, a category, a day, the week's days off, and switching a draft on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from re import split
from typing import Any
from unicodedata import normalize

import msgspec
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from ...errors import StationError, UserMistake
from ...model import ItemKind, Occupation, Urgency
from ...rulebook import NO_LIMIT, Calendar, CalendarDay, CategoryRule, QuotaRule, Unit
from ...words import label, t
from ..entry import Entry
from ..forms import ENTER, ChoiceField, DateField, Field, LineField, NumberField, TextField
from ..jobs import Otherwise
from ..kit import Chip, FlowLayout, Text
from ..page import Shell
from ..rules_text import LEVELS, Part, level, roles

MOST_DAYS = 60
"""Days that one entry of the calendar may span: the longest holiday, with room."""
Keep = Callable[[tuple[Part, ...], Otherwise], None]
"""Takes the parts that a form made, and whom to tell when they are refused."""


class _Chips(QWidget):
    """Chips that flow, any number of them on; arrows move, space presses, Enter goes on."""

    entered = Signal()
    changed = Signal()

    def __init__(self, options: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        flow = FlowLayout(6)
        self.setLayout(flow)
        self.chips: dict[str, Chip] = {}
        for code, text in options:
            chip = self.chips[code] = Chip(text)
            chip.clicked.connect(lambda _checked=False: self.changed.emit())
            chip.installEventFilter(self)
            flow.addWidget(chip)
        if options:
            self.setFocusProxy(self.chips[options[0][0]])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of a chip."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() in ENTER:
            self.entered.emit()
            return True
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            return False
        chips = list(self.chips.values())
        here = next(number for number, chip in enumerate(chips) if chip is watched)
        chips[(here + step) % len(chips)].setFocus(Qt.FocusReason.TabFocusReason)
        return True


class ManyField(Field):
    """Any number of several codes; none is said in words below."""

    def __init__(self, name: str, text: str, options: Sequence[tuple[str, str]], *, none: str = "") -> None:
        super().__init__(name, text)
        self._row = _Chips(options)
        self._row.changed.connect(self._edited)
        self._row.entered.connect(self.entered)
        self._put(self._row)
        if none:
            self._column.insertWidget(2, Text(none, "small"))

    def value(self) -> tuple[str, ...]:
        """The codes that are on, in the order of the options."""
        return tuple(code for code, chip in self._row.chips.items() if chip.isChecked())

    def set_value(self, value: Any) -> None:
        """Put these on."""
        for code, chip in self._row.chips.items():
            chip.setChecked(code in (value or ()))


def names(text: str) -> tuple[str, ...]:
    """Names in a line, by commas of any kind, each once."""
    return tuple(dict.fromkeys(part.strip() for part in split(r"[,，、;；\n]", text) if part.strip()))


class QuotaForm(Entry):
    """A quota; ``old`` is the one that is changed, None for a new one."""

    def __init__(self, shell: Shell, keep: Keep, old: QuotaRule | None) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            span = values["span"]
            limit = values["anonymous"]
            _try(
                QuotaRule, keep, otherwise, name=values["name"], items=names(values["items"]), kinds=values["kinds"],
                most=values["most"], whom=values["whom"], span=span, hours=(values["hours"] or 0) if span == "hours" else 0,
                campaign=values["campaign"] if span == "campaign" else "", occupations=values["occupations"],
                roles=values["roles"], first_month=values["first_month"], last_month=values["last_month"],
                levels=values["levels"], excludes=names(values["excludes"]), anonymous=NO_LIMIT if limit is None else limit,
                overridden_by=values["overridden_by"],
            )  # fmt: skip

        whom = [(code, t(f"district_rules.whom_{code}")) for code in ("person", "household")]
        spans = [(code, t(f"district_rules.span_{code}")) for code in ("day", "hours", "campaign")]
        everybody, any_weather = t("district_rules.none_everybody"), t("district_rules.none_any_weather")
        super().__init__(
            shell, save, LineField("name", t("district_rules.rule_name"), required=True, hint=t("district_rules.rule_name_hint")),
            LineField("items", t("district_rules.items"), hint=t("district_rules.items_hint")),
            ManyField("kinds", t("district_rules.kinds"), [(kind.value, label(kind)) for kind in ItemKind]),
            NumberField("most", t("district_rules.most"), low=0, high=1000, value=1),
            ChoiceField("whom", t("district_rules.whom"), whom, value="person", keys=True),
            ChoiceField("span", t("district_rules.span"), spans, value="day", keys=True),
            NumberField("hours", t("district_rules.hours"), low=1, high=8784, required=False),
            LineField("campaign", t("district_rules.campaign")),
            ManyField("occupations", t("district_rules.occupations"), [(one.value, label(one)) for one in Occupation], none=everybody),
            ManyField("roles", t("district_rules.roles"), roles(), none=t("district_rules.none_whoever")),
            ManyField("levels", t("district_rules.levels"), [(code, level(code)) for code in LEVELS], none=any_weather),
            NumberField("first_month", t("district_rules.first_month"), low=1, high=12, value=1),
            NumberField("last_month", t("district_rules.last_month"), low=1, high=12, value=12),
            LineField("excludes", t("district_rules.excludes"), hint=t("district_rules.items_hint")),
            NumberField("anonymous", t("district_rules.anonymous_most"), low=0, high=1000, required=False),
            ManyField("overridden_by", t("district_rules.overridden_by"), roles()),
            at={"district_rules.about_nothing": "items", "district_rules.no_length": "span", "district_rules.taken": "name"},
        )  # fmt: skip
        self.set_values({"overridden_by": ("keeper", "supervisor")} if old is None else _quota_values(old))
        self.field("span").changed.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        """Only what the span asks for is asked."""
        span = self.field("span").value()
        for name in ("hours", "campaign"):
            self.field(name).setHidden(span != name)


def _quota_values(old: QuotaRule) -> dict[str, Any]:
    lists = {name: t("terms.list").join(getattr(old, name)) for name in ("items", "excludes")}
    limit = None if old.anonymous == NO_LIMIT else old.anonymous
    return msgspec.structs.asdict(old) | lists | {"anonymous": limit, "hours": old.hours or None}


class UnitForm(Entry):
    """A unit. ``labels`` are those of all categories by code."""

    def __init__(self, shell: Shell, keep: Keep, old: Unit | None, labels: Mapping[str, str]) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            codes = tuple(normalize("NFKC", code).upper() for code in names(values["stations"]))
            _try(
                Unit, keep, otherwise, name=values["name"], categories=values["categories"], stations=codes,
                fallback=values["fallback"] == "yes", phone=values["phone"], address=values["address"],
            )  # fmt: skip

        yes_no = [("no", t("district_rules.no")), ("yes", t("district_rules.yes"))]
        super().__init__(
            shell, save, LineField("name", t("district_rules.unit_name"), required=True),
            ManyField("categories", t("district_rules.unit_serves"), list(labels.items())),
            ChoiceField("fallback", t("district_rules.fallback"), yes_no, value="no", keys=True),
            LineField("phone", t("district_rules.phone")), LineField("address", t("district_rules.address")),
            LineField("stations", t("district_rules.stations"), hint=t("district_rules.stations_hint")),
            at={"district_rules.taken": "name"},
        )  # fmt: skip
        if old is not None:
            self.set_values(
                msgspec.structs.asdict(old)
                | {"fallback": "yes" if old.fallback else "no", "stations": t("terms.list").join(old.stations)}
            )


class CategoryForm(Entry):
    """A category. ``units`` are names."""

    def __init__(self, shell: Shell, keep: Keep, old: CategoryRule | None, units: Sequence[str]) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            _try(
                CategoryRule, keep, otherwise, code=values["code"], zh=values["zh"], en=values["en"],
                unit="" if values["unit"] == "*" else values["unit"], urgency=values["urgency"], retired=values["retired"] == "yes",
            )  # fmt: skip

        named = list(dict.fromkeys([*units, *([old.unit] if old and old.unit else [])]))
        takers = [("*", t("district_rules.by_units")), *((name, name) for name in named)]
        yes_no = [("no", t("district_rules.offered")), ("yes", t("district_rules.retired"))]
        super().__init__(
            shell, save, LineField("zh", t("district_rules.label_zh"), required=True),
            LineField("en", t("district_rules.label_en"), required=True),
            LineField("code", t("district_rules.code"), required=True, hint=t("district_rules.code_hint")),
            ChoiceField("unit", t("district_rules.default_unit"), takers, value="*", chips=False),
            ChoiceField("urgency", t("district_rules.urgency"), [(one.value, label(one)) for one in Urgency], value="ordinary",
                        keys=True),
            ChoiceField("retired", t("district_rules.offering"), yes_no, value="no", keys=True),
            at={"district_rules.taken": "code", "district_rules.bad_code": "code"},
        )  # fmt: skip
        if old is not None:
            self.set_values(
                msgspec.structs.asdict(old) | {"unit": old.unit or "*", "retired": "yes" if old.retired else "no"}
            )


class DayForm(Entry):
    """A day unlike others, or several in a row."""

    def __init__(self, shell: Shell, keep: Keep, old: CalendarDay | None, today: date) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            first: date = values["day"]
            last: date = values["until"] or first
            if not 0 <= (last - first).days < MOST_DAYS:
                otherwise(UserMistake("district_rules.bad_span", most=MOST_DAYS))
                return
            each = [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
            keep(tuple(CalendarDay(day=day, what=values["what"], name=values["name"]) for day in each), otherwise)

        whats = [(code, t(f"district_rules.day_{code}")) for code in ("holiday", "workday", "closed")]
        day = date.fromisoformat(old.day) if old else today
        super().__init__(
            shell, save, DateField("day", t("district_rules.day"), value=day, required=True),
            DateField("until", t("district_rules.until")), ChoiceField("what", t("district_rules.what"), whats, value="holiday", keys=True),
            LineField("name", t("district_rules.day_name"), hint=t("district_rules.day_name_hint")),
            at={"district_rules.bad_span": "until", "district_rules.taken": "day"},
        )  # fmt: skip
        if old is not None:
            self.set_values({"what": old.what, "name": old.name})


class WeekForm(Entry):
    """The days of a week without work."""

    def __init__(self, shell: Shell, old: Calendar, keep: Callable[[Calendar, Otherwise], None]) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            keep(msgspec.structs.replace(old, weekend=tuple(int(code) for code in values["weekend"])), otherwise)

        week = [(str(number), t(f"terms.Weekday.{number}")) for number in range(7)]
        super().__init__(shell, save, ManyField("weekend", t("district_rules.days_off"), week))
        self.set_values({"weekend": tuple(map(str, old.weekend))})


class SwitchForm(Entry):
    """From which day the draft holds, why it was made; above them what it changes."""

    def __init__(
        self, shell: Shell, told: Sequence[str], starts_on: date, note: str, switch: Callable[[date, str, Otherwise], None]
    ) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            switch(values["starts_on"], values["note"], otherwise)

        super().__init__(
            shell, save, DateField("starts_on", t("district_rules.starts_on"), value=starts_on, required=True),
            TextField("note", t("district_rules.note"), hint=t("district_rules.note_hint"), lines=3),
            at={"district.rules_start_past": "starts_on", "district.bad_rules_day": "starts_on", "district.long_note": "note"},
        )  # fmt: skip
        self.set_values({"note": note})
        column = self.layout()
        if column is not None:
            for number, text in enumerate([*told, t("district_rules.switch_means")]):
                column.insertWidget(number, Text(text, "body" if number < len(told) else "muted", wrap=True))  # type: ignore[attr-defined]


def _try(kind: type[Any], keep: Keep, otherwise: Otherwise, **fields: Any) -> None:
    """Make a part of what was filled in, held to its bounds; what is wrong is told under its field."""
    try:
        made = msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        otherwise(_mistake(str(error)))
        return
    keep((made,), otherwise)


def _mistake(told: str) -> StationError:
    for hint, word in (
        ("a quota of nothing", "about_nothing"), ("a span without", "no_length"), ("$.code", "bad_code"),
        ("$.stations", "bad_stations"),
    ):  # fmt: skip
        if hint in told:
            return UserMistake(f"district_rules.{word}")
    return UserMistake("district.bad_rules", why=told)
