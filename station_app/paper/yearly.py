"""The papers of a year's archive: the year's report and those of its months, and what a person reads first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from ..db import Database
from ..model import Changes, Station
from ..services import archive, bindings, reports
from ..services.packages import Progress
from ..words import t
from . import report_more
from .report import period_report


def write(
    db: Database, year: int, target: Path, station: Station, *, passphrase: str = "", progress: Progress | None = None
) -> tuple[archive.Archive, Changes]:
    """Write a year's archive with its papers, as ``archive.write``; ``progress`` counts percent and may raise Cancelled."""

    def told(begin: int, length: int) -> Progress | None:
        return None if progress is None else lambda done, total: progress(begin + done * length // max(total, 1), 100)

    def papers(folder: Path) -> None:
        draw(db, year, folder, station, told(90, 10))

    made = archive.write(db, year, target, papers, words(station, year), passphrase=passphrase, progress=told(0, 90))
    if progress is not None:
        progress(100, 100)
    return made


def draw(db: Database, year: int, folder: Path, station: Station, progress: Progress | None = None) -> None:
    """Write the year's report and those of the months in which anything was recorded into ``folder``."""
    spans = [("year", f"{year}-01-01", f"{year}-12-31")]
    spans += [(f"{number:02d}", *bindings.month(f"{year}-{number:02d}")) for number in range(1, 13)]
    printed_on = date.fromisoformat(db.stamp().business_date)
    for place, (name, first, last) in enumerate(spans):
        if progress is not None:
            progress(place, len(spans))
        found = reports.period(db, first, last)
        if name == "year" or found.person_times or found.requests:
            file = folder / (f"report-{year}.pdf" if name == "year" else f"report-{year}-{name}.pdf")
            beside = report_more.beside(db, first, last)
            period_report(found, file, place=station.name, printed_on=printed_on, sample=station.sample, beside=beside)


def words(station: Station, year: int) -> Mapping[str, str]:
    """The title of an archive, and what stands in its README.txt, in both languages for whoever opens it years later."""
    told = {"place": station.name, "year": year}
    return {"title": t("paper.archive_title", **told), "read_me": t("paper.archive_read_me", **told)}
