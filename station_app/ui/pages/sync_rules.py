"""The district's rules as this station goes by them: which version, since when, from whom, what it says; on screen and on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from ...db import Database
from ...model import RuleKind
from ...rulebook import Calendar, RuleSet
from ...services import rules
from ...sync import outbox
from ...words import label, t
from .. import when
from ..kit import Button, Column, FilterTabs, Row, Text, clear, rule
from ..page import Shell
from ..printing import Show, open_file, save_and_open
from ..rules_text import Line, category_labels, kinds, lines, version, weekend


@dataclass(frozen=True, slots=True)
class InForce:
    """A kind of rules here: what is in force, and what has come and will be, the next first."""

    now: RuleSet | None
    to_come: tuple[RuleSet, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """All kinds; ``district`` is "" before joining; ``labels`` are those of categories by code."""

    today: date
    district: str
    kinds: Mapping[RuleKind, InForce]
    labels: Mapping[str, str]

    @property
    def none(self) -> bool:
        """Whether no version of anything has come yet."""
        return not any(one.now or one.to_come for one in self.kinds.values())


def read_book(db: Database) -> Book:
    """The rules that hold at this station today."""
    today, told = db.stamp().business_date, outbox.district(db)
    found = {}
    for kind in RuleKind:
        now = rules.in_force(db, kind, today)
        least = now.age if now else (0, 0, "")
        to_come = [one for one in rules.versions(db, kind) if one.starts_on > today and one.age > least]
        found[kind] = InForce(now, tuple(sorted(to_come, key=lambda one: one.starts_on)))
    return Book(date.fromisoformat(today), told.name if told else "", found, category_labels(rules.categories(db, today)))


def standing(book: Book, kind: RuleKind) -> list[str]:
    """Which version is in force, since when, from whom, and what is to come; a sentence each."""
    found = book.kinds[kind]
    if found.now is None and not found.to_come:
        return [t(f"station_rules.none_{kind.value}")]
    told = [_told(book, found.now)] if found.now else [t("station_rules.none_yet")]
    if found.now is not None and found.now.note:
        told.append(t("station_rules.why", note=found.now.note))
    if found.now is not None and isinstance(found.now.body, Calendar):
        told.append(weekend(found.now.body))
    for one in found.to_come:
        told.append(t("station_rules.to_come", version=version(one), day=when.plain(date.fromisoformat(one.starts_on))))
    return told


def _told(book: Book, one: RuleSet) -> str:
    return t(
        "station_rules.in_force", version=version(one), day=when.plain(date.fromisoformat(one.starts_on)), district=book.district,
        name=one.author, made=when.date_only(one.made[:10], book.today),
    )  # fmt: skip


def said(book: Book, kind: RuleKind) -> list[Line]:
    """What the version in force says, a line a part."""
    found = book.kinds[kind].now
    return lines(found.body, book.labels) if found is not None else []


class RulesSheet(QWidget):
    """A tab a kind; below it what is in force. ← → choose, Ctrl+P prints all of it."""

    def __init__(self, shell: Shell, book: Book, *, show: Show = open_file) -> None:
        super().__init__()
        self._shell, self._show, self.book = shell, show, book
        self.tabs = FilterTabs(kinds())
        self.print_button = Button(t("station_rules.print"), icon="print", key="Ctrl+P")
        self.print_button.clicked.connect(self.print)
        self.print_button.setVisible(not book.none)
        self._parts = Column(gap=8)
        self.setLayout(Column(self.tabs, self._parts, Row(self.print_button, None), None, gap=12))
        self.tabs.chosen.connect(self._choose)
        self.setFocusProxy(self.tabs)
        shortcut = QShortcut(QKeySequence("Ctrl+P"), self)
        shortcut.activated.connect(self.print)
        self._choose(RuleKind.QUOTAS.value)

    def _choose(self, code: str) -> None:
        kind = RuleKind(code)
        clear(self._parts)
        for place, text in enumerate(standing(self.book, kind)):
            self._parts.addWidget(Text(text, "body" if place == 0 else "muted", wrap=True))
        for line in said(self.book, kind):
            self._parts.addWidget(rule())
            self._parts.addWidget(Text(line.title, "strong", wrap=True))
            for text, look in ((line.sub, "muted"), (line.text, "body"), (line.more, "muted")):
                if text:
                    self._parts.addWidget(Text(text, look, wrap=True))

    def print(self) -> None:
        """All kinds on paper, to hang beside the desk."""
        book, station = self.book, self._shell.station
        if book.none:
            return
        sections = [
            (label(kind), standing(book, kind), [(one.title, one.sub, t("terms.dot").join(p for p in (one.text, one.more) if p))
                                                 for one in said(book, kind)])
            for kind in RuleKind
        ]  # fmt: skip

        def draw(path: Path) -> int:
            from ...paper.rules import rules_sheet

            return rules_sheet(sections, path, station=station, printed_on=book.today)

        save_and_open(self._shell, f"rules-{book.today.isoformat()}", draw, show=self._show)
