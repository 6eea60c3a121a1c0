"""What is printed goes as a PDF into the folder ``print`` beside the database and is opened by the system's viewer.

The files are not encrypted, for a printer cannot read them otherwise: each new one takes away those of the days before.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from ..errors import EnvironmentFault
from ..words import t
from .jobs import Otherwise, Progress
from .page import Shell

FOLDER = "print"
KEPT = 24 * 3600
"""Seconds after which a print is taken away by the next one."""

Draw = Callable[[Path], int]
"""Writes a PDF to a path and returns its pages."""
Show = Callable[[Path], bool]
"""Opens a file for the person; False when the machine has nothing to open it with."""


def open_file(path: Path) -> bool:
    """Open a file with the program the system has for it."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def save_and_open(shell: Shell, name: str, draw: Draw, *, show: Show = open_file, otherwise: Otherwise | None = None) -> None:
    """Draw ``name``.pdf off the GUI thread, open it and say so; raises nothing, errors go the way of all jobs.

    ``name`` has no separators in it. The foot bar says where the file is when nothing opens it.
    """
    save_long(shell, name, lambda path, _progress: draw(path), lambda _done, _total: None, show=show, otherwise=otherwise)


def save_long(
    shell: Shell,
    name: str,
    draw: Callable[[Path, Progress], int],
    tell: Callable[[int, int], None],
    *,
    then: Callable[[], None] | None = None,
    show: Show = open_file,
    otherwise: Otherwise | None = None,
) -> Progress:
    """The same for many pages: ``draw`` gets a progress that ``tell(done, total)`` hears of; cancel by what is returned.

    ``then`` is called once the file is there.
    """
    target = shell.jobs.db.path.parent / FOLDER / f"{name}.pdf"

    def work(progress: Progress) -> Path:
        try:
            target.parent.mkdir(exist_ok=True)
            _clear(target.parent)
        except OSError as error:
            raise EnvironmentFault("printing.no_folder", folder=str(target.parent), reason=error.strerror) from error
        draw(target, progress)
        return target

    def done(path: Path) -> None:
        if then is not None:
            then()
        opened = show(path)
        shell.tell(t("printing.opened", name=path.name) if opened else t("printing.saved", path=str(path)))

    return shell.jobs.aside(work, tell, done, otherwise)


def _clear(folder: Path) -> None:
    """Take away what was printed the days before."""
    for old in folder.glob("*.pdf"):
        if time.time() - old.stat().st_mtime > KEPT:
            old.unlink(missing_ok=True)
