"""The picture of an item on its card: chosen or dropped, made ready in the worker that may die, one operation to undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QWidget

from ...model import Changes, Item
from ...sync.opening import Opener
from ...words import t
from .. import supply_actions
from ..aside import Aside
from ..kit import Button, FlowLayout
from ..page import Shell
from ..pictures import ACROSS, DOWN, Thumb, choose_pictures, picture_of

Choose = Callable[[QWidget, Callable[[Sequence[Path]], None]], None]
SHARP = 2
"""Pixels read for each that is shown: sharp in large type and on fine screens."""
SIZE = (ACROSS * SHARP, DOWN * SHARP)


class PhotoLine(QWidget):
    """The picture, and the ways to bring another and to take it away; ``keeps`` is False for who only looks."""

    wanted = Signal()
    dropped = Signal(object)
    removed = Signal()

    def __init__(self, item: Item, image: QImage | None, *, keeps: bool) -> None:
        super().__init__()
        self.thumb: Thumb | None = None
        self.bring = Button(t("supplies_page.photo_other") if image is not None else t("supplies_page.photo_add"), "link", icon="picture")
        self.remove = Button(t("supplies_page.photo_remove"), "link")
        self.bring.clicked.connect(self.wanted)
        self.remove.clicked.connect(self.removed)
        line = FlowLayout(10, row_gap=4)
        if image is not None:
            self.thumb = Thumb(1, self)
            self.thumb.show_image(None if image.isNull() else image)
            self.thumb.setAccessibleName(item.name)
            self.thumb.setEnabled(keeps)
            self.thumb.clicked.connect(self.wanted)
            line.addWidget(self.thumb)
        if keeps:
            line.addWidget(self.bring)
            if image is not None:
                line.addWidget(self.remove)
        self.setLayout(line)
        self.setAcceptDrops(keeps)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """One picture may be dropped here."""
        if picture_of(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """This one."""
        path = picture_of(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.dropped.emit(path)


class Photos:
    """What the page does about them; the worker starts with the first picture and goes with ``close``."""

    def __init__(self, page: QWidget, shell: Shell, *, opener: Opener | None = None, choose: Choose = choose_pictures) -> None:
        self._page, self._shell, self._choose = page, shell, choose
        self._opener = opener or Opener()
        self._aside = Aside(page)
        self._aside.broken.connect(shell.jobs.broken)

    @property
    def idle(self) -> bool:
        """Whether no picture is being made ready."""
        return self._aside.idle

    def close(self) -> None:
        """Nobody brings pictures: no process is kept."""
        self._aside.do(self._opener.close)

    def choose(self, item: Item) -> None:
        """Ask for a file."""
        self._choose(self._page, lambda paths: self.bring(item, paths[0]) if paths else None)

    def bring(self, item: Item, path: Path) -> None:
        """The picture of an item from now on."""
        self._aside.do(lambda: self._opener.open_picture(path), lambda jpeg: self._set(item, jpeg), self._shell.tell_error)

    def remove(self, item: Item) -> None:
        """Take it away."""
        self._set(item, None)

    def _set(self, item: Item, jpeg: bytes | None) -> None:
        word = "supplies_page.photo_is_set" if jpeg is not None else "supplies_page.photo_is_gone"

        def done(changes: Changes) -> None:
            self._shell.tell_undoable(t(word, name=item.name), changes)

        supply_actions.set_photo(self._shell.jobs, item.id, jpeg, done, self._shell.tell_error)
