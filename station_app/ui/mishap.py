"""A fault of ours: noted in a log that turns over, shown once in a small window with details to copy, and the desk goes on.

Neither log nor details hold anybody's data: kinds of errors and places in the program only, never an error's own text.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from .. import __version__
from ..words import t
from .kit import Button, Row, Text

if TYPE_CHECKING:
    from logging.handlers import RotatingFileHandler

log = logging.getLogger("station_app")

LARGEST_LOG, OLD_LOGS = 256 * 1024, 3
"""Bytes after which the log turns over, and how many old ones are kept beside it."""


def keep_log(file: Path) -> logging.Handler:
    """Have faults noted in ``file``, where its folder exists already; the handler, to be taken away again."""
    handler = _Patient(file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    return handler


class _Patient(logging.Handler):
    """A log that is silent where it cannot be written: before a station is set up, on a full disk. Made with the first fault."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._turning: RotatingFileHandler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if not self._file.parent.is_dir():
            return
        try:
            if self._turning is None:
                self._turning = self._begun()
            self._turning.emit(record)
        except OSError:
            self.handleError(record)

    def _begun(self) -> RotatingFileHandler:
        from logging.handlers import RotatingFileHandler  # brings sockets and pickles along, which no start needs

        turning = RotatingFileHandler(self._file, maxBytes=LARGEST_LOG, backupCount=OLD_LOGS, encoding="utf-8", delay=True)
        turning.setFormatter(self.formatter)
        turning.handleError = self.handleError  # type: ignore[method-assign]
        return turning

    def handleError(self, record: logging.LogRecord) -> None:
        """A log that cannot be written is not worth a second fault."""

    def close(self) -> None:
        """Close the file."""
        if self._turning is not None:
            self._turning.close()
        super().close()


def places(trace: TracebackType | None) -> list[str]:
    """Where an error came from, as ``file.py:line``, the outermost first."""
    found = []
    while trace is not None:
        found.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return found


def details(kind: type[BaseException], trace: TracebackType | None) -> str:
    """What helps to mend it: version, system, kind of error, places. Nobody's data."""
    import platform

    return "\n".join(
        [
            f"warm-station {__version__}, Qt {qVersion()}, Python {platform.python_version()}, {platform.platform()}",
            datetime.now().astimezone().isoformat(timespec="seconds"),
            kind.__name__,
            *(f"  {place}" for place in places(trace)),
        ]
    )


class MishapWindow(QWidget):
    """What went wrong, that nothing saved is lost, and details to pass on. Not modal: work goes on beside it."""

    def __init__(self, told: str) -> None:
        super().__init__()
        self._told = told
        self.setWindowTitle(t("mishap.title"))
        self.setProperty("ground", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)  # the next scan still goes to the desk
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(14)
        column.addWidget(Text(t("mishap.title"), "strong"))
        column.addWidget(Text(t("mishap.what_to_do"), wrap=True))
        column.addWidget(Text(told, "small", wrap=True, selectable=True))
        self.copy = Button(t("mishap.copy"))
        self.copy.clicked.connect(self._copy)
        self.away = Button(t("mishap.go_on"), "primary")
        self.away.clicked.connect(self.close)
        column.addLayout(Row(self.copy, None, self.away))
        self.resize(560, self.sizeHint().height())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._told)
        self.copy.set_text(t("mishap.copied"))


class Mishaps:
    """What is done when a fault of ours reaches the top: ``sys.excepthook``. One window at a time; the log has them all."""

    def __init__(self) -> None:
        self.shown: MishapWindow | None = None

    def caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Note it and show it; a person at a terminal who presses Ctrl+C means to leave."""
        if issubclass(kind, KeyboardInterrupt):
            QGuiApplication.quit()
            return
        log.error("%s at %s", kind.__name__, " < ".join(reversed(places(trace))))
        if self.shown is None:
            self.shown = MishapWindow(details(kind, trace))
            self.shown.destroyed.connect(self._gone)
            self.shown.show()

    def _gone(self) -> None:
        self.shown = None
