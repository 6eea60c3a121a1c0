"""What stations sent by light: photographs of day sheets and of codes on their screens, read in the worker.

A part of a file is kept until the others are there, however many pictures and days that takes; then the file is taken in like
one from a stick. A day sheet is kept as the station signed it and held against what its batches say.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..db import Database, Tx
from ..errors import Refused
from ..model import Changes, Op
from ..services import reports
from ..sync import light
from ..sync.light import DaySheet, Part
from ..sync.opening import Opener
from . import intake, store
from .intake import Received


@dataclass(frozen=True, slots=True)
class Seen:
    """What one picture showed: day sheets, parts that were new, and per file (its mark in hex) how many are still missing.

    ``received`` are the files that this picture made whole; ``refused`` is why one of them, or a sheet, was not taken (a
    sentence's id and its fields).
    """

    sheets: tuple[DaySheet, ...] = ()
    parts: int = 0
    missing: Mapping[str, int] | None = None
    received: tuple[Received, ...] = ()
    refused: tuple[tuple[str, Mapping[str, object]], ...] = ()


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A day sheet against the merged figures: ``merged`` person-times now; ``agrees`` None while the day's batches are not all here."""

    station: str
    business_date: str
    made: str
    person_times: int
    merged: int
    agrees: bool | None


def read_picture(db: Database, path: Path, opener: Opener) -> Seen:
    """Take in what the codes in a picture say; the same picture again changes nothing.

    Raises Refused when it is no picture or shows no code of ours; EnvironmentFault when it cannot be read.
    """
    texts = opener.read_codes(path)
    parts = [part for text in texts if (part := light.read_part(text)) is not None]
    sheets: list[DaySheet] = []
    refused: list[tuple[str, Mapping[str, object]]] = []
    for text in texts:
        if light.is_day(text):
            try:
                sheets.append(keep_sheet(db, text)[0])
            except Refused as error:
                refused.append((error.word, error.fields))
    if not parts and not sheets and not refused:
        raise Refused("sync_files.no_code", name=path.name)
    fresh = _keep_parts(db, parts) if parts else 0
    received = []
    for mark in sorted({part.mark for part in parts}):
        try:
            taken = _take_whole(db, mark, opener)
        except Refused as error:
            refused.append((error.word, error.fields))
            continue
        if taken is not None:
            received.append(taken)
    return Seen(tuple(sheets), fresh, waiting(db), tuple(received), tuple(refused))


# --- day sheets --------------------------------------------------------------------------------------------------------


def keep_sheet(db: Database, text: str) -> tuple[DaySheet, Changes]:
    """Keep the day sheet in a code's text; of one store and day the furthest stays. Refused unless an enrolled station signed it."""
    told, signed = light.read_day(text, store.verify_keys(db))
    key = store.key_of(db, signed.hex())
    if key is None or key.revoked:
        raise Refused("sync_files.unknown_station")
    sender = store.by_code(db, told.station)
    owner = store.owner_of(db, told.store_id)
    if told.district != db.meta("district_code") or sender.station_id != key.station_id or owner not in (None, key.station_id):
        raise Refused("district.wrong_sender", station=told.station)
    with db.transact(Op.TAKE_IN, day=told.business_date, station=told.station) as tx:
        tx.run(
            "INSERT INTO day_sheet(station_id, store_id, business_date, sequence, text) VALUES(?, ?, ?, ?, ?)"
            " ON CONFLICT(store_id, business_date) DO UPDATE SET sequence = excluded.sequence, text = excluded.text"
            " WHERE excluded.sequence > sequence",
            (key.station_id, told.store_id, told.business_date, told.sequence, msgspec.json.encode(told).decode()),
        )
    return told, Changes(tx.operation, Op.TAKE_IN, {"day_sheet": (told.business_date,)})


def sheets(db: Database, first: str, last: str) -> list[SheetLine]:
    """The day sheets of a span beside the merged figures, by day and station."""
    rows = db.rows(
        "SELECT d.station_id, d.text, e.code FROM day_sheet d JOIN enrolled e ON e.station_id = d.station_id"
        " WHERE d.business_date BETWEEN ? AND ? ORDER BY d.business_date, e.code",
        (first, last),
    )
    return [_line(db, row["code"], msgspec.json.decode(row["text"], type=DaySheet)) for row in rows]


def _line(db: Database, code: str, told: DaySheet) -> SheetLine:
    merged = reports.period(db, told.business_date, told.business_date, [told.store_id])
    ours = (merged.person_times, merged.unique_people, merged.registered, dict(merged.by_occupation), light.most_given(merged.handouts))
    theirs = (told.person_times, told.people, told.registered, dict(told.occupations), dict(told.handouts))
    newest = [head.chain.operation for _, head in store.newest_manifests(db, told.store_id)]
    agrees = True if ours == theirs else (False if max(newest, default=0) >= told.sequence else None)
    return SheetLine(code, told.business_date, told.made, told.person_times, merged.person_times, agrees)


# --- files in parts ----------------------------------------------------------------------------------------------------


def _keep_parts(db: Database, parts: Sequence[Part]) -> int:
    with db.transact(Op.TAKE_IN, parts=len(parts)) as tx:
        return sum(
            tx.run(
                "INSERT INTO light_part(mark, place, count, body, seen) VALUES(?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (part.mark, part.place, part.count, part.body, tx.stamp.time),
            )
            for part in parts
        )


def waiting(db: Database) -> dict[str, int]:
    """How many parts of each file begun are still missing, by its mark in hex."""
    rows = db.rows("SELECT mark, max(count) - count(*) AS missing FROM light_part GROUP BY mark ORDER BY min(seen)")
    return {row["mark"].hex(): row["missing"] for row in rows}


def _take_whole(db: Database, mark: bytes, opener: Opener) -> Received | None:
    """The file of this mark taken in when all of it is there; its parts go then, and when it is refused."""
    rows = db.rows("SELECT * FROM light_part WHERE mark = ?", (mark,))
    counts = {row["count"] for row in rows}
    data = light.join([Part(row["mark"], row["place"], row["count"], row["body"]) for row in rows]) if len(counts) == 1 else None
    if data is None:
        if len(rows) >= min(counts):  # all there and not what was cut, or told differently: photographed anew they may be
            with db.transact(Op.TAKE_IN, parts=0) as tx:
                _forget(tx, mark)
            raise Refused("sync_files.damaged")
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{mark.hex()}.batch"
        file.write_bytes(data)
        try:
            received, _ = intake.receive(db, intake.open_file(db, file, opener))
        finally:
            with db.transact(Op.TAKE_IN, parts=0) as tx:
                _forget(tx, mark)
    return received


def _forget(tx: Tx, mark: bytes) -> None:
    tx.run("DELETE FROM light_part WHERE mark = ?", (mark,))
