"""A picture of a badge dropped on the window, for when the scanner fails: read in the worker that may die, then it is a scan.

::

    Dropped(parent)      .read(path)   .code(str) the badge in it   .refused(StationError) none, or no picture
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ..errors import Refused, StationError
from ..sync.opening import Opener
from . import burst
from .aside import Aside


class Dropped(QObject):
    """Reads badges off pictures, one after the other."""

    code = Signal(str)
    refused = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._aside = Aside(self)
        self._opener: Opener | None = None

    @property
    def idle(self) -> bool:
        """Whether every picture was told."""
        return self._aside.idle

    def read(self, path: Path) -> None:
        """Read this one too; the worker starts with the first."""
        if self._opener is None:
            self._opener = Opener()
        opener = self._opener
        self._aside.do(lambda: opener.read_codes(path), lambda found: self._told(found, path), self._not_read)

    def close(self) -> None:
        """Let the worker go."""
        self._aside.close()
        if self._opener is not None:
            self._opener.close()

    def _told(self, found: list[str], path: Path) -> None:
        badges = [code for text in found for code in burst.codes(text) if burst.is_code(text)]
        if len(set(badges)) == 1:
            self.code.emit(badges[0])
        else:
            self.refused.emit(Refused("badges.several_in_picture" if badges else "badges.none_in_picture", name=path.name))

    def _not_read(self, error: StationError) -> None:
        self.refused.emit(error)
