"""One table of everything that is measured; ``python3 dev.py bench [--quick]`` runs it. Every row is beside its floor of the same run.

``--quick`` takes small stores, to see that the measurements work: its figures say nothing about the goals. ``--peers FOLDER`` adds the
rows beside Anki and Vorta, which it installs into an environment of their own in FOLDER the first time.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import badges, day, intake, offers, peers, reports, saving, sealing, search, start
from .stores import Figure


def measurements(visits: int, rows: int, keep: str, district: tuple[int, int]) -> list[Callable[[], list[Figure]]]:
    """What is measured, in the order of the table; ``keep`` is a folder for the large store that several share,
    ``district`` how many stations it takes in, of how many days."""
    return [
        lambda: start.main(visits, 9, keep),
        lambda: saving.main(400),
        lambda: day.main(visits, 300, keep),
        lambda: offers.main(rows * 3 // 10),
        lambda: sealing.main(rows),
        lambda: search.main(rows, keep),
        lambda: badges.main(rows // 100),
        lambda: reports.main((visits // 10, visits)),
        lambda: intake.main(*district),
    ]


def table(figures: list[Figure]) -> str:
    """The figures as a table to paste into a page."""
    lines = ["| figure | measured | beside | goal | met |", "|---|---|---|---|---|"]
    word = {True: "yes", False: "**no**", None: "-"}
    lines += [f"| {one.name} | {one.ours} | {one.beside} | {one.goal} | {word[one.met]} |" for one in figures]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure everything and print the table; 1 when a goal is not met."""
    beside: Path | None = None
    if "--peers" in arguments[:-1]:
        place = arguments.index("--peers")
        beside = Path(arguments[place + 1])
        arguments = arguments[:place] + arguments[place + 2 :]
    if arguments not in ([], ["--quick"]):
        print(__doc__)
        return 2
    visits, rows = (3_000, 5_000) if arguments else (300_000, 100_000)
    with tempfile.TemporaryDirectory() as keep:
        district = (12, 4) if arguments else (500, 30)
        figures = [figure for measure in measurements(visits, rows, keep, district) for figure in measure()]
        if beside is not None:
            figures += peers.main(beside, visits, 5, keep)
            figures += peers.notes(beside, rows, keep)
    print(table(figures))
    if beside is None:
        print("Anki and Vorta were not asked: --peers FOLDER adds the rows beside them.")
    return int(any(one.met is False for one in figures) and not arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
