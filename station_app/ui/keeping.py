"""The window's backups: one a day beside the desk, one when it closes; a failure is told calmly and never stops work."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from PySide6.QtCore import QObject, Signal

from ..backup import Reason
from ..db import Database
from ..errors import Cancelled, StationError
from ..services import keeping
from ..services.keeping import Kept
from .aside import Aside
from .printing import FOLDER

AGAIN = timedelta(hours=1)
"""After a backup failed: often enough to catch a disk that was tidied up, seldom enough not to nag."""
CLOSING = 3.0
"""Seconds that copying may hold up closing; the morning's backup has what this one would have had."""
KEYS_ON_PAPER = ("recovery-*.pdf", "start-card-*.pdf")
"""Prints that open the station: they go when the window closes at the latest."""


class Keeping(QObject):
    """Makes backups on a thread of its own. ``made`` tells each, ``failed`` why one could not be made; ``broken`` is ours."""

    made = Signal(object)
    failed = Signal(object)
    broken = Signal(object)

    def __init__(self, db: Database, parent: QObject, *, seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._db, self._seconds = db, seconds
        self._aside = Aside(self)
        self._aside.broken.connect(self.broken)
        self._not_before: datetime | None = None

    @property
    def idle(self) -> bool:
        """Whether no backup is under way."""
        return self._aside.idle

    def tick(self) -> None:
        """The day's backup, when it is due; called again and again."""
        now = self._db.now()
        if self.idle and (self._not_before is None or not now < self._not_before <= now + AGAIN):
            self._aside.do(lambda: keeping.daily(self._db), self._tell, self._missed)

    def close(self) -> None:
        """The backup of closing time, waited for; what fails now is told by the next morning's."""
        self._aside.close()
        began = self._seconds()

        def in_time(_done: int, _total: int) -> None:
            if self._seconds() - began > CLOSING:
                raise Cancelled("kit.cancelled")

        with suppress(StationError):
            keeping.keep(self._db, Reason.CLOSE, in_time)

    def _tell(self, kept: Kept | None) -> None:
        if kept is not None:
            self.made.emit(kept)

    def _missed(self, error: StationError) -> None:
        self._not_before = self._db.now() + AGAIN
        self.failed.emit(error)


def sweep_keys(db: Database) -> None:
    """Take away the prints that open the station."""
    for pattern in KEYS_ON_PAPER:
        for file in (db.path.parent / FOLDER).glob(pattern):
            with suppress(OSError):  # still open in a viewer on Windows: the next closing takes it
                file.unlink()
