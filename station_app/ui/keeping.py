"""The window's house-keeping: forgetting what is due and a backup, once a day beside the desk, and a backup when it closes.

A failure is told calmly and never stops work.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ..backup import Reason
from ..db import Database
from ..errors import Cancelled, StationError
from ..model import Changes
from ..services import keeping
from ..services.keeping import Kept
from .aside import Aside

if TYPE_CHECKING:
    from ..services.retention import Forgotten

AGAIN = timedelta(hours=1)
"""After a backup failed: often enough to catch a disk that was tidied up, seldom enough not to nag."""
CLOSING = 3.0
"""Seconds that copying may hold up closing; the morning's backup has what this one would have had."""


class Keeping(QObject):
    """Forgets and makes backups on a thread of its own.

    ``made`` tells each backup, ``forgot`` the Changes of each slice that was forgotten, ``failed`` why one could not be made;
    ``broken`` is ours.
    """

    made = Signal(object)
    forgot = Signal(object)
    failed = Signal(object)
    broken = Signal(object)

    def __init__(self, db: Database, parent: QObject, *, seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._db, self._seconds = db, seconds
        self._aside = Aside(self)
        self._aside.broken.connect(self.broken)
        self._not_before: datetime | None = None
        self._forgotten_on: date | None = None
        self._closing = Event()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return self._aside.idle

    def tick(self) -> None:
        """The day's forgetting, and then the day's backup, when they are due; called again and again."""
        now = self._db.now()
        if not self.idle:
            return
        if self._forgotten_on != now.date():  # before the backup, which need not hold what goes
            self._forgotten_on = now.date()
            from ..services import retention

            self._aside.do(lambda: retention.daily(self._db, self._closing.is_set), self._told)
        if self._due(now):
            self._aside.do(lambda: keeping.daily(self._db), self._tell, self._missed)

    def _due(self, now: datetime) -> bool:
        """Whether a backup may be tried: not again right after one failed."""
        return self._not_before is None or not now < self._not_before <= now + AGAIN

    def close(self, *, back_up: bool = True) -> None:
        """The backup of closing time, waited for; what fails now is told by the next morning's."""
        self._closing.set()
        self._aside.close()
        if not back_up:
            return
        began = self._seconds()

        def in_time(_done: int, _total: int) -> None:
            if self._seconds() - began > CLOSING:
                raise Cancelled("kit.cancelled")

        with suppress(StationError):
            keeping.keep(self._db, Reason.CLOSE, in_time)

    def _told(self, outcome: tuple[Forgotten | None, list[Changes]]) -> None:
        for changes in outcome[1]:
            self.forgot.emit(changes)

    def _tell(self, kept: Kept | None) -> None:
        if kept is not None:
            self.made.emit(kept)

    def _missed(self, error: StationError) -> None:
        self._not_before = self._db.now() + AGAIN
        self.failed.emit(error)
