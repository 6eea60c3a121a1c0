"""Two desktop programs of others, started in turn with ours in the same run: Anki and Vorta, both of PyQt6.

``python -m benchmarks.peers FOLDER [VISITS [TIMES]]`` makes a virtual environment in FOLDER the first time (`pip install aqt vorta`; a
network or a local index is needed for that, nothing of it comes into the lock) and starts each with a fresh profile, off screen, until
its main window was painted. Anki is also asked to find notes: as many as people in our search. Figures are of this machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import start
from .stores import Figure, station

PACKAGES = ("aqt", "vorta")
GOALS = {"anki": 0.3, "vorta": 0.6}
PATIENCE = 120

WATCH = """
import os, sys
from PyQt6.QtCore import QEvent, QObject, QTimer
from PyQt6.QtWidgets import QApplication, QMainWindow, QWidget

class First(QObject):
    seen = False
    def eventFilter(self, watched, event):
        painted = event.type() == QEvent.Type.Paint and isinstance(watched, QWidget)
        if painted and not self.seen and isinstance(watched.window(), QMainWindow):
            self.seen = True
            QTimer.singleShot(0, lambda: (print("painted", flush=True), sys.stdin.read(), os._exit(0)))
        return False

first = First()
begin = QApplication.__init__
def begun(self, *given, **named):
    begin(self, *given, **named)
    self.installEventFilter(first)
QApplication.__init__ = begun
"""
"""In the peer's process: say when its main window was painted for the first time."""
ANKI = WATCH + """
import aqt, aqt.profiles
aqt.profiles.ProfileManager.setDefaultLang = lambda self, *_: self.setLang("en_US")  # the first start asks for it in a dialog
sys.argv = ["anki", "-b", sys.argv[1], "-p", "User 1", "-l", "en"]
aqt.run()
"""
VORTA = WATCH + """
sys.argv = ["vorta"]
import vorta.__main__
vorta.__main__.main()
"""
NOTES = """
import random, sys, time
from anki.collection import Collection
count, texts = int(sys.argv[2]), sys.argv[3:]
col = Collection(sys.argv[1])
kind = col.models.by_name("Basic")
dice = random.Random(1)
for number in range(count):
    note = col.new_note(kind)
    note.fields = ["".join(dice.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(8)), str(13800000000 + number)]
    col.add_note(note, 1)
spent = []
for text in texts:
    begun = time.perf_counter()
    col.find_notes(text)
    spent.append((time.perf_counter() - begun) * 1000)
print("\\n".join(f"{one:.3f}" for one in spent))
"""


def environment(folder: Path) -> Path:
    """The Python that has the peers; made the first time."""
    python = folder / "bin" / "python"
    made = folder / "made"
    if not made.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES], check=True)
        made.touch()
    return python


def started(python: Path, script: str, home: Path) -> float:
    """Seconds until a peer had painted its main window; SystemExit with what it said when it does not."""
    around = start.compiled() | {
        "HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home), "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox", "QTWEBENGINE_DISABLE_SANDBOX": "1", "XDG_RUNTIME_DIR": str(home),
    }  # fmt: skip
    begun = time.perf_counter()
    with (home / "said").open("w+") as said, subprocess.Popen(
        [str(python), "-c", script, str(home / "base")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, env=around
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise SystemExit("a child without pipes")
        for line in child.stdout:
            if line.strip() == start.PAINTED:
                break
        else:
            said.seek(0)
            raise SystemExit(f"it did not paint:\n{said.read()[-2000:]}")
        seconds = time.perf_counter() - begun
        child.stdin.close()
        try:
            child.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
    return seconds


def main(folder: Path, visits: int = 300_000, times: int = 5, keep: str = "") -> list[Figure]:
    """Start all in turn, print and return the rows."""
    python = environment(folder)
    rows: list[Figure] = []
    with tempfile.TemporaryDirectory() as place:
        db = station(Path(keep or place), visits)
        ours_place = db.path.parent
        db.close()
        homes = {name: Path(place, name) for name in GOALS}
        spent: dict[str, list[float]] = {"ours": [], **{name: [] for name in GOALS}}
        for name, home in homes.items():
            home.mkdir(mode=0o700)
            started(python, {"anki": ANKI, "vorta": VORTA}[name], home)  # the first start makes its profile
        start.started("ours", ours_place)
        for _ in range(times):
            spent["ours"].append(start.started("ours", ours_place)[0])
            for name, home in homes.items():
                spent[name].append(started(python, {"anki": ANKI, "vorta": VORTA}[name], home))
    ours = statistics.median(spent["ours"])
    for name, goal in GOALS.items():
        theirs = statistics.median(spent[name])
        beside = f"{name} {theirs * 1000:.0f} ms: {ours / theirs:.2f}x"
        rows.append(Figure(f"start beside {name}", f"{ours * 1000:.0f} ms", beside, f"<= {goal}x", ours / theirs <= goal))
    for row in rows:
        print(row)
    return rows


def notes(folder: Path, ours: float, count: int = 100_000) -> list[Figure]:
    """Anki's find_notes among as many notes as people; ``ours`` is our median in milliseconds."""
    python = environment(folder)
    texts = [text[:end] for text in ("zhang", "wang", "138000", "lihua", "chen") for end in range(1, len(text) + 1)]
    with tempfile.TemporaryDirectory() as place:
        told = subprocess.run(
            [str(python), "-c", NOTES, str(Path(place, "c.anki2")), str(count), *texts], check=True, capture_output=True, text=True
        )
    theirs = statistics.median(float(line) for line in told.stdout.split())
    row = Figure(
        f"search beside Anki's find_notes, {count:,} notes, per key", f"{ours:.2f} ms", f"{theirs:.1f} ms: 1/{theirs / ours:.0f}",
        "<= 1/20", theirs / ours >= 20,
    )  # fmt: skip
    print(row)
    return [row]


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:4]))
