"""Restoring before a database is open: what the window left to be done, or an old backup on this or a new computer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut

from .. import backup, paths, vault
from ..backup import Backup
from ..errors import StationError
from ..paths import DataFolder
from ..services import backups, founding
from ..services.backups import Preview, Restored
from ..words import t
from . import when
from .backup_list import BackupList, into_view, preview_lines
from .errands import Restoring
from .feedback import sentence
from .forms import Form, PasswordField
from .kit import Button, Column, Icon, Row, Text, clear, rule
from .rescue import Choose, choose_folder
from .start_recover import StartCard
from .start_work import Clock

if TYPE_CHECKING:
    from .start import StartWindow


def unlocked(slots: Path, typed: str) -> tuple[vault.Root, str]:
    """The root by a password or by the groups of the recovery sheet, and whose password it was, "" for the sheet.

    Raises Refused for neither, UserMistake naming a wrong group of a sheet.
    """
    groups = vault.recovery_groups(typed)
    if len(groups) >= vault.GROUPS - 1 and all(group.isdigit() for group in groups):
        return vault.unlock_with_recovery(slots, groups).root, ""
    return vault.unlock(slots, typed)


def restore(place: DataFolder, errand: Restoring, progress: backup.Progress, clock: Clock) -> Restored:
    """Put a backup in place; raises what ``backups.restore`` does, EnvironmentFault for a bad place."""
    founding.check_place(place.path)
    return backups.restore(
        place, errand.chosen, errand.slots, errand.root, clock=clock, by=errand.by, progress=progress
    )


class RestoringCard(StartCard):
    """Restores what was confirmed in the window, and goes back to unlocking with a sentence of what happened."""

    def __init__(self, window: StartWindow, errand: Restoring) -> None:
        super().__init__(window, 620)
        self._errand, self._begun = errand, False
        self.progress.cancelled.connect(window.stop)
        for part in (
            Row(Icon("lock", "brand", 28), Text(t("restore.title"), "title"), None), Text(t("restore.under_way"), wrap=True),
            self.errors, self.progress,
        ):  # fmt: skip
            self.body.addLayout(part) if isinstance(part, Row) else self.body.addWidget(part)

    def settle(self) -> None:
        """Begin, once."""
        if not self._begun:
            self._begun = True
            begin(self, self._window, self._errand, self._not_done)

    def _not_done(self, error: StationError) -> None:
        self._window.leave_for(None, t("restore.not_done", reason=sentence(error)), bad=True)


def begin(card: StartCard, window: StartWindow, errand: Restoring, otherwise: Callable[[StationError], None]) -> None:
    """Restore with progress; the window unlocks the restored store then."""
    place, clock = window.data, window.clock

    def done(restored: Restored) -> None:
        today = clock().astimezone().date()
        made = when.moment(restored.backup.time.astimezone().isoformat(), today)
        told = [t("restore.done", when=made)]
        if restored.set_aside is not None:
            told.append(t("restore.set_aside", folder=str(restored.set_aside)))
        if restored.lost_pictures:
            told.append(t("backup.pictures_lost", n=restored.lost_pictures))
        window.leave_for(None, " ".join(told))

    card.busy(t("restore.restoring"), cancel=True)
    window.long(lambda progress: restore(place, errand, progress, clock), done, otherwise)


class RestoreCard(StartCard):
    """An old backup on this computer: which folder, which backup, the password or the sheet, what it holds, and on.

    ``choose`` asks for a folder.
    """

    def __init__(self, window: StartWindow, *, choose: Choose = choose_folder) -> None:
        super().__init__(window, 700)
        self._choose = choose
        self._chosen: Backup | None = None
        self._errand: Restoring | None = None
        self.sources = Row(gap=8)
        self.pick = Button(t("restore.other_folder"))
        self.pick.clicked.connect(lambda: self._choose(self, self.show_folder))
        self.folder = Text("", "small", wrap=True)
        self.list = BackupList(window.aside, window.clock().astimezone().date(), None)
        self.list.chosen.connect(self._take)
        self.key = Form(PasswordField("secret", t("restore.secret")))
        self.key.submitted.connect(self._open)
        self.key.hide()
        self._below = Column(gap=8)
        self.on, self.back = Button(t("restore.restore"), "primary", key="Enter"), Button(t("start.back"), key="Esc")
        self.on.clicked.connect(self._go_on)
        self.on.setEnabled(False)
        self.back.clicked.connect(lambda: window.leave_for(None))
        escape = QShortcut(QKeySequence("Esc"), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.back.click)
        self.progress.cancelled.connect(window.stop)
        for part in (
            Row(Icon("lock", "brand", 28), Text(t("restore.title"), "title"), None), Text(t("restore.help"), "muted", wrap=True),
            self.errors, self.sources, self.folder, self.list, self.key, self._below, self.progress, Row(self.on, self.back, None),
        ):  # fmt: skip
            self.body.addLayout(part) if isinstance(part, Row | Column) else self.body.addWidget(part)
        self.found: list[Button] = []
        window.aside.do(lambda: _places(window.data), self._offer)

    def settle(self) -> None:
        """The cursor stands on the first place."""
        (self.found[0] if self.found else self.pick).setFocus(Qt.FocusReason.OtherFocusReason)

    def busy(self, text: str, *, cancel: bool = False) -> None:
        """Nothing else can be pressed meanwhile."""
        super().busy(text, cancel=cancel)
        for widget in (self.list, self.key, self.pick, self.back, *self.found):
            widget.setEnabled(not text)
        self.on.setEnabled(not text and self._errand is not None)

    def _offer(self, places: list[tuple[str, Path]]) -> None:
        for name, folder in places:
            button = Button(name)
            button.clicked.connect(lambda _checked=False, folder=folder: self.show_folder(folder))
            self.found.append(button)
            self.sources.addWidget(button)
        self.sources.addWidget(self.pick)
        self.sources.addStretch(1)
        self.settle()

    def show_folder(self, folder: Path) -> None:
        """List the backups of a folder, or of the one called ``backups`` in it."""
        if not backup.listing(folder) and backup.listing(folder / backup.FOLDER):
            folder = folder / backup.FOLDER
        self._chosen = self._errand = None
        self.on.setEnabled(False)
        self.key.hide()
        clear(self._below)
        self.folder.set(str(folder))
        self.list.show_folder(folder)

    def _take(self, one: Backup) -> None:
        self._chosen, self._errand = one, None
        clear(self._below)
        self.on.setEnabled(False)
        self.key.show()
        self.key.take_focus()
        into_view(self.key)

    def _open(self, values: dict[str, Any]) -> None:
        chosen, place, clock = self._chosen, self._window.data, self._window.clock
        if chosen is None:
            return

        def looked() -> tuple[Restoring, Preview]:
            slots = place.slots if place.exists else backup.slots_in(chosen.path.parent, place.side)
            root, by = unlocked(slots, values["secret"])
            return Restoring(chosen, slots, root, by), backups.weigh(
                place, chosen, root.database_key(), by, clock=clock
            )

        self.busy(t("start.unlocking"))
        self._window.aside.do(looked, self._show, self._wrong)

    def _wrong(self, error: StationError) -> None:
        self.busy("")
        self.key.show_error("secret", sentence(error))

    def _show(self, found: tuple[Restoring, Preview]) -> None:
        self._errand, seen = found
        self.busy("")
        clear(self._below)
        self._below.addWidget(rule())
        self._below.addWidget(Text(seen.station, "strong", wrap=True))
        for line, role in preview_lines(seen, self._window.clock().astimezone().date()):
            self._below.addWidget(Text(line, role, wrap=True))
        self._below.addWidget(
            Text(t("restore.keeps_old") if self._window.data.database.exists() else t("restore.new_here"), wrap=True)
        )
        self.on.setFocus(Qt.FocusReason.OtherFocusReason)
        into_view(self.on)

    def _go_on(self) -> None:
        if self._errand is not None and self._window.idle:
            begin(
                self,
                self._window,
                self._errand,
                lambda error: self.failed(t("restore.not_done", reason=sentence(error))),
            )


def _places(place: DataFolder) -> list[tuple[str, Path]]:
    """Where backups are found without asking: beside the store, and on the sticks that are in."""
    own = place.path / backup.FOLDER
    found = [(t("restore.beside"), own)] if backup.listing(own) else []
    for volume in paths.removable_volumes():
        for folder in (volume.path, volume.path / backup.FOLDER):
            if backup.listing(folder):
                found.append((volume.name, folder))
    return found
