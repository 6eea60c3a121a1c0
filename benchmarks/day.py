"""The desk on a busy day: what the window's own thread spends on a scan, what it paints for it, what the day leaves in memory.

``python -m benchmarks.day [VISITS [SCANS]]`` (300,000 and 300 without words) works the real window over an encrypted store: badges
scanned, visitors counted, supplies handed out. For each scan: milliseconds from its last key until everything is shown, the longest
the window's thread was away from its loop, and the largest part of the window that was painted at once.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from .stores import Figure, ranked, resident, station


def main(visits: int = 300_000, scans: int = 300, keep: str = "") -> list[Figure]:
    """Measure, print and return the rows."""
    from PySide6.QtCore import QEvent, QObject, Qt, QTimer
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QWidget

    from station_app import app
    from station_app.services import people
    from station_app.ui.hands import Hands

    class Painted(QObject):
        """The largest share of the window that one turn painted, and the time painting took."""

        def __init__(self, window: QWidget) -> None:
            super().__init__()
            self.window, self.area = window, 0.0

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if isinstance(event, QPaintEvent) and isinstance(watched, QWidget) and watched.window() is self.window:
                painted = sum(part.width() * part.height() for part in event.region())
                self.area = max(self.area, painted / (self.window.width() * self.window.height()))
            return False

    class Beat(QObject):
        """The longest that the loop was away."""

        def __init__(self) -> None:
            super().__init__()
            self.last = time.perf_counter()
            self.longest = 0.0
            self._timer = QTimer(self)
            self._timer.timeout.connect(self._turn)
            self._timer.start(0)

        def _turn(self) -> None:
            now = time.perf_counter()
            self.longest = max(self.longest, now - self.last)
            self.last = now

        def again(self) -> None:
            self.last, self.longest = time.perf_counter(), 0.0

    with tempfile.TemporaryDirectory() as folder:
        db = station(Path(keep or folder), visits)
        qt = app.application(offscreen=True)
        window = app.window(db)
        hands = Hands(window, lambda: window.idle, window.catcher)
        hands.show()
        hands.settle()
        painted, beat = Painted(window), Beat()
        codes = [person.badge_code or person.card_number for person in people.several(db, people.ids(db)[:200])]
        fresh = _codes(db) if not all(codes) else codes
        shown: list[float] = []
        away: list[float] = []
        shares: list[float] = []
        for number in range(scans):
            hands.settle()
            qt.installEventFilter(painted)
            painted.area = 0.0
            beat.again()
            began = time.perf_counter()
            hands.scan(fresh[number % len(fresh)])
            shown.append(time.perf_counter() - began)
            away.append(beat.longest)
            shares.append(painted.area)
            qt.removeEventFilter(painted)
            if number % 3 == 0:
                hands.key(Qt.Key.Key_F2)
            if number % 5 == 0:
                hands.key("1")
        held, most = resident()
        window.close()
        db.close()
    rows = [
        Figure("scan to all shown", f"p50 {_ms(shown, 50)}, p99 {_ms(shown, 99)}", "keys of the burst included"),
        Figure("longest absence of the window's thread at a scan", f"p50 {_ms(away, 50)}, p99 {_ms(away, 99)}", "a frame: 16.7 ms",
               "<= 16.7 ms", ranked(away, 99) <= 0.0167),
        Figure("painted at once after a scan", f"p50 {statistics.median(shares):.0%}, most {max(shares):.0%} of the window", "",
               "never all of it", max(shares) < 0.9),
        Figure(f"memory after a day on {visits:,} visits", f"{held} MB, at most {most} MB", "", "<= 150 MB", held <= 150 if held else None),
    ]  # fmt: skip
    for row in rows:
        print(row)
    return rows


def _codes(db: Any) -> list[str]:
    """Badges for the regulars, who came without one."""
    from station_app.services import badges, people

    return [badges.issue(db, person_id)[0].code for person_id in people.ids(db)[:200]]


def _ms(measured: list[float], percent: int) -> str:
    return f"{ranked(measured, percent) * 1000:.1f} ms"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
