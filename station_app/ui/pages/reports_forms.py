"""区里的表: forms of the district on the reports page, dropped once, bound by pointing, filled for any month by one key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from ...db import Database
from ...errors import Refused, StationError
from ...model import Changes, Op
from ...paper import figure_words as words
from ...services import bindings, exported, kept_forms, reports, supplies
from ...services.bindings import Binding, Bound
from ...services.kept_forms import KeptForm
from ...words import t
from ..jobs import Jobs, Progress
from ..kit import Button, Card, EmptyState, IconButton, Row, Scroll, Text, clear, rule
from ..kit import Column as Lines
from ..page import Shell
from ..tables import Column, RowsModel, Table
from ..theme import tokens
from .reports_archive import ArchiveButton
from .reports_binding import BoundPanel, Choice
from .reports_grid import GridView, cell_name
from .reports_text import moment

if TYPE_CHECKING:
    from ...paper.forms import Filled, Form

SETTLED = 10
"""Up to this day of a month the month before is the one that is reported."""
SHOWN = 8
"""Cells that wait for somebody, as listed."""


def one_form(urls: Sequence[QUrl]) -> Path | None:
    """The one file that was dropped, when it may be a form; old ones are told so when they are looked at."""
    files = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return files[0] if len(files) == 1 and files[0].suffix.casefold() in (".xlsx", ".xls", ".xlsm", ".et") else None


@dataclass(frozen=True, slots=True)
class Opened:
    """A form as it is shown: kept, looked at, and the supplies it may be bound to."""

    kept: KeptForm
    form: Form
    items: tuple[str, ...]


class FormsPage(Protocol):
    """The page of reports that shows the forms: the station's, or the district's."""

    shell: Shell
    jobs: Jobs

    def may(self, op: Op) -> bool:
        """Whether whoever is at work may do this."""

    def show_file(self, file: Path) -> None:
        """Open a file that was written."""


class FormsView(QWidget):
    """Kept forms on the left with the month they are filled for; on the right the form and what its cells hold.

    ``sent``: this is the district, whose forms go along in packs and are filled here with the figures of all its stations.
    """

    def __init__(self, page: FormsPage, *, sent: bool = False) -> None:
        super().__init__()
        self._page, self.shell, self.jobs, self._sent = page, page.shell, page.jobs, sent
        self.opened: Opened | None = None
        self.month = date.today().replace(day=1)  # noqa: DTZ011  replaced by the station's own day when first shown
        self._dated = False
        self._folder: Path | None = None
        self.rows = RowsModel([Column("", lambda one: one.name, sub=_about)])
        self.list = Table(self.rows, rows=56, name=t("forms_page.kept"))
        self.take_button = Button(t("forms_page.choose"), icon="import")
        self.forget_button = IconButton("bin", t("forms_page.forget"))
        self.share_button = Button(t("forms_page.share"), "link", icon="file")
        self.use_button = Button(t("forms_page.use"), "link", icon="import")
        self.back, self.on = IconButton("minus", t("forms_page.month_before")), IconButton("plus", t("forms_page.month_after"))
        self.month_text = Text("", "strong")
        self.fill_button = Button(t("forms_page.fill"), "primary", key="Ctrl+↵")
        self.archive_button = ArchiveButton(page)
        self.grid, self.panel = GridView(), BoundPanel()
        self.told = Text("", "muted", wrap=True)
        self.sheets = Row(gap=6)
        self._side = QStackedWidget()
        self._build()
        self._connect()

    # --- layout ------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        may = self._page.may(Op.BIND_FORM)
        empty = EmptyState("file", t("forms_page.empty"), t("forms_page.choose") if may else "")
        empty.acted.connect(self.ask)
        self._side.addWidget(empty)
        inside = QWidget()
        below = Scroll(self.panel)
        below.setFixedHeight(tokens().px(150))
        lines = Lines(self.sheets, self.grid, self.told, below, gap=8)
        lines.setStretchFactor(self.grid, 1)
        inside.setLayout(lines)
        self._side.addWidget(inside)
        months = Row(self.back, self.month_text, self.on, None, gap=4)
        left = Card(
            Row(Text(t("forms_page.kept"), "heading"), None, self.take_button), self.list, months, self.fill_button,
            Row(self.share_button, self.use_button, None, self.forget_button), rule(), Row(self.archive_button, None), gap=8,
        )  # fmt: skip
        right = Card(self._side, gap=0)
        left.setMinimumWidth(tokens().px(300))
        row = Row(gap=14)
        row.addWidget(left, 3)
        row.addWidget(right, 9)
        self.setLayout(row)
        # only now: shown before it has its place, a button would be a window of its own and take the keys
        for part in (self.take_button, self.forget_button, self.use_button):
            part.setVisible(may)
        self.archive_button.setVisible(self._page.may(Op.EXPORT_DATA) and not self._sent)
        self.list.set_empty(EmptyState("file", t("forms_page.none_sent" if self._sent else "forms_page.none")))
        self._show_month()

    def _connect(self) -> None:
        self.take_button.clicked.connect(self.ask)
        self.list.current_record.connect(self._chosen)
        self.back.clicked.connect(lambda: self._go(-1))
        self.on.clicked.connect(lambda: self._go(1))
        self.fill_button.clicked.connect(self.fill)
        self.forget_button.clicked.connect(self.forget)
        self.share_button.clicked.connect(self.ask_share)
        self.use_button.clicked.connect(self.ask_use)
        self.grid.picked.connect(self._picked)
        self.grid.cleared.connect(self._clear)
        self.panel.chosen.connect(self._bind)
        self.panel.cleared.connect(self._clear)

    # --- what the page asks --------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the forms that are kept; a month is chosen the first time."""
        if self.isVisible():
            self.jobs.read(lambda db: (kept_forms.listing(db), db.stamp().business_date), self._show, key="forms")

    def settle(self) -> None:
        """Into the list, or onto the button that brings a form."""
        (self.list if self.rows.rowCount() else self.take_button).setFocus()

    def _show(self, found: tuple[list[KeptForm], str]) -> None:
        listed, today = found
        if not self._dated:
            day = date.fromisoformat(today)
            self.month = (day.replace(day=1) - timedelta(1)).replace(day=1) if day.day <= SETTLED else day.replace(day=1)
            self._dated = True
            self._show_month()
        self.rows.set_rows(listed)
        if listed and self.list.current() is None:
            self.list.choose(listed[0].id)
        if not listed:
            self.opened = None
            self._side.setCurrentIndex(0)
        for part in (self.fill_button, self.forget_button, self.share_button, self.use_button):
            part.setEnabled(bool(listed))

    # --- the month -----------------------------------------------------------------------------------------------------

    def _go(self, by: int) -> None:
        self.month = (self.month + timedelta(31 * by if by > 0 else -1)).replace(day=1)
        self._show_month()

    def _show_month(self) -> None:
        self.archive_button.year = self.month.year
        self.month_text.set(t("forms_page.month", year=self.month.year, month=self.month.month))

    # --- bringing one --------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Choose a form from a folder."""
        self._dialog(t("forms_page.choose"), "*.xlsx *.xls *.xlsm", self.take)

    def _dialog(self, title: str, names: str, then: Callable[[Path], None], *, save: str = "") -> None:
        dialog = QFileDialog(self, title)
        dialog.setNameFilter(f"{title} ({names})")
        if save:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.selectFile(save)
            dialog.setDefaultSuffix(Path(save).suffix.removeprefix("."))
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        if self._folder is not None:
            dialog.setDirectory(str(self._folder))
        dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
        dialog.open()

    def take(self, file: Path) -> None:
        """Look at a form, bind it by its headings and keep it; one that was bound before keeps its binding."""

        def work(db: Database) -> tuple[KeptForm, Changes]:
            from ...paper import form_hints, forms

            seen = forms.look(file)
            known = next((one for one in kept_forms.listing(db) if one.name == seen.name), None)
            fresh = form_hints.suggest(seen, _items(db))
            kept = known.binding if known is not None and known.binding.labels == seen.labels else fresh
            return kept_forms.keep(db, seen.name, seen.content, kept, sent=self._sent)

        def done(kept: KeptForm) -> None:
            self.shell.tell(t("forms_page.taken", name=kept.name, n=len(kept.binding.cells)))
            self.jobs.read(kept_forms.listing, lambda listed: self._listed(listed, kept.id))

        self.jobs.run(work, done, self.shell.tell_error)

    def _listed(self, listed: list[KeptForm], chosen: str) -> None:
        self.rows.set_rows(listed)
        self.list.choose(chosen)

    def _chosen(self, kept: KeptForm | None) -> None:
        if kept is None:
            return
        if self.opened is not None and (self.opened.kept.id, self.opened.kept.kept) == (kept.id, kept.kept):
            self.opened = Opened(kept, self.opened.form, self.opened.items)
            self._show_binding()
            return

        def look(db: Database) -> Opened:
            from ...paper import forms

            return Opened(kept, forms.form(kept_forms.content(db, kept.id), kept.name), _items(db))

        self.jobs.read(look, self._show_form, self.shell.tell_error, key="form")

    # --- showing it ----------------------------------------------------------------------------------------------------

    def _show_form(self, opened: Opened) -> None:
        self.opened = opened
        clear(self.sheets)
        if len(opened.form.sheets) > 1:
            for sheet in opened.form.sheets:
                button = Button(sheet.name, "link")
                button.clicked.connect(lambda _checked=False, name=sheet.name: self._show_sheet(name))
                self.sheets.addWidget(button)
            self.sheets.addStretch(1)
        first = next((one.sheet for one in opened.kept.binding.cells), opened.form.sheets[0].name)
        self._show_sheet(first)
        self._side.setCurrentIndex(1)

    def _show_sheet(self, name: str) -> None:
        if self.opened is not None:
            self.grid.show_sheet(self.opened.form.sheet(name) or self.opened.form.sheets[0], self.opened.kept.binding)
            self._show_told()

    def _show_binding(self) -> None:
        """The same sheet with another binding."""
        if self.opened is not None:
            self.grid.show_sheet(self.grid.cells.grid, self.opened.kept.binding)
            self._show_told()
            index = self.grid.currentIndex()
            if index.isValid():
                self._picked(index.row() + 1, index.column() + 1)

    def _show_told(self) -> None:
        """What filling would lose, and the cells that still wait."""
        from ...paper import forms

        assert self.opened is not None
        seen, binding = self.opened.form, self.opened.kept.binding
        given = self.opened.kept.given
        lines = [t("forms.given")] if given else []
        lines += [t(f"forms.lost_{code}", n=n) for code, n in seen.lost]
        for part in (self.use_button, self.forget_button):
            part.setEnabled(not given)
        if binding.labels != seen.labels:
            lines.insert(0, t("forms.changed"))
        for row, told in _together(binding):
            lines.append(t("forms_page.together", row=row, what=told))
        waiting = list(forms.unbound(seen, binding))
        lines += [_left(one) for one in waiting[:SHOWN]]
        if len(waiting) > SHOWN:
            lines.append(t("forms_page.more_left", n=len(waiting) - SHOWN))
        self.told.set("\n".join(lines))
        self.told.setVisible(bool(lines))

    # --- pointing ------------------------------------------------------------------------------------------------------

    def _picked(self, row: int, column: int) -> None:
        """A cell was pointed at: a heading stands for the cells below it."""
        grid, opened = self.grid.cells.grid, self.opened
        if grid is None or opened is None:
            return
        cell = grid.cells.get((row, column))
        name = cell_name(row, column)
        bound = self.grid.cells.bound(row, column)
        heading = bound is None and cell is not None and bool(cell.text) and not cell.number and not cell.formula
        below = self._below(row, column) if heading else []
        reason = "formula" if cell is not None and cell.formula else "merged" if grid.covered(row, column) else ""
        if heading and not below:
            reason = "text"
        shown = bound or next((one for one in below if opened.kept.binding.get(*one.place)), None)
        known = opened.kept.binding.get(*shown.place) if shown is not None else None
        self.panel.show_cell(row, column, name, known, opened.items, column_of=len(below), refused=reason)

    def _below(self, row: int, column: int, meaning: tuple[str, Mapping[str, tuple[str, ...]]] = ("person_times", {})) -> list[Bound]:
        from ...paper import form_hints

        grid, opened = self.grid.cells.grid, self.opened
        if grid is None or opened is None:
            return []
        return form_hints.column(grid, row, column, (meaning[0], dict(meaning[1])), opened.items)

    def _bind(self, row: int, column: int, choice: Choice) -> None:
        """A figure was chosen for a cell, or for all cells below a heading."""
        grid, opened = self.grid.cells.grid, self.opened
        if grid is None or opened is None or not self._may_bind():
            return
        if choice.column:
            fresh = self._below(row, column, (choice.figure, choice.parts))
        else:
            label = grid.text(row, column) if choice.figure in bindings.TEXTS else ""
            fresh = [Bound(grid.name, cell_name(row, column), choice.figure, choice.parts, label)]
        self._rebind(opened.kept.binding.bound(*fresh))

    def _clear(self, row: int, column: int) -> None:
        """Leave a cell alone, or all those below a heading."""
        grid, opened = self.grid.cells.grid, self.opened
        if grid is None or opened is None or not self._may_bind():
            return
        name = cell_name(row, column)
        places = [(grid.name, name)] if self.grid.cells.bound(row, column) else [one.place for one in self._below(row, column)]
        self._rebind(opened.kept.binding.without(*places))

    def _may_bind(self) -> bool:
        """Whether cells may be bound here; one that the district bound is filled as it is, and says so."""
        if self.opened is not None and self.opened.kept.given:
            self.shell.tell(t("forms.given"), bad=True)
            return False
        return self._page.may(Op.BIND_FORM)

    def _rebind(self, binding: Binding) -> None:
        opened = self.opened
        if opened is None or binding == opened.kept.binding:
            return
        before, form_id = opened.kept.binding, opened.kept.id

        def done(_changes: Changes) -> None:
            self.shell.tell(t("forms_page.bound", n=len(binding.cells)), t("forms_page.undo"), lambda: self._rebind_to(form_id, before))

        self.jobs.run(lambda db: kept_forms.rebind(db, form_id, binding), done, self.shell.tell_error)

    def _rebind_to(self, form_id: str, binding: Binding) -> None:
        self.jobs.run(lambda db: kept_forms.rebind(db, form_id, binding), None, self.shell.tell_error)

    # --- filling -------------------------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Fill the form for the month; where to is asked once, then the next months go beside it."""
        if self.opened is None:
            return
        name = f"{Path(self.opened.kept.name).stem}-{self.month:%Y-%m}.xlsx"
        if self._folder is None:
            self._dialog(t("forms_page.fill"), "*.xlsx", self.fill_to, save=name)
        else:
            self.fill_to(self._folder / name)

    def fill_to(self, target: Path) -> None:
        """Write the filled form."""
        opened = self.opened
        if opened is None:
            return
        self._folder = target.parent
        first, last = bindings.month(f"{self.month:%Y-%m}")
        db = self.jobs.db

        def work(_progress: Progress) -> tuple[Filled, Any]:
            from ...paper import forms

            place = self.shell.station if self._sent else None
            held = bindings.values(db, opened.kept.binding, first, last, words.span_text(first, last), place)
            filled = forms.fill(opened.form, opened.kept.binding, held, target)
            return filled, None if self._sent else reports.period(db, first, last)

        def done(outcome: tuple[Filled, Any]) -> None:
            filled, report = outcome
            left = len(filled.left)
            text = t("forms_page.filled", name=target.name, n=filled.cells) + (t("forms_page.left", n=left) if left else "")
            self.shell.tell(text, t("reports_page.open"), lambda: self._page.show_file(target))
            self.told.set("\n".join(_left(one) for one in filled.left[:SHOWN]))
            self.told.setVisible(bool(left))
            if report is not None:
                self.jobs.run(lambda store: exported.remember(store, report, "form"))

        def failed(error: StationError) -> None:
            self._folder = None
            self.shell.tell_error(error)

        self.jobs.aside(work, lambda _done, _total: None, done, failed)

    # --- sharing and letting go ----------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Keep the form no more; the toast brings it back."""
        opened = self.opened
        if opened is None:
            return

        def done(_changes: Changes) -> None:
            self.opened = None
            again = opened.kept
            self.shell.tell(
                t("forms_page.forgotten", name=again.name), t("forms_page.undo"),
                lambda: self.jobs.run(lambda db: kept_forms.keep(db, again.name, opened.form.content, again.binding, sent=self._sent)),
            )  # fmt: skip

        self.jobs.run(lambda db: kept_forms.forget(db, opened.kept.id), done, self.shell.tell_error)

    def ask_share(self) -> None:
        """Write the binding to a file that another station can use."""
        if self.opened is not None:
            name = f"{Path(self.opened.kept.name).stem}.binding.json"
            self._dialog(t("forms_page.share"), "*.json", self.share, save=name)

    def share(self, target: Path) -> None:
        """Write the binding to ``target``."""
        if self.opened is None:
            return
        data = bindings.write(self.opened.kept.binding)

        def write(_progress: Progress) -> None:
            from ...paper import forms

            forms.save(data, target)

        self.jobs.aside(
            write, lambda _done, _total: None, lambda _n: self.shell.tell(t("reports_page.saved", name=target.name)), self.shell.tell_error
        )

    def ask_use(self) -> None:
        """Take the binding that somebody else made."""
        if self.opened is not None:
            self._dialog(t("forms_page.use"), "*.json", self.use)

    def use(self, file: Path) -> None:
        """Use the binding in ``file`` for the form shown."""
        if self.opened is None:
            return

        def read(_progress: Progress) -> Binding:
            try:
                with file.open("rb") as opened:
                    return bindings.read(opened.read(bindings.MOST_BYTES + 1))
            except OSError as error:
                raise Refused("forms.no_file", name=file.name) from error

        self.jobs.aside(read, lambda _done, _total: None, self._rebind, self.shell.tell_error)


def _about(kept: KeptForm) -> str:
    told = t("forms_page.about", n=len(kept.binding.cells), time=moment(kept.kept))
    return t("terms.dot").join((t("forms_page.from_district"), told)) if kept.given else told


def _items(db: Database) -> tuple[str, ...]:
    """The supplies that a cell may be bound to, each once: stations of a district have them by the same name."""
    return tuple(dict.fromkeys(one.name for one in supplies.items(db)))


def _together(binding: Binding) -> list[tuple[int, str]]:
    """Rows that stand for several kinds of people: residents go to 其他 where they have no row."""
    found: dict[tuple[str, int], str] = {}
    for one in binding.cells:
        values = one.parts.get("occupation", ())
        if len(values) > 1:
            row = int(one.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
            found[one.sheet, row] = t("terms.list").join(words.part_name("occupation", value) for value in values)
    return [(row, told) for (_sheet, row), told in found.items()]


def _left(one: Any) -> str:
    return t(f"forms.left_{one.why}", cell=one.cell, text=" ".join(one.text.split()))

