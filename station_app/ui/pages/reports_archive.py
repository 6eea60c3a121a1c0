"""年度归档: a year in one folder or one sealed file, from the page of reports; how far it is, and a way to stop it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog

from ...errors import Cancelled, StationError
from ...services.archive import Archive
from ...words import t
from ..aside import Aside
from ..entry import Entry
from ..forms import NumberField, PasswordField
from ..jobs import Otherwise, Progress
from ..kit import Button

if TYPE_CHECKING:
    from .reports_forms import FormsPage


class ArchiveButton(Button):
    """Asks for the year and perhaps a passphrase, then for the folder; while it writes, a press stops it.

    It works on a thread of its own: the desk's reader and writer go on.
    """

    _advanced = Signal(int, int)

    def __init__(self, page: FormsPage) -> None:
        super().__init__(t("archive.button"), "link", icon="folder")
        self._page, self._shell = page, page.shell
        self._progress: Progress | None = None
        self.year = 0
        self._working = Aside(self)
        self._working.broken.connect(self._shell.jobs.broken)
        self._advanced.connect(self._told)
        self.clicked.connect(lambda: self.stop() if self.busy else self.ask())

    @property
    def busy(self) -> bool:
        """Whether a year is being written."""
        return self._progress is not None

    def ask(self) -> None:
        """Which year, sealed or open."""
        form = Entry(
            self._shell, self._where,
            NumberField("year", t("archive.year"), low=1990, high=2100, value=self.year),
            PasswordField("passphrase", t("archive.passphrase"), required=False, hint=t("archive.passphrase_hint")),
            at={"reports.no_such_year": "year", "reports.short_passphrase": "passphrase"},
        )  # fmt: skip
        self._shell.open_sheet(t("archive.title"), form, submit=t("archive.write"))

    def _where(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """The folder; nothing is written before it is chosen."""
        self._shell.close_sheet()
        dialog = QFileDialog(self, t("archive.folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda chosen: self.write(int(values["year"]), Path(chosen), values["passphrase"]))
        dialog.open()

    def write(self, year: int, target: Path, passphrase: str = "") -> None:
        """Write the year into ``target``."""
        station = self._shell.station

        progress = self._progress = Progress(self._advanced.emit)
        db = self._shell.jobs.db

        def work() -> Archive:
            from ...paper import yearly

            return yearly.write(db, year, target, station, passphrase=passphrase, progress=progress)[0]

        self._working.do(work, self._done, self._failed)
        self._told(0, 100)

    def stop(self) -> None:
        """Stop at the next step; nothing is left."""
        if self._progress is not None:
            self._progress.cancel()

    def wind_up(self) -> None:
        """The window closes: stop."""
        self.stop()
        self._working.close()

    def _told(self, done: int, total: int) -> None:
        if self.busy:
            self.set_text(t("export.stop", percent=done * 100 // max(total, 1)))

    def _done(self, made: Archive) -> None:
        self._rest()
        text = t("archive.written", n=sum(made.rows.values()), name=made.path.name)
        self._shell.tell(text, t("reports_page.open"), lambda: self._page.show_file(made.path))

    def _failed(self, error: StationError) -> None:
        self._rest()
        if isinstance(error, Cancelled):
            self._shell.tell(t("export.stopped"))
        else:
            self._shell.tell_error(error)

    def _rest(self) -> None:
        self._progress = None
        self.set_text(t("archive.button"))
