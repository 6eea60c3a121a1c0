"""Where a window stood and how large it was, remembered in a small file beside the records; a screen that is gone is no harm."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QWidget


def restore(window: QWidget, file: Path) -> None:
    """Put the window where it stood last; as it was made where nothing is known. Qt keeps it on a screen that is there."""
    with suppress(OSError, binascii.Error):
        window.restoreGeometry(QByteArray(base64.b64decode(file.read_bytes(), validate=True)))


def keep(window: QWidget, file: Path) -> None:
    """Note where the window stands; a folder that cannot be written to is no reason to trouble anybody."""
    with suppress(OSError):
        file.write_bytes(base64.b64encode(window.saveGeometry().data()))
