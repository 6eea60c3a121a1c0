"""A camera as the third way to scan, for stations that have one and no scanner: the optional extra ``[camera]``.

::

    Lens(parent)                   this machine's camera: .start() .stop()   .frame(QImage)   .failed(StationError)
    CameraView(lens)               what it sees, small; .code(str) the one code before it, read off the GUI thread

The only file that names QtMultimedia, which is not in PySide6-Essentials. The camera runs while the view is shown and at no
other time; no picture is kept.
"""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QElapsedTimer, QObject, QRectF, QSize, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPainterPath, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..errors import EnvironmentFault, StationError
from ..services import pictures
from ..words import t
from . import burst
from .aside import Aside
from .feedback import sentence
from .kit import Column, Notice
from .theme import RADIUS_SMALL, tokens

WIDE = 1280
"""Pixels of a frame's width at most: more only takes longer to read."""
EVERY = 80
"""Milliseconds between two frames that are looked at."""
PATIENCE = 8_000
"""Milliseconds after which a camera that shows nothing is said to: another program holds it, or its shutter is closed."""


class Source(Protocol):
    """What a view needs of a camera."""

    @property
    def frame(self) -> SignalInstance:
        """A QImage, one after the other, while it runs."""

    @property
    def failed(self) -> SignalInstance:
        """A StationError instead of pictures."""

    def start(self) -> None:
        """Begin to see."""

    def stop(self) -> None:
        """See no more; the machine's light goes out."""


class Lens(QObject):
    """This machine's camera, or the sentence that there is none."""

    frame = Signal(QImage)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: list[QObject] = []
        self._since = QElapsedTimer()

    def start(self) -> None:
        """Open the system's usual camera; ``failed`` with ``camera.none`` or ``camera.refused`` when that is not to be."""
        try:
            from PySide6.QtMultimedia import QCamera, QMediaCaptureSession, QMediaDevices, QVideoFrame, QVideoSink
        except ImportError as error:  # the extra is there, a library of the system that it needs is not
            self.failed.emit(EnvironmentFault("camera.broken", reason=str(error)))
            return
        device = QMediaDevices.defaultVideoInput()
        if device.isNull():
            self.failed.emit(EnvironmentFault("camera.none"))
            return
        camera, session, sink = QCamera(device, self), QMediaCaptureSession(self), QVideoSink(self)
        fitting = [one for one in device.videoFormats() if one.resolution().width() <= WIDE]
        if fitting:
            camera.setCameraFormat(max(fitting, key=lambda one: (one.resolution().width(), one.maxFrameRate())))
        session.setCamera(camera)
        session.setVideoSink(sink)

        def seen(frame: QVideoFrame) -> None:
            if frame.isValid() and (not self._since.isValid() or self._since.elapsed() >= EVERY):
                self._since.start()
                self.frame.emit(frame.toImage())

        def wrong(_error: QCamera.Error, reason: str) -> None:
            self.failed.emit(EnvironmentFault("camera.refused", reason=reason or device.description()))

        sink.videoFrameChanged.connect(seen)
        camera.errorOccurred.connect(wrong)
        self._running = [camera, session, sink]
        camera.start()

    def stop(self) -> None:
        """Close it."""
        running, self._running = self._running, []
        self._since.invalidate()
        if running:
            from PySide6.QtMultimedia import QCamera

            for part in running:
                if isinstance(part, QCamera):
                    part.stop()
                part.deleteLater()


class _Glass(QWidget):
    """The live picture, as in a mirror: a card moved to the left goes to the left."""

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(t("camera.title"))

    def show_image(self, image: QImage) -> None:
        """The next one."""
        self._image = image
        self.update()

    def sizeHint(self) -> QSize:
        """Small: one looks at the card, not at the screen."""
        return QSize(tokens().px(360), tokens().px(270))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture whole, on a dark ground until there is one."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), RADIUS_SMALL, RADIUS_SMALL)
        painter.setClipPath(shape)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if not self._image.isNull():
            size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            spot = QRectF(
                (self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(), size.height()
            )
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
            painter.drawImage(spot, self._image)


class CameraView(QWidget):
    """What the camera sees while this is shown, and the code in it; then it is done, until it is shown anew."""

    code = Signal(str)
    broken = Signal(object)

    def __init__(self, lens: Source) -> None:
        super().__init__()
        self._lens = lens
        self._aside: Aside | None = None
        self._late = QTimer(self, singleShot=True, interval=PATIENCE)
        self._late.timeout.connect(lambda: self._fail(EnvironmentFault("camera.no_picture")))
        self.glass = _Glass()
        self.told = Notice(t("camera.hold"), "plain", icon="scan")
        self.setLayout(Column(self.glass, self.told, None, gap=12))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        lens.frame.connect(self._look)
        lens.failed.connect(self._fail)

    @property
    def running(self) -> bool:
        """Whether the camera is on."""
        return self._aside is not None

    @property
    def idle(self) -> bool:
        """Whether no frame is being read."""
        return self._aside is None or self._aside.idle

    def showEvent(self, event: QShowEvent) -> None:
        """The camera goes on."""
        super().showEvent(event)
        if self._aside is None:
            self._aside = Aside(self)
            self._aside.broken.connect(self.broken)
            self.glass.show()
            self.told.show_text(t("camera.hold"), "plain")
            self._late.start()
            self._lens.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Left, locked or minimised: nobody is looked at."""
        super().hideEvent(event)
        self._stop()

    def _stop(self) -> None:
        aside, self._aside = self._aside, None
        self._late.stop()
        if aside is not None:
            self._lens.stop()
            aside.close()
            aside.deleteLater()

    def _look(self, image: QImage) -> None:
        """Show a frame, and read it unless the one before is still being read."""
        if self._aside is None:
            return
        self._late.stop()
        self.glass.show_image(image)
        if self._aside.idle:
            self._aside.do(lambda: codes_in(image), self._found)

    def _found(self, found: list[str]) -> None:
        """One code is a scan; several before the camera are told apart by nobody."""
        if self._aside is None:
            return
        if len(found) == 1:
            self._stop()
            self.code.emit(found[0])
        elif found:
            self.told.show_text(t("camera.several"), "attention")

    def _fail(self, error: StationError) -> None:
        if self._aside is None:
            return
        self._stop()
        self.glass.hide()
        self.told.show_text(sentence(error), "bad")


def codes_in(image: QImage) -> list[str]:
    """The different codes in a frame, as a scanner would send them."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    texts = pictures.codes_seen(bytes(grey.constBits()), grey.width(), grey.height(), grey.bytesPerLine())
    return list(dict.fromkeys(code for text in texts for code in burst.codes(text)))
