"""How fast a district takes stations' files in, beside a floor measured in the same run, and whether its memory stays flat.

``python -m benchmarks.intake [STATIONS [DAYS]]`` (500 and 30 without words) makes sealed days of 35 visits with what goes with
them and takes every file in: unseal, signatures, hashes, inflating, typed rows, what a station may say, digests, totals. The
**floor** is the same rows written by plain ``executemany`` in one transaction to an empty store of the same kind: what the
encrypted database alone takes. Then every file is taken in once more, which must change nothing. Figures are of this machine.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from station_app import vault
from station_app.db import Database
from station_app.district import intake, store
from station_app.model import Op, uuid7
from station_app.schema import LEDGERS
from station_app.sync import carrier, envelope, identity, manifest, opening, wire

from .stores import Figure

CHEAP = vault.Cost(passes=1, memory=8 * 1024)
VISITS = 35
FLAT = 40
"""Megabytes that the process may grow by while it takes everything in: what caches take, whatever the number of batches."""
FIRST = date(2026, 7, 1)


@dataclass(frozen=True)
class Sender:
    """A station that exists only by its files."""

    code: str
    own: identity.Identity
    store_id: str
    people: tuple[str, ...]
    items: tuple[str, ...]


def main(stations: int = 500, days: int = 30) -> list[Figure]:
    """Measure, print and return the rows."""
    with tempfile.TemporaryDirectory() as folder:
        district = store.set_up(Path(folder) / "district", "990101", "云桥区", "", "benchmark", cost=CHEAP)
        floor = store.set_up(Path(folder) / "floor", "990101", "云桥区", "", "benchmark", cost=CHEAP)
        try:
            found = measure(district, floor, stations, days, Path(folder))
        finally:
            district.close()
            floor.close()
    speed, plain = found["rows"] / found["seconds"], found["rows"] / found["floor"]
    grown = int(found["last_mb"] - found["first_mb"])
    return [
        Figure(
            f"a district takes in {stations} stations x {days} days", f"{speed:,.0f} rows/s",
            f"executemany {plain:,.0f} rows/s: {found['ratio']:.2f}x the time",
        ),
        Figure(
            "its memory, from the first station to the last", f"{found['first_mb']:.0f} -> {found['last_mb']:.0f} MB",
            f"{found['rows']:,.0f} rows", f"<= {FLAT} MB more", grown <= FLAT,
        ),
        Figure("everything taken in again", f"{found['again']:.1f} s", "changes nothing: it would not have come this far"),
    ]  # fmt: skip


def measure(district: Database, floor: Database, stations: int, days: int, folder: Path) -> dict[str, float]:
    """Take everything in, beside the floor; prints as it goes and returns the figures."""
    senders = [enrolled(district, number, folder) for number in range(stations)]
    keys, openers = store.verify_keys(district), store.openers(district)
    recipient = store.own_identity(district).public.recipient
    spent = plain = 0.0
    rows = 0
    memory: list[int] = []
    files: list[Path] = []
    for number, sender in enumerate(senders):
        tables = [day(sender, FIRST + timedelta(days=one), one) for one in range(days)]
        path = folder / f"{number}.batch"
        path.write_bytes(carrier.seal(carried(sender, tables, recipient), [recipient]))
        files.append(path)
        started = time.perf_counter()
        opened = opening.read_batches(opening.check("batches", path.read_bytes(), openers, keys), keys)
        done, _ = intake.receive(district, opened)
        spent += time.perf_counter() - started
        rows += done.rows
        if done.turned_down or done.fresh != days:
            raise SystemExit(f"not taken whole: {done}")
        plain += written_plainly(floor, tables)
        if number % max(stations // 10, 1) == 0:
            memory.append(resident())
            print(f"{number + 1:4} stations  {rows:9,} rows  {rows / spent:8,.0f} rows/s  floor {rows / plain:8,.0f}  {memory[-1]:5} MB")
    before = {table: district.scalar(f"SELECT count(*) FROM {table}") for table in LEDGERS}
    started = time.perf_counter()
    for path in files:
        done, _ = intake.receive(district, opening.read_batches(opening.check("batches", path.read_bytes(), openers, keys), keys))
        if done.fresh or done.rows:
            raise SystemExit(f"taken twice: {done}")
    again = time.perf_counter() - started
    if before != {table: district.scalar(f"SELECT count(*) FROM {table}") for table in LEDGERS}:
        raise SystemExit("taking everything in again changed something")
    agree = district.scalar("SELECT count(*) FROM intake WHERE agrees = 1")
    print(
        f"{rows:,} rows of {stations} stations in {spent:.1f} s: {rows / spent:,.0f} rows/s; floor {rows / plain:,.0f} rows/s; "
        f"ratio {spent / plain:.2f}; once more {again:.1f} s; {agree} of {stations} agree; memory {memory[0]} -> {memory[-1]} MB"
    )
    return {
        "rows": rows, "seconds": spent, "floor": plain, "ratio": spent / plain, "again": again, "first_mb": memory[0],
        "last_mb": memory[-1],
    }  # fmt: skip


def enrolled(district: Database, number: int, folder: Path) -> Sender:
    """A station that the district knows."""
    own = identity.generate()
    code = f"S{number:04d}"
    sender = Sender(code, own, uuid7(), tuple(uuid7() for _ in range(60)), tuple(uuid7() for _ in range(8)))
    told = identity.Enrolment(
        verify_key=own.public.verify_key.hex(), made="2026-07-01T08:00:00+08:00", district="990101", station_id=uuid7(), code=code,
        letter="A", name=f"驿站 {number}", phone="024-0000000", store_id=sender.store_id, recipient=own.public.recipient,
    )  # fmt: skip
    path = folder / "enrol.json"
    path.write_bytes(identity.write_introduction(told, own))
    store.enrol(district, path)
    return sender


def day(sender: Sender, on: date, number: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of a day of 35 visits, with what goes with them; people and supplies on the first."""
    dice = random.Random(f"{sender.code} {number}")
    tables: dict[str, list[dict[str, Any]]] = {"visit": [], "amenity_use": [], "handout": [], "movement": []}
    if number == 0:
        tables["person"] = [
            row(sender, one, occupation="rider", consent="station", registered_on=on.isoformat()) for one in sender.people
        ]
        tables["badge"] = [
            row(sender, None, person_id=one, code=f"{place:022d}", card_number=f"{place:06d}", state="active", issued=on.isoformat())
            for place, one in enumerate(sender.people)
        ]
        tables["item"] = [
            row(sender, one, name=f"物资 {place}", unit="瓶", kind="drink", rank=place, low_level=0, alcohol=0, first_month=1,
                last_month=12, active=1)
            for place, one in enumerate(sender.items)
        ]  # fmt: skip
    for visit in range(VISITS):
        when = {"time": f"{on}T{8 + visit % 10:02d}:{visit:02d}:00+08:00", "business_date": on.isoformat()}
        person = dice.choice(sender.people) if visit % 3 else None
        tables["visit"].append(
            row(sender, None, **when, hour=8 + visit % 10, occupation="rider", person_times=1, recorded="scan", person_id=person)
        )
        if visit % 2:
            tables["amenity_use"].append(row(sender, None, **when, amenity="water", visit_id=tables["visit"][-1]["id"]))
        if visit % 3 == 0:
            item = dice.choice(sender.items)
            tables["handout"].append(row(sender, None, **when, item_id=item, quantity=1, short=0, already_given=0, person_id=person))
            tables["movement"].append(
                row(sender, None, **when, item_id=item, delta=-1, kind="handout", handout_id=tables["handout"][-1]["id"])
            )
    return tables


def row(sender: Sender, row_id: str | None, /, **columns: Any) -> dict[str, Any]:
    """A row of a station."""
    return {"id": row_id or uuid7(), "version": 1, "store_id": sender.store_id, **columns}


def carried(sender: Sender, days: list[dict[str, list[dict[str, Any]]]], recipient: str) -> bytes:
    """A batch a day in one carrier, chained and with the digests a station keeps."""
    frames: list[bytes | memoryview] = []
    before, last = "", 0
    sums: dict[str, int] = {}
    for number, tables in enumerate(days, 1):
        for table, rows in tables.items():
            sums[table] = sums.get(table, 0) + sum(wire.line_sum(wire.typed(table, one)) for one in rows)
        count = sum(map(len, tables.values()))
        fields = manifest.BatchFields(
            district="990101", recipient=identity.fingerprint(sender.own.public.verify_key), station=sender.code,
            store_id=sender.store_id, no=number, prev=before, first=last + 1, last=last + count, closed=f"{FIRST}T18:00:00+08:00",
            digests={table: f"{total % 2**256:064x}" for table, total in sums.items()},
        )  # fmt: skip
        batch = envelope.write_batch(fields, tables, sender.own.sign, sender.own.public.verify_key)
        frames.append(batch.data)
        before, last = batch.hash, last + count
    return carrier.write_carrier(frames, {}, {}, sender.own.sign, sender.own.public.verify_key)


def written_plainly(floor: Database, days: list[dict[str, list[dict[str, Any]]]]) -> float:
    """Seconds for the same rows by plain ``executemany`` in one transaction."""
    ready = [(table, [[one.get(name) for name in floor.columns(table)] for one in rows]) for table, rows in _joined(days)]
    started = time.perf_counter()
    with floor.transact(Op.TAKE_IN, rows=len(days)) as tx:
        for table, rows in ready:
            names = floor.columns(table)
            tx.run_many(f"INSERT INTO {table}({', '.join(names)}) VALUES({', '.join('?' * len(names))})", rows)
    return time.perf_counter() - started


def _joined(days: list[dict[str, list[dict[str, Any]]]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for table in LEDGERS:
        rows = [one for tables in days for one in tables.get(table, ())]
        if rows:
            yield table, rows


def resident() -> int:
    """Megabytes this process holds now, 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0
    return pages * 4096 // 1024**2


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
