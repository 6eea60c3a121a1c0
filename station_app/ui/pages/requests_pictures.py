"""Pictures on the requests page: brought with a new request or to one there is, small on its card, large in the sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QGridLayout, QWidget

from ...db import Database
from ...errors import StationError
from ...model import Changes, Picture
from ...services import attachments
from ...services import pictures as services
from ...words import t
from .. import actions
from ..feedback import sentence
from ..jobs import Jobs
from ..kit import Button, Column, FlowLayout, Row, Text, clear
from ..page import Shell
from ..picture_cover import Covering
from ..pictures import ACROSS, DOWN, Bringing, Large, Prepare, Thumb, choose_pictures, drawn
from ..theme import tokens

AFTER = "after"
"""What a picture shows that was taken when something had been done about it."""
Images = dict[str, QImage | None]
Choose = Callable[[QWidget, Callable[[Sequence[Path]], None]], None]


def images(db: Database, shown: Sequence[Picture], ratio: float) -> Images:
    """Small images of these pictures by id, None for one that cannot be read. Reader thread only."""
    found: Images = {}
    for picture in shown:
        try:
            found[picture.id] = drawn(attachments.content(db, picture.id), round(ACROSS * ratio), round(DOWN * ratio))
        except StationError:
            found[picture.id] = None
    return found


def _ratio(widget: QWidget) -> float:
    """Pixels of the screen for one of the design's."""
    return widget.devicePixelRatioF() * tokens().px(100) / 100


@dataclass(eq=False, slots=True)
class Kept:
    """A picture of a request that is being written: as it was made ready, what is covered of it, and what will be kept."""

    base: bytes
    jpeg: bytes
    boxes: list[services.Box] = field(default_factory=list)


class NewPictures(QWidget):
    """Pictures of a request that is being written: chosen or dropped; Enter on one shows it large, to cover a part or leave it out."""

    settled = Signal()

    def __init__(self, prepare: Prepare, jobs: Jobs, *, choose: Choose = choose_pictures) -> None:
        super().__init__()
        self._choose, self._jobs = choose, jobs
        self.kept: list[Kept] = []
        self._shown: Kept | None = None
        self._under_way = 0
        self._bringing = Bringing(prepare, self)
        self._bringing.ready.connect(self._ready)
        self._bringing.refused.connect(self._refused)
        self._bringing.done.connect(self._settle)
        self.add_button = Button(t("requests_page.add_pictures"), icon="picture")
        self.add_button.clicked.connect(lambda: self._choose(self, self.bring))
        self._flow = FlowLayout(8, row_gap=8)
        hint = Text(t("requests_page.drop_hint"), "small", wrap=True)
        head = Row(self.add_button, gap=12)
        head.addWidget(hint, 1)
        self._error = Text("", "bad", wrap=True)
        self._error.hide()
        self.covering = Covering()
        self.covering.covered.connect(self._cover)
        self.covering.undone.connect(self._uncover)
        self.covering.left_out.connect(self._leave_out)
        self.covering.left.connect(self._close)
        self.covering.hide()
        self.setLayout(Column(head, self._flow, self.covering, self._error, gap=6))

    @property
    def jpegs(self) -> list[bytes]:
        """What is kept, with what is covered."""
        return [kept.jpeg for kept in self.kept]

    @property
    def idle(self) -> bool:
        """Whether every file that was brought is ready or refused, and everything is covered that was framed."""
        return self._bringing.idle and self._under_way == 0

    def bring(self, paths: Sequence[Path]) -> None:
        """Make these ready; what is no picture is told below and leaves the others."""
        self._say("")
        self._bringing.bring(paths)

    def error(self) -> str:
        """What is wrong with what was brought last, "" for nothing."""
        return self._error.text() if not self._error.isHidden() else ""

    def thumbs(self) -> list[Thumb]:
        """The small pictures shown."""
        items = [self._flow.itemAt(place) for place in range(self._flow.count())]
        return [widget for item in items if item is not None and isinstance(widget := item.widget(), Thumb)]

    def _ready(self, jpeg: bytes) -> None:
        if len(self.kept) >= attachments.MOST:
            self._say(t("pictures.too_many", most=attachments.MOST, n=len(self.kept)))
            return
        self.kept.append(Kept(jpeg, jpeg))
        self._show()

    def _refused(self, error: StationError) -> None:
        self._say(sentence(error))

    def _settle(self) -> None:
        if self.idle:
            self.settled.emit()

    def _say(self, text: str) -> None:
        self._error.set(text)
        self._error.setVisible(bool(text))

    def _show(self) -> None:
        ratio = _ratio(self)
        before: QWidget = self.add_button
        clear(self._flow)
        for place, kept in enumerate(self.kept):
            thumb = Thumb(place + 1, self)
            # made ready already: at most 300 KB, drawn small in a few milliseconds
            thumb.show_image(drawn(kept.jpeg, round(ACROSS * ratio), round(DOWN * ratio)))
            thumb.setAccessibleDescription(t("requests_page.press_to_cover"))
            thumb.setToolTip(t("requests_page.press_to_cover"))
            thumb.clicked.connect(lambda _checked=False, kept=kept: self._open(kept))
            self._flow.addWidget(thumb)
            thumb.show()  # now: the focus may come back to it before the layout shows it
            QWidget.setTabOrder(before, thumb)
            before = thumb
        QWidget.setTabOrder(before, self.covering.frame)
        self.updateGeometry()

    # --- one of them large ---------------------------------------------------------------------------------------------

    def _open(self, kept: Kept) -> None:
        self._shown = kept
        self.covering.show_jpeg(kept.jpeg, len(kept.boxes))
        self.covering.show()
        self.covering.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close(self) -> None:
        """Back to the small pictures."""
        shown, self._shown = self._shown, None
        self.covering.hide()
        thumbs = self.thumbs()
        place = self.kept.index(shown) if shown in self.kept else -1
        (thumbs[place] if place >= 0 else self.add_button).setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave_out(self) -> None:
        if self._shown in self.kept:
            self.kept.remove(self._shown)
        self._say("")
        self._show()
        self._close()

    def _cover(self, box: services.Box) -> None:
        if self._shown is not None:
            self._shown.boxes.append(box)
            self._draw(self._shown)

    def _uncover(self) -> None:
        """The last cover comes off: until the request is recorded, what was brought is still here."""
        if self._shown is not None and self._shown.boxes:
            self._shown.boxes.pop()
            self._draw(self._shown)

    def _draw(self, kept: Kept) -> None:
        """Draw it anew off the GUI thread; nothing is recorded before that is done."""
        base, boxes = kept.base, tuple(kept.boxes)
        self._under_way += 1
        self._jobs.read(
            lambda _db: services.cover(base, boxes), lambda jpeg: self._drawn(kept, jpeg), lambda error: self._failed(kept, error)
        )

    def _drawn(self, kept: Kept, jpeg: bytes) -> None:
        if not shiboken6.isValid(self):
            return
        kept.jpeg = jpeg
        self._show()
        if self._shown is kept:
            self.covering.show_jpeg(jpeg, len(kept.boxes))
        self._under_way -= 1
        self._settle()

    def _failed(self, kept: Kept, error: StationError) -> None:
        """What could not be covered is left out: it must not be kept uncovered."""
        if not shiboken6.isValid(self):
            return
        if kept in self.kept:
            self.kept.remove(kept)
        self._show()
        if self._shown is kept:
            self._close()
        self._say(sentence(error))
        self._under_way -= 1
        self._settle()


class Strip(QWidget):
    """The pictures of the request on the card, and the way to add more; Enter on one asks to see it large."""

    opened = Signal(int)
    wanted = Signal()

    def __init__(self, pictures: Sequence[Picture], *, may_add: bool) -> None:
        super().__init__()
        self._pictures = tuple(pictures)
        self.thumbs = [Thumb(place + 1, self) for place in range(len(pictures))]
        self._of = {picture.id: thumb for picture, thumb in zip(pictures, self.thumbs, strict=True)}
        flow = FlowLayout(8, row_gap=8)
        compared = any(picture.shows == AFTER for picture in pictures)
        for place, thumb in enumerate(self.thumbs):
            thumb.clicked.connect(lambda _checked=False, place=place: self.opened.emit(place))
            if not compared:
                flow.addWidget(thumb)
        self.add_button: Button | None = None
        if may_add and len(pictures) < attachments.MOST:
            self.add_button = Button(t("requests_page.add_pictures"), "link", icon="picture")
            self.add_button.clicked.connect(self.wanted)
            flow.addWidget(self.add_button)
        self.setLayout(Column(self._beside(), flow, gap=8) if compared else flow)

    def _beside(self) -> QGridLayout:
        """What it was at the left, what has become of it at the right, in the order they were brought."""
        grid = QGridLayout()
        grid.setSpacing(8)
        grid.setColumnStretch(2, 1)
        for column, shows in enumerate(("", AFTER)):
            grid.addWidget(Text(t("requests_page.shows_after" if shows else "requests_page.shows_before"), "small"), 0, column)
            found = [thumb for thumb, one in zip(self.thumbs, self._pictures, strict=True) if (one.shows == AFTER) == bool(shows)]
            for row, thumb in enumerate(found, start=1):
                grid.addWidget(thumb, row, column)
        return grid

    def read(self, jobs: Jobs) -> None:
        """Fill the frames, off the GUI thread."""
        ratio = _ratio(self)
        if self._of:
            jobs.read(lambda db: images(db, self._pictures, ratio), self._show, key="request-images")

    def _show(self, found: Images) -> None:
        if shiboken6.isValid(self):
            for picture_id, image in found.items():
                self._of[picture_id].show_image(image)


class Viewer(QWidget):
    """One picture of a request after the other in the sheet: PgUp and PgDn turn over, Enter shows it closer."""

    removed = Signal(object)
    covered = Signal(object)

    def __init__(self, shell: Shell, pictures: Sequence[Picture], place: int, *, may_remove: bool) -> None:
        super().__init__()
        self._shell, self._pictures, self.place = shell, list(pictures), place
        self.large = Large()
        self._said = Text("", "muted")
        before, after = Button(t("requests_page.picture_before"), key="PgUp"), Button(t("requests_page.picture_after"), key="PgDn")
        before.clicked.connect(lambda: self.turn(-1))
        after.clicked.connect(lambda: self.turn(1))
        row = FlowLayout(8)
        for button in (before, after) if len(pictures) > 1 else ():
            row.addWidget(button)
        self.covering, self.boxes = Covering(), list[services.Box]()
        self.covering.hide()
        self.cover_button = Button(t("requests_page.cover_some"), icon="picture")
        self.keep_button = Button(t("requests_page.keep_covered"), "primary", icon="check", key="Ctrl+↵")
        self.keep_button.hide()
        if may_remove:
            row.addWidget(self.cover_button)
            row.addWidget(self.keep_button)
            self._may_cover()
            remove = Button(t("requests_page.remove_picture"), "danger", icon="bin")
            remove.clicked.connect(self._remove)
            row.addWidget(remove)
        column = Column(gap=8)
        column.addWidget(self.large, 1)
        column.addWidget(self.covering)
        column.addWidget(self._said)
        self._hint = Text(t("requests_page.closer_hint"), "small", wrap=True)
        column.addWidget(self._hint)
        column.addLayout(row)
        self.setLayout(column)
        self.setFocusProxy(self.large)
        self.turn(0)

    # --- covering a part of it -----------------------------------------------------------------------------------------

    def _may_cover(self) -> None:
        self.cover_button.clicked.connect(self.begin_covering)
        self.keep_button.clicked.connect(self.keep)
        self.covering.covered.connect(self._cover)
        self.covering.undone.connect(self._uncover)
        self.covering.left_out.connect(self._remove)
        self.covering.left.connect(self._stop_covering)
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.keep)

    def begin_covering(self) -> None:
        """The picture with a frame on it, in the place of the large one."""
        picture, self.boxes = self._pictures[self.place], []
        self._base = b""

        def shown(jpeg: bytes) -> None:
            if shiboken6.isValid(self) and self._pictures[self.place].id == picture.id:
                self._base = jpeg
                self._draw()
                self._show_covering(True)

        self._shell.jobs.read(lambda db: attachments.content(db, picture.id), shown, self._failed, key="request-picture")

    def _show_covering(self, on: bool) -> None:
        self.covering.setVisible(on)
        self.keep_button.setVisible(on)
        self.keep_button.setEnabled(bool(self.boxes))
        for part in (self.large, self._hint, self.cover_button):
            part.setHidden(on)
        (self.covering if on else self.large).setFocus(Qt.FocusReason.OtherFocusReason)

    def _stop_covering(self) -> None:
        """Nothing is covered after all."""
        self.boxes = []
        self._show_covering(False)

    def _cover(self, box: services.Box) -> None:
        self.boxes.append(box)
        self._draw()

    def _uncover(self) -> None:
        if self.boxes:
            self.boxes.pop()
            self._draw()

    def _draw(self) -> None:
        base, boxes = self._base, tuple(self.boxes)

        def drawn_(jpeg: bytes) -> None:
            if shiboken6.isValid(self) and boxes == tuple(self.boxes):
                self.covering.show_jpeg(jpeg, len(boxes))
                self.keep_button.setEnabled(bool(boxes))

        self._shell.jobs.read(lambda _db: services.cover(base, boxes) if boxes else base, drawn_, self._failed)

    def keep(self) -> None:
        """The covered picture takes the place of the one that is kept."""
        if self.boxes and not self.covering.isHidden():
            actions.cover_picture(
                self._shell.jobs, self._pictures[self.place].id, tuple(self.boxes), lambda outcome: self.covered.emit(outcome[1]),
                self._failed,
            )  # fmt: skip

    # --- one after the other -------------------------------------------------------------------------------------------

    def turn(self, by: int) -> None:
        """Show the picture before or after."""
        if not self.covering.isHidden():
            self._stop_covering()
        self.place = (self.place + by) % len(self._pictures)
        picture = self._pictures[self.place]
        said = [t("requests_page.picture_of", n=self.place + 1, all=len(self._pictures))]
        if any(one.shows == AFTER for one in self._pictures):
            said.append(t("requests_page.shows_after" if picture.shows == AFTER else "requests_page.shows_before"))
        self._said.set(t("terms.dot").join(said))
        self.large.setAccessibleName(self._said.text())
        self.large.show_image(QImage())
        self._shell.jobs.read(
            lambda db: drawn(attachments.content(db, picture.id)), self._show, self._failed, key="request-picture"
        )

    def _show(self, image: QImage) -> None:
        if shiboken6.isValid(self):
            self.large.show_image(image)

    def _failed(self, error: StationError) -> None:
        if shiboken6.isValid(self):
            self._shell.sheet_error(error)

    def _remove(self) -> None:
        actions.remove_picture(self._shell.jobs, self._pictures[self.place].id, self._gone, self._failed)

    def _gone(self, changes: Changes) -> None:
        self.removed.emit(changes)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """PgUp and PgDn turn over."""
        step = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.turn(step)
