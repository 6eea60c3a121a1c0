"""Bring a list in: choose the file, see what is understood and correct the columns, import it whole, take it back.

What a list is of (people, supplies) is told by a ``ListKind``; the wizard knows files, columns, fates and nothing else.
::

    ImportWizard(shell, kind, *, choose=choose_file)     a widget for a whole page
        .open_file(path)   as by the button or by dropping a file
        .closed            the keeper is done with it
    ListKind(title, hint, fields, read, columns, plan, run, understood, counted, told, extra=None, marks=(), after=None)

Nothing is written before the import itself, which is one operation: all of the list or nothing (DECISIONS.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from ..db import Database
from ..errors import StationError
from ..model import Changes
from ..services import keeping
from ..services.rosters import Columns, Fate, Sheet
from ..words import t
from .feedback import ErrorStrip, ProgressStrip, sentence
from .forms import Combo, Field
from .jobs import Progress
from .kit import Button, Card, Column, EmptyState, FilterTabs, FlowLayout, Notice, Row, Scroll, Text, page_layout
from .page import Shell
from .tables import Column as TableColumn
from .tables import RowsModel, Table
from .theme import tokens

TONES = {Fate.TAKE: "good", Fate.MERGE: "brand", Fate.REFUSE: "bad"}
Choose = Callable[[QWidget, Callable[[Path], None]], None]
"""Lets the keeper choose a file and hands it on; nothing when they choose none."""


@dataclass(frozen=True, slots=True)
class ListKind:
    """What a list is of.

    ``read(path)`` is the sheet, ``columns(sheet)`` the columns as guessed, ``plan(db, sheet, columns, extra)`` the rows
    with their fates (``.rows``, each with ``line``, ``fate``, ``reason``, ``notes``), ``run(db, plan, progress)`` imports
    it. ``understood(row)`` is one line of words, ``counted(plan)`` what an import would do, ``told(result)`` what it did.
    ``fields`` are the (field, label) of the columns; ``extra`` makes one more field whose value ``plan`` gets.
    ``marks`` are more tabs as (code, words, whether a row belongs there); ``after`` is what can be done with the result.
    """

    title: str
    hint: str
    fields: Sequence[tuple[Any, str]]
    read: Callable[[Path], Sheet]
    columns: Callable[[Sheet], Columns[Any]]
    plan: Callable[[Database, Sheet, Columns[Any], Any], Any]
    run: Callable[[Database, Any, Progress], tuple[Any, Changes]]
    understood: Callable[[Any], str]
    counted: Callable[[Any], str]
    told: Callable[[Any], str]
    extra: Callable[[], Field] | None = None
    marks: Sequence[tuple[str, str, Callable[[Any], bool]]] = ()
    after: tuple[str, Callable[[Any], None]] | None = None


def choose_file(parent: QWidget, then: Callable[[Path], None]) -> None:
    """The system's own file window; the desk goes on behind it."""
    dialog = QFileDialog(parent, t("import_wizard.choose"))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters([t("import_wizard.lists") + " (*.csv *.txt *.xls *.xlsx *.ods)", t("import_wizard.all_files") + " (*)"])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda text: then(Path(text)))
    dialog.setModal(False)
    dialog.show()


class ColumnMap(QWidget):
    """Which column of the file holds which field; every one can be corrected."""

    corrected = Signal(object)

    def __init__(self, fields: Sequence[tuple[Any, str]]) -> None:
        super().__init__()
        self._columns: Columns[Any] | None = None
        self.combos: dict[Any, Combo] = {}
        column = Column(gap=6)
        for name, words in fields:
            combo = self.combos[name] = Combo()
            combo.setAccessibleName(words)
            combo.activated.connect(lambda _index, name=name: self._correct(name))
            wide = Row(gap=8)
            label = Text(words, "muted")
            label.setFixedWidth(tokens().px(112))
            wide.addWidget(label)
            wide.addWidget(combo, 1)
            column.addLayout(wide)
        column.addStretch(1)
        self.setLayout(column)

    def show_columns(self, columns: Columns[Any]) -> None:
        """Show this mapping."""
        self._columns = columns
        for name, combo in self.combos.items():
            combo.clear()
            combo.addItem(t("import_wizard.not_there"), None)
            for place in range(len(columns.headings)):
                combo.addItem(columns.heading(place), place)
            combo.setCurrentIndex(combo.findData(columns.places.get(name)))

    def _correct(self, name: Any) -> None:
        if self._columns is not None:
            self.show_columns(self._columns.with_column(name, self.combos[name].currentData()))
            self.corrected.emit(self._columns)


class ImportWizard(QWidget):
    """Choose, look, import, take back; Esc leaves, nothing is kept of a list that was not imported."""

    closed = Signal()

    def __init__(self, shell: Shell, kind: ListKind, *, choose: Choose = choose_file) -> None:
        super().__init__()
        self._shell, self._jobs, self._kind, self._choose = shell, shell.jobs, kind, choose
        self._sheet: Sheet | None = None
        self._columns: Columns[Any] | None = None
        self._plan: Any = None
        self._progress: Progress | None = None
        self._rows = RowsModel(self._table_columns(), key=lambda row: row.line)
        self.table = Table(self._rows, rows=56, name=t("import_wizard.rows"))
        self.map = ColumnMap(kind.fields)
        self.map.setProperty("ground", "clear")
        self.extra = kind.extra() if kind.extra is not None else None
        self.tabs = FilterTabs(list(self._tab_texts().items()))
        self.errors = ErrorStrip()
        self.strip = ProgressStrip()
        self.said = Text("", "strong", wrap=True)
        self.done = Notice("", "good", icon="check", action=t("import_wizard.undo"))
        self.import_button = Button(t("import_wizard.run"), "primary", key="Enter")
        self.other_button = Button(t("import_wizard.other_file"))
        self.close_button = Button(t("import_wizard.close"), key="Esc")
        self._views = QStackedWidget()
        self._operation = ""
        self._result: Any = None
        self.found = Text("", "small", wrap=True)
        self.after_button = Button(kind.after[0] if kind.after is not None else "", icon="print")
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._build()
        self._wait()

    def _build(self) -> None:
        empty = EmptyState("import", self._kind.hint, t("import_wizard.choose"), key="Enter")
        empty.acted.connect(self.ask)
        mapping = Card(gap=8)
        if self.extra is not None:
            mapping.body.addWidget(self.extra)
            self.extra.changed.connect(self._replan)
        mapping.body.addWidget(Text(t("import_wizard.columns"), "small"))
        mapping.body.addWidget(Scroll(self.map), 1)
        mapping.setFixedWidth(380 if not tokens().large else 500)
        preview = QWidget()
        preview.setLayout(Row(mapping, Card(self.tabs, self.table, gap=4), gap=16))
        self._views.addWidget(Card(empty))
        self._views.addWidget(preview)
        buttons = FlowLayout(8)
        for button in (self.import_button, self.after_button, self.other_button, self.close_button):
            buttons.addWidget(button)
        head = Column(Text(self._kind.title, "strong"), self.found, gap=2)
        page_layout(self, head, self.errors, self._views, self.done, self.said, self.strip, buttons, gap=10)
        self.layout().setStretch(2, 1)  # type: ignore[union-attr]  # page_layout gave it one
        self.tabs.chosen.connect(lambda _code: self._show_rows())
        self.map.corrected.connect(self._corrected)
        self.table.activated_record.connect(lambda _row: self._go_on())
        self.import_button.clicked.connect(self.run)
        self.other_button.clicked.connect(self.ask)
        self.close_button.clicked.connect(self.leave)
        self.after_button.clicked.connect(self._after)
        self.done.acted.connect(self._undo)
        self.strip.cancelled.connect(self._cancel)

    def _table_columns(self) -> list[TableColumn]:
        return [
            TableColumn(t("import_wizard.line"), lambda row: str(row.line), 60, "right", muted=True),
            TableColumn(t("import_wizard.as_read"), self._as_read, muted=True),
            TableColumn(t("import_wizard.understood"), self._kind.understood, sub=_why),
            TableColumn(t("import_wizard.fate"), lambda _row: "", 96, pill=lambda row: (_fate_words()[row.fate], TONES[row.fate])),
        ]

    def _as_read(self, row: Any) -> str:
        """What stands in the file."""
        cells = self._sheet.rows[row.line - 1] if self._sheet is not None else ()
        return t("terms.dot").join(cell.strip() for cell in cells if cell.strip())

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        """No file yet."""
        self._sheet = self._columns = self._plan = None
        self._views.setCurrentIndex(0)
        self.done.hide()
        self.said.set("")
        self.found.set("")
        self.import_button.hide()
        self.after_button.hide()
        self.other_button.hide()

    def ask(self) -> None:
        """Let the keeper choose a file."""
        self._choose(self, self.open_file)

    def open_file(self, path: Path) -> None:
        """Read a file and show what is understood; what cannot be read is said, nothing else happens."""
        self.errors.clear()
        self._wait()
        self.strip.start(t("import_wizard.reading", name=path.name), cancel=False)
        self._jobs.aside(lambda _progress: self._kind.read(path), lambda _done, _total: None, self._read, self._refused)

    def _read(self, sheet: Sheet) -> None:
        self._sheet, self._columns = sheet, self._kind.columns(sheet)
        self.found.set(_found(sheet))
        self.map.show_columns(self._columns)
        self._replan()

    def _corrected(self, columns: Columns[Any]) -> None:
        self._columns = columns
        self._replan()

    def _replan(self) -> None:
        """What an import would do now, after the newest correction."""
        sheet, columns = self._sheet, self._columns
        if sheet is None or columns is None:
            return
        extra = self.extra.value() if self.extra is not None else None
        self.import_button.setEnabled(False)
        self._jobs.read(lambda db: self._kind.plan(db, sheet, columns, extra), self._planned, self._unplanned, key="import-plan")

    def _planned(self, plan: Any) -> None:
        self.errors.clear()
        self.strip.finish()
        self._plan = plan
        useful = any(row.fate is not Fate.REFUSE for row in plan.rows)
        self._views.setCurrentIndex(1)
        self.said.set(self._kind.counted(plan), "strong")
        self.import_button.setVisible(True)
        self.import_button.setEnabled(useful)
        self.other_button.setVisible(True)
        self.tabs.set_texts(self._tab_texts())
        self._show_rows()
        focus = self.focusWidget()
        if focus is None or not self.map.isAncestorOf(focus):
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _unplanned(self, error: StationError) -> None:
        """The columns cannot be meant like this; they can be corrected."""
        self._plan = None
        self.strip.finish()
        self._views.setCurrentIndex(1)
        self._rows.set_rows([])
        self.said.set("")
        self.import_button.setVisible(True)
        self.other_button.setVisible(True)
        self.errors.show_error(error)

    def _refused(self, error: StationError) -> None:
        self.strip.finish()
        self.errors.show_error(error)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def run(self) -> None:
        """Import the list, all of it or nothing."""
        plan = self._plan
        if plan is None or self._progress is not None or not self.import_button.isEnabled():
            return
        self._lock(True)
        self.strip.start(t("import_wizard.running"))
        self._progress = self._jobs.run_long(
            lambda db, progress: _backed_up(db, lambda: self._kind.run(db, plan, progress)), self.strip.advance,
            self._imported, self._failed,
        )  # fmt: skip

    def _imported(self, outcome: tuple[Any, Changes, StationError | None]) -> None:
        result, changes, no_backup = outcome
        self._end()
        self._operation, self._result = changes.operation, result
        text = self._kind.told(result)
        self.done.text.set(text, "good")
        self.done.setVisible(True)
        self.said.set(t("import_wizard.no_backup", reason=sentence(no_backup)) if no_backup else "")
        self.import_button.hide()
        self.after_button.setVisible(self._kind.after is not None)
        self.map.setEnabled(False)
        if self.extra is not None:
            self.extra.setEnabled(False)
        self.close_button.set_text(t("import_wizard.finish"))
        self._shell.tell_undoable(text, changes)

    def _failed(self, error: StationError) -> None:
        """Stopped or refused: nothing was half imported, the list stands as before."""
        self._end()
        self.errors.show_text(t("import_wizard.nothing_kept", reason=sentence(error)))

    def _end(self) -> None:
        self._progress = None
        self.strip.finish()
        self._lock(False)

    def _lock(self, locked: bool) -> None:
        for widget in (self.map, self.import_button, self.other_button, self.close_button):
            widget.setEnabled(not locked)
        if self.extra is not None:
            self.extra.setEnabled(not locked)

    def _cancel(self) -> None:
        if self._progress is not None:
            self._progress.cancel()

    def _after(self) -> None:
        if self._kind.after is not None:
            self._kind.after[1](self._result)

    def _undo(self) -> None:
        self._shell.undo(self._operation)
        self.leave()

    def leave(self) -> None:
        """Done with it; not while an import is under way."""
        if self._progress is None:
            self.closed.emit()

    # --- rows and keys -----------------------------------------------------------------------------------------------

    def _tab_texts(self) -> dict[str, str]:
        rows = self._plan.rows if self._plan is not None else ()
        whole = t("import_wizard.all")
        texts = {"all": f"{whole} {len(rows)}"}
        for fate, words in _fate_words().items():
            texts[fate.value] = f"{words} {sum(row.fate is fate for row in rows)}"
        for code, words, belongs in self._kind.marks:
            texts[code] = f"{words} {sum(map(belongs, rows))}"
        return texts

    def _show_rows(self) -> None:
        code = self.tabs.code()
        rows = self._plan.rows if self._plan is not None else ()
        marked = {name: belongs for name, _words, belongs in self._kind.marks}
        belongs = marked.get(code, lambda row: code in ("all", row.fate.value))
        self._rows.set_rows([row for row in rows if belongs(row)])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on with the next step, Esc leaves."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._go_on()
        else:
            super().keyPressEvent(event)

    def _go_on(self) -> None:
        if not self.done.isHidden():
            self.leave()
        elif self._plan is not None:
            self.run()
        elif self._sheet is None:
            self.ask()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file may be dropped here."""
        if event.mimeData().hasUrls() and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Read what was dropped."""
        self.open_file(Path(event.mimeData().urls()[0].toLocalFile()))


def _found(sheet: Sheet) -> str:
    """Which sheet, which row of headings, which encoding the file was read with, and what was left aside."""
    encoding = sheet.encoding.removesuffix("-sig").upper()
    where = t("import_wizard.sheet", sheet=sheet.name) if sheet.name else encoding
    parts = [sheet.file_name, where, t("import_wizard.header_row", line=sheet.header + 1)]
    if sheet.other_sheets:
        parts.append(t("import_wizard.left_aside", sheets=", ".join(sheet.other_sheets)))
    return t("terms.dot").join(parts)


def _fate_words() -> Mapping[Fate, str]:
    return {Fate.TAKE: t("import_wizard.take"), Fate.MERGE: t("import_wizard.merge"), Fate.REFUSE: t("import_wizard.refuse")}


def _why(row: Any) -> str:
    """The reason of a row's fate and what was read differently, in one line."""
    reasons = ([row.reason] if row.reason is not None else []) + list(row.notes)
    return " ".join(t(reason.word, **reason.fields) for reason in reasons)


def _backed_up(
    db: Database, run: Callable[[], tuple[Any, Changes]]
) -> tuple[tuple[Any, Changes, StationError | None], Changes]:
    """Import after a backup; the wizard gets the operation too and why there is no backup, the pages are told of it."""
    missed = keeping.before_import(db)
    result, changes = run()
    return (result, changes, missed), changes
