"""Run under an X server with ibus: the real window, a pinyin engine composing in its fields, keys as the window system sends them.

``python -m tests.ui.composing FOLDER BURSTS [blind]`` prints what arrived, as JSON. ``blind``: the catcher is not told of the district,
as a negative control. ``test_ibus`` starts it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import shiboken6
from PySide6.QtCore import QEvent, QObject, QProcess, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from station_app import app
from station_app.model import Consent, Occupation
from station_app.services import people
from station_app.ui.burst import GAP
from station_app.ui.hands import Hands
from station_app.ui.main_window import PAGES, MainWindow
from tests.ui.shell import Clock, set_up

SCANNER, HAND = 5, 40
"""Milliseconds between two keys; of a hand, a quick one."""
WORD = "nihao"
FIELDS = (("people", False), ("people", True), ("requests", True))
"""Pages to compose on, and whether in their new form."""


class Ears(QObject):
    """What arrives from outside: what input methods commit, and every key with the time it bears and the time it came."""

    def __init__(self) -> None:
        super().__init__()
        self.committed: list[str] = []
        self.heard: list[tuple[str, str, int, int]] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        now = time.monotonic_ns() // 1_000_000
        if isinstance(event, QInputMethodEvent) and isinstance(watched, QWidget):
            self.heard.append((event.preeditString(), event.commitString(), 0, now))
            if event.commitString():
                self.committed.append(event.commitString())
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            self.heard.append((type(watched).__name__, event.text(), event.timestamp(), now))
        return False


class Bench:
    """The window, its scans written down, and a keyboard that is the window system's."""

    def __init__(self, window: MainWindow, *, blind: bool) -> None:
        self.window = window
        self.hands = Hands(window, lambda: window.idle, window.catcher)
        self.scans: list[str] = []
        window.catcher.scanned.disconnect()
        window.catcher.scanned.connect(self.scans.append)
        if blind:
            window.catcher.expect("")
        self.ears = Ears()
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self.ears)

    def press(self, *commands: str) -> None:
        """Have xdotool do it, and wait until all of it arrived."""
        typing = QProcess()
        typing.start("xdotool", list(commands))
        self.hands.until(lambda: typing.state() == QProcess.ProcessState.NotRunning and typing.exitCode() == 0, "xdotool")
        self.hands.settle()

    def field(self, name: str, *, form: bool) -> QLineEdit | QPlainTextEdit:
        """A field of the page in which Chinese is typed, with the focus in it."""
        self.hands.key(str(PAGES.index(name) + 1), Qt.KeyboardModifier.AltModifier)
        if form:
            self.hands.ctrl("n")
        found = [
            one for one in self.window.findChildren(QWidget)
            if isinstance(one, QLineEdit | QPlainTextEdit) and one.isVisible() and one.isEnabled() and not one.isReadOnly()
            and one.inputMethodQuery(Qt.InputMethodQuery.ImEnabled) and not one.inputMethodHints() & Qt.InputMethodHint.ImhDigitsOnly
        ]  # fmt: skip
        chosen = found[-1]
        chosen.setFocus()
        self.hands.until(chosen.hasFocus, "the focus")
        return chosen

    def burst(self, field: QLineEdit | QPlainTextEdit, code: str) -> dict[str, Any]:
        """Compose a word, hold a badge there, and tell what came of it."""
        field.clear()
        self.scans.clear()
        self.ears.committed.clear()
        self.ears.heard.clear()
        self.press(
            "type", "--args", "1", "--delay", str(HAND), WORD, "sleep", "0.1",
            "type", "--args", "1", "--delay", str(SCANNER), code, "key", "Return", "sleep", "0.15",
        )  # fmt: skip
        sent = [stamp for kind, _text, stamp, _now in self.ears.heard if kind == "QWindow"]
        return {
            "sent": code, "scans": list(self.scans), "commits": list(self.ears.committed), "text": written(field),
            "late": max((after - before for before, after in pairwise(sent)), default=0), "heard": list(self.ears.heard),
        }  # fmt: skip


def written(field: QLineEdit | QPlainTextEdit) -> str:
    if not shiboken6.isValid(field):
        return "(gone)"
    return field.text() if isinstance(field, QLineEdit) else field.toPlainText()


def engine(seconds: float = 15) -> None:
    """Have ibus compose pinyin; raises TimeoutError."""
    until = time.monotonic() + seconds
    while subprocess.run(["ibus", "engine"], capture_output=True, text=True, check=False).stdout.strip() != "libpinyin":
        subprocess.run(["ibus", "engine", "libpinyin"], capture_output=True, check=False)
        if time.monotonic() > until:
            raise TimeoutError("the engine does not answer")


def main(folder: Path, bursts: int, *, blind: bool) -> None:
    """Compose, scan, and say what came of it."""
    application = app.application()
    db = set_up(folder / "station", Clock())
    codes = [people.register(db, Occupation.RIDER, "", "", "", Consent.NONE)[0].badge_code for _ in range(bursts)]
    window = app.window(db)
    window.show()
    window.activateWindow()
    bench = Bench(window, blind=blind)
    bench.hands.settle()
    engine()
    found: list[dict[str, Any]] = []
    for place, (name, form) in enumerate(FIELDS):
        field = bench.field(name, form=form)
        for code in codes[place :: len(FIELDS)]:
            told = bench.burst(field, code)
            while told["late"] > GAP:  # a busy machine sent it as slowly as a hand: that was no scan, and may have pressed anything
                bench.hands.key(Qt.Key.Key_Escape)
                field = bench.field(name, form=form)
                told = bench.burst(field, code)
            found.append(told)
    print(json.dumps({"platform": application.platformName(), "bursts": found}), flush=True)
    window.close()
    db.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), blind="blind" in sys.argv[3:])
