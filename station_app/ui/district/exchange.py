"""收发: packs for all stations onto one stick, the card stations know the district by, notices, files of revoked keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QStackedWidget, QWidget

from ... import paths, settings
from ...db import Database
from ...district import keys, many, promises, store
from ...district.promises import Notice
from ...errors import Cancelled, StationError, UserMistake
from ...model import Changes
from ...services import preferences
from ...sync import carry
from ...words import t
from .. import actions, when
from ..aside import Aside
from ..code_view import CodeView
from ..feedback import ErrorStrip, ProgressStrip, announce
from ..jobs import Progress
from ..kit import Button, Card, Chip, Column, EmptyState, FilterTabs, KeyCap, Row, Scroll, Text, page_layout
from ..page import Page, Shell
from ..pages.sync_cards import Targets
from ..printing import Show, open_file, save_and_open
from ..table_export import ExportButton
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from ..theme import tokens
from ..while_shown import WhileShown
from .exchange_parts import DecideForm, NoticeForm, SentList, told
from .watching import Places, Watching, WatchView, read_places


@dataclass(frozen=True, slots=True)
class Desk:
    """What the page shows. ``stations`` are (code, name); ``folder`` is the remembered one."""

    today: date
    fingerprint: str
    stations: tuple[tuple[str, str], ...]
    notices: tuple[Notice, ...]
    held: tuple[keys.Held, ...]
    folder: Path | None
    watched: Places


def read_desk(db: Database) -> Desk:
    """The exchange as it stands."""
    folder = preferences.get(db, settings.LAST_FOLDER)
    return Desk(
        db.now().date(), store.root(db).public.fingerprint, tuple((one.code, one.name) for one in store.stations(db)),
        tuple(promises.notices(db)), tuple(keys.held(db, decided=True)), Path(folder) if folder else None,
        read_places(db),
    )  # fmt: skip


class ExchangePage(Page):
    """Packs out, the district's card, notices, quarantine. ``volumes`` lists the sticks, ``show`` opens a PDF."""

    name: ClassVar[str] = "exchange"
    tables: ClassVar[frozenset[str]] = frozenset({"enrolled", "notice", "quarantine", "meta"})

    def __init__(
        self,
        shell: Shell,
        *,
        volumes: Callable[[], Iterable[paths.Volume]] = paths.removable_volumes,
        show: Show = open_file,
    ) -> None:
        super().__init__(shell)
        self._volumes, self._show_file = volumes, show
        self._aside = Aside(self)
        self._aside.broken.connect(self.jobs.broken)
        self.desk: Desk | None = None
        self._watch_aside = Aside(self)  # of its own: a share that does not answer holds nothing else up
        self._watch_aside.broken.connect(self.jobs.broken)
        self.watching = Watching(shell, self._watch_aside, self)
        self._one = ""
        self._writing: Progress | None = None
        self.round: many.Round | None = None
        self._plugged: tuple[paths.Volume, ...] = ()
        self._build()
        self._poll = WhileShown(self, self.poll)
        for name, act in (("Ctrl+E", self.write), ("Ctrl+P", self.print_card)):
            shortcut = QShortcut(QKeySequence(name), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    # --- layout ----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._upper = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._upper.setSpacing(16)
        self._upper.addWidget(self._out_card(), 1)
        self._upper.addWidget(self._trust_card(), 1)
        column = Column(self._upper, gap=14)
        column.addWidget(self._lower_card(), 1)
        inside = QWidget()
        inside.setLayout(column)
        page_layout(self, Scroll(inside))
        self._fit()

    def _out_card(self) -> Card:
        self.number, self.unit = Text("", "figure"), Text("")
        self.which = Text("", "muted", wrap=True)
        self.all_again = Button(t("district_desk.all_again"), "link")
        self.all_again.clicked.connect(lambda: self.choose(""))
        self.targets = Targets()
        self.targets.folder_wanted.connect(self.ask_folder)
        self.own = Chip(t("district_desk.own_folders"))
        self.button = Button("", "primary", icon="export", key="Ctrl+E")
        self.button.clicked.connect(self.write)
        self.each = Button(t("district_desk.each_pack"), "link", icon="file")
        self.each.clicked.connect(self.show_round)
        self.each.hide()
        self.progress, self.errors, self.done = ProgressStrip(), ErrorStrip(), Text("", "good", wrap=True)
        self.progress.cancelled.connect(self._stop)
        self.done.hide()
        self._buttons = QWidget()
        self._buttons.setLayout(Row(self.button, self.own, None))
        figure = Row(self.number, self.unit, None, self.all_again, gap=10)
        figure.setAlignment(self.unit, Qt.AlignmentFlag.AlignBottom)
        card = Card(gap=8, title=t("district_desk.packs"), aside=KeyCap("Ctrl+E"))
        card.body.addLayout(figure)
        for part in (self.which, self.targets, self.progress, self.errors, self.done, self._buttons):
            card.body.addWidget(part)
        card.body.addLayout(Row(self.each, None))
        card.body.addStretch(1)
        return card

    def _trust_card(self) -> Card:
        self.fingerprint, self.code = Text("", "strong", wrap=True, selectable=True), CodeView()
        self.write_trust = Button(t("district_desk.write_trust"), icon="usb")
        self.write_trust.clicked.connect(self.introduce)
        self.print_trust = Button(t("district_desk.print_trust"), icon="print", key="Ctrl+P")
        self.print_trust.clicked.connect(self.print_card)
        self.trust_done = Text("", "good", wrap=True)
        self.trust_done.hide()
        words = Column(Text(t("district_desk.trust_help"), "muted", wrap=True), self.fingerprint, None, gap=8)
        row = Row(gap=14)
        row.addLayout(words, 1)
        row.addWidget(self.code, 0, Qt.AlignmentFlag.AlignTop)
        card = Card(gap=8, title=t("district_desk.trust"))
        card.body.addLayout(row)
        card.body.addWidget(self.trust_done)
        card.body.addStretch(1)
        card.body.addLayout(Row(self.write_trust, self.print_trust, None))
        return card

    def _lower_card(self) -> Card:
        self.tabs = FilterTabs([("notices", ""), ("held", ""), ("watch", t("district_watch.title"))])
        self.new_notice = Button(t("district_desk.new_notice"), icon="plus", key="Ctrl+N")
        self.new_notice.clicked.connect(self.new)

        def day(one: Notice) -> str:
            return when.date_only(one.time, self._today())

        def until(one: Notice) -> str:
            return when.date_only(one.until, self._today())

        self.notice_rows = RowsModel(
            [
                TableColumn(
                    t("district_desk.notice"),
                    lambda one: one.title,
                    bold=True,
                    sub=lambda one: one.text.replace("\n", " "),
                ),
                TableColumn(t("district_desk.to_whom"), lambda one: one.station or t("district_desk.to_all"), 150),
                TableColumn(t("district_desk.posted"), day, 100, muted=True),
                TableColumn(t("district_desk.until"), until, 100),
                TableColumn("", lambda _one: "", 110, "right", pill=self._notice_pill),
            ]
        )
        self.notices = Table(self.notice_rows, rows=52, name=t("district_desk.notices"))
        self.notices.set_empty(EmptyState("message", t("district_desk.no_notices")))
        self.notices.activated_record.connect(self._open_notice)
        self.held_rows = RowsModel(
            [
                TableColumn(t("district_desk.station"), lambda one: one.station, bold=True),
                TableColumn(t("district_desk.arrived"), lambda one: when.moment(one.arrived, self._today()), 140),
                TableColumn(
                    t("district_desk.holds"),
                    lambda one: t("district_desk.holds_n", n=one.batches, rows=f"{one.rows:,}"),
                    200,
                ),
                TableColumn(t("district_desk.why"), lambda one: one.reason, 200, muted=True),
                TableColumn("", lambda _one: "", 110, "right", pill=_held_pill),
            ]
        )
        self.held = Table(self.held_rows, rows=42, name=t("district_desk.quarantine"))
        self.held.set_empty(EmptyState("lock", t("district_desk.nothing_held")))
        self.held.activated_record.connect(self._open_held)
        views = QStackedWidget()
        self.watch = WatchView(self.shell, self.watching, self.refresh)
        for view in (self.notices, self.held, self.watch):
            view.setMinimumHeight(150)
            views.addWidget(view)
        self.tabs.chosen.connect(lambda code: views.setCurrentIndex(("notices", "held", "watch").index(code)))
        self.tabs.chosen.connect(lambda code: self.new_notice.setVisible(code == "notices"))
        card = Card(gap=4)
        self.exports = {
            code: ExportButton(self.shell, table, f"exchange-{code}", note=lambda: self.shell.station.name)
            for code, table in (("notices", self.notices), ("held", self.held))
        }
        self.tabs.chosen.connect(self._show_export)
        head = Row()
        head.addWidget(self.tabs, 1)
        for button in self.exports.values():
            head.addWidget(button)
        self.exports["held"].hide()
        head.addWidget(self.new_notice)
        card.body.addLayout(head)
        card.body.addWidget(views, 1)
        return card

    def _show_export(self, code: str) -> None:
        for name, button in self.exports.items():
            button.setVisible(name == code)

    def _today(self) -> date:
        return self.desk.today if self.desk is not None else date.min

    def _notice_pill(self, one: Notice) -> tuple[str, str]:
        if one.withdrawn:
            return t("district_desk.withdrawn"), "neutral"
        return (
            (t("district_desk.in_force"), "good")
            if one.until >= self._today().isoformat()
            else (t("district_desk.over"), "neutral")
        )

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed: large cards stand below each other."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_upper"):
            if self.isVisible():
                self._fit()
            else:  # parts of a hidden page keep their old size until it is shown: side by side they would widen the window
                self._upper.setDirection(QBoxLayout.Direction.TopToBottom)

    def showEvent(self, event: QShowEvent) -> None:
        """What the type size became while the page was hidden."""
        self._fit()
        super().showEvent(event)

    def _fit(self) -> None:
        large = tokens().large
        self._upper.setDirection(QBoxLayout.Direction.TopToBottom if large else QBoxLayout.Direction.LeftToRight)

    # --- what the window asks ----------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether no look at sticks or at the watched folder is under way."""
        return self._aside.idle and self._watch_aside.idle

    def wind_up(self) -> None:
        """Stop after the pack under way."""
        self._stop()
        self._poll.stop()
        self.watching.close()
        self._aside.close()
        self._watch_aside.close()

    def refresh(self) -> None:
        """Read the exchange."""
        self.jobs.read(read_desk, self._show, key="exchange")

    def show_subject(self, subject: str) -> None:
        """Packs for one station by its code, or for all ("*")."""
        self.choose("" if subject == "*" else subject)

    def settle(self) -> None:
        """At the place to write to."""
        self.targets.take_focus()

    def new(self) -> None:
        """Ctrl+N: a notice."""
        if self.desk is None:
            return
        form = NoticeForm(self.shell, self.desk.today, self.desk.stations, self._posted)
        self.shell.open_sheet(t("district_desk.new_notice"), form, submit=t("district_desk.post"))

    def choose(self, code: str) -> None:
        """Packs for this station, or for all."""
        self._one = code
        if self.desk is not None:
            self._show(self.desk)

    def _show(self, desk: Desk) -> None:
        self.desk = desk
        named = dict(desk.stations)
        count = 1 if self._one else len(desk.stations)
        self.number.set(f"{count:,}")
        self.unit.set(t("district_desk.packs_unit", n=count))
        self.which.set(
            t("district_desk.pack_for", station=named.get(self._one, self._one))
            if self._one
            else t("district_desk.packs_help")
        )
        self.all_again.setVisible(bool(self._one))
        self.own.setVisible(not self._one)
        self.button.set_text(t("district_desk.write_one") if self._one else t("district_desk.write_all", n=count))
        self.button.setEnabled(count > 0)
        self.targets.show_places(self._plugged, desk.folder)
        self.fingerprint.set(desk.fingerprint.replace("-", "-\u200b"))
        if self.code.accessibleName() != desk.fingerprint:
            self.code.show_text(desk.fingerprint)
        standing = sum(not one.withdrawn and one.until >= desk.today.isoformat() for one in desk.notices)
        waiting = sum(not one.decision for one in desk.held)
        self.tabs.set_texts({
            "notices": t("district_desk.tab_notices", n=standing), "held": t("district_desk.tab_held", n=waiting),
        })  # fmt: skip
        self.notice_rows.set_rows(desk.notices)
        self.held_rows.set_rows(desk.held)
        self.watch.show_places(desk.watched, desk.today)

    # --- sticks and folders --------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """Look once at what is plugged in."""
        if self._aside.idle and self._writing is None and self.isVisible():
            self._aside.do(lambda: tuple(self._volumes()), self._saw)

    def _saw(self, plugged: tuple[paths.Volume, ...]) -> None:
        self._plugged = plugged
        if self.desk is not None:
            self.targets.show_places(plugged, self.desk.folder)

    def ask_folder(self) -> None:
        """Let the officer choose a folder to write to."""
        dialog = QFileDialog(self, t("district_desk.target_title"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda chosen: self.choose_folder(Path(chosen)))
        dialog.open()

    def choose_folder(self, folder: Path) -> None:
        """Write there from now on; the district's own folder is refused."""
        if folder.resolve().is_relative_to(self.jobs.db.path.parent.resolve()):
            self.errors.show_error(UserMistake("sync_desk.inside_data"))
            return
        self.errors.clear()
        self.targets.target = folder
        actions.change_setting(self.jobs, settings.LAST_FOLDER.name, str(folder))

    # --- packs ---------------------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Ctrl+E: write the packs to the chosen place, each read back."""
        desk, folder = self.desk, self.targets.target
        if desk is None or self._writing is not None or not desk.stations:
            return
        if folder is None:
            self.ask_folder()
            return
        codes = [self._one] if self._one else [code for code, _name in desk.stations]
        own = self.own.isChecked() and not self._one
        self.errors.clear()
        self.done.hide()
        self.each.hide()
        self._buttons.hide()
        self.progress.start(t("district_desk.writing_packs"))

        def send(db: Database, progress: Progress) -> tuple[many.Round, Changes]:
            return many.send(db, codes, folder, own_folders=own, progress=progress), many.changes(codes)

        self._writing = self.jobs.run_long(send, self.progress.advance, self._written, self._failed)

    def _stop(self) -> None:
        if self._writing is not None:
            self._writing.cancel()

    def _written(self, done: many.Round) -> None:
        self._writing, self.round = None, done
        self.progress.finish()
        self._buttons.show()
        text = told(done, stick=self.targets.is_stick())
        self.done.set(text, "good" if done.error is None else "attention")
        self.done.show()
        self.each.setVisible(bool(done.sent))
        announce(self.done, text)
        self.shell.tell(text)
        if done.error is not None and not isinstance(done.error, Cancelled):
            self.errors.show_error(done.error)

    def _failed(self, error: StationError) -> None:
        self._writing = None
        self.progress.finish()
        self._buttons.show()
        self.errors.show_error(error)

    def show_round(self) -> None:
        """Each pack that was written and what it carries."""
        if self.round is not None:
            self.shell.open_sheet(t("district_desk.each_pack"), SentList(self.round), cancel=t("kit.close"))

    # --- the district's card -------------------------------------------------------------------------------------------

    def introduce(self) -> None:
        """Write the district's introduction to the chosen place."""
        folder = self.targets.target
        if folder is None:
            self.ask_folder()
            return

        def done(written: carry.Written) -> None:
            self.trust_done.set(t("district_desk.trust_written", file=written.path.name))
            self.trust_done.show()
            self.shell.tell(t("district_desk.trust_written", file=written.path.name))

        self.jobs.read(lambda db: store.introduce(db, folder), done, self.errors.show_error)

    def print_card(self) -> None:
        """Ctrl+P: the card that stations compare, as a PDF."""
        desk, station = self.desk, self.shell.station
        if desk is None:
            return

        def draw(target: Path) -> int:
            from ...paper.district import trust_card

            return trust_card(station, desk.fingerprint, target, printed_on=desk.today)

        save_and_open(self.shell, f"trust-{station.district_code}", draw, show=self._show_file)

    # --- notices -------------------------------------------------------------------------------------------------------

    def _posted(self, notice_id: str) -> None:
        self.shell.close_sheet()
        self.shell.tell(t("district_desk.posted_now"), t("window.undo"), lambda: self._withdraw(notice_id))

    def _withdraw(self, notice_id: str) -> None:
        self.jobs.run(lambda db: promises.withdraw_notice(db, notice_id), lambda _changes: self._withdrawn())

    def _withdrawn(self) -> None:
        self.shell.close_sheet()
        self.shell.tell(t("district_desk.withdrawn_now"))

    def _open_notice(self, one: Notice) -> None:
        content = QWidget()
        column = Column(Text(one.title, "strong", wrap=True), Text(one.text, wrap=True, selectable=True), gap=12)
        if not one.withdrawn:
            button = Button(t("district_desk.withdraw"), "danger")
            button.clicked.connect(lambda: self._withdraw(one.id))
            column.addLayout(Row(button, None))
            content.setFocusProxy(button)
        column.addStretch(1)
        content.setLayout(column)
        self.shell.open_sheet(t("district_desk.notice"), content, cancel=t("kit.close"))

    # --- files of revoked keys -------------------------------------------------------------------------------------------

    def _open_held(self, one: keys.Held) -> None:
        if not one.decision:
            form = DecideForm(self.shell, one, self._decided)
            self.shell.open_sheet(
                t("district_desk.decide_title", station=one.station), form, submit=t("district_desk.decide")
            )

    def _decided(self, text: str) -> None:
        self.shell.close_sheet()
        self.shell.tell(text)


def _held_pill(one: keys.Held) -> tuple[str, str]:
    if not one.decision:
        return t("district_desk.waits"), "attention"
    return (
        (t("district_desk.was_released"), "good")
        if one.decision == "released"
        else (t("district_desk.was_dropped"), "neutral")
    )
