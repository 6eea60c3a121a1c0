"""备份与钥匙 on the page 设置: the backups, the second place, what restoring would do, the keys on paper."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from ... import backup, settings, vault
from ...backup import Backup, Reason
from ...db import Database
from ...errors import EnvironmentFault, StationError
from ...model import Changes
from ...paper import keys
from ...services import backups, keepers, keeping, preferences
from ...services.backups import Content, Preview, Rehearsal
from ...services.keepers import Card as StartCard
from ...services.keeping import Kept
from ...words import t
from .. import when
from ..aside import Aside
from ..entry import Entry
from ..feedback import sentence
from ..forms import PasswordField
from ..jobs import Otherwise
from ..kit import Button, Card, Column, Fact, Row, Text, clear, rule
from ..page import Shell
from ..printing import FOLDER, Show, open_file
from .settings_forms import AT_PASSWORD, own_root

Choose = Callable[[QWidget, Callable[[Path], None]], None]
SHOWN = 10
"""Backups in the list; older ones are reached by the command line."""


@dataclass(frozen=True, slots=True)
class Safe:
    """What the card shows. ``newest`` is ISO 8601 or ""; ``recovery`` None without a sheet, "" when nobody knows its day."""

    today: date
    newest: str
    count: int
    second: str
    rehearsal: Rehearsal | None
    recovery: str | None
    cards: tuple[StartCard, ...]


def read_safe(db: Database) -> Safe:
    """The backups and keys as they are now."""
    folder = db.path.parent
    return Safe(
        db.now().date(), keeping.newest_time(db), len(backup.listing(backup.folder_of(db))),
        preferences.get(db, settings.BACKUP_PLACE), backups.last_rehearsal(db), keepers.recovery_key_made(db, folder),
        tuple(keepers.start_cards(db, folder)),
    )  # fmt: skip


def choose_folder(parent: QWidget, then: Callable[[Path], None]) -> None:
    """The system's own folder window; the desk goes on behind it."""
    dialog = QFileDialog(parent, t("settings.second_place"))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda text: then(Path(text)))
    dialog.open()


class KeysCard(Card):
    """Backups and keys. ``show`` opens a PDF, ``choose`` asks for a folder."""

    def __init__(self, shell: Shell, *, show: Show = open_file, choose: Choose = choose_folder) -> None:
        self._shell, self._show_file, self._choose = shell, show, choose
        self.back_up = Button(t("settings.back_up"), icon="check")
        self.back_up.clicked.connect(self.make_backup)
        super().__init__(gap=10, title=t("settings.keys"), aside=self.back_up)
        self._aside = Aside(self)
        self._aside.broken.connect(shell.jobs.broken)
        self.last, self.tried = Fact(t("settings.last_backup")), Fact(t("settings.rehearsal"), wrap=True)
        self.second = Fact(t("settings.second_place"), wrap=True)
        self.restore = Button(t("settings.restore"))
        self.restore.clicked.connect(self.show_backups)
        self.choose, self.forget = Button(t("settings.choose_place")), Button(t("settings.no_place"), "link")
        self.choose.clicked.connect(lambda: self._choose(self, self.set_place))
        self.forget.clicked.connect(lambda: self._set_place(""))
        self.recovery = Fact(t("settings.recovery"), wrap=True)
        self.print_recovery = Button(t("settings.print_recovery"), icon="print")
        self.print_recovery.clicked.connect(self._ask_recovery)
        self.cards = Fact(t("settings.start_cards"), wrap=True)
        self.make_card = Button(t("settings.make_card"), icon="print")
        self.make_card.clicked.connect(self._ask_card)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(0)
        self.revoke: dict[str, Button] = {}
        for part in (
            _line(self.last, self.restore), self.tried, _line(self.second, self.forget, self.choose), rule(),
            _line(self.recovery, self.print_recovery), rule(), _line(self.cards, self.make_card), self._cards,
        ):  # fmt: skip
            self.body.addWidget(part) if isinstance(part, QWidget) else self.body.addLayout(part)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way besides the window's jobs."""
        return self._aside.idle

    # --- what is shown -------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """A backup may have been made since."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Read backups and keys."""
        self._shell.jobs.read(read_safe, self._show, key="settings-keys")

    def _show(self, safe: Safe) -> None:
        made = when.moment(safe.newest, safe.today) if safe.newest else ""
        self.last.set(t("settings.backups_kept", when=made, n=safe.count) if made else t("settings.no_backup"))
        tried = safe.rehearsal
        told = t(tried.word, **tried.fields) if tried else t("settings.not_rehearsed")
        self.tried.set(f"{when.moment(tried.time, safe.today)} {told}" if tried else told)
        self.second.set(safe.second or t("settings.no_second_place"))
        self.forget.setVisible(bool(safe.second))
        if safe.recovery is None:
            self.recovery.set(t("settings.no_recovery"))
        else:
            day = when.day(safe.recovery, safe.today) if safe.recovery else "—"
            self.recovery.set(t("settings.recovery_made", when=day))
        self.cards.set(t("settings.cards_open", n=len(safe.cards)) if safe.cards else t("settings.no_cards"))
        self._show_cards(safe)

    def _show_cards(self, safe: Safe) -> None:
        clear(self._cards)
        self.revoke = {}
        for card in safe.cards:
            button = self.revoke[card.number] = Button(t("settings.revoke"))
            button.setAccessibleDescription(card.number)
            button.clicked.connect(partial(self._revoke, card))
            made = when.day(card.made, safe.today) if card.made else ""
            self._cards.addLayout(Row(Text(card.number, "strong"), Text(f"{made} {card.by}".strip(), "small"), None, button))

    # --- backups -------------------------------------------------------------------------------------------------

    def make_backup(self) -> None:
        """A backup now, and a copy at the second place."""
        if not self.back_up.isEnabled():
            return
        self.back_up.setEnabled(False)
        self._aside.do(lambda: keeping.keep(self._shell.jobs.db, Reason.MANUAL), self._made, self._not_made)

    def _made(self, kept: Kept) -> None:
        self.back_up.setEnabled(True)
        if kept.missed is not None:
            self._shell.tell(t("window.not_carried", reason=sentence(kept.missed)))
        elif kept.carried is not None:
            self._shell.tell(t("settings.backed_up_twice", folder=str(kept.carried.path.parent)))
        else:
            self._shell.tell(t("settings.backed_up"))
        self.refresh()

    def _not_made(self, error: StationError) -> None:
        self.back_up.setEnabled(True)
        self._shell.tell_error(error)

    def set_place(self, folder: Path) -> None:
        """Copies go there too from the next backup on; not into the station's own folder, which goes with its disk."""
        if folder.resolve().is_relative_to(self._shell.jobs.db.path.parent.resolve()):
            self._shell.tell(t("settings.place_inside"), bad=True)
        else:
            self._set_place(str(folder))

    def _set_place(self, text: str) -> None:
        def told(_changes: Changes) -> None:
            self._shell.tell(t("settings.place_set", folder=text) if text else t("settings.place_forgotten"))
            self.refresh()

        self._shell.jobs.run(lambda db: preferences.change(db, settings.BACKUP_PLACE.name, text), told)

    def show_backups(self) -> None:
        """The backups that are there, each read through; one is chosen to see what restoring it would do."""
        self._shell.open_sheet(t("settings.restore_title"), BackupList(self._shell, self._aside), cancel=t("kit.close"))

    # --- keys on paper -------------------------------------------------------------------------------------------

    def _ask_recovery(self) -> None:
        def made(db: Database, root: vault.Root) -> tuple[tuple[Path, str], Changes]:
            target = paper_target(db, "recovery")
            number, changes = keys.print_recovery(db, root, target)
            return (target, t("settings.recovery_printed", number=number)), changes

        self._ask(t("settings.print_recovery"), made)

    def _ask_card(self) -> None:
        def made(db: Database, root: vault.Root) -> tuple[tuple[Path, str], Changes]:
            target = paper_target(db, "start-card")
            card, changes = keys.print_start_card(db, root, target)
            return (target, t("settings.card_printed", number=card.number)), changes

        self._ask(t("settings.make_card"), made)

    def _ask(self, title: str, make: Callable[[Database, vault.Root], tuple[tuple[Path, str], Changes]]) -> None:
        """Make a key with the keeper's own password, which alone reaches the root."""

        def printed(outcome: tuple[Path, str]) -> None:
            file, text = outcome
            self._shell.close_sheet()
            opened = self._show_file(file)
            told = text if opened else f"{text} {t('printing.saved', path=str(file))}"
            self._shell.tell(told, t("settings.delete_print"), lambda: self._delete(file))
            self.refresh()

        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            self._shell.jobs.run(lambda db: make(db, own_root(db, values["password"])), printed, otherwise)

        form = Entry(self._shell, save, PasswordField("password", t("settings.own_password")), at=AT_PASSWORD)
        self._shell.open_sheet(title, form, submit=title)

    def _delete(self, file: Path) -> None:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            self._shell.tell(t("settings.print_in_use", name=file.name, reason=error.strerror or ""), bad=True)
        else:
            self._shell.tell(t("settings.print_deleted"))

    def _revoke(self, card: StartCard, _checked: bool = False) -> None:
        def revoked(_changes: Changes) -> None:
            self._shell.tell(t("settings.card_revoked", number=card.number))
            self.refresh()

        self._shell.jobs.run(lambda db: keepers.revoke_start_card(db, db.path.parent, card.slot_id), revoked)


class BackupList(QWidget):
    """Choose a backup, see what it holds and what would be lost, and how it is restored: that needs the window closed."""

    def __init__(self, shell: Shell, aside: Aside) -> None:
        super().__init__()
        self._shell, self._aside, self._db = shell, aside, shell.jobs.db
        self.told = Text(t("settings.reading_backups"), wrap=True)
        self.buttons: list[Button] = []
        self._rows, self._below = Column(gap=4), Column(gap=8)
        self.command = Text("", wrap=True, selectable=True)
        self.setLayout(Column(self.told, self._rows, self._below, None, gap=14))
        self._aside.do(self._looked_through, self._list)

    def _looked_through(self) -> list[tuple[Backup, bool]]:
        found = backup.listing(backup.folder_of(self._db))[:SHOWN]
        sound = {one.path: one for one in found if _whole(one)}
        return [(one, one.path in sound) for one in found]

    def _list(self, found: list[tuple[Backup, bool]]) -> None:
        self.told.set(t("settings.choose_backup") if found else t("backup.none"))
        today = self._db.now().date()
        for one, sound in found:
            time = when.moment(one.time.astimezone(self._db.zone).isoformat(), today)
            state = t("settings.sound") if sound else t("settings.unsound")
            text = t("settings.backup_line", reason=t(one.reason.word), size=f"{one.size / 1024**2:.1f}", state=state)
            button = Button(t("settings.look"))
            button.setAccessibleDescription(time)
            button.setEnabled(sound)
            button.clicked.connect(partial(self._look, one))
            self.buttons.append(button)
            words = Column(Text(time, "strong"), Text(text, "small" if sound else "bad"), gap=0)
            self._rows.addLayout(_line(words, button))
        if self.buttons:
            self.buttons[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _look(self, chosen: Backup, _checked: bool = False) -> None:
        self._aside.do(lambda: backups.preview(chosen, self._db.key, self._db), self._preview, self._shell.sheet_error)

    def _preview(self, seen: Preview) -> None:
        clear(self._below)
        today = self._db.now().date()
        now = seen.now
        lines = [t("settings.in_backup", **_figures(seen.held, today))]
        if now is not None:
            lines.append(t("settings.in_place", **_figures(now, today)))
        lost = t("settings.would_lose", n=seen.lost, since=when.moment(seen.since, today)) if seen.lost else ""
        erased = t("settings.erased_again", n=seen.erasures) if seen.erasures else ""
        self._below.addWidget(rule())
        for line in lines:
            self._below.addWidget(Text(line, wrap=True))
        self._below.addWidget(Text(lost or t("settings.loses_nothing"), "bad" if lost else "strong", wrap=True))
        if erased:
            self._below.addWidget(Text(erased, wrap=True))
        self._below.addWidget(Text(t("settings.how_to_restore"), wrap=True))
        self.command = Text(command_for(self._db.path.parent, seen.backup), wrap=True, selectable=True)
        self._below.addWidget(self.command)


def command_for(folder: Path, chosen: Backup) -> str:
    """The command that restores a backup, to be copied as it stands."""
    place = str(folder)
    quoted = shlex.quote(place) if place.startswith("/") else f'"{place}"'
    return f"station-app --data {quoted} backup restore {chosen.path.name} --yes"


def _figures(held: Content, today: date) -> dict[str, Any]:
    last = when.moment(held.last, today) if held.last else "—"
    return {
        "last": last, "people": held.people, "visits": held.visits, "handouts": held.handouts, "requests": held.requests,
    }  # fmt: skip


def _whole(one: Backup) -> bool:
    try:
        backup.check(one)
    except StationError:
        return False
    return True


def _line(words: QWidget | Column, *buttons: Button) -> Row:
    """Words that take the room there is, and what can be done about them."""
    row = Row(gap=10)
    row.addWidget(words, 1) if isinstance(words, QWidget) else row.addLayout(words, 1)
    for button in buttons:
        row.addWidget(button)
    return row


def paper_target(db: Database, name: str) -> Path:
    """A file for a key on paper; it is taken away after an hour, and when the window closes at the latest (``printing.sweep``)."""
    folder = db.path.parent / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise EnvironmentFault("printing.no_folder", folder=str(folder), reason=error.strerror) from error
    return folder / f"{name}-{db.now():%Y%m%d-%H%M%S}.pdf"
