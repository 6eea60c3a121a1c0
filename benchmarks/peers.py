"""Two desktop programs of others, started in turn with ours in the same run: Anki and Vorta, both of PyQt6.

``python -m benchmarks.peers FOLDER [VISITS [TIMES]]`` makes a virtual environment in FOLDER the first time (`pip install aqt vorta`; a
network or a local index is needed for that, nothing of it comes into the lock) and starts each with a fresh profile, off screen, until
its main window was painted. Anki is also asked to find notes: as many as people in our search, of the same names and numbers, in turn
with it. ``--notes`` after the folder does that alone. Figures are of this machine.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from station_app.db import Database
from station_app.services import people, search, stations

from . import search as finding
from . import start
from .stores import PASSWORD, Figure, ranked, station

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
import json, sys, time
from anki.collection import AddNoteRequest, Collection
col = Collection(sys.argv[1])
kind = col.models.by_name("Basic")
wanted = []
with open(sys.argv[2], encoding="utf-8") as lines:
    for line in lines:
        note = col.new_note(kind)
        note.fields = json.loads(line)
        wanted.append(AddNoteRequest(note=note, deck_id=1))
for first in range(0, len(wanted), 5000):
    col.add_notes(wanted[first:first + 5000])
print(col.note_count(), flush=True)
for text in sys.stdin:
    spent = []
    for _ in range(3):
        begun = time.perf_counter()
        found = col.find_notes(text.strip())
        spent.append((time.perf_counter() - begun) * 1000)
    print(f"{min(spent):.4f} {len(found)}", flush=True)
"""
"""In Anki's process: a note for each of these people, then how long finding each text takes, the shortest of three."""


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


def notes(folder: Path, count: int = 100_000, keep: str = "") -> list[Figure]:
    """Anki's find_notes among notes of the same names, pinyin, initials, phones and card numbers as our regulars; key by key in turn."""
    python = environment(folder)
    with tempfile.TemporaryDirectory() as place:
        home = Path(keep or place) / f"station-{count}"
        db = stations.open_station(home, PASSWORD) if home.exists() else finding.filled(home, count)
        with closing(db):
            same = Path(place, "people.jsonl")
            same.write_text("".join(json.dumps(fields) + "\n" for fields in words(db)), "utf-8")
            ours, theirs, sure = beside_anki(db, [str(python), "-c", NOTES, str(Path(place, "c.anki2")), str(same)])
    print(f"{len(ours)} keys: ours p50 {ranked(ours, 50):.2f} ms, Anki p50 {ranked(theirs, 50):.2f} ms; {sure} found by both")
    told = ranked(theirs, 50) / ranked(ours, 50)
    row = Figure(
        f"search beside Anki's find_notes, {count:,} notes, per key, p50", f"{ranked(ours, 50):.2f} ms",
        f"Anki {ranked(theirs, 50):.1f} ms: 1/{told:.0f}", "<= 1/20", told >= 20,
    )  # fmt: skip
    print(row)
    return [row]


def words(db: Database) -> Iterator[tuple[str, str]]:
    """What a note holds of each regular: the name in front, what else somebody may type behind."""
    for first in range(0, db.scalar("SELECT max(rowid) FROM person_entry") or 0, 500):
        rows = db.rows("SELECT person_id FROM person_entry WHERE rowid > ? AND rowid <= ?", (first, first + 500))
        for person in people.several(db, [row["person_id"] for row in rows]):
            ways = search.readings(person.name)
            spelt = [text for way in ways for text in ("".join(way), "".join(one[0] for one in way))]
            yield person.name or person.card_number, " ".join([*spelt, person.phone, person.card_number])


def beside_anki(db: Database, command: list[str]) -> tuple[list[float], list[float], int]:
    """Milliseconds for each key, ours and theirs in turn, and how many texts both found somebody for."""
    ours: list[float] = []
    theirs: list[float] = []
    both = 0
    search.find(db, "li", 20)  # the first asks load what all need
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as child:
        if child.stdin is None or child.stdout is None:
            raise SystemExit("a child without pipes")
        if not child.stdout.readline().strip():
            raise SystemExit("Anki took no notes")
        for text in finding.typed(db, 12):
            ours.append(finding.best(lambda text=text: search.find(db, text, 20)))  # type: ignore[misc]
            child.stdin.write(text + "\n")
            child.stdin.flush()
            spent, found = child.stdout.readline().split()
            theirs.append(float(spent))
            both += bool(int(found)) and bool(search.find(db, text, 20))
        child.stdin.close()
    return ours, theirs, both


if __name__ == "__main__":
    if sys.argv[2:3] == ["--notes"]:
        notes(Path(sys.argv[1]), *map(int, sys.argv[3:4]))
    else:
        main(Path(sys.argv[1]), *map(int, sys.argv[2:4]))
