"""The page 上报: to the district on a stick or in a folder, and back; what was sent and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from ... import paths, settings
from ...db import Database
from ...errors import Cancelled, StationError, UserMistake
from ...model import Op
from ...schema import LEDGERS
from ...services.exchange import BatchLine
from ...sync import beam, carry, inbox, outbox
from ...sync.identity import Trust
from ...sync.opening import Opener
from ...words import t
from .. import actions, when
from ..aside import Aside
from ..beam import CodesView
from ..jobs import Progress
from ..kit import Card, Column, EmptyState, Notice, Row, Scroll, Text, clear, page_layout
from ..page import Page, Shell
from ..printing import Show, open_file
from ..table_export import ExportButton
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from . import sync_text
from .sync_cards import InCard, OutCard
from .sync_reads import Around, Desk, Offer, Stamp, look_around, look_inside, read_desk, stamp
from .sync_rules import Book, RulesSheet, read_book

POLL = 2_000
"""Milliseconds between two looks at what is plugged in, while the page is shown."""


class SyncPage(Page):
    """Exports and takes in. ``volumes`` lists the sticks; ``opener`` opens hostile files in its own process."""

    name: ClassVar[str] = "sync"
    tables: ClassVar[frozenset[str]] = frozenset({*LEDGERS, "batch", "receipt", "meta"})

    def __init__(
        self,
        shell: Shell,
        *,
        volumes: Callable[[], Iterable[paths.Volume]] = paths.removable_volumes,
        opener: Opener | None = None,
        show: Show = open_file,
    ) -> None:
        super().__init__(shell)
        self._show_file = show
        self._volumes = volumes
        self._opener = opener or Opener()
        self._aside = Aside(self)
        self._aside.broken.connect(self.jobs.broken)
        self._desk: Desk | None = None
        self._around = Around((), None, None)
        self._looked: Stamp | None = None
        self._offer: Offer | None = None
        self._trust_file: Path | None = None
        self._writing: Progress | None = None
        self._busy = False
        self._build()
        self._poll = QTimer(self)
        self._poll.setInterval(POLL)
        self._poll.timeout.connect(self.poll)
        for keys, act in (("Ctrl+E", self.export), ("Ctrl+I", self.take), ("Ctrl+R", self.show_rules)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def _build(self) -> None:
        self.out, self.back = OutCard(), InCard()
        self.out.go.connect(self.export)
        self.out.cancelled.connect(self._cancel)
        self.out.other_folder.connect(self.ask_folder)
        self.out.by_light.connect(self.show_codes)
        self.back.take.connect(self.take)
        self.back.choose.connect(self.ask_file)
        self.back.trusted.connect(self._trust)
        self.back.distrusted.connect(self._distrust)
        self.back.see_requests.connect(lambda: self.shell.go("requests"))
        self.back.see_rules.connect(self.show_rules)
        self.batches = RowsModel(
            [
                TableColumn("", lambda line: t("sync_desk.batch_no", no=line.no), width=130, bold=True),
                TableColumn("", self._when, width=190, muted=True),
                TableColumn("", sync_text.rows, width=230),
                TableColumn("", _carried, muted=True),
                TableColumn("", lambda line: self._pill(line)[0], width=240, align="right", pill=self._pill),
            ],
            key=lambda line: line.no,
        )
        self.history = Table(self.batches, rows=42, name=t("sync_desk.history"))
        self._notices = Column(gap=8)
        lower = Card(title=t("sync_desk.history"), aside=Text(t("sync_desk.history_rule"), "small"))
        lower.body.addLayout(self._notices)
        lower.body.addWidget(self.history, 1)
        titles = (t("sync_desk.batch"), t("sync_desk.closed_at"), t("sync_desk.what"), t("sync_desk.carried_to"), "")
        columns = [replace(column, title=title) for column, title in zip(self.batches.columns, titles, strict=True)]
        self.export_button = ExportButton(self.shell, self.history, "sync-history", note=lambda: self.shell.station.name, columns=columns)
        lower.body.addLayout(Row(None, self.export_button))
        self.history.setMinimumHeight(130)
        inside = QWidget()
        upper = Row(gap=16)
        upper.addWidget(self.out, 1)
        upper.addWidget(self.back, 1)
        column = Column(upper, gap=14)
        column.addWidget(lower, 1)
        inside.setLayout(column)
        page_layout(self, Scroll(inside))

    # --- what is shown -------------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether no look at sticks or files is under way."""
        return self._aside.idle

    def refresh(self) -> None:
        """Read the station's side."""
        self.jobs.read(read_desk, self._show, key="sync")

    def settle(self) -> None:
        """Work goes on at the place to write to."""
        if self._barred:
            self.history.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.out.targets.take_focus()

    def _show(self, desk: Desk) -> None:
        was_joined = self._desk is not None and self._desk.district is not None
        first = self._desk is None
        self._desk = desk
        self.out.show_desk(desk)
        self.back.show_desk(desk)
        self.out.targets.show_places(self._around.volumes, desk.folder)
        self.batches.set_rows(desk.batches)
        words = t("sync_desk.history_empty") if desk.district is not None else t("sync_desk.history_not_yet")
        self.history.set_empty(EmptyState("sync", words))
        clear(self._notices)
        self.out.setVisible(not self._barred)
        self.back.setVisible(not self._barred)
        joining = t("sync_desk.ask_supervisor") if self._barred else ""
        for text in (joining, sync_text.reminder(desk), sync_text.refusals(desk)):
            if text:
                self._notices.addWidget(Notice(text, "attention", icon="warning"))
        if first or was_joined != (desk.district is not None):
            self._looked = None
            self.poll()

    def show_rules(self) -> None:
        """Ctrl+R: the district's rules as this station goes by them."""
        if self._desk is not None and self._desk.district is not None:
            self.jobs.read(read_book, self._show_rules, key="sync-rules")

    def _show_rules(self, book: Book) -> None:
        self.shell.open_sheet(t("station_rules.title"), RulesSheet(self.shell, book, show=self._show_file), cancel=t("kit.close"))

    @property
    def _barred(self) -> bool:
        """Whether the station has not joined its district, and whoever is at work may not do that."""
        return self._desk is not None and self._desk.district is None and not self.may(Op.ENROL)

    def _when(self, line: BatchLine) -> str:
        return when.moment(line.closed, self._desk.today) if self._desk is not None else ""

    def _pill(self, line: BatchLine) -> tuple[str, str]:
        return sync_text.state(line, self._desk.today) if self._desk is not None else ("", "plain")

    # --- sticks --------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Sticks are looked for while the page is shown."""
        super().showEvent(event)
        self._poll.start()
        self.poll()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: no polling, no process kept."""
        super().hideEvent(event)
        self._poll.stop()
        self._aside.do(self._opener.close)

    def poll(self) -> None:
        """Look once at what is plugged in, unless a look is under way."""
        desk = self._desk
        if desk is not None and self._aside.idle and self._writing is None and self.isVisible():
            self._aside.do(
                lambda: look_around(self._volumes, desk.folder, desk.code, desk.district_code), self._saw
            )  # fmt: skip

    def _saw(self, around: Around) -> None:
        self._around = around
        desk = self._desk
        if desk is None:
            return
        self.out.targets.show_places(around.volumes, desk.folder)
        found = around.trust if desk.district is None else around.pack
        if found is None or found == self._looked:
            return
        self._looked = found
        if desk.district is None:
            if not self.back.fingerprint:
                self._trust_file = found[0]
                self.back.offer_trust(found[0])
        else:
            self._look(found[0], asked=False)

    # --- to the district -----------------------------------------------------------------------------------------

    def export(self) -> None:
        """Ctrl+E: write everything unconfirmed (before joining: the introduction) to the chosen place."""
        folder, desk = self.out.targets.target, self._desk
        if desk is None or self._writing is not None or self._busy or self._barred:
            return
        if folder is None:
            self.ask_folder()
            return
        if self._inside_data(folder):
            self.out.end(error=UserMistake("sync_desk.inside_data"))
            return
        if desk.district is None:
            self._busy = True
            self.jobs.run(lambda db: _enrol(db, folder), self._joined, self._not_joined)
            return
        self.out.begin()
        # a batch of its own operation, so that every page learns of it even when the writing is stopped
        self.jobs.run(outbox.close_batch, otherwise=lambda _error: None)
        self._writing = self.jobs.run_long(
            lambda db, progress: outbox.export(db, folder, progress), self.out.advance, self._exported,
            self._not_exported,
        )  # fmt: skip

    def _cancel(self) -> None:
        if self._writing is not None:
            self._writing.cancel()

    def _exported(self, done: outbox.Exported) -> None:
        self._writing = None
        text = sync_text.exported(done, stick=self.out.targets.is_stick())
        self.out.end(text)
        self.shell.tell(text)

    def _not_exported(self, error: StationError) -> None:
        self._writing = None
        if isinstance(error, Cancelled):
            self.out.end()
            self.shell.tell(t("sync_desk.stopped"))
        else:
            self.out.end(error=error)
        self.refresh()

    def show_codes(self) -> None:
        """Everything unconfirmed as codes on the screen, for a telephone of the district."""
        if self._writing is None and not self._busy:
            self._busy = True
            self.out.errors.clear()
            self.jobs.run(outbox.close_batch, otherwise=lambda _error: None)
            self.jobs.run(beam.codes, self._show_codes, self._not_joined)

    def _show_codes(self, texts: list[str]) -> None:
        self._busy = False
        self.shell.open_sheet(t("codes.title"), CodesView(texts), cancel=t("kit.close"))

    def _joined(self, written: carry.Written) -> None:
        self._busy = False
        word = t("sync_desk.joined_stick", file=written.path.name)
        if not self.out.targets.is_stick():
            word = t("sync_desk.joined_folder", file=written.path.name)
        self.out.end(word)
        self.shell.tell(word)
        self.refresh()

    def _not_joined(self, error: StationError) -> None:
        self._busy = False
        self.out.end(error=error)

    # --- from the district ---------------------------------------------------------------------------------------

    def take(self) -> None:
        """Ctrl+I: take in what is offered, or ask for a file."""
        if self._busy or self._desk is None or self._barred:
            return
        if self._desk.district is None:
            if self._trust_file is None:
                self.ask_file()
            else:
                self.read_trust(self._trust_file)
        elif self._offer is None:
            self.ask_file()
        else:
            self._busy = True
            offer = self._offer
            self.jobs.run(lambda db: inbox.apply(db, offer.pack), self._applied, self._not_applied)

    def look(self, path: Path) -> None:
        """Open a pack that the keeper chose and offer what is in it."""
        self._looked = stamp(path)
        self._look(path, asked=True)

    def _look(self, path: Path, *, asked: bool) -> None:
        db = self.jobs.db
        self._offer = None
        self.back.tell(t("sync_desk.looking", name=path.name))
        self._aside.do(
            lambda: look_inside(db, path, self._opener), self._offered, lambda error: self._unfit(error, path, asked)
        )

    def _offered(self, offer: Offer) -> None:
        self._offer = offer
        self.back.offer(offer)

    def _unfit(self, error: StationError, path: Path, asked: bool) -> None:
        """A pack that lies there from last time is no news; any other reason is told."""
        if error.word == "sync_page.old_pack" and not asked:
            self.back.tell(t("sync_desk.known_pack", name=path.name))
        else:
            self.back.refuse(error, path.name)

    def _applied(self, applied: inbox.Applied) -> None:
        self._busy = False
        offer, self._offer = self._offer, None
        brings = sync_text.offered(offer) if offer is not None else ""
        text = sync_text.applied(applied, brings)
        self.back.finish(text, answers=applied.steps > 0)
        self.shell.tell(text)

    def _not_applied(self, error: StationError) -> None:
        self._busy = False
        self._offer = None
        self.back.refuse(error)

    def read_trust(self, path: Path) -> None:
        """See whose introduction a file is; nobody is trusted by that."""
        self._trust_file = path
        self._aside.do(
            lambda: outbox.read_trust(path), self.back.ask, lambda error: self._no_trust(error, path.name)
        )  # fmt: skip

    def _no_trust(self, error: StationError, name: str) -> None:
        self._trust_file = None
        self.back.refuse(error, name)

    def _trust(self, told: Trust) -> None:
        if not self._busy:
            self._busy = True
            self.jobs.run(lambda db: outbox.trust(db, told), self._joined_district, self._not_applied)

    def _joined_district(self, district: outbox.District) -> None:
        self._busy = False
        self._trust_file = None
        text = t("sync_desk.trusted", name=district.name)
        self.back.finish(text)
        self.shell.tell(text)

    def _distrust(self) -> None:
        self._trust_file = None
        self.back.tell(t("sync_desk.not_trusted"))

    # --- choosing ------------------------------------------------------------------------------------------------

    def ask_folder(self) -> None:
        """Let the keeper choose a folder to export to."""
        dialog = self._dialog(t("sync_desk.folder_title"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda chosen: self.choose_folder(Path(chosen)))
        dialog.open()

    def choose_folder(self, folder: Path) -> None:
        """Export there from now on; a folder inside the station's own data is refused."""
        if self._inside_data(folder):
            self.out.end(error=UserMistake("sync_desk.inside_data"))
            return
        self.out.errors.clear()
        self.out.targets.target = folder
        if self._desk is not None:
            self._desk = replace(self._desk, folder=folder)
            self.out.targets.show_places(self._around.volumes, folder)
        actions.change_setting(self.jobs, settings.LAST_FOLDER.name, str(folder))

    def ask_file(self) -> None:
        """Let the keeper choose the district's file."""
        joined = self._desk is not None and self._desk.district is not None
        dialog = self._dialog(t("sync_desk.pack_title") if joined else t("sync_desk.trust_title"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(
            f"{t('sync_desk.pack_files')} (*.pack)" if joined else f"{t('sync_desk.trust_files')} (*.json)"
        )
        take = self.look if joined else self.read_trust
        dialog.fileSelected.connect(lambda chosen: take(Path(chosen)))
        dialog.open()

    def _dialog(self, title: str) -> QFileDialog:
        start = self.out.targets.target
        dialog = QFileDialog(self, title, str(start) if start is not None else "")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    def _inside_data(self, folder: Path) -> bool:
        return folder.resolve().is_relative_to(self.jobs.db.path.parent.resolve())


def _enrol(db: Database, folder: Path) -> tuple[carry.Written, None]:
    """The introduction, written; the keys are made the first time."""
    return outbox.enrol(db, folder), None


def _carried(line: BatchLine) -> str:
    return sync_text.where(line.carried_to) if line.carried_to else t("sync_desk.not_carried")
