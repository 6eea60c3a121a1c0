"""Files taken in one after the other: opened in the worker on a thread of their own, applied as operations of the writer.

The desk goes on meanwhile; stopping ends it after the file under way. What was taken in stays, the rest can be dropped again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import shiboken6
from PySide6.QtCore import QObject, Signal

from ...db import Database
from ...district import intake, many
from ...district.many import Outcome
from ...errors import StationError
from ...model import Changes
from ...sync.opening import Opened, Opener
from ..aside import Aside
from ..jobs import Jobs


class Taking(QObject):
    """One round of files at a time. ``advanced`` tells (done, in all), ``finished`` that no file is left or it was stopped."""

    advanced = Signal(int, int)
    finished = Signal()

    def __init__(self, jobs: Jobs, aside: Aside, opener: Opener, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._aside, self._opener = jobs, aside, opener
        self._files: tuple[Path, ...] = ()
        self._next = 0
        self.outcomes: list[Outcome] = []
        self.running = self.stopped = False

    def start(self, files: Sequence[Path]) -> None:
        """Take these files in; nothing happens while others are under way."""
        if self.running or not files:
            return
        self._files, self._next = tuple(files), 0
        self.outcomes = []
        self.running, self.stopped = True, False
        self._step()

    def stop(self) -> None:
        """End after the file under way."""
        self.stopped = True

    @property
    def total(self) -> int:
        """How many files there are in this round."""
        return len(self._files)

    def _step(self) -> None:
        self.advanced.emit(len(self.outcomes), len(self._files))
        if self.stopped or self._next == len(self._files):
            self.stopped = self._next < len(self._files)
            self.running = False
            self.finished.emit()
            return
        file = self._files[self._next]
        self._next += 1
        db = self._jobs.db
        self._aside.do(
            lambda: intake.open_file(db, file, self._opener), lambda opened: self._opened(file, opened),
            lambda error: self._done(Outcome(file, error=error)),
        )  # fmt: skip

    def _opened(self, file: Path, opened: Opened) -> None:
        def receive(db: Database) -> tuple[Outcome, Changes]:
            received, changes = intake.receive(db, opened)
            return Outcome(file, received), changes

        def refused(error: StationError) -> None:
            self._done(Outcome(file, error=error))

        self._jobs.run(receive, self._done, refused)

    def _done(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if shiboken6.isValid(self):  # the page may be gone by now: another language was chosen
            self._step()

    def summary(self) -> many.Summary:
        """What the files brought so far."""
        return many.summary(self.outcomes)
