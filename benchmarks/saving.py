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
    if syncs is None:
        rows.append(Figure("syncs of one count", "strace is not here", ""))
    else:
        once = syncs.count(1)
        more = f"one checkpoint of the journal in between: {max(syncs)}" if once < len(syncs) else ""
        rows.append(Figure("syncs of one count", f"1 for {once} of {len(syncs)}", more, "exactly 1", once >= len(syncs) - 1))
    for row in rows:
        print(row)
    return rows


def counted_syncs(place: Path) -> list[int] | None:
    """How often the system was asked to sync for each of a hundred visitors; None without strace."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    with tempfile.NamedTemporaryFile("r") as told:
        watched = [strace, "-f", "-e", "trace=fdatasync,fsync,write", "-s", "20", "-o", told.name]
        command = [*watched, sys.executable, "-m", "benchmarks.saving", "--child", str(place)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        text = told.read()
    each = re.split(r'write\(\d+, "mark', text)[1:-1]
    return [len(re.findall(r"sync\(", part)) for part in each]


def child(place: Path) -> None:
    """Count visitors between two marks that the trace shows."""
    from station_app.services import stations

    db = stations.open_station(place, PASSWORD)
    visits.tally(db, Occupation.RIDER)
    for _ in range(COUNTED + 1):
        os.write(1, b"mark\n")
        visits.tally(db, Occupation.RIDER)
    os.write(1, b"mark\n")
    db.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:2]))
