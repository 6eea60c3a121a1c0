"""备份与钥匙 on the page 设置: the backups, the second place, what restoring would do, the keys on paper."""

from __future__ import annotations

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
from ...paths import DataFolder
from ...services import backups, care, keepers, keeping, preferences
from ...services.backups import Preview, Rehearsal
from ...services.care import FullCheck
from ...services.keepers import Card as StartCard
from ...services.keeping import Kept
from ...words import t
from .. import when
from ..aside import Aside
from ..backup_list import BackupList, into_view, preview_lines
from ..entry import Entry
from ..errands import Restoring
from ..feedback import sentence
from ..forms import PasswordField
from ..jobs import Otherwise
from ..kit import Button, Card, Column, Fact, FilterTabs, Row, Text, clear, rule
from ..page import Shell
from ..printing import FOLDER, Show, open_file
from .settings_forms import AT_PASSWORD, own_root

Choose = Callable[[QWidget, Callable[[Path], None]], None]


@dataclass(frozen=True, slots=True)
class Safe:
    """What the card shows. ``newest`` is ISO 8601 or ""; ``recovery`` None without a sheet, "" when nobody knows its day."""

    today: date
    newest: str
    count: int
    second: str
    rehearsal: Rehearsal | None
    checked: FullCheck | None
    recovery: str | None
    cards: tuple[StartCard, ...]


def read_safe(db: Database) -> Safe:
    """The backups and keys as they are now."""
    folder = db.path.parent
    return Safe(
        db.now().date(), keeping.newest_time(db), len(backup.listing(backup.folder_of(db))),
        preferences.get(db, settings.BACKUP_PLACE), backups.last_rehearsal(db), care.last_full_check(db),
        keepers.recovery_key_made(db, folder), tuple(keepers.start_cards(db, folder)),
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
        self._safe: Safe | None = None
        self._aside = Aside(self)
        self._aside.broken.connect(shell.jobs.broken)
        self.last, self.tried = Fact(t("settings.last_backup")), Fact(t("settings.rehearsal"), wrap=True)
        self.checked = Fact(t("settings.full_check"), wrap=True)
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
            _line(self.last, self.restore), self.tried, self.checked, _line(self.second, self.forget, self.choose), rule(),
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
        self._safe = safe
        made = when.moment(safe.newest, safe.today) if safe.newest else ""
        self.last.set(t("settings.backups_kept", when=made, n=safe.count) if made else t("settings.no_backup"))
        tried = safe.rehearsal
        told = t(tried.word, **tried.fields) if tried else t("settings.not_rehearsed")
        self.tried.set(f"{when.moment(tried.time, safe.today)} {told}" if tried else told)
        checked = safe.checked
        said = t(checked.word, **checked.fields) if checked else t("settings.not_checked")
        self.checked.set(f"{when.moment(checked.time, safe.today)} {said}" if checked else said)
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
        if self._safe is not None:
            sheet = RestoreSheet(self._shell, self._aside, self._safe, choose=self._choose)
            self._shell.open_sheet(t("settings.restore_title"), sheet, cancel=t("kit.close"))

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


class RestoreSheet(QWidget):
    """Choose a backup, see what it holds and what would be lost, confirm with one's own password; the window closes for it.

    ``choose`` asks for a folder.
    """

    def __init__(self, shell: Shell, aside: Aside, safe: Safe, *, choose: Choose = choose_folder) -> None:
        super().__init__()
        self._shell, self._aside, self._db, self._choose = shell, aside, shell.jobs.db, choose
        self._today = self._db.now().date()
        self.list = BackupList(aside, self._today, self._db.zone)
        self.list.chosen.connect(self._look)
        own = backup.folder_of(self._db)
        self.places = [(t("restore.beside"), own)]
        if safe.second:
            self.places.append((t("restore.second"), Path(safe.second)))
        self.sources = FilterTabs([(str(folder), name) for name, folder in self.places])
        self.sources.chosen.connect(lambda folder: self._show(Path(folder)))
        self.other = Button(t("restore.other_folder"))
        self.other.clicked.connect(lambda: self._choose(self, self._show))
        self._below = Column(gap=8)
        self.form: Entry | None = None
        row = Row(self.sources, self.other, None, gap=8) if len(self.places) > 1 else Row(self.other, None)
        self.setLayout(Column(row, self.list, self._below, None, gap=14))
        self.list.show_folder(own)

    def _show(self, folder: Path) -> None:
        clear(self._below)
        self.form = None
        self.list.show_folder(folder)

    def _look(self, chosen: Backup) -> None:
        self._aside.do(lambda: backups.preview(chosen, self._db.key, self._db), self._preview, self._shell.sheet_error)

    def _preview(self, seen: Preview) -> None:
        clear(self._below)
        self._below.addWidget(rule())
        for line, role in preview_lines(seen, self._today):
            self._below.addWidget(Text(line, role, wrap=True))
        self._below.addWidget(Text(t("restore.keeps_old"), "small", wrap=True))
        asked = PasswordField("password", t("settings.own_password"))
        self.form = Entry(self._shell, partial(self._confirm, seen.backup), asked, at=AT_PASSWORD)
        self._below.addWidget(self.form)
        go = Button(t("restore.confirm"), "primary", key="Enter")
        go.clicked.connect(self.form.submit)
        self._below.addLayout(Row(go, None))
        self.form.take_focus()
        into_view(go)

    def _confirm(self, chosen: Backup, values: dict[str, Any], otherwise: Otherwise) -> None:
        def allowed(db: Database) -> vault.Root:
            root = own_root(db, values["password"])
            backups.require_may_restore(db, db.acting)
            return root

        place = DataFolder(self._db.path.parent, self._db.path.stem)
        acting = self._db.acting
        self._shell.jobs.run(
            allowed, lambda root: self._shell.hand_over(Restoring(chosen, place.slots, root, acting)), otherwise
        )


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
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault("printing.no_folder", folder=str(folder), reason=error.strerror) from error
    return folder / f"{name}-{db.now():%Y%m%d-%H%M%S}.pdf"
