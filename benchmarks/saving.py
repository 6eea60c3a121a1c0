"""What saving one registration costs, beside appending and syncing a file by hand; how many syncs it takes.

``python -m benchmarks.saving [TIMES]`` (400 without a word). The **floor** is a page of 4 KB appended to a file and fdatasync,
in turn with a count of one visitor and with a regular's check-in: visit, change log and chain in one transaction. With strace
on the machine the syncs of a hundred counts are counted by the system.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from station_app.model import Occupation
from station_app.services import people, visits

from .stores import PASSWORD, Figure, in_turn, station

COUNTED = 100


def main(times: int = 400) -> list[Figure]:
    """Measure, print and return the rows."""
    sync = getattr(os, "fdatasync", os.fsync)
    with tempfile.TemporaryDirectory() as folder:
        db = station(Path(folder), 10_000)
        page = os.urandom(4096)
        regulars = iter(people.ids(db) * (times // 100 + 1))
        file = os.open(Path(folder) / "floor", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

        def floor() -> None:
            os.write(file, page)
            sync(file)

        appended, counted, checked_in = in_turn(
            times, floor, lambda: visits.tally(db, Occupation.RIDER), lambda: visits.check_in_person(db, next(regulars))
        )
        os.close(file)
        place = db.path.parent
        db.close()
        syncs = counted_syncs(place)
    rows = [
        Figure(
            name, f"{ours * 1e6:.0f} µs", f"append + sync of 4 KB {appended * 1e6:.0f} µs: {ours / appended:.2f}x", "<= 2.5x",
            ours / appended <= 2.5,
        )
        for name, ours in (("save one count (visit, log, chain)", counted), ("save a regular's check-in", checked_in))
    ]  # fmt: skip
    told = f"{syncs} for {COUNTED} counts" if syncs is not None else "strace is not here"
    rows.append(Figure("syncs of one count", told, "", "exactly 1", None if syncs is None else syncs == COUNTED))
    for row in rows:
        print(row)
    return rows


def counted_syncs(place: Path) -> int | None:
    """How often the system was asked to sync while a hundred visitors were counted; None without strace."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    with tempfile.NamedTemporaryFile("r") as told:
        command = [strace, "-f", "-e", "trace=fdatasync,fsync,write", "-s", "20", "-o", told.name, sys.executable, "-m", "benchmarks.saving"]
        subprocess.run([*command, "--child", str(place)], check=True, stdout=subprocess.DEVNULL)
        lines = told.read().splitlines()
    marks = [number for number, line in enumerate(lines) if re.search(r'write\(\d+, "(begin|end)', line)]
    return sum("sync(" in line for line in lines[marks[0] : marks[-1]])


def child(place: Path) -> None:
    """Count visitors between two marks that the trace shows."""
    from station_app.services import stations

    db = stations.open_station(place, PASSWORD)
    visits.tally(db, Occupation.RIDER)
    os.write(1, b"begin\n")
    for _ in range(COUNTED):
        visits.tally(db, Occupation.RIDER)
    os.write(1, b"end\n")
    db.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:2]))
