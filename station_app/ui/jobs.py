"""The window's two hands: a writer thread for operations and a reader thread for queries.

``Jobs.run(op)`` takes a function of the database that returns what a service returns (a record with its Changes, or
Changes alone); ``Jobs.read(query)`` one that only looks. Results come back on the GUI thread; every Changes is told to all
pages by ``changed``, every error by ``failed`` unless the caller takes it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from ..db import Database
from ..errors import Cancelled, StationError
from ..model import Changes
from ..services import care

Then = Callable[[Any], None]
Otherwise = Callable[[StationError], None]


class Progress:
    """Handed to a long operation: tells how far it is, and stops it when the person cancels."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self._tell = tell
        self._stop = Event()
        self._shown = -1

    def __call__(self, done: int, total: int) -> None:
        """Told (done, total); raises Cancelled once the person stopped."""
        if self._stop.is_set():
            raise Cancelled("kit.cancelled")
        percent = done * 100 // max(total, 1)
        if percent != self._shown or done == total:
            self._shown = percent
            self._tell(done, total)

    def cancel(self) -> None:
        """Stop at the next step."""
        self._stop.set()


class Jobs(QObject):
    """Work for the database, off the GUI thread."""

    changed = Signal(object)
    failed = Signal(object)
    broken = Signal(object)
    _done = Signal(object, object)

    def __init__(self, db: Database, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.db = db
        self._writer = ThreadPoolExecutor(1, "writer")
        self._reader = ThreadPoolExecutor(1, "reader")
        self._newest: dict[str, int] = {}
        self._pending = 0
        self._epoch = 0
        self._closed = False
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way and every result was delivered."""
        return self._pending == 0

    def run(self, op: Callable[[Database], Any], then: Then | None = None, otherwise: Otherwise | None = None) -> None:
        """Do an operation on the writer thread; ``then`` gets its record, ``otherwise`` its error."""
        self._start(self._writer, _with_ballast(op), then, otherwise, None)

    def read(
        self, query: Callable[[Database], Any], then: Then, otherwise: Otherwise | None = None, key: str | None = None
    ) -> None:
        """Look something up on the reader thread. Of reads with the same ``key`` only the newest answer is delivered."""
        self._start(self._reader, query, then, otherwise, key)

    def run_long(
        self, op: Callable[[Database, Progress], Any], tell: Callable[[int, int], None], then: Then | None = None,
        otherwise: Otherwise | None = None,
    ) -> Progress:  # fmt: skip
        """A long operation on the writer thread; ``tell(done, total)`` is called on the GUI thread. Cancel by what is returned."""
        progress = Progress(lambda done, total: self._done.emit(lambda: tell(done, total), None))
        self._start(self._writer, _with_ballast(lambda db: op(db, progress)), then, otherwise, None)
        return progress

    def aside(
        self,
        work: Callable[[Progress], Any],
        tell: Callable[[int, int], None],
        then: Then | None = None,
        otherwise: Otherwise | None = None,
    ) -> Progress:
        """Long work that does not write (reading a file, drawing a PDF) on the reader thread."""
        progress = Progress(lambda done, total: self._done.emit(lambda: tell(done, total), None))
        self._start(self._reader, lambda _db: work(progress), then, otherwise, None)
        return progress

    def forget(self) -> None:
        """Nobody waits any more for the answers under way: somebody else is at work. What was written is still told."""
        self._epoch += 1

    def close(self) -> None:
        """Finish what is under way and take nothing more."""
        self._closed = True
        self._writer.shutdown(wait=True)
        self._reader.shutdown(wait=True)

    def _start(
        self,
        pool: ThreadPoolExecutor,
        work: Callable[[Database], Any],
        then: Then | None,
        otherwise: Otherwise | None,
        key: str | None,
    ) -> None:
        if self._closed:
            return
        number = 0
        if key is not None:
            number = self._newest[key] = self._newest.get(key, 0) + 1
        self._pending += 1
        epoch = self._epoch

        def finished(done: Future[Any]) -> None:
            self._done.emit(deliver, done)

        def deliver() -> None:
            if epoch == self._epoch:
                self._finish(future, then, otherwise, key, number, wrote=pool is self._writer)
            elif pool is self._writer:
                self._finish(future, None, None, None, 0, wrote=True)

        future = pool.submit(work, self.db)
        future.add_done_callback(finished)

    def _deliver(self, call: Callable[[], None], future: object) -> None:
        if future is not None:
            self._pending -= 1
        if not self._closed:
            call()

    def _finish(
        self,
        future: Future[Any],
        then: Then | None,
        otherwise: Otherwise | None,
        key: str | None,
        number: int,
        *,
        wrote: bool,
    ) -> None:
        if key is not None and self._newest.get(key) != number:
            return
        error = future.exception()
        if isinstance(error, StationError):
            if otherwise is not None:
                otherwise(error)
            elif not isinstance(error, Cancelled):
                self.failed.emit(error)
            return
        if error is not None:
            self.broken.emit(error)
            return
        record, changes = _parted(future.result()) if wrote else (future.result(), None)
        if then is not None:
            then(record)
        if changes is not None:
            self.changed.emit(changes)


def _with_ballast(op: Callable[[Database], Any]) -> Callable[[Database], Any]:
    """The operation, giving the ballast up when the disk is full."""

    def done(db: Database) -> Any:
        with care.spare(db):
            return op(db)

    return done


def _parted(outcome: Any) -> tuple[Any, Changes | None]:
    """What a service that writes answered, as (record, Changes)."""
    if isinstance(outcome, Changes):
        return outcome, outcome
    if isinstance(outcome, tuple) and len(outcome) == 2 and (outcome[1] is None or isinstance(outcome[1], Changes)):
        return outcome
    return outcome, None
