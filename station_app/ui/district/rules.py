"""The rules for the stations: each kind's draft or version at the left; what changes, and every version, at the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import msgspec
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from ...db import Database
from ...district import rules
from ...district.rules import Difference, Draft, Spread
from ...errors import UserMistake
from ...model import Changes, Op, RuleKind
from ...rulebook import EMPTY, Body, Calendar, CalendarDay, CategoryRule, Held, QuotaRule, RuleSet, Unit
from ...services import rules as kept
from ...words import label, t
from .. import when
from ..entry import Entry
from ..jobs import Otherwise
from ..kit import (
    Button,
    Card,
    Column,
    EmptyState,
    FilterTabs,
    FlowLayout,
    Notice,
    Row,
    Scroll,
    Text,
    clear,
    lift,
    page_layout,
)
from ..list_page import ListPage, Search
from ..page import Shell
from ..rules_text import Line, Part, category_labels, changes, kinds, lines, version, weekend
from ..table_export import ExportButton
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from ..theme import tokens
from .rules_forms import CategoryForm, DayForm, QuotaForm, SwitchForm, UnitForm, WeekForm

CARD = 400


@dataclass(frozen=True, slots=True)
class Book:
    """What the page shows of a kind: its draft, its versions (the newest first), how far each has come, what stations have above us."""

    today: date
    kind: RuleKind
    draft: Draft | None
    versions: tuple[RuleSet, ...]
    in_force: str
    spread: Mapping[str, Spread]
    ahead: tuple[Held, ...]
    labels: Mapping[str, str]
    units: tuple[str, ...]

    @property
    def newest(self) -> Body | None:
        """What the newest version says."""
        return self.versions[0].body if self.versions else None

    @property
    def body(self) -> Body:
        """What is worked on: the draft, or else the newest version."""
        return self.draft.body if self.draft else self.newest or EMPTY[self.kind]


def read_book(db: Database, kind: RuleKind) -> Book:
    """A kind's draft and versions now."""
    versions = kept.versions(db, kind)
    now = kept.in_force(db, kind)
    units = rules.draft(db, RuleKind.UNITS)
    named = units.body if units else kept.units(db, "9999-12-31")
    return Book(
        db.now().date(), kind, rules.draft(db, kind), tuple(versions), now.id if now else "",
        {one.id: rules.spread(db, one) for one in versions[:20]}, tuple(rules.ahead(db, kind)),
        category_labels(kept.categories(db, "9999-12-31")), tuple(unit.name for unit in getattr(named, "units", ())),
    )  # fmt: skip


class RulesPage(ListPage):
    """Tabs of kinds; the parts of a kind; beside them what its draft changes, and every version."""

    name: ClassVar[str] = "rules"
    tables: ClassVar[frozenset[str]] = frozenset({"rule_set", "rule_draft", "rule_held", "enrolled", "intake"})

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.book: Book | None = None
        self.kind = RuleKind.QUOTAS
        self.seen = ""
        self._deeds: list[Callable[[], None]] = []
        self.tabs = FilterTabs(kinds())
        self.search = Search(t("district_rules.search"))
        self.new_button = Button(t("district_rules.add"), "primary", icon="plus", key="Ctrl+N")
        self.new_button.clicked.connect(self.new)
        self.head = Text("", "muted", wrap=True)
        self._rows = RowsModel(self._columns())
        self.list = Table(self._rows, rows=56, name=t("district_desk.page_rules"))
        self.list.activated_record.connect(lambda line: self.edit(line.id))
        self.export_button = ExportButton(shell, self.list, "rules", note=self._told)
        self._inner = Column(gap=8)
        inside = QWidget()
        inside.setLayout(self._inner)
        self.card = Card(Scroll(inside))
        self.card.setFixedWidth(CARD)
        self._version_rows = RowsModel(self._version_columns())
        self.versions = Table(self._version_rows, rows=56, name=t("district_rules.versions"))
        self.versions.activated_record.connect(lambda one: self.look_at(one.id))
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(8)
        self._head.addWidget(self.tabs, 1)
        self._head.addLayout(Row(self.search, self.new_button, gap=8))
        listed = Card(self.head, self.list, Row(None, self.export_button), gap=8)
        page_layout(self, Row(Column(self._head, listed, gap=8), self.card, gap=16))
        self.tabs.chosen.connect(self._tab)
        self.search.textChanged.connect(lambda _text: self._filter())
        for keys, act in (("Delete", self.remove), ("Alt+Up", lambda: self.shift(-1)), ("Alt+Down", lambda: self.shift(1))):
            shortcut = QShortcut(QKeySequence(keys), self.list)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(act)

    def _columns(self) -> list[TableColumn]:
        return [
            TableColumn(t("district_rules.what_it_is"), lambda line: line.title, 250, bold=True, sub=lambda line: line.sub),
            TableColumn(t("district_rules.what_it_says"), lambda line: line.text, sub=lambda line: line.more),
            TableColumn("", lambda _line: "", 84, "right", pill=lambda line: line.mark),
        ]

    def _version_columns(self) -> list[TableColumn]:
        def sub(one: RuleSet) -> str:
            return t("terms.dot").join(part for part in (one.author, one.note) if part)

        def state(one: RuleSet) -> tuple[str, str] | None:
            if self.book is None:
                return None
            if one.id == self.book.in_force:
                return t("district_rules.in_force"), "good"
            return (t("district_rules.to_come"), "attention") if one.starts_on > self.book.today.isoformat() else None

        def reach(one: RuleSet) -> str:
            spread = self.book.spread.get(one.id) if self.book else None
            return f"{spread.have}/{spread.stations}" if spread else ""

        return [
            TableColumn(t("district_rules.versions"), version, bold=True, sub=sub),
            TableColumn(t("district_rules.from"), lambda one: one.starts_on[5:], 62, muted=True),
            TableColumn(t("district_rules.reached"), reach, 64, "right"),
            TableColumn("", lambda _one: "", 72, "right", pill=state),
        ]

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed: large tabs stand in a row of their own."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_head"):
            if self.isVisible():
                self._fit()
            else:  # parts of a hidden page keep their old size until it is shown: side by side they would widen the window
                self._head.setDirection(QBoxLayout.Direction.TopToBottom)

    def showEvent(self, event: QShowEvent) -> None:
        """What the type size became while the page was hidden."""
        self._fit()
        super().showEvent(event)

    def _fit(self) -> None:
        large = tokens().large
        self._head.setDirection(QBoxLayout.Direction.TopToBottom if large else QBoxLayout.Direction.LeftToRight)
        self._head.setStretch(0, int(not large))

    # --- what the window asks ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the kind chosen."""
        kind = self.kind
        self.jobs.read(lambda db: read_book(db, kind), self._show, key="district-rules")

    def show_subject(self, subject: str) -> None:
        """Show a kind by its code."""
        self.tabs.choose(subject)

    def new(self) -> None:
        """Ctrl+N: one more part."""
        self._open_form(None)

    def act_on(self, number: int) -> bool:
        """Do what stands on the card's button with this number."""
        if number > len(self._deeds):
            return False
        self._deeds[number - 1]()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back from an older version to what is worked on."""
        if event.key() == Qt.Key.Key_Escape and self.seen:
            self.look_at("")
        else:
            super().keyPressEvent(event)

    def _tab(self, code: str) -> None:
        self.kind, self.seen = RuleKind(code), ""
        self.refresh()

    # --- showing -----------------------------------------------------------------------------------------------------

    def look_at(self, version_id: str) -> None:
        """Show what a version says; "" (or the newest without a draft) for what is worked on."""
        book = self.book
        newest = book.versions[0].id if book and book.versions and book.draft is None else ""
        self.seen = "" if version_id in (self.seen, newest) else version_id
        if book is not None:
            self._show(book)

    def _show(self, book: Book) -> None:
        self.book = book
        if all(one.id != self.seen for one in book.versions):
            self.seen = ""
        self.new_button.setVisible(self.may(Op.DRAFT_RULES) and not self.seen)
        self._filter()
        self._show_card()
        if self.list.current() is None and self._rows.rowCount():
            self.list.selectRow(0)

    def _shown(self) -> tuple[Body, Difference | None]:
        """The body in the list, and what of it to mark."""
        book = self.book
        if book is None:
            return EMPTY[self.kind], None
        old = next((one for one in book.versions if one.id == self.seen), None)
        if old is not None:
            return old.body, None
        return book.body, rules.difference(book.newest, book.body) if book.draft else None

    def _told(self) -> str:
        """The district, the kind and what was looked for, above the rows of a file."""
        return "  ".join(part for part in (self.shell.station.name, self.tabs.code(), self.search.text().strip()) if part)

    def _filter(self) -> None:
        book = self.book
        if book is None:
            return
        body, unlike = self._shown()
        text = self.search.wanted()
        found = [one for one in lines(body, book.labels, unlike) if text in f"{one.title} {one.sub} {one.text}".casefold()]
        self._rows.set_rows(found)
        self.list.set_empty(
            EmptyState("rules", t(f"district_rules.none_{self.kind.value}"), "" if self.seen else t("district_rules.add"), key="Ctrl+N")
        )
        self.head.set(self._headline(book, body))

    def _headline(self, book: Book, body: Body) -> str:
        old = next((one for one in book.versions if one.id == self.seen), None)
        if old is not None:
            said = t("district_rules.looking_at", version=version(old))
        elif book.draft:
            said = t("district_rules.is_draft")
        elif book.versions:
            newest = book.versions[0]
            said = t("district_rules.is_newest", version=version(newest), day=when.plain(date.fromisoformat(newest.starts_on)))
        else:
            said = t(f"district_rules.help_{self.kind.value}")
        return f"{said} {weekend(body)}" if isinstance(body, Calendar) else said

    def _show_card(self) -> None:
        book = self.book
        if book is None:
            return
        lift(self.versions)
        clear(self._inner)
        self._deeds = []
        for one in book.ahead:
            self._inner.addWidget(Notice(t("district_rules.ahead", no=one.no), "attention", icon="warning"))
        old = next((one for one in book.versions if one.id == self.seen), None)
        if old is not None:
            self._say_version(old)
        elif book.draft is not None:
            self._say_draft(book, book.draft)
        elif isinstance(book.body, Calendar) and self.may(Op.DRAFT_RULES):
            self._offer((t("district_rules.set_week"), "secondary", self.edit_week))
        if book.versions:
            self._version_rows.set_rows(book.versions)
            self.versions.setMinimumHeight(min(56 * len(book.versions) + 44, 420))
            self._inner.addWidget(self.versions, 1)
            self.versions.show()
        elif book.draft is None:
            self._inner.addWidget(Text(t("district_rules.no_versions"), "muted", wrap=True))
        self._inner.addStretch(1)

    def _say_draft(self, book: Book, draft: Draft) -> None:
        unlike = rules.difference(book.newest, draft.body)
        self._inner.addWidget(Text(t("district_rules.draft"), "strong"))
        saved = when.moment(draft.saved, book.today)
        self._inner.addWidget(Text(t("district_rules.saved", when=saved, name=draft.officer), "muted", wrap=True))
        for text in changes(unlike) or [t("district_rules.alike")]:
            self._inner.addWidget(Text(text, wrap=True))
        deeds: list[tuple[str, str, Callable[[], None]]] = []
        if self.may(Op.SWITCH_RULES) and (unlike or book.ahead):
            deeds.append((t("district_rules.switch_on"), "primary", self.ask_switch))
        if self.may(Op.DRAFT_RULES):
            deeds.append((t("district_rules.discard"), "danger", self.discard))
            if isinstance(draft.body, Calendar):
                deeds.append((t("district_rules.set_week"), "secondary", self.edit_week))
        self._offer(*deeds)

    def _say_version(self, old: RuleSet) -> None:
        self._inner.addWidget(Text(version(old), "strong"))
        starts = when.plain(date.fromisoformat(old.starts_on))
        self._inner.addWidget(Text(t("district_rules.made", day=starts, name=old.author), "muted", wrap=True))
        if old.note:
            self._inner.addWidget(Text(old.note, wrap=True))
        deeds: list[tuple[str, str, Callable[[], None]]] = [(t("district_rules.back"), "secondary", lambda: self.look_at(""))]
        if self.may(Op.DRAFT_RULES):
            deeds.insert(0, (t("district_rules.begin_from"), "secondary", lambda: self.begin_from(old.id)))
        self._offer(*deeds)

    def _offer(self, *deeds: tuple[str, str, Callable[[], None]]) -> None:
        flow = FlowLayout(8, row_gap=8)
        for number, (text, kind, act) in enumerate(deeds, 1):
            button = Button(text, kind, key=str(number))
            button.clicked.connect(act)
            self._deeds.append(act)
            flow.addWidget(button)
        self._inner.addLayout(flow)

    # --- editing -------------------------------------------------------------------------------------------------------

    def edit(self, part_id: str) -> None:
        """Enter: change a part; an older version is only looked at."""
        if not self.seen and self.may(Op.DRAFT_RULES):
            self._open_form(part_id)

    def _open_form(self, part_id: str | None) -> None:
        book = self.book
        if book is None or self.seen or not self.may(Op.DRAFT_RULES):
            return
        place, name = rules.PARTS[self.kind]
        old = next((part for part in getattr(book.body, place) if getattr(part, name) == part_id), None)

        def keep(made: tuple[Part, ...], otherwise: Otherwise) -> None:
            self._put(part_id, made, otherwise)

        form = self._form(book, old, keep)
        title = t(f"district_rules.edit_{self.kind.value}" if old else f"district_rules.new_{self.kind.value}")
        self.shell.open_sheet(title, form, submit=t("district_rules.keep"))

    def _form(self, book: Book, old: Any, keep: Callable[[tuple[Part, ...], Otherwise], None]) -> Entry:
        if self.kind is RuleKind.QUOTAS:
            return QuotaForm(self.shell, keep, old if isinstance(old, QuotaRule) else None)
        if self.kind is RuleKind.UNITS:
            return UnitForm(self.shell, keep, old if isinstance(old, Unit) else None, book.labels)
        if self.kind is RuleKind.CATEGORIES:
            return CategoryForm(self.shell, keep, old if isinstance(old, CategoryRule) else None, book.units)
        return DayForm(self.shell, keep, old if isinstance(old, CalendarDay) else None, book.today)

    def _put(self, part_id: str | None, made: tuple[Part, ...], otherwise: Otherwise) -> None:
        """Put parts in the place of the one with this id (None: at the end) and keep the draft."""
        book = self.book
        if book is None:
            return
        place, name = rules.PARTS[self.kind]
        parts = list(getattr(book.body, place))
        at = next((number for number, part in enumerate(parts) if getattr(part, name) == part_id), len(parts))
        others = [part for part in parts if getattr(part, name) != part_id]
        if self.kind is RuleKind.CALENDAR:  # a day that is said again says the new
            said = {getattr(part, name) for part in made}
            others = [part for part in others if getattr(part, name) not in said]
        elif {getattr(part, name) for part in others} & {getattr(part, name) for part in made}:
            otherwise(UserMistake("district_rules.taken", name=str(getattr(made[0], name))))
            return
        others[at:at] = made
        self._save(msgspec.structs.replace(book.body, **{place: tuple(others)}), otherwise, t("district_rules.kept"))

    def remove(self) -> None:
        """Delete: take the chosen part out of the draft."""
        book, line = self.book, self.list.current()
        if book is None or self.seen or not isinstance(line, Line) or not self.may(Op.DRAFT_RULES):
            return
        place, name = rules.PARTS[self.kind]
        left = tuple(part for part in getattr(book.body, place) if getattr(part, name) != line.id)
        said = t("district_rules.taken_out", name=line.title)
        self._save(msgspec.structs.replace(book.body, **{place: left}), self.shell.tell_error, said)

    def shift(self, by: int) -> None:
        """Alt+Up, Alt+Down: the order in which rules are asked and choices are offered; days stand by date."""
        book, line = self.book, self.list.current()
        if book is None or self.seen or not isinstance(line, Line) or self.kind is RuleKind.CALENDAR or not self.may(Op.DRAFT_RULES):
            return
        place, name = rules.PARTS[self.kind]
        parts = list(getattr(book.body, place))
        here = next(number for number, part in enumerate(parts) if getattr(part, name) == line.id)
        if 0 <= here + by < len(parts):
            parts[here], parts[here + by] = parts[here + by], parts[here]
            self._save(msgspec.structs.replace(book.body, **{place: tuple(parts)}), self.shell.tell_error, "")

    def edit_week(self) -> None:
        """The days of a week without work."""
        book = self.book
        if book is not None and isinstance(book.body, Calendar):
            form = WeekForm(self.shell, book.body, lambda body, otherwise: self._save(body, otherwise, t("district_rules.kept")))
            self.shell.open_sheet(t("district_rules.set_week"), form, submit=t("district_rules.keep"))

    def _save(self, body: Body, otherwise: Otherwise, said: str) -> None:
        """Keep a draft; telling offers to put back what it said before."""
        book = self.book
        if book is None:
            return
        before, draft = book.body, book.draft
        starts_on, note = (draft.starts_on, draft.note) if draft else (book.today.isoformat(), "")

        def done(_draft: Draft) -> None:
            self.shell.close_sheet()
            if said:
                self.shell.tell(said, t("window.undo"), lambda: self._save(before, self.shell.tell_error, ""))

        self.jobs.run(lambda db: rules.save(db, body, starts_on, note), done, otherwise)

    # --- drafts and versions ----------------------------------------------------------------------------------------------

    def begin_from(self, version_id: str) -> None:
        """Begin a draft from a version; a draft there was is offered back."""
        book = self.book
        if book is None:
            return
        before = book.draft

        def done(_draft: Draft) -> None:
            self.seen = ""
            undo = (t("window.undo"), lambda: self._again(before)) if before else ("", None)
            self.shell.tell(t("district_rules.begun"), *undo)

        self.jobs.run(lambda db: rules.begin(db, self.kind, version_id), done)

    def discard(self) -> None:
        """Put the draft away; it is offered back."""
        book = self.book
        if book is None or book.draft is None:
            return
        before = book.draft
        self.jobs.run(
            lambda db: (None, rules.discard(db, before.kind)),
            lambda _none: self.shell.tell(t("district_rules.discarded"), t("window.undo"), lambda: self._again(before)),
        )

    def _again(self, draft: Draft | None) -> None:
        if draft is not None:
            self.jobs.run(lambda db: rules.save(db, draft.body, draft.starts_on, draft.note), lambda _draft: None)

    def ask_switch(self) -> None:
        """What switching on changes, from which day, and why."""
        book = self.book
        if book is None or book.draft is None:
            return
        draft = book.draft
        starts = max(date.fromisoformat(draft.starts_on), book.today)
        told = changes(rules.difference(book.newest, draft.body))
        form = SwitchForm(self.shell, told, starts, draft.note, self.switch)
        title = t("district_rules.switch_title", kind=label(self.kind))
        self.shell.open_sheet(title, form, submit=t("district_rules.switch_on"))

    def switch(self, starts_on: date, note: str, otherwise: Otherwise) -> None:
        """Make the draft the next version."""
        book = self.book
        if book is None or book.draft is None:
            return
        body, kind = book.draft.body, book.kind

        def work(db: Database) -> tuple[RuleSet, Changes]:
            rules.save(db, body, starts_on.isoformat(), note)
            return rules.switch_on(db, kind)

        def done(made: RuleSet) -> None:
            self.shell.close_sheet()
            day = when.plain(date.fromisoformat(made.starts_on))
            self.shell.tell(t("district_rules.switched", version=version(made), day=day))

        self.jobs.run(work, done, otherwise)
