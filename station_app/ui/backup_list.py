"""The backups of a folder to choose from, each read through first, and what restoring one would do, in words."""

from __future__ import annotations

from datetime import date, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from .. import backup
from ..backup import Backup
from ..errors import StationError
from ..services.backups import Content, Preview
from ..words import t
from . import when
from .aside import Aside
from .kit import Button, Column, Row, Text, clear

SHOWN = 10
"""Backups in the list; older ones are reached by the command line."""


class BackupList(QWidget):
    """The newest backups of a folder; ``chosen`` tells which one is to be looked at. A damaged one cannot be chosen."""

    chosen = Signal(object)

    def __init__(self, aside: Aside, today: date, zone: tzinfo | None) -> None:
        super().__init__()
        self._aside, self._today, self._zone = aside, today, zone
        self.told = Text("", wrap=True)
        self.buttons: list[Button] = []
        self._rows = Column(gap=4)
        self.setLayout(Column(self.told, self._rows, gap=8))

    def show_folder(self, folder: Path) -> None:
        """Read the backups of a folder through and list them."""
        clear(self._rows)
        self.buttons = []
        self.told.set(t("restore.reading"))
        self._aside.do(lambda: looked_through(folder), self._list)

    def _list(self, found: list[tuple[Backup, bool]]) -> None:
        clear(self._rows)
        self.buttons = []
        self.told.set(t("restore.choose") if found else t("restore.none_here"))
        for one, sound in found:
            time = when.moment(one.time.astimezone(self._zone).isoformat(), self._today)
            state = t("settings.sound") if sound else t("settings.unsound")
            text = t("settings.backup_line", reason=t(one.reason.word), size=f"{one.size / 1024**2:.1f}", state=state)
            button = Button(t("settings.look"))
            button.setAccessibleDescription(time)
            button.setEnabled(sound)
            button.clicked.connect(partial(self._choose, one))
            self.buttons.append(button)
            words = Column(Text(time, "strong"), Text(text, "small" if sound else "bad"), gap=0)
            row = Row(gap=10)
            row.addLayout(words, 1)
            row.addWidget(button)
            self._rows.addLayout(row)
        first = next((button for button in self.buttons if button.isEnabled()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose(self, one: Backup, _checked: bool = False) -> None:
        self.chosen.emit(one)


def into_view(widget: QWidget) -> None:
    """Scroll to what was just shown, now and as the part around it grows to hold it."""
    around = widget.parentWidget()
    while around is not None and not isinstance(around, QScrollArea):
        around = around.parentWidget()
    if not isinstance(around, QScrollArea):
        return

    def see() -> None:
        if shiboken6.isValid(widget) and shiboken6.isValid(around):
            around.ensureWidgetVisible(widget, 0, 20)

    around.verticalScrollBar().rangeChanged.connect(see)
    see()


def looked_through(folder: Path) -> list[tuple[Backup, bool]]:
    """The newest backups of a folder, and whether each is what was made."""
    return [(one, _whole(one)) for one in backup.listing(folder)[:SHOWN]]


def _whole(one: Backup) -> bool:
    try:
        backup.check(one)
    except StationError:
        return False
    return True


def preview_lines(seen: Preview, today: date) -> list[tuple[str, str]]:
    """What restoring would do, line by line with the role of the writing."""
    lines = [(t("settings.in_backup", **figures(seen.held, today)), "body")]
    if seen.now is not None:
        lines.append((t("settings.in_place", **figures(seen.now, today)), "body"))
        lost = t("settings.would_lose", n=seen.lost, since=when.moment(seen.since, today)) if seen.lost else ""
        lines.append((lost or t("settings.loses_nothing"), "bad" if lost else "strong"))
        if kinds := lost_kinds(seen):
            lines.append((kinds, "bad"))
    if seen.erasures:
        lines.append((t("settings.erased_again", n=seen.erasures), "body"))
    return lines


def lost_kinds(seen: Preview) -> str:
    """How many visits, handouts and requests came after the backup, "" where none did."""
    told = [
        t(word, n=seen.lost_rows[table])
        for table, word in (
            ("visit", "restore.visits"),
            ("handout", "restore.handouts"),
            ("request", "restore.requests"),
        )
        if seen.lost_rows.get(table)
    ]
    return t("restore.among_them", what=t("terms.list").join(told)) if told else ""


def figures(held: Content, today: date) -> dict[str, Any]:
    """What a store holds, as the sentences name it."""
    last = when.moment(held.last, today) if held.last else "—"
    return {
        "last": last, "people": held.people, "visits": held.visits, "handouts": held.handouts, "requests": held.requests,
    }  # fmt: skip
