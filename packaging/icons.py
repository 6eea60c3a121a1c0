"""Draws the program's icon in every size that systems ask for, and Windows' version information: ``icons.py FOLDER``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from station_app import __version__

DRAWN = Path(__file__).resolve().parent / "app.svg"
SIZES = (16, 24, 32, 48, 64, 128, 256)
VERSION = """VSVersionInfo(
  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, flags=0x0, OS=0x40004, fileType=0x1, subtype=0x0),
  kids=[
    StringFileInfo([StringTable("080404B0", [
      StringStruct("FileDescription", "暖心驿站 Warm Station"),
      StringStruct("FileVersion", "{version}"),
      StringStruct("InternalName", "warm-station"),
      StringStruct("LegalCopyright", "Apache-2.0"),
      StringStruct("ProductName", "Warm Station"),
      StringStruct("ProductVersion", "{version}"),
    ])]),
    VarFileInfo([VarStruct("Translation", [0x0804, 1200])]),
  ],
)
"""


def draw(size: int) -> QImage:
    """The icon, ``size`` pixels wide and high."""
    image = QImage(QSize(size, size), QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(DRAWN)).render(painter)
    painter.end()
    return image


def main(folder: Path) -> None:
    """Leave app-<size>.png, app.ico, app.icns and version.txt in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    application = QGuiApplication(sys.argv[:1])
    for size in SIZES:
        draw(size).save(str(folder / f"app-{size}.png"))
    with Image.open(folder / "app-256.png") as largest:
        largest.save(folder / "app.ico", sizes=[(size, size) for size in SIZES])
        largest.save(folder / "app.icns")
    numbers = tuple(int(part) for part in [*__version__.split("."), "0"][:4])
    (folder / "version.txt").write_text(VERSION.format(numbers=numbers, version=__version__), "utf-8")
    application.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
