"""What the keeper of a damaged store is shown: what happened, what can be read, and three calm ways on.

Nothing here writes to the damaged file. It is copied and read on the way in; a restore sets it aside as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QWidget

from ..errors import StationError
from ..paper import rescued
from ..paper.rescued import Taken
from ..services import rescue
from ..services.backups import Restored
from ..services.rescue import Case, Patient
from ..words import t
from . import when
from .backup_list import figures, into_view
from .feedback import sentence
from .kit import Button, Column, Icon, Notice, Row, Text, rule
from .start_recover import StartCard

if TYPE_CHECKING:
    from .start import StartWindow

Choose = Callable[[QWidget, Callable[[Path], None]], None]


def choose_folder(parent: QWidget, then: Callable[[Path], None]) -> None:
    """The system's own folder window."""
    dialog = QFileDialog(parent, t("rescue.choose_folder"))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda text: then(Path(text)))
    dialog.open()


class Bedside:
    """Whose store it is and what was found of it; outlives the card, which is made anew when the language changes."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self.case: Case | None = None

    def close(self) -> None:
        """Let go of what was read."""
        if self.case is not None:
            self.case.close()
            self.case = None


class RescueCard(StartCard):
    """Restore the last good backup and put back what came after, take out what can be read, or leave it for now."""

    def __init__(self, window: StartWindow, bedside: Bedside, *, choose: Choose = choose_folder) -> None:
        super().__init__(window, 760)
        self._bedside, self._choose = bedside, choose
        self.found, self.lost = Text("", wrap=True), Text("", "bad", wrap=True)
        self.offer, self.good = Text("", wrap=True), Text("", "strong", wrap=True)
        self.told = Column(gap=0)
        self.restore = Button(t("rescue.restore"), "primary", key="Enter")
        self.restore.clicked.connect(self._restore)
        self.export = Button(t("rescue.export"))
        self.export.clicked.connect(lambda: self._choose(self, self.take_out))
        self.leave = Button(t("rescue.leave"), key="Esc")
        self.leave.clicked.connect(window.close)
        escape = QShortcut(QKeySequence("Esc"), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.leave.click)
        self.progress.cancelled.connect(window.stop)
        for part in (
            Row(Icon("warning", "warming", 28), Text(t("rescue.title"), "title"), None), Text(t("rescue.calm"), wrap=True),
            self.errors, self.progress, self.told, self.found, self.lost, rule(), self.good, self.offer,
            Row(self.restore, None), rule(), Text(t("rescue.export_line"), wrap=True), Row(self.export, None), rule(),
            Text(t("rescue.advice", place=window.place), "small", wrap=True, selectable=True), Row(self.leave, None),
        ):  # fmt: skip
            self.body.addLayout(part) if isinstance(part, Row | Column) else self.body.addWidget(part)
        self._show()

    def settle(self) -> None:
        """Begin to read; afterwards the cursor stands on what one would do."""
        if self._bedside.case is None:
            if self._window.idle:
                self._examine()
            return
        (self.restore if self.restore.isEnabled() else self.export).setFocus(Qt.FocusReason.OtherFocusReason)

    def busy(self, text: str, *, cancel: bool = False) -> None:
        """Nothing else can be pressed meanwhile."""
        super().busy(text, cancel=cancel)
        self._enable(not text)

    def failed(self, text: str) -> None:
        """It did not work; the damaged store is as it was."""
        super().failed(text)
        self.settle_again()

    def settle_again(self) -> None:
        """The cursor where it was useful last."""
        if self._bedside.case is not None:
            self.settle()
        else:
            self.leave.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- reading -------------------------------------------------------------------------------------------------

    def _examine(self) -> None:
        self.busy(t("rescue.reading"), cancel=True)
        patient, clock = self._bedside.patient, self._window.clock
        self._window.long(
            lambda progress: rescue.examine(patient, progress=progress, clock=clock), self._examined, self._unread
        )

    def _examined(self, case: Case) -> None:
        self._bedside.case = case
        self.busy("")
        self._show()
        self.settle()

    def _unread(self, error: StationError) -> None:
        self.failed(sentence(error))

    def _show(self) -> None:
        case = self._bedside.case
        self._enable(case is not None)
        if case is None:
            return
        salvage = case.salvage
        today = salvage.db.now().date()
        last = when.moment(salvage.last, today) if salvage.last else "—"
        self.found.set(t("rescue.found", n=salvage.read, last=last))
        self.lost.set(t("rescue.lost", n=salvage.lost) if salvage.lost else "")
        self.lost.setVisible(bool(salvage.lost))
        if case.held is None:
            self.good.set(t("rescue.no_backup"))
            self.offer.set(t("rescue.no_backup_line"))
            return
        newest = case.backups[0]
        self.good.set(t("rescue.good", when=_moment(newest.time, case), reason=t(newest.reason.word)))
        newer = sum(case.newer.values())
        lines = [t("settings.in_backup", **figures(case.held, today))]
        lines.append(t("rescue.put_back", n=newer) if newer else t("rescue.nothing_newer"))
        if not case.may_restore:
            lines.append(t("rescue.supervisor_only"))
        self.offer.set("\n".join(lines))

    def _enable(self, ready: bool) -> None:
        case = self._bedside.case
        self.restore.setEnabled(ready and case is not None and bool(case.backups) and case.may_restore)
        self.export.setEnabled(ready and case is not None)
        self.leave.setEnabled(ready or case is None)

    # --- what can be done ----------------------------------------------------------------------------------------

    def _restore(self) -> None:
        case = self._bedside.case
        if case is None or not self._window.idle:
            return
        self.busy(t("rescue.restoring"), cancel=True)
        clock = self._window.clock
        self._window.long(
            lambda progress: rescue.restore(case, case.backups[0], progress=progress, clock=clock), self._restored,
            lambda error: self.failed(t("restore.not_done", reason=sentence(error))),
        )  # fmt: skip

    def _restored(self, outcome: tuple[Restored, int]) -> None:
        done, written = outcome
        case = self._bedside.case
        made = _moment(done.backup.time, case) if case is not None else ""
        self._bedside.close()
        told = t("rescue.done", when=made, n=written, folder=str(done.set_aside))
        self._window.leave_for(None, told)

    def take_out(self, folder: Path) -> None:
        """Write what can be read to a new folder in this one."""
        case = self._bedside.case
        if case is None or not self._window.idle:
            return
        self.busy(t("rescue.exporting"), cancel=True)
        self._window.long(
            lambda progress: rescued.take_out(case, folder, progress),
            self._taken,
            lambda error: self.failed(sentence(error)),
        )

    def _taken(self, taken: Taken) -> None:
        self.busy("")
        self.told.addWidget(Notice(t("rescue.exported", n=taken.rows, folder=str(taken.folder)), "good", icon="check"))
        self.leave.setFocus(Qt.FocusReason.OtherFocusReason)
        into_view(self.leave)


def _moment(time: datetime, case: Case) -> str:
    """A time on the station's clock."""
    db = case.salvage.db
    return when.moment(time.astimezone(db.zone).isoformat(), db.now().date())
