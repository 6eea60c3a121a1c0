"""From the start of the process to the painted desk, beside a bare PySide6 window started in turn in the same run.

``python -m benchmarks.start [VISITS [TIMES]]`` (300,000 and 9 without words). A child process tells when its window was painted
for the first time; the station is opened by its slot, the password's deliberate cost apart, and encrypted as ever. Peak memory
and what the first start after dropping the file cache reads from the disk (as root on Linux) are told, too.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .stores import PASSWORD, Figure, resident, station

PAINTED = "painted"


def main(visits: int = 300_000, times: int = 9, keep: str = "") -> list[Figure]:
    """Measure, print and return the rows."""
    with tempfile.TemporaryDirectory() as folder:
        db = station(Path(keep or folder), visits)
        place = db.path.parent
        db.close()
        started("ours", place)  # compiles what an installed program brings compiled
        spent: dict[str, list[float]] = {"bare": [], "ours": []}
        peak = 0
        for _ in range(times):
            for kind in spent:
                seconds, held = started(kind, place)
                spent[kind].append(seconds)
                peak = max(peak, held) if kind == "ours" else peak
        cold = cold_reads(place)
    ours, bare = statistics.median(spent["ours"]), statistics.median(spent["bare"])
    rows = [
        Figure(
            f"start to painted desk, {visits:,} visits", f"{ours * 1000:.0f} ms",
            f"bare window {bare * 1000:.0f} ms: {ours / bare:.2f}x", "<= 1.7x", ours / bare <= 1.7,
        ),
        Figure("peak memory at the start", f"{peak} MB", "", "<= 100 MB", peak <= 100 if peak else None),
        Figure("read from the disk at a cold start", f"{cold} MB" if cold else "-", "", "<= 95 MB", cold <= 95 if cold else None),
    ]  # fmt: skip
    for row in rows:
        print(row)
    return rows


def started(kind: str, place: Path) -> tuple[float, int]:
    """Seconds until a child had painted its window, and the most megabytes it held."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.start", "--child", kind, str(place)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=compiled()
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise SystemExit("a child without pipes")
        if child.stdout.readline().strip() != PAINTED:
            raise SystemExit(f"{kind} did not paint")
        seconds = time.perf_counter() - begun
        held = resident(child.pid)[1]
        child.stdin.close()
        child.wait()
    return seconds, held


def compiled() -> dict[str, str]:
    """The environment of a child: Python keeps what it compiled, as it does for whatever is installed, the peers included."""
    return {name: content for name, content in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def cold_reads(place: Path) -> int:
    """Megabytes the desk reads from the disk when nothing is cached; 0 where that cannot be told."""
    try:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return 0
    command = [sys.executable, "-m", "benchmarks.start", "--child", "ours", str(place)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=compiled()
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise SystemExit("a child without pipes")
        child.stdout.readline()
        told = dict(line.split(": ") for line in Path(f"/proc/{child.pid}/io").read_text("ascii").splitlines())
        child.stdin.close()
        child.wait()
    return int(told["read_bytes"]) // 1024**2


# --- in the child ----------------------------------------------------------------------------------------------------


def child(kind: str, place: Path) -> None:
    """Show a window, say when it was painted, stay until the parent is done measuring."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class FirstPaint(QObject):
        seen = False

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and not self.seen:
                self.seen = True
                QTimer.singleShot(0, self._tell)  # once all that was to be painted with it is painted
            return False

        def _tell(self) -> None:
            print(PAINTED, flush=True)
            sys.stdin.read()
            os._exit(0)  # the parent has what it wanted; closing would only cost it time

    watch = FirstPaint()
    if kind == "bare":
        from PySide6.QtWidgets import QApplication, QLabel

        plain = QApplication(sys.argv[:1])
        bare = QLabel("warm station")
        bare.resize(1366, 768)
        bare.installEventFilter(watch)
        bare.show()
        plain.exec()
    else:
        from station_app import app
        from station_app.services import stations

        qt = app.application()
        window = app.window(stations.open_station(place, PASSWORD), backups=True)
        window.installEventFilter(watch)
        window.show()
        qt.exec()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], Path(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:3]))
