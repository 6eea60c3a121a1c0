"""导出: a table as it is shown, with its filters, to a spreadsheet or CSV that the person chooses; progress, and a way to stop.

One button for every page's table::

    ExportButton(shell, table, "visits", *, note=None, records=None, leave_out=(), columns=None)
        note() -> str     the filters as they stand, written above the table
        records           how all records are had when the table fetches them as they are seen: (Database, ids) -> records
        leave_out         titles of columns that do not leave the house with a plain file (names, phones)
        columns           what a file has where the table draws several facts into one cell, or a bar

It is disabled while the table has no rows. The file is written beside its name first and is whole or not there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QWidget

from ..db import Database
from ..errors import Cancelled, StationError
from ..words import t
from .jobs import Progress
from .kit import Button
from .page import Shell
from .tables import Column, RowsModel, Table

AT_ONCE = 300
"""Records that are fetched together."""
Records = Callable[[Database, Sequence[Any]], Iterable[Any]]


class ExportButton(Button):
    """Writes a table to a file; while it does, it shows how far it is, and a press stops it."""

    def __init__(
        self,
        shell: Shell,
        table: Table,
        name: str,
        *,
        note: Callable[[], str] | None = None,
        records: Records | None = None,
        leave_out: Collection[str] = (),
        columns: Sequence[Column] | None = None,
        then: Callable[[str], None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(t("export.button"), icon="export", tip="Ctrl+E", parent=parent)
        self._shell, self._table, self._name = shell, table, name
        self._note, self._records, self._leave_out, self._then = note, records, frozenset(leave_out), then
        self._columns = columns
        self._progress: Progress | None = None
        self._table_model.modelReset.connect(self._fit)
        self.clicked.connect(lambda: self.stop() if self._progress is not None else self.ask())
        self._fit()

    @property
    def _table_model(self) -> RowsModel:
        model = self._table.model()
        assert isinstance(model, RowsModel)
        return model

    @property
    def busy(self) -> bool:
        """Whether a file is being written."""
        return self._progress is not None

    def _fit(self) -> None:
        self.setEnabled(self._table_model.rowCount() > 0 or self.busy)

    # --- asking where ---------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask where to and in which form; Excel unless the name ends in .csv."""
        if not self.isEnabled() or self.busy:
            return
        dialog = QFileDialog(self, t("export.title"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([f"{t('export.excel')} (*.xlsx)", f"{t('export.csv')} (*.csv)"])
        dialog.setDefaultSuffix("xlsx")
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix("csv" if "csv" in chosen else "xlsx"))
        dialog.selectFile(f"{self._name}.xlsx")
        dialog.fileSelected.connect(lambda chosen: self.save(Path(chosen)))
        dialog.open()

    # --- writing --------------------------------------------------------------------------------------------------------

    def save(self, target: Path) -> None:
        """Write the table to ``target``, CSV where it ends so."""
        model = self._table_model
        columns = [column for column in self._columns or model.columns if column.title not in self._leave_out]
        ids = [model.id_at(row) for row in range(model.rowCount())]
        held = {number: model.record(row) for row, number in enumerate(ids)} if self._records is None else {}
        note = self._note() if self._note is not None else ""
        db, records, name = self._shell.jobs.db, self._records, self._name

        def drawn() -> Iterator[Any]:
            if records is None:
                yield from held.values()
                return
            for start in range(0, len(ids), AT_ONCE):
                yield from records(db, ids[start : start + AT_ONCE])

        def work(progress: Progress) -> tuple[int, Path]:
            from ..paper import workbook

            rows = ([cell(column, record) for column in columns] for record in drawn())
            heads = tuple(column.title or t("export.state") for column in columns)  # a column of marks has no title on the screen
            tab = workbook.Tab(name, heads, rows, len(ids), note)
            csv = target.suffix.casefold() == ".csv"
            return (workbook.write_csv(tab, target, progress) if csv else workbook.write_workbook([tab], target, progress)), target

        self._progress = self._shell.jobs.aside(work, self._told, self._done, self._failed)
        self._told(0, 1)

    def stop(self) -> None:
        """Stop at the next row."""
        if self._progress is not None:
            self._progress.cancel()

    def _told(self, done: int, total: int) -> None:
        if self.busy:
            self.set_text(t("export.stop", percent=done * 100 // max(total, 1)))

    def _done(self, outcome: tuple[int, Path]) -> None:
        self._rest()
        count, target = outcome
        self._shell.tell(t("export.saved", n=count, name=target.name))
        if self._then is not None:
            self._then(target.suffix.removeprefix("."))

    def _failed(self, error: StationError) -> None:
        self._rest()
        if isinstance(error, Cancelled):
            self._shell.tell(t("export.stopped"))
        else:
            self._shell.tell_error(error)

    def _rest(self) -> None:
        self._progress = None
        self.set_text(t("export.button"))
        self._fit()


def cell(column: Column, record: Any) -> Any:
    """A record's cell in a column as a spreadsheet keeps it."""
    from ..paper import workbook

    if column.export is not None:
        return column.export(record)
    text = column.text(record)
    pill = column.pill(record) if column.pill is not None else None
    below = column.sub(record) if column.sub is not None else ""
    told = " · ".join(part for part in (text or (pill[0] if pill else ""), below) if part)
    return workbook.typed(told, number=column.align == "right")
