"""What a month's report costs on 30,000, 300,000 and 3,000,000 visits at the same number a day, beside a floor of the same run.

``python -m benchmarks.reports [VISITS ...]`` fills a store with visits of 150 a day up to the end of July 2026, services used,
handouts and movements beside them, and asks for July. The **floor** is the same questions in the same words to a plain SQLite file
with the same tables and indexes: what SQLite alone takes. Each figure is the least of several runs, in seconds of the processor, so that
others at work on the machine weigh little. How the cost grows per tenfold is printed for both. Figures are of this machine.
"""

from __future__ import annotations

import math
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from station_app import vault
from station_app.db import Database
from station_app.model import Amenity, Consent, ItemKind, Occupation, Op, Station, uuid7
from station_app.services import figures, people, reports, stations, supplies, upkeep, visits

from .stores import Figure

CHEAP = vault.Cost(passes=1, memory=8 * 1024)
A_DAY = 150
LAST = date(2026, 7, 31)
MONTH = ("2026-07-01", "2026-07-31")
RUNS = 5
AT_ONCE = 20_000
TABLES = (
    "person", "item", "visit", "amenity_use", "handout", "movement", "request", "request_step", "station", "station_day", "alias",
    "feedback", "loan", "loan_end", "asset", "repair", "equipment", "stock_sum",
)  # fmt: skip


Made = tuple[str, dict[str, Any]]
"""A row and its table."""


class Plain:
    """A plain SQLite file that answers as the store does."""

    def __init__(self, connection: sqlite3.Connection, now: Callable[[], Any]) -> None:
        self._connection, self.stamp = connection, now

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Row | None:
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def scalar(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        row = self.one(sql, parameters)
        return None if row is None else row[0]


def main(sizes: Sequence[int]) -> list[Figure]:
    """Measure, print and return the rows: how the cost grows per tenfold."""
    rows: list[Figure] = []
    before: tuple[int, dict[str, float]] | None = None
    print(f"{'visits':>10}  {'page':>16}  {'report':>8} {'floor':>8} {'x':>5}  {'upkeep':>8} {'floor':>8}  {'rows behind':>11}")
    for size in sizes:
        found = measure(size)
        told = f"{size:10,}  {found['bytes'] / 2**20:13,.0f} MB  {found['report'] * 1e3:7.1f}m {found['report floor'] * 1e3:7.1f}m"
        told += f" {found['report'] / found['report floor']:5.2f}  {found['upkeep'] * 1e3:7.1f}m {found['upkeep floor'] * 1e3:7.1f}m"
        print(f"{told}  {found['rows'] * 1e3:10.1f}m", flush=True)
        if before is not None:
            tens = math.log10(size / before[0])
            grown = {name: (found[name] / before[1][name]) ** (1 / tens) for name in NAMES}
            print(f"{'per 10x':>10}  " + "  ".join(f"{name} {n:.2f}x" for name, n in grown.items()), flush=True)
            rows += [_row(name, f"{before[0]:,} to {size:,} visits", found, grown) for name in ("desk", "report", "upkeep")]
        before = (size, found)
    return rows


TOLD = {"desk": "the desk's figures of the day", "report": "the month's report", "upkeep": "the month's hours kept"}


def _row(name: str, sizes: str, found: dict[str, float], grown: dict[str, float]) -> Figure:
    floor = f"{name} floor"
    beside = f"plain SQLite {found[floor] * 1e3:.1f} ms, {grown[floor]:.2f}x"
    ours = f"{found[name] * 1e3:.1f} ms, {grown[name]:.2f}x per 10x"
    return Figure(f"{TOLD[name]}, {sizes}", ours, beside, "<= 1.5x per 10x", grown[name] <= 1.5)


NAMES = ("desk", "desk floor", "report", "report floor", "upkeep", "upkeep floor", "rows")


def measure(size: int) -> dict[str, float]:
    """Fill a store and ask it; seconds by name, and the bytes of its file."""
    with tempfile.TemporaryDirectory() as folder:
        station = Station("", "YQ", "A", "云桥暖心驿站", "990101", "云桥区", "08:30", "17:30", "Asia/Shanghai", sample=True)
        now = datetime.fromisoformat("2026-07-31T20:00:00+08:00")
        db, _ = stations.set_up(Path(folder) / "station", station, "王敏", "benchmark", "2468", cost=CHEAP, clock=lambda: now)
        with closing(db):
            filled(db, size)
            found = {"bytes": float(db.path.stat().st_size)}
            found |= asked(db, "")
            wanted = figures.Wanted("person_times", *MONTH)
            found["rows"] = least(lambda: figures.lines(db, "visit", figures.ids(db, wanted)[:300]))
            with closing(copied(db, Path(folder) / "plain.sqlite")) as connection:
                plain: Any = Plain(connection, db.stamp)
                if reports.period(plain, *MONTH) != reports.period(db, *MONTH):
                    raise SystemExit("the floor answers something else")
                found |= asked(plain, " floor")
        return found


def asked(db: Any, mark: str) -> dict[str, float]:
    """The day as the desk shows it after every scan, the month's report, and how the station was kept."""
    return {
        f"desk{mark}": least(lambda: visits.today(db, MONTH[1])), f"report{mark}": least(lambda: reports.period(db, *MONTH)),
        f"upkeep{mark}": least(lambda: upkeep.upkeep(db, *MONTH)),
    }  # fmt: skip


def least(work: Callable[[], object]) -> float:
    """The least of several runs, in seconds of the processor."""
    spent = []
    for _ in range(RUNS):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return min(spent)


# --- filling --------------------------------------------------------------------------------------------------------------


def filled(db: Database, size: int) -> None:
    """``size`` visits, half of them with a badge; one service each, a handout for every fifth, requests and openings."""
    draw = random.Random(7)
    regulars = [people.register(db, draw.choice(list(Occupation)), f"平台{n % 9}", consent=Consent.NONE)[0].id for n in range(200)]
    items = [supplies.add_item(db, f"物资{n}", "份", ItemKind.COOLING)[0].id for n in range(6)]
    with db.transact(Op.SETTING, name="benchmark") as tx:
        days = -(-size // A_DAY)
        for rows in parts(made(db.store_id, draw, regulars, items, days), AT_ONCE):
            for table in ("visit", "amenity_use", "handout", "movement", "station_day"):
                held = [row for kind, row in rows if kind == table]
                if held:
                    names = ", ".join(held[0])
                    marks = ", ".join("?" * len(held[0]))
                    tx.run_many(f"INSERT INTO {table}({names}) VALUES({marks})", [tuple(row.values()) for row in held])


def made(store_id: str, draw: random.Random, regulars: Sequence[str], items: Sequence[str], days: int) -> Iterator[Made]:
    """The rows of ``days`` days by table, the newest the last."""
    for number in range(days):
        day = (LAST - timedelta(days - 1 - number)).isoformat()
        key = {"version": 1, "store_id": store_id}
        opened, closed = f"{day}T08:20:00+08:00", f"{day}T17:40:00+08:00"
        yield "station_day", {"id": uuid7(), **key, "business_date": day, "opened": opened, "closed": closed, "all_well": 1}
        for visit in range(A_DAY):
            hour = draw.choice((9, 10, 13, 14, 14, 15, 16, 17))
            moment = {"time": f"{day}T{hour:02d}:{visit % 60:02d}:00+08:00", "business_date": day}
            person = draw.choice(regulars) if visit % 2 else None
            visit_id = uuid7()
            yield "visit", {
                "id": visit_id, **key, **moment, "hour": hour, "occupation": draw.choice(tuple(Occupation)).value, "person_times": 1,
                "recorded": "scan" if person else "tally", "person_id": person,
            }  # fmt: skip
            if person:
                yield "amenity_use", {"id": uuid7(), **key, **moment, "amenity": draw.choice(tuple(Amenity)).value, "visit_id": visit_id}
            if visit % 5 == 0:
                item, handout = draw.choice(items), uuid7()
                given = {"item_id": item, "quantity": 1, "occupation": "rider", "short": 0, "already_given": 0}
                yield "handout", {"id": handout, **key, **moment, **given}
                yield "movement", {"id": uuid7(), **key, **moment, "item_id": item, "delta": -1, "kind": "handout", "handout_id": handout}


def parts(rows: Iterator[Made], size: int) -> Iterator[list[Made]]:
    """Rows in portions."""
    held: list[Made] = []
    for row in rows:
        held.append(row)
        if len(held) == size:
            yield held
            held = []
    yield held


def copied(db: Database, target: Path) -> sqlite3.Connection:
    """The same tables, indexes and rows in a plain file."""
    connection = sqlite3.connect(target)
    connection.row_factory = sqlite3.Row
    for table in TABLES:
        made = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC"
        for row in db.rows(made, (table,)):
            connection.execute(row["sql"])
        columns = [row["name"] for row in db.rows(f"SELECT name FROM pragma_table_info('{table}')")]
        place = 0
        marks = ", ".join("?" * len(columns))
        if table == "stock_sum":  # without rowids, and small
            rows = db.rows("SELECT * FROM stock_sum")
            connection.executemany(f"INSERT INTO stock_sum VALUES({marks})", [[row[name] for name in columns] for row in rows])
            continue
        while rows := db.rows(f"SELECT rowid AS place, * FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT {AT_ONCE}", (place,)):
            connection.executemany(f"INSERT INTO {table} VALUES({marks})", [[row[name] for name in columns] for row in rows])
            place = rows[-1]["place"]
    connection.commit()
    return connection


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [30_000, 300_000, 3_000_000])
