"""A new version dropped on the window: looked at, copied beside the program, told; it begins at the next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ..errors import Cancelled, Refused, StationError
from ..paths import frozen
from ..services import updates
from ..services.updates import Update
from ..words import t
from .aside import Aside

if TYPE_CHECKING:
    from .window import Window

Look = Callable[[Path], Update]
Install = Callable[[Update, updates.Progress], Path]


def look(path: Path) -> Update:
    """What a package brings; Refused also where there is no built program to put it beside."""
    if not frozen():
        raise Refused("updates.not_built")
    return updates.look(path)


def install(update: Update, progress: updates.Progress) -> Path:
    """Put it beside this program."""
    return updates.install(update, progress=progress)


class Updating(QObject):
    """One update at a time, off the window's thread; the toast says how far it is and stops it."""

    _advanced = Signal(int, int)

    def __init__(self, window: Window, *, look: Look = look, install: Install = install) -> None:
        super().__init__(window)
        self._window, self._look, self._install = window, look, install
        self._aside = Aside(self)
        self._aside.broken.connect(window._broken)
        self._stop = Event()
        self._told = -1
        self._advanced.connect(self._advance)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return self._aside.idle

    def take(self, path: Path) -> None:
        """Look at a package and put it in place."""
        if not self.idle:
            return
        self._stop.clear()
        self._told = -1
        self._window.tell(t("updates.looking", name=path.name))
        self._aside.do(lambda: self._work(path), self._done, self._refused)

    def close(self) -> None:
        """Stop: nothing half copied is ever begun."""
        self._stop.set()
        self._aside.close()

    def _work(self, path: Path) -> Update:
        found = self._look(path)
        self._install(found, self._progress)
        return found

    def _progress(self, done: int, total: int) -> None:
        if self._stop.is_set():
            raise Cancelled("kit.cancelled")
        self._advanced.emit(done // 1_000_000, max(total // 1_000_000, 1))

    def _advance(self, done: int, total: int) -> None:
        percent = 100 * done // total // 10 * 10
        if percent != self._told and not self.idle:
            self._told = percent
            self._window.tell(t("updates.copying", percent=percent), t("kit.cancel"), self._stop.set)

    def _done(self, update: Update) -> None:
        self._window.tell(t("updates.ready", version=update.version))

    def _refused(self, error: StationError) -> None:
        if isinstance(error, Cancelled):
            self._window.tell(t("updates.stopped"))
        else:
            self._window.tell_error(error)
