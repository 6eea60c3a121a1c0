"""Codes on the screen, one after the other, for a telephone to photograph where no stick may be used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QWidget

from ..errors import StationError
from ..paper import qr
from ..words import t
from .aside import Aside
from .feedback import sentence
from .kit import Button, Column, Row, Text
from .painting import paint_code

EVERY = 1_500
"""Milliseconds a code stays while they go by themselves: time to press the shutter."""
SIDE = 372
"""Pixels of the usual code with its quiet zone: four a module."""


class CodePicture(QWidget):
    """One code, as large as the room allows in whole pixels a module."""

    def __init__(self) -> None:
        super().__init__()
        self.code: qr.Code | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_code(self, code: qr.Code | None) -> None:
        """Show this one; None while it is being made."""
        self.code = code
        self.update()

    def sizeHint(self) -> QSize:
        """As large as the usual code needs."""
        return QSize(SIDE, SIDE)

    def minimumSizeHint(self) -> QSize:
        """A code that is cut cannot be read."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The code in the middle."""
        if self.code is None:
            return
        side = min(self.width(), self.height())
        painter = QPainter(self)
        paint_code(painter, QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side), self.code)
        painter.end()


class CodesView(QWidget):
    """The codes of one file in turn: they go by themselves, the arrow keys turn, Space stops; saved as pictures on request."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__()
        self.texts = tuple(texts)
        self.place = 0
        self._codes: dict[int, qr.Code] = {}
        self._aside = Aside(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.picture, self.where = CodePicture(), Text("", "strong")
        self.told = Text("", "small", wrap=True)
        self.back = Button(t("codes.back"), key="←")
        self.on = Button(t("codes.on"), key="→")
        self.run = Button("", key=t("codes.space"))
        self.save = Button(t("codes.save"), "link", icon="file")
        for button, act in ((self.back, lambda: self.turn(-1)), (self.on, lambda: self.turn(1)), (self.run, self.start_or_stop)):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys work wherever the eye is
            button.clicked.connect(act)
        self.save.clicked.connect(self.ask_folder)
        how, line = Text(t("codes.how"), "muted", wrap=True), Row(self.where, None, self.save)
        buttons = Row(self.back, self.on, self.run, None, gap=8)
        self.told.hide()
        self.setLayout(Column(how, self.picture, line, self.told, buttons, None, gap=6))
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY)
        self._timer.timeout.connect(lambda: self.turn(1))
        self.start_or_stop()
        self._show()

    @property
    def idle(self) -> bool:
        """Whether the code shown is drawn and nothing is being written."""
        return self._aside.idle

    def turn(self, by: int) -> None:
        """The next code or the one before; after the last comes the first."""
        self.place = (self.place + by) % len(self.texts)
        self._show()

    def start_or_stop(self) -> None:
        """Let them go by themselves, or hold the one shown."""
        if self._timer.isActive() or len(self.texts) == 1:
            self._timer.stop()
        else:
            self._timer.start()
        self.run.set_text(t("codes.stop") if self._timer.isActive() else t("codes.start"))
        self.run.setVisible(len(self.texts) > 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows and Space."""
        if event.key() == Qt.Key.Key_Left:
            self.turn(-1)
        elif event.key() == Qt.Key.Key_Right:
            self.turn(1)
        elif event.key() == Qt.Key.Key_Space:
            self.start_or_stop()
        else:
            super().keyPressEvent(event)

    def _show(self) -> None:
        self.where.set(t("codes.where", no=self.place + 1, count=len(self.texts)))
        self.setAccessibleName(self.where.text())
        place, known = self.place, self._codes.get(self.place)
        self.picture.show_code(known)
        if known is None:
            mask = next(iter(self._codes.values())).mask if self._codes else None
            self._aside.do(lambda: qr.matrix(self.texts[place], mask=mask), lambda code: self._made(place, code))

    def _made(self, place: int, code: qr.Code) -> None:
        self._codes[place] = code
        if place == self.place:
            self.picture.show_code(code)

    # --- as pictures -------------------------------------------------------------------------------------------------

    def ask_folder(self) -> None:
        """Let the keeper choose where the pictures go."""
        dialog = QFileDialog(self, t("codes.save"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda chosen: self.save_to(Path(chosen)))
        dialog.open()

    def save_to(self, folder: Path) -> None:
        """Write every code as a numbered picture into a folder."""
        self._aside.do(
            lambda: qr.write_pictures(self.texts, folder),
            lambda count: self._tell(t("codes.saved", n=count, folder=folder.name or str(folder)), "good"),
            self._not_saved,
        )

    def _not_saved(self, error: StationError) -> None:
        self._tell(sentence(error), "bad")

    def _tell(self, text: str, tone: str) -> None:
        self.told.set(text, tone)
        self.told.show()
