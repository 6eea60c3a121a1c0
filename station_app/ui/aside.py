"""One thread for what needs no turn at the database: unlocking before there is one, looking at sticks, hostile files.

``Jobs`` keeps the desk's reader and writer free of it: a dying USB stick may keep a thread for half a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from ..errors import StationError

Then = Callable[[Any], None]
Otherwise = Callable[[StationError], None]


class Aside(QObject):
    """Does one thing after the other off the GUI thread and tells the outcome on it; ``broken`` is a fault of ours."""

    broken = Signal(object)
    _done = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, "aside")
        self._pending = 0
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way and every outcome was told."""
        return self._pending == 0

    def do(self, work: Callable[[], Any], then: Then | None = None, otherwise: Otherwise | None = None) -> None:
        """Do ``work``; ``then`` gets what it returns, ``otherwise`` its StationError (nobody does without one)."""
        self._pending += 1

        def finished(future: Future[Any]) -> None:
            if shiboken6.isValid(self):  # whoever asked may be gone by now
                with suppress(RuntimeError):
                    self._done.emit(lambda: self._finish(future, then, otherwise))

        self._pool.submit(work).add_done_callback(finished)

    def close(self) -> None:
        """Take nothing more; what is under way is waited for, what was still to come is not done."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _deliver(self, tell: Callable[[], None]) -> None:
        self._pending -= 1
        tell()

    def _finish(self, future: Future[Any], then: Then | None, otherwise: Otherwise | None) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, StationError):
            if otherwise is not None:
                otherwise(error)
        elif error is not None:
            self.broken.emit(error)
        elif then is not None:
            then(future.result())
