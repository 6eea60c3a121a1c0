"""Rules on handing out, on the supplies page: listed, made, rehearsed on the last 90 days, switched on and off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from PySide6.QtCore import Signal

from ...db import Database
from ...model import Changes, Item, ItemKind, Measure, Occupation, QuotaSpan, QuotaWho, Role, WeatherLevel
from ...services import supplies
from ...services.supplies import from_district, quotas, rehearsal
from ...services.supplies.quotas import Rule
from ...services.supplies.rehearsal import Rehearsal
from ...words import label, t
from .. import supply_actions, when
from ..entry import Entry
from ..forms import ChoiceField, Field, LineField, NumberField
from ..jobs import Otherwise
from ..kit import Button, Notice, Row, Text
from ..page import Shell
from ..tables import Column as TableColumn
from .supplies_listed import Listed, ListedCard
from .supplies_text import rule_text

EXAMPLES = 8
AT = {
    "quotas.bad_most": "most",
    "quotas.bad_hours": "hours",
    "quotas.choice_needs_several": "other",
    "supplies.bad_months": "first_month",
}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule as a row; ``names`` are those of items by id."""

    rule: Rule
    text: str

    @property
    def id(self) -> str:
        """The rule's id; the district's share that of their set and are told apart by name."""
        return self.rule.id + self.rule.name


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules, the items they may be about, the local day."""

    lines: tuple[RuleLine, ...]
    items: tuple[Item, ...]
    names: Mapping[str, str]
    today: date


def read_rules(db: Database) -> RuleBook:
    """The station's rules and the district's."""
    items = supplies.items(db, with_retired=True)
    names = {item.id: item.name for item in items}
    rules = [*quotas.listing(db), *from_district.rules(db)]
    lines = tuple(RuleLine(one, rule_text(one, None, names)) for one in rules)
    return RuleBook(
        lines, tuple(item for item in items if item.active), names, date.fromisoformat(db.stamp().business_date)
    )


def state(line: RuleLine) -> tuple[str, str]:
    """On, off, or the district's."""
    if line.rule.district:
        return t("supplies_page.rule_district"), "brand"
    return (t("supplies_page.rule_is_on"), "good") if line.rule.active else (t("supplies_page.rule_is_off"), "neutral")


class RulesView(Listed):
    """The rules as a table, and what one of them would have done as a card (to be placed beside it)."""

    card: RuleCard

    def __init__(self, shell: Shell, *, keeps: bool) -> None:
        self._book: RuleBook | None = None
        columns = [
            TableColumn(t("supplies_page.rule"), lambda line: line.text, bold=True, sub=lambda line: line.rule.name),
            TableColumn("", lambda _line: "", 110, pill=state),
        ]
        super().__init__(
            shell, columns, RuleCard(keeps=keeps), keeps=keeps, rows=52, name=t("supplies_page.rules_tab"),
            empty=t("supplies_page.no_rules"), new=t("supplies_page.new_rule"),
        )  # fmt: skip
        self.card.switched.connect(self._switch)
        self.card.removed.connect(self._remove)
        self.card.edited.connect(self._edit)

    def refresh(self) -> None:
        """Read the rules."""
        self._shell.jobs.read(read_rules, self._show, key="supplies-rules")

    def _show(self, book: RuleBook) -> None:
        self._book = book
        self.show_lines(book.lines)

    def _chosen(self, line: RuleLine | None) -> None:
        if line is None:
            return
        self.card.show_rule(line, None)
        rule = line.rule
        if rule.district or rule.campaign_id:
            return
        self._shell.jobs.read(
            lambda db: (rehearsal.rehearse(db, rule), date.fromisoformat(db.stamp().business_date)),
            lambda found: self.card.show_rule(line, found), key="supplies-rehearsal",
        )  # fmt: skip

    def add(self) -> None:
        """A new rule; it is kept off until it was rehearsed and is switched on."""
        if self._book is not None:
            form = RuleForm(self._shell, self._book.items, None, self.saved)
            self.ask(t("supplies_page.new_rule"), form, t("supplies_page.rehearse_first"))

    def _edit(self, rule: Rule) -> None:
        if self._book is not None:
            self.ask(t("supplies_page.rule"), RuleForm(self._shell, self._book.items, rule, self.saved))

    def _switch(self, rule: Rule) -> None:
        def done(outcome: tuple[Rule, Changes]) -> None:
            word = "supplies_page.rule_now_on" if outcome[0].active else "supplies_page.rule_now_off"
            self._shell.tell_undoable(t(word), outcome[1])

        self._wanted = rule.id + rule.name
        supply_actions.switch_rule(self._shell.jobs, rule.id, not rule.active, done)

    def _remove(self, rule: Rule) -> None:
        supply_actions.remove_rule(
            self._shell.jobs,
            rule.id,
            lambda changes: self._shell.tell_undoable(t("supplies_page.rule_lifted"), changes),
        )


class RuleCard(ListedCard):
    """One rule and what it would have done; its buttons say what is wanted."""

    switched = Signal(object)
    removed = Signal(object)
    edited = Signal(object)

    def __init__(self, *, keeps: bool) -> None:
        self.found: Rehearsal | None = None
        super().__init__(t("supplies_page.choose_rule"), keeps=keeps, gap=10)

    def show_nothing(self) -> None:
        """No rule is chosen."""
        self.found = None
        super().show_nothing()

    def show_rule(self, line: RuleLine, found: tuple[Rehearsal, date] | None) -> None:
        """Show a rule, with its rehearsal once that is there."""
        self.begin(line, line.rule.name or t("supplies_page.rule"), state(line))
        self.found = found[0] if found else None
        self._parts.addWidget(Text(line.text, "body", wrap=True))
        if found is not None:
            self._add_rehearsal(*found)
        if self._keeps and not line.rule.district:
            self._parts.addLayout(self._buttons(line.rule))
        elif line.rule.district:
            self._parts.addWidget(Text(t("supplies_page.rule_district_hint"), "muted", wrap=True))
        self._parts.addStretch(1)

    def _buttons(self, rule: Rule) -> Row:
        word = t("supplies_page.switch_off") if rule.active else t("supplies_page.switch_on")
        switch = Button(word, "plain" if rule.active else "primary")
        edit, lift = Button(t("supplies_page.edit"), "plain"), Button(t("supplies_page.lift_rule"), "plain")
        switch.clicked.connect(lambda: self.switched.emit(rule))
        edit.clicked.connect(lambda: self.edited.emit(rule))
        lift.clicked.connect(lambda: self.removed.emit(rule))
        return Row(switch, edit, lift, None, gap=8)

    def _add_rehearsal(self, found: Rehearsal, today: date) -> None:
        """Who would have been refused: counted, nobody named."""
        text = t(
            "supplies_page.rehearsed", days=rehearsal.DAYS, handouts=f"{found.handouts:,}", refused=f"{found.refused:,}"
        )
        self._parts.addWidget(Notice(text, "attention" if found.refused else "good"))
        if not found.refused:
            return
        who = t("supplies_page.rehearsed_who", people=f"{found.people:,}", anonymous=f"{found.anonymous:,}")
        self._parts.addWidget(Text(who, "body", wrap=True))
        shares = [f"{label(Occupation(code))} {number:,}" for code, number in found.by_occupation.items()]
        if shares:
            self._parts.addWidget(Text(t("terms.dot").join(shares), "muted", wrap=True))
        for one in found.examples[:EXAMPLES]:
            whom = label(one.occupation) if one.occupation else t("supplies_page.anonymous")
            line = f"{when.moment(one.time, today)}  {whom}  {one.item} ×{one.quantity}"
            self._parts.addWidget(Text(line, "muted"))


def _any_of(name: str, title: str, anything: str, codes: Iterable[StrEnum]) -> ChoiceField:
    """A condition: any of the codes, or none of them asked for."""
    options = [("", anything), *((one.value, label(one)) for one in codes)]
    return ChoiceField(name, title, options, chips=False, required=False)


class RuleForm(Entry):
    """A rule in the keeper's words: what, for whom, how much over what time, and when it holds."""

    def __init__(self, shell: Shell, items: Sequence[Item], rule: Rule | None, done: Any) -> None:
        self._jobs, self._rule, self._done = shell.jobs, rule, done
        things = [(f"item {item.id}", item.name) for item in items]
        things += [(f"kind {kind.value}", t("supplies_page.all_of_kind", kind=label(kind))) for kind in ItemKind]
        others = [("", t("supplies_page.none")), *((item.id, item.name) for item in items)]
        spans = [(one.value, label(one)) for one in (QuotaSpan.DAY, QuotaSpan.HOURS, QuotaSpan.ALWAYS)]
        fields: list[Field] = [
            ChoiceField("what", t("supplies_page.rule_what"), things, chips=False),
            ChoiceField("other", t("supplies_page.rule_other"), others, chips=False, required=False),
            ChoiceField("who", t("supplies_page.rule_who"), [(one.value, label(one)) for one in QuotaWho], value="person", keys=True),
            NumberField("most", t("supplies_page.rule_most"), low=0, high=1_000_000, value=1),
            ChoiceField("span", t("supplies_page.rule_span"), spans, value="day", keys=True),
            NumberField("hours", t("supplies_page.rule_hours_field"), low=1, high=10_000, required=False),
            _any_of("level", t("supplies_page.rule_level"), t("supplies_page.any_weather"), WeatherLevel),
            _any_of("occupation", t("supplies_page.rule_occupation"), t("supplies_page.anybody"), Occupation),
            NumberField("first_month", t("supplies_page.first_month"), low=1, high=12, required=False),
            NumberField("last_month", t("supplies_page.last_month"), low=1, high=12, required=False),
            _any_of("role", t("supplies_page.rule_role"), t("supplies_page.anybody_on_duty"), (Role.EVENING, Role.KEEPER, Role.SUPERVISOR)),
            LineField("name", t("supplies_page.rule_name"), hint=t("supplies_page.optional")),
        ]
        super().__init__(shell, self.save, *fields, at=AT)
        if rule is not None:
            self._fill(rule)

    def _fill(self, rule: Rule) -> None:
        ids = sorted(rule.items)
        what = f"item {ids[0]}" if ids else f"kind {rule.kind.value}" if rule.kind else ""
        self.set_values(
            {
                "what": what, "other": ids[1] if len(ids) > 1 else "", "who": rule.who.value,
                "most": rule.most, "span": rule.span.value, "hours": rule.hours,
                "level": rule.level.value if rule.level else "", "occupation": next(iter(sorted(rule.occupations)), ""),
                "first_month": rule.first_month, "last_month": rule.last_month, "role": rule.role.value if rule.role else "",
                "name": rule.name,
            }
        )  # fmt: skip

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """A new rule, off, or a new version of this one."""
        sort, _, what = values["what"].partition(" ")
        items = (
            frozenset({what} | ({values["other"]} if values["other"] else set()))
            if sort == "item"
            else frozenset[str]()
        )
        rule = Rule(
            id=self._rule.id if self._rule else "", items=items, kind=ItemKind(what) if sort == "kind" else None,
            measure=Measure.CHOICE if len(items) > 1 else Measure.QUANTITY, who=QuotaWho(values["who"]), most=values["most"],
            span=QuotaSpan(values["span"]), hours=values["hours"] if values["span"] == QuotaSpan.HOURS else None,
            level=WeatherLevel(values["level"]) if values["level"] else None,
            occupations=frozenset({Occupation(values["occupation"])}) if values["occupation"] else frozenset(),
            first_month=values["first_month"], last_month=values["last_month"], role=Role(values["role"]) if values["role"] else None,
            name=values["name"], active=self._rule.active if self._rule else False,
        )  # fmt: skip

        def done(outcome: tuple[Rule, Changes]) -> None:
            made, changes = outcome
            self._done(t("supplies_page.rule_saved"), changes, made.id + made.name)

        supply_actions.save_rule(self._jobs, rule, done, otherwise)
