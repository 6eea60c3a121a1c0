"""隐私 on the page 设置: the notice to read and to print, how long things are kept, what goes soon, what older copies hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from ... import settings
from ...db import Database
from ...services import people, preferences, privacy
from ...services.privacy import Privacy
from ...services.retention import Forgotten
from ...words import t
from .. import actions, when
from ..jobs import Otherwise
from ..kit import Button, Card, Fact, Row, Text, rule
from ..page import Shell
from ..printing import Show, open_file, save_and_open
from .settings_forms import SettingRow


@dataclass(frozen=True, slots=True)
class Found:
    """What the card shows: how the house stands, the settings by name, the station's day."""

    privacy: Privacy
    content: dict[str, str]
    today: date


def read_privacy(db: Database) -> Found:
    """How the house stands now."""
    content = {setting.name: preferences.get(db, setting) for setting in settings.RETENTION}
    return Found(privacy.overview(db), content, db.now().date())


class PrivacyCard(Card):
    """The notice and the times. ``changes``: whoever is at work may change them; ``show`` opens a PDF."""

    def __init__(self, shell: Shell, *, changes: bool = True, show: Show = open_file) -> None:
        self._shell, self._show_file = shell, show
        self._months = (0, 0, 0)
        self.print_notice = Button(t("settings.print_notice"), icon="print")
        self.print_notice.clicked.connect(self._print)
        super().__init__(gap=10, title=t("settings.privacy"), aside=self.print_notice)
        self.notice = Text("", wrap=True, selectable=True)
        self.soon, self.older = Fact(t("settings.soon"), wrap=True), Fact(t("settings.older_notice"), wrap=True)
        self.last, self.copies = Fact(t("settings.forgotten_last"), wrap=True), Fact(t("settings.forgotten_copies"), wrap=True)
        self.show_soon, self.show_older = Button(t("settings.look")), Button(t("settings.look"))
        self.show_soon.clicked.connect(lambda: shell.go("people", "soon"))
        self.show_older.clicked.connect(lambda: shell.go("people", "older"))
        self.rows = {setting.name: SettingRow(setting, self._change) for setting in settings.RETENTION} if changes else {}
        parts: tuple[QWidget | Row, ...] = (
            Text(t("people_page.notice_title", version=people.NOTICE_VERSION), "small"), self.notice, rule(),
            _line(self.soon, self.show_soon), self.last, self.copies, _line(self.older, self.show_older), rule(),
            *self.rows.values(), Text(t("settings.log_stays"), "small", wrap=True), Text(t("settings.prints_plain"), "small", wrap=True),
        )  # fmt: skip
        for part in parts:
            self.body.addLayout(part) if isinstance(part, Row) else self.body.addWidget(part)

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody may have come or gone since."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Read it anew."""
        self._shell.jobs.read(read_privacy, self._show, key="settings-privacy")

    def _show(self, found: Found) -> None:
        house = found.privacy
        self._months = (house.months[0], house.months[1], house.months[2])
        self.notice.set(t("notice.short", months=house.months[0]))
        going = sum(one.kind == "person" for one in house.soon)
        words = sum(one.kind == "request" for one in house.soon)
        self.soon.set(t("settings.soon_counts", people=going, requests=words) if going or words else t("settings.soon_none"))
        people_shown = self._shell.offers("people")
        self.show_soon.setVisible(bool(going) and people_shown)
        self.last.set(_told(house.last, found.today))
        self.copies.set(self._copies(house, found.today))
        self.older.setVisible(bool(house.older_notice))
        self.older.set(t("settings.older_count", n=house.older_notice))
        self.show_older.setVisible(bool(house.older_notice) and people_shown)
        for name, row in self.rows.items():
            row.show_state(found.content[name])

    def _copies(self, house: Privacy, today: date) -> str:
        if house.copies is None:
            return t("settings.forgotten_nobody")
        if not house.copies:
            return t("settings.copies_gone", n=house.forgotten)
        day = when.date_only(house.copies.until, today)
        told = t("settings.copies_until", n=house.forgotten, day=day)
        return f"{told}\n{t('people_page.erase_place')}" if house.copies.second_place else told

    def _change(self, name: str, text: str, otherwise: Otherwise) -> None:
        def done(_changes: object) -> None:
            self._shell.tell(t("settings.changed", name=t(f"settings.{name}")))
            self.refresh()

        actions.change_setting(self._shell.jobs, name, text, done, otherwise)

    def _print(self) -> None:
        station, months, day = self._shell.station, self._months, self._shell.jobs.db.now().date()

        def draw(path: Path) -> int:
            from ...paper.privacy import notice_sheet

            return notice_sheet(station, months, day, path)

        save_and_open(self._shell, t("notice.title"), draw, show=self._show_file)


def _told(last: Forgotten | None, today: date) -> str:
    """What the last day's run came to."""
    if last is None:
        return t("settings.forgot_never")
    day = when.date_only(last.day, today)
    if last.held_back == "clock":
        return t("settings.forgot_clock", day=day)
    if last.held_back:
        return t("settings.forgot_records", day=day)
    if not (last.people or last.requests or last.pictures):
        return t("settings.forgot_nothing", day=day)
    return t("settings.forgot", day=day, people=last.people, requests=last.requests, pictures=last.pictures)


def _line(fact: Fact, button: Button) -> Row:
    row = Row(gap=10)
    row.addWidget(fact, 1)
    row.addWidget(button)
    return row
