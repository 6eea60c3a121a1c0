"""What a month's report costs on 30,000, 300,000 and 3,000,000 visits at the same number a day, beside a floor of the same run.

``python -m benchmarks.reports [VISITS ...]`` fills a store with visits of 150 a day up to the end of July 2026, services used,
handouts and movements beside them, and asks for July. The first 192 days are drawn; the rest are those days again and again, by the
database itself, with the ids and times that they would have had. The log of changes is left out: no figure reads it, and it would
only make the file larger. The **floor** is the same questions in the same words to a plain SQLite file with the same tables, indexes
and rows: what SQLite alone takes. Each figure is the least of several runs, in seconds of the processor, so that others at work on the
machine weigh little. How the cost grows per tenfold is printed for both. Figures are of this machine.
"""

from __future__ import annotations

import math
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from station_app import vault
from station_app.db import Database
from station_app.model import Amenity, AssetKind, Consent, ItemKind, Occupation, Op, Station, uuid7
from station_app.services import equipment, figures, loans, people, reports, stations, supplies, upkeep, visits
from station_app.services.supplies import kept

from .stores import Figure

CHEAP = vault.Cost(passes=1, memory=8 * 1024)
A_DAY = 150
STRETCH = 192
"""Days that are drawn; what comes after repeats them. Of a multiple of 64 days the last 16 bits of an id's milliseconds are nothing."""
FILLING = {"cache_size": -128 * 1024, "synchronous": "OFF"}
"""While it is filled, a store keeps in mind what it wrote and waits for no disk; it is asked as a station's is."""
LAST = date(2026, 7, 31)
MONTH = ("2026-07-01", "2026-07-31")
RUNS = 5
REPEATED = (
    "visit", "amenity_use", "handout", "movement", "station_day", "loan", "loan_end", "request", "request_step", "repair", "feedback",
)  # fmt: skip
TABLES = (*REPEATED, "person", "item", "station", "alias", "asset", "equipment", "stock_sum", "loan_left")
MOMENTS = ("time", "opened", "closed", "due")
IDS = ("id", "visit_id", "handout_id", "loan_id", "request_id")


Rows = dict[str, list[dict[str, Any]]]
"""Rows by their table."""


class Plain:
    """A plain SQLite file that answers as the store does."""

    def __init__(self, connection: sqlite3.Connection, now: Callable[[], Any]) -> None:
        self._connection, self.stamp = connection, now
        connection.row_factory = sqlite3.Row

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Row | None:
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def scalar(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        row = self.one(sql, parameters)
        return None if row is None else row[0]

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._connection.execute(sql, parameters)

    def run_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(sql, parameters)


def main(sizes: Sequence[int]) -> list[Figure]:
    """Measure, print and return the rows: how the cost grows per tenfold."""
    rows: list[Figure] = []
    before: tuple[int, dict[str, float]] | None = None
    heads = "".join(f"  {name:>8} {'floor':>8}" for name in TOLD)
    print(f"{'visits':>10}  {'file':>9}{heads}  {'rows behind':>11}   ms")
    for size in sizes:
        found = measure(size)
        told = "".join(f"  {found[name] * 1e3:8.1f} {found[f'{name} floor'] * 1e3:8.1f}" for name in TOLD)
        print(f"{size:10,}  {found['bytes'] / 2**20:6,.0f} MB{told}  {found['rows'] * 1e3:11.1f}", flush=True)
        if before is not None:
            tens = math.log10(size / before[0])
            grown = {name: (found[name] / before[1][name]) ** (1 / tens) for name in NAMES}
            print(f"{'per 10x':>10}  " + "  ".join(f"{name} {n:.2f}x" for name, n in grown.items()), flush=True)
            rows += [_row(name, f"{before[0]:,} to {size:,} visits", found, grown) for name in TOLD]
        before = (size, found)
    return rows


TOLD = {
    "desk": "the desk's figures of the day", "report": "the month's report", "upkeep": "the month's hours kept",
    "form": "a form with every figure",
}  # fmt: skip
NAMES = (*(f"{name}{mark}" for name in TOLD for mark in ("", " floor")), "rows")


def _row(name: str, sizes: str, found: dict[str, float], grown: dict[str, float]) -> Figure:
    floor = f"{name} floor"
    beside = f"plain SQLite {found[floor] * 1e3:.1f} ms, {grown[floor]:.2f}x"
    ours = f"{found[name] * 1e3:.1f} ms, {grown[name]:.2f}x per 10x"
    return Figure(f"{TOLD[name]}, {sizes}", ours, beside, "<= 1.5x per 10x", grown[name] <= 1.5)


def measure(size: int) -> dict[str, float]:
    """Fill a store and ask it, then a plain file; seconds by name, and the bytes of the store. One of both is there at a time."""
    with tempfile.TemporaryDirectory() as folder:
        station = Station("", "YQ", "A", "云桥暖心驿站", "990101", "云桥区", "08:30", "17:30", "Asia/Shanghai", sample=True)
        now = datetime.fromisoformat("2026-07-31T20:00:00+08:00")
        db, _ = stations.set_up(Path(folder) / "station", station, "王敏", "benchmark", "2468", cost=CHEAP, clock=lambda: now)
        with closing(sqlite3.connect(Path(folder) / "plain.sqlite")) as connection:
            plain = Plain(connection, db.stamp)
            with closing(db):
                drawn = filled(db, size)
                found = {"bytes": float(db.path.stat().st_size)}
                found |= asked(db, "")
                wanted = figures.Wanted("person_times", *MONTH)
                found["rows"] = least(lambda: figures.lines(db, "visit", figures.ids(db, wanted)[:300]))
                told = answers(db)
                begun(plain, db)
            db.path.unlink()
            again(plain, drawn, size)
            if answers(plain) != told:
                raise SystemExit("the floor answers something else")
            found |= asked(plain, " floor")
        return found


def answers(db: Any) -> object:
    """What is asked."""
    return visits.today(db, MONTH[1]), reports.period(db, *MONTH), upkeep.upkeep(db, *MONTH), form(db)


def form(db: Any) -> list[int]:
    """Every figure once, as a form with a cell for each asks."""
    return [figures.count(db, figures.Wanted(one.name, *MONTH)) for one in figures.ALL]


def asked(db: Any, mark: str) -> dict[str, float]:
    """The day as the desk shows it after every scan, the month's report, how the station was kept, and every figure for a form."""
    return {
        f"desk{mark}": least(lambda: visits.today(db, MONTH[1])), f"report{mark}": least(lambda: reports.period(db, *MONTH)),
        f"upkeep{mark}": least(lambda: upkeep.upkeep(db, *MONTH)), f"form{mark}": least(lambda: form(db)),
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


class Writer(Protocol):
    """Where rows are written: an operation of a store, or a plain file."""

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> object: ...
    def run_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None: ...


def filled(db: Database, size: int) -> Rows:
    """``size`` visits with what goes with them, half of them with a badge. Returns the rows of the first stretch.

    No log is written: no figure reads it. The sums of the shelf are kept by the database as ever, and compared at the end.
    """
    draw = random.Random(7)
    with db.transact(Op.IMPORT_PEOPLE) as tx:
        regulars = [people.write(tx, draw.choice(list(Occupation)), f"平台{n % 9}", "", "", Consent.NONE) for n in range(200)]
        tx.details["count"] = len(regulars)
    items = [supplies.add_item(db, f"物资{n}", "份", ItemKind.COOLING)[0].id for n in range(6)]
    umbrellas = loans.add(db, "雨伞", AssetKind.UMBRELLA, 60, pooled=True)[0][0].id
    oven = equipment.add(db, "微波炉")[0].id
    days = -(-size // A_DAY)
    house = House(tuple(regulars), tuple(items), umbrellas, oven)
    for _ in range(12):
        loans.lend(db, umbrellas)  # some are out
    rows = made(db.store_id, draw, house, LAST - timedelta(days - 1), min(days, STRETCH))
    before = {name: db._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in FILLING}
    for name, setting in FILLING.items():
        db._writer.execute(f"PRAGMA {name}={setting}").fetchall()
    with db.transact(Op.SETTING, name="benchmark") as tx:
        stretch(tx, rows)
    for number in range(1, -(-days // STRETCH)):
        with db.transact(Op.SETTING, name="benchmark") as tx:
            repeat(tx, rows, number)
    for name, setting in before.items():
        db._writer.execute(f"PRAGMA {name}={setting}").fetchall()
    if list(kept.differing(db)):
        raise SystemExit("the sums of the shelf are not what was handed out")
    return rows


@dataclass(frozen=True)
class House:
    """The ids of those who come again, of what is given and lent, and of what breaks."""

    regulars: tuple[str, ...]
    items: tuple[str, ...]
    umbrellas: str
    oven: str


def made(store_id: str, draw: random.Random, house: House, first: date, days: int) -> Rows:
    """The rows of so many days by table. An id is of the moment of its row, as at a desk; what is lent comes back the same day."""
    rows: Rows = {table: [] for table in REPEATED}

    def add(table: str, moment: dict[str, str], **row: Any) -> str:
        row_id = ident(moment.get("time") or moment["opened"])
        rows[table].append({"id": row_id, "version": 1, "store_id": store_id, **moment, **row})
        return row_id

    for number in range(days):
        day = (first + timedelta(number)).isoformat()
        opened, closed = f"{day}T08:20:00+08:00", f"{day}T17:40:00+08:00"
        add("station_day", {"business_date": day, "opened": opened, "closed": closed}, all_well=1)
        for visit in range(A_DAY):
            came(add, draw, house, day, visit)
        if number % 40 == 0:
            fault = {"equipment_id": house.oven, "fault": "不加热", "state": "accepted"}
            add("repair", {"time": opened, "business_date": day}, **fault)
    return rows


def came(add: Callable[..., str], draw: random.Random, house: House, day: str, visit: int) -> None:
    """One visit with what goes with it: a service for every second, a handout for every fifth, an umbrella for every twenty-fifth."""
    hour, person = draw.choice((9, 10, 13, 14, 14, 15, 16, 17)), draw.choice(house.regulars) if visit % 2 else None
    occupation = draw.choice(tuple(Occupation)).value
    moment = {"time": f"{day}T{hour:02d}:{visit % 60:02d}:00+08:00", "business_date": day}
    evening = {"time": f"{day}T17:30:00+08:00", "business_date": day}
    told = {"hour": hour, "occupation": occupation, "person_times": 1, "recorded": "scan" if person else "tally", "person_id": person}
    visit_id = add("visit", moment, **told)
    if person:
        add("amenity_use", moment, amenity=draw.choice(tuple(Amenity)).value, visit_id=visit_id)
    if visit % 5 == 0:
        item = draw.choice(house.items)
        handout = add("handout", moment, item_id=item, quantity=1, occupation=occupation, short=0, already_given=0)
        add("movement", moment, item_id=item, delta=-1, kind="handout", handout_id=handout)
    if visit % 25 == 3:
        loan = add("loan", moment | {"due": f"{day}T21:00:00+08:00"}, asset_id=house.umbrellas, quantity=1, short=0, occupation=occupation)
        add("loan_end", evening, loan_id=loan, quantity=1, outcome="returned")
    if visit % 30 == 7:
        add("feedback", moment, mood=draw.choice(("good", "fair", "poor")))
    if visit % 75 == 11:
        asked = {"number": f"{day}-{visit}", "kind": "help", "category": draw.choice(("charging", "pay")), "channel": "desk"}
        request = add("request", moment | {"due": f"{day}T23:00:00+08:00"}, **asked, urgency="ordinary", person_id=person)
        for state in ("accepted", "closed"):
            add("request_step", evening, request_id=request, round=1, state=state, side="station")


def ident(time: str) -> str:
    """An id as it would have been made at this moment."""
    stamp = int(datetime.fromisoformat(time).timestamp() * 1000)
    return f"{stamp >> 16:08x}-{stamp & 0xFFFF:04x}{uuid7()[13:]}"


def stretch(to: Writer, rows: Rows) -> None:
    """Write the first stretch of days."""
    for table, held in rows.items():
        names = ", ".join(held[0])
        to.run_many(f"INSERT INTO {table}({names}) VALUES({', '.join('?' * len(held[0]))})", [tuple(row.values()) for row in held])


def repeat(to: Writer, rows: Rows, number: int) -> None:
    """The first stretch once more, so many stretches later and up to the last day: drawn by the database itself from its own rows."""
    until = min(rows["station_day"][-1]["business_date"], (LAST - timedelta(number * STRETCH)).isoformat())
    later, shift = f"date(business_date, '+{number * STRETCH} days')", number * STRETCH * 86_400_000 >> 16
    begun = " | ".join(f"instr('123456789abcdef', substr({{0}}, {n}, 1)) << {32 - 4 * n}" for n in range(1, 9))
    for table, held in rows.items():
        moved = {"business_date": later} | {name: f"{later} || substr({name}, 11)" for name in MOMENTS}
        moved |= {name: f"printf('%08x', ({begun.format(name)}) + {shift}) || substr({name}, 9)" for name in IDS}
        names = ", ".join(held[0])
        drawn = ", ".join(moved.get(name, name) for name in held[0])
        to.run(f"INSERT INTO {table}({names}) SELECT {drawn} FROM {table} WHERE business_date <= ? ORDER BY rowid", (until,))


def begun(plain: Plain, db: Database) -> None:
    """The same tables and indexes in a plain file, with the rows that are not repeated; what triggers keep is copied."""
    for pragma in ("journal_mode=OFF", "synchronous=OFF"):
        plain.run(f"PRAGMA {pragma}")
    made = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC"
    for table in TABLES:
        for row in db.rows(made, (table,)):
            plain.run(row["sql"])
        if table in REPEATED and table != "loan":
            continue
        columns = [row["name"] for row in db.rows(f"SELECT name FROM pragma_table_info('{table}')")]
        rows = db.rows(f"SELECT * FROM {table}" + (f" WHERE id {loans.OUT}" if table == "loan" else ""))
        plain.run_many(
            f"INSERT INTO {table} VALUES({', '.join('?' * len(columns))})", [[row[name] for name in columns] for row in rows]
        )


def again(plain: Plain, rows: Rows, size: int) -> None:
    """Fill the plain file as the store was."""
    stretch(plain, rows)
    for number in range(1, -(-size // (A_DAY * STRETCH))):
        repeat(plain, rows, number)
    plain.run("COMMIT")


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [30_000, 300_000, 3_000_000])
