"""What the district's desk looks at: its stations with what they sent, the merged report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..db import Database
from ..model import Report
from ..services import reports
from . import store


@dataclass(frozen=True, slots=True)
class StationLine:
    """One station in the district's table."""

    station: store.Enrolled
    held: store.Held


def status(db: Database) -> list[StationLine]:
    """Every station with its last batch, gaps, forks, and whether totals agree."""
    return [StationLine(station, store.held(db, station.station_id)) for station in store.stations(db)]


def report(
    db: Database, first: str, last: str, codes: Sequence[str] = ()
) -> tuple[Report, list[tuple[store.Enrolled, Report]]]:
    """The report of a span over all stations (or those with ``codes``), and each station's own."""
    chosen = [store.by_code(db, code) for code in codes] or store.stations(db)
    of = {station.code: store.stores_of(db, station.station_id) for station in chosen}
    each = [(station, reports.period(db, first, last, of[station.code])) for station in chosen]
    every = [store_id for stores in of.values() for store_id in stores]
    return reports.period(db, first, last, every), each
