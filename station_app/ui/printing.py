"""What is printed goes as a PDF into the folder ``print`` beside the database and is opened by the system's viewer.

The files are not encrypted, for no viewer and no printer could read them otherwise: they are the one exception (decision
011). They go after an hour, and all of them when the window opens and when it closes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from ..db import Database
from ..errors import EnvironmentFault
from ..words import t
from .jobs import Otherwise, Progress
from .page import Shell

FOLDER = "print"
KEPT = 3600
"""Seconds after which a print is taken away."""

Draw = Callable[[Path], int]
"""Writes a PDF to a path and returns its pages."""
Ask = Callable[[Any, tuple[float, float], bool, Callable[[object], None]], None]
"""Asks for a printer: the window, the paper in mm, both sides, then."""
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

    def work(progress: Progress) -> Path:
        target = place_for(shell, name)
        draw(target, progress)
        return target

    def done(path: Path) -> None:
        if then is not None:
            then()
        tell_shown(shell, path, show)

    return shell.jobs.aside(work, tell, done, otherwise)


def to_printer(shell: Shell, path: Path, *, ask: Ask | None = None) -> None:
    """Print what was drawn: the system's dialog asks where to; how far it is, is told, and so is a printer that takes nothing."""
    from ..paper import preview
    from . import print_out

    asks: Ask = ask or print_out.ask_printer

    def chosen(printer: object) -> None:
        shell.jobs.aside(
            lambda progress: print_out.send(printer, path, progress), lambda _done, _total: None,
            lambda pages: shell.tell(t("printing.printed", n=pages)), shell.tell_error,
        )  # fmt: skip

    shell.jobs.aside(
        lambda _progress: preview.size(path), lambda _done, _total: None,
        lambda size: asks(QApplication.activeWindow(), size, False, chosen), shell.tell_error,
    )  # fmt: skip


def place_for(shell: Shell, name: str) -> Path:
    """Where ``name``.pdf is drawn; EnvironmentFault when there is no making the folder."""
    target = shell.jobs.db.path.parent / FOLDER / f"{name}.pdf"
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)  # it is readable: for nobody else on this computer
    except OSError as error:
        raise EnvironmentFault("printing.no_folder", folder=str(target.parent), reason=error.strerror) from error
    return target


def tell_shown(shell: Shell, path: Path, show: Show) -> None:
    """Open what was drawn and say so, or where it is when nothing opens it; where there is a printer, it is one press away."""
    from . import print_out

    opened = show(path)
    told = t("printing.opened", name=path.name) if opened else t("printing.saved", path=str(path))
    if print_out.printers():
        shell.tell(told, t("printing.print"), lambda: to_printer(shell, path))
    else:
        shell.tell(told)


def sweep(db: Database, older: float = KEPT) -> None:
    """Take away what was printed more than ``older`` seconds ago, and what a power cut left half drawn."""
    for old in (db.path.parent / FOLDER).glob("*"):
        with suppress(OSError):  # still open in a viewer on Windows: the next sweep takes it
            if old.suffix in (".pdf", ".part") and not abs(time.time() - old.stat().st_mtime) < older:
                old.unlink()
