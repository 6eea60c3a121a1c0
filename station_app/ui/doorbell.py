"""One window a data folder: a second start rings at the first, which comes to the front, and ends.

The name rung at follows from the folder and the person, so two stations on one computer do not wake each other.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import tempfile
from pathlib import Path

from PySide6.QtCore import QObject, Signal

PATIENCE = 500
"""Milliseconds for a window to answer the door; one that hangs is no reason not to start."""


def name_of(folder: Path, side: str) -> str:
    """Where the window of this folder listens."""
    door = "\n".join((side, os.path.normcase(folder.absolute()), getpass.getuser()))
    return f"warm-station-{hashlib.sha256(door.encode()).hexdigest()[:24]}"


def somebody(folder: Path, side: str) -> bool:
    """Whether it is worth ringing. On Linux and macOS a window leaves a socket; elsewhere only ringing tells."""
    return os.name == "nt" or Path(tempfile.gettempdir(), name_of(folder, side)).exists()


def ring(folder: Path, side: str) -> bool:
    """Ask the window of this folder to come to the front; whether there is one."""
    if not somebody(folder, side):
        return False
    from PySide6.QtNetwork import QLocalSocket

    socket = QLocalSocket()
    socket.connectToServer(name_of(folder, side))
    answered = socket.waitForConnected(PATIENCE)
    socket.abort()
    return answered


class Doorbell(QObject):
    """Listens at the door of a folder. ``rang`` is emitted for every further start; ``listening`` is False where it cannot."""

    rang = Signal()

    def __init__(self, folder: Path, side: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        from PySide6.QtNetwork import QLocalServer  # not before the first window is painted

        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        name = name_of(folder, side)
        if not self._server.listen(name):
            QLocalServer.removeServer(name)  # a killed program leaves its socket behind
            self._server.listen(name)

    @property
    def listening(self) -> bool:
        """Whether further starts are heard."""
        return self._server.isListening()

    def _answer(self) -> None:
        while self._server.hasPendingConnections():
            caller = self._server.nextPendingConnection()
            caller.disconnected.connect(caller.deleteLater)
            caller.abort()
        self.rang.emit()

    def close(self) -> None:
        """Listen no more."""
        self._server.close()
