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

from .stores import Figure, resident, station

PAINTED = "painted"
CHILD = Path(__file__).resolve().with_name("first_paint.py")
"""What a child runs; by itself, so that the bare window imports nothing of ours."""


def main(visits: int = 300_000, times: int = 9, keep: str = "") -> list[Figure]:
    """Measure, print and return the rows."""
    with tempfile.TemporaryDirectory() as folder:
        db = station(Path(keep or folder), visits)
        place = db.path.parent
        db.close()
        started("ours", place)  # compiles what an installed program brings compiled
        spent: dict[str, list[float]] = {"bare": [], "unlock": [], "ours": []}
        peaks = dict.fromkeys(spent, 0)
        for _ in range(times):
            for kind in spent:
                seconds, held = started(kind, place)
                spent[kind].append(seconds)
                peaks[kind] = max(peaks[kind], held)
        cold = cold_reads(place)
    ours, unlock, bare = (statistics.median(spent[kind]) for kind in ("ours", "unlock", "bare"))
    peak, plain = peaks["ours"], peaks["bare"]
    rows = [
        Figure(
            f"start to painted desk, {visits:,} visits", f"{ours * 1000:.0f} ms",
            f"bare window {bare * 1000:.0f} ms: {ours / bare:.2f}x", "<= 1.7x", ours / bare <= 1.7,
        ),
        Figure("start to what asks for the password", f"{unlock * 1000:.0f} ms", f"bare window: {unlock / bare:.2f}x"),
        Figure(
            "peak memory at the start, argon2's 64 MB apart", f"{peak} MB", f"bare window {plain} MB", "<= 100 MB",
            peak <= 100 if peak else None,
        ),
        Figure("read from the disk at a cold start", f"{cold} MB" if cold else "-", "", "<= 95 MB", cold <= 95 if cold else None),
    ]  # fmt: skip
    for row in rows:
        print(row)
    return rows


def started(kind: str, place: Path) -> tuple[float, int]:
    """Seconds until a child had painted its window, and the most megabytes it held."""
    begun = time.perf_counter()
    with _begun(kind, place) as child:
        if child.stdin is None or child.stdout is None:
            raise SystemExit("a child without pipes")
        if child.stdout.readline().strip() != PAINTED:
            raise SystemExit(f"{kind} did not paint")
        seconds = time.perf_counter() - begun
        held = resident(child.pid)[1]
        child.stdin.close()
        child.wait()
    return seconds, held


def _begun(kind: str, place: Path) -> subprocess.Popen[str]:
    around = compiled() | {"PYTHONPATH": str(CHILD.parent.parent)}
    command = [sys.executable, str(CHILD), kind, str(place)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=around
    )


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
    with _begun("ours", place) as child:
        if child.stdin is None or child.stdout is None:
            raise SystemExit("a child without pipes")
        child.stdout.readline()
        told = dict(line.split(": ") for line in Path(f"/proc/{child.pid}/io").read_text("ascii").splitlines())
        child.stdin.close()
        child.wait()
    return int(told["read_bytes"]) // 1024**2


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
