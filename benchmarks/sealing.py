"""Sealing and opening a hundred thousand rows, beside plain writing of the same rows in one transaction, in the same run.

``python -m benchmarks.sealing [ROWS [TIMES]]`` (100,000 and 3 without words). Sealing is manifest, rows as JSON Lines, zlib, signature and
age; opening is the way back with every check: header, age, lengths, signature, hash, inflating, typed rows. The **floor** is the same
rows by ``executemany`` to an encrypted store.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from station_app.district import store
from station_app.sync import carrier, envelope, identity, manifest, opening, wire

from .intake import CHEAP, VISITS, Sender, day, enrolled, written_plainly
from .stores import Figure, in_turn, resident


def main(count: int = 100_000, times: int = 3) -> list[Figure]:
    """Measure, print and return the rows."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        district = store.set_up(folder / "district", "990101", "云桥区", "", "benchmark", cost=CHEAP)
        floors = [store.set_up(folder / f"floor-{number}", "990101", "云桥区", "", "benchmark", cost=CHEAP) for number in range(times)]
        sender = enrolled(district, 1, folder)
        whole: dict[str, list[dict[str, Any]]] = {}
        days = 0
        while sum(map(len, whole.values())) < count:
            for table, rows in day(sender, date(2020, 1, 1) + timedelta(days=days), days).items():
                whole.setdefault(table, []).extend(rows)
            days += 1
        rows = sum(map(len, whole.values()))
        recipient = store.own_identity(district).public.recipient
        openers, keys = store.openers(district), store.verify_keys(district)
        sealed = b""

        told = fields(sender, whole, rows)
        sign, verify = sender.own.sign, sender.own.public.verify_key

        def seal() -> None:
            nonlocal sealed
            batch = envelope.write_batch(told, whole, sign, verify)
            sealed = carrier.seal(carrier.write_carrier([batch.data], {}, {}, sign, verify), [recipient])

        def unseal() -> None:
            opening.read_batches(opening.check("batches", sealed, openers, keys), keys)

        waiting = iter(floors)
        sealing, unsealing, floor = in_turn(times, seal, unseal, lambda: written_plainly(next(waiting), [whole]))
        _, most = resident()
        for db in (district, *floors):
            db.close()
    a_row = len(sealed) / rows
    shown = [
        *(
            Figure(
                f"{what} {rows:,} rows", f"{ours:.2f} s", f"executemany {floor:.2f} s: {ours / floor:.2f}x", f"<= {goal}x",
                ours / floor <= goal,
            )
            for what, ours, goal in (("seal", sealing, 0.8), ("open", unsealing, 1.4))
        ),
        Figure("bytes a sealed row", f"{a_row:.1f}", f"{VISITS} visits a day with what goes with them", "<= 30", a_row <= 30),
        Figure("memory with everything of the above", f"{most} MB", "the floor's rows included"),
    ]  # fmt: skip
    for row in shown:
        print(row)
    return shown


def fields(sender: Sender, tables: dict[str, list[dict[str, Any]]], rows: int) -> manifest.BatchFields:
    """What the manifest says; a station keeps the digests current as it records, so they are none of sealing's work."""
    return manifest.BatchFields(
        district="990101", recipient=identity.fingerprint(sender.own.public.verify_key), station=sender.code, store_id=sender.store_id,
        no=1, prev="", first=1, last=rows, closed="2026-07-17T18:00:00+08:00",
        digests={table: wire.digest(table, part) for table, part in tables.items()},
    )  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
