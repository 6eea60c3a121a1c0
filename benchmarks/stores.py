"""Stores to measure on, and the little that all measurements share. Figures are of the machine they are taken on."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from station_app import vault
from station_app.db import Database
from station_app.model import Consent, ItemKind, Occupation, Op, Station
from station_app.services import people, stations, supplies

CHEAP = vault.Cost(passes=1, memory=8 * 1024)
"""What a password costs here: the program's own cost is measured by itself, it would hide all else."""
PASSWORD = "benchmark"
HERE = Station(
    id="", code="YQ", letter="A", name="云桥驿站", district_code="990101", district_name="云桥区", opens="08:30", closes="17:30",
    zone="Asia/Shanghai",
)  # fmt: skip
REGULARS = 200
SHELF = (("防暑包", "份", ItemKind.COOLING), ("矿泉水", "瓶", ItemKind.DRINK), ("暖宝宝", "片", ItemKind.WARMING))


@dataclass(frozen=True)
class Figure:
    """One row of the table: what was measured, beside what, and whether the goal was met (None: no goal or no figure)."""

    name: str
    ours: str
    beside: str
    goal: str = ""
    met: bool | None = None


def station(folder: Path, visits: int, per_day: int = 100) -> Database:
    """The station with so many visits, ``per_day`` of them a day up to yesterday, logged as ever; made once, then opened."""
    place = folder / f"station-{visits}-{per_day}"
    if (place / "station.db").exists() and (place / "made").exists():
        return stations.open_station(place, PASSWORD)
    db, _ = stations.set_up(place, HERE, "王敏", PASSWORD, cost=CHEAP)
    _fill(db, visits, per_day)
    (place / "made").touch()
    return db


def _fill(db: Database, visits: int, per_day: int) -> None:
    dice = random.Random(7)
    with db.transact(Op.IMPORT_PEOPLE) as tx:
        known = [
            people.write(tx, dice.choice(list(Occupation)), "美味速达", f"王{number}", f"1380000{number:04d}", Consent.STATION)
            for number in range(REGULARS)
        ]
        tx.details["count"] = REGULARS
    for name, unit, kind in SHELF:
        item, _ = supplies.add_item(db, name, unit, kind)
        supplies.receive(db, item.id, 10_000)
    days = -(-visits // per_day)
    first = db.now().date() - timedelta(days=days)
    left = visits
    for number in range(days):
        _day(db, first + timedelta(days=number), min(per_day, left), known, dice)
        left -= per_day


def _day(db: Database, day: date, count: int, known: Sequence[str], dice: random.Random) -> None:
    """A day in one operation: the same rows and the same log as by hand, one sync instead of hundreds."""
    with db.transact(Op.PAPER_SHEET, None, date=day.isoformat(), count=count) as tx:
        for place in range(count):
            moment = datetime(day.year, day.month, day.day, 8 + 12 * place // count, 60 * place // count % 60, tzinfo=db.zone)
            told, business_date, hour = db.stamp(moment)
            person = dice.choice(known) if place % 2 else None
            tx.put(
                "visit",
                {
                    "time": told, "business_date": business_date, "hour": hour, "occupation": dice.choice(list(Occupation)).value,
                    "person_times": 1, "recorded": "scan" if person else "tally", "person_id": person, "keeper_id": db.acting,
                },
            )  # fmt: skip


def timed(work: Callable[[], object]) -> float:
    """Seconds it took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def ranked(measured: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile, 0 of nothing."""
    return sorted(measured)[max(-(-len(measured) * percent // 100) - 1, 0)] if measured else 0.0


def in_turn(times: int, *works: Callable[[], object]) -> list[float]:
    """The median seconds of each, done in turn so that whatever else the machine does hits all alike."""
    spent: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for place, work in enumerate(works):
            spent[place].append(timed(work))
    return [statistics.median(one) for one in spent]


def resident(pid: int | str = "self") -> tuple[int, int]:
    """Megabytes a process holds now and has held at most; zeros where the system does not say."""
    try:
        told = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0, 0
    found = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in told.splitlines() if line.startswith(("VmRSS", "VmHWM"))}
    return found.get("VmRSS", 0), found.get("VmHWM", 0)
