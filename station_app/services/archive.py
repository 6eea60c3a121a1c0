"""A year in one folder that is read without this program: CSV with a data package, a plain SQLite file, the reports on paper.

No names, phones or words of visitors: sealed columns stay out, and so do those of ``packages.PERSONAL``. Rows that were voided
are in it with their reason, so that everything adds up to what the reports say. Sealed, it is one age file under a passphrase,
which the ``age`` tool opens: https://age-encryption.org/v1.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..db import Database, Row, plain_file
from ..errors import UserMistake
from ..model import Changes, Op
from ..schema import LEDGERS
from . import packages
from .packages import Progress

PAGE = 5_000
"""Rows read at a time, so that memory does not grow with the year."""
SHORTEST = 8
"""Characters of a passphrase."""
DATES = frozenset({"business_date", "registered_on", "starts_on", "expiry"})
TIMES = frozenset({"time", "opened", "closed", "due", "finished"})

Draw = Callable[[Path], None]
"""Writes the reports of the year into a folder."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A finished archive: the folder, or the one file it was sealed into; rows by table."""

    path: Path
    rows: Mapping[str, int]


def write(
    db: Database, year: int, target: Path, draw: Draw, words: Mapping[str, str], *, passphrase: str = "",
    progress: Progress | None = None,
) -> tuple[Archive, Changes]:
    """Write the year into a new folder in ``target``, or one sealed file with a ``passphrase``; whole or not there at all.

    ``draw`` puts the reports in; ``words`` are the texts "title" and "read_me". ``progress(done, total)`` counts rows, twice for
    the two forms, and may raise Cancelled. Raises Refused to whoever may not, UserMistake for a year that is none, is still to come,
    or a passphrase too short, EnvironmentFault when the disk says no.
    """  # fmt: skip
    now = db.now()
    if not 1990 <= year <= now.year:
        raise UserMistake("reports.no_such_year", year=year)
    if passphrase and len(passphrase) < SHORTEST:
        raise UserMistake("reports.short_passphrase", n=SHORTEST)
    db.require(Op.EXPORT_DATA)
    station = db.one("SELECT code, letter FROM station WHERE void_reason IS NULL LIMIT 1")
    name = f"station-{station['code']}-{station['letter']}-{year}" if station is not None else f"station-{year}"
    with packages.finished(target, f"{name}.zip.age" if passphrase else name, "reports.archive_unwritable") as (part, place):
        with db.snapshot() as still:
            counts = _tables(still, year, part, progress)
        draw(part)
        _describe(part, name, words, counts, db)
        if passphrase:
            _seal(part, passphrase)
    with db.transact(Op.EXPORT_DATA, year=year, sealed=bool(passphrase)) as tx:
        pass
    return Archive(place, counts), tx.changes


# --- tables ---------------------------------------------------------------------------------------------------------------


def _tables(db: Database, year: int, part: Path, progress: Progress | None) -> dict[str, int]:
    """Every ledger as CSV and in the SQLite file; facts of the year, and whole what they speak of."""
    tables = [table for table in LEDGERS if _columns(db, table)]
    totals = [db.scalar(f"SELECT count(*) FROM {table} WHERE {_condition(db, table)}", _span(db, table, year)) for table in tables]
    done, whole = 0, max(sum(totals) * 2, 1)
    counts: dict[str, int] = {}
    (part / "data").mkdir()
    with plain_file(part / "data.sqlite") as store:
        for table in tables:
            columns = _columns(db, table)
            store.create(table, columns, _types(db, table, columns))
            counts[table] = 0
            with (part / "data" / f"{table}.csv").open("w", encoding="utf-8-sig", newline="") as file:
                lines = csv.writer(file, lineterminator="\r\n")
                lines.writerow(columns)
                for rows in _pages(db, table, year):
                    cells = [[row[column] for column in columns] for row in rows]
                    lines.writerows([["" if cell is None else cell for cell in row] for row in cells])
                    store.add(table, columns, cells)
                    counts[table] += len(cells)
                    done += 2 * len(cells)
                    if progress is not None:
                        progress(done, whole)
                file.flush()
                os.fsync(file.fileno())
    return counts


def _columns(db: Database, table: str) -> list[str]:
    """The columns that leave the house in the clear; none of a table that holds nothing else than what is sealed."""
    own = [name for name in db.columns(table) if not name.endswith("_sealed") and name not in packages.PERSONAL.get(table, ())]
    sealed = [name for name in db.columns(table) if name.endswith("_sealed")]
    return [] if sealed and set(own) <= {"id", "version", "store_id", "void_reason"} else own


def _condition(db: Database, table: str) -> str:
    return "business_date BETWEEN ? AND ?" if "business_date" in db.columns(table) else "1 = 1"


def _span(db: Database, table: str, year: int) -> list[str]:
    return [f"{year}-01-01", f"{year}-12-31"] if "business_date" in db.columns(table) else []


def _pages(db: Database, table: str, year: int) -> Iterator[list[Row]]:
    after = ""
    while rows := db.rows(
        f"SELECT * FROM {table} WHERE id > ? AND {_condition(db, table)} ORDER BY id LIMIT ?", [after, *_span(db, table, year), PAGE]
    ):
        yield rows
        after = rows[-1]["id"]


def _types(db: Database, table: str, columns: Sequence[str]) -> list[str]:
    """"INTEGER" or "TEXT" for each column, as the store has it."""
    known = {row["name"]: row["type"] for row in db.rows(f"SELECT name, type FROM pragma_table_info('{table}')")}
    return ["INTEGER" if known.get(column) == "INTEGER" else "TEXT" for column in columns]


# --- what it says of itself -------------------------------------------------------------------------------------------------


def _describe(part: Path, name: str, words: Mapping[str, str], counts: Mapping[str, int], db: Database) -> None:
    """``datapackage.json`` with the digest of each table, and a text for whoever opens it."""
    resources = []
    for table in counts:
        columns = _columns(db, table)
        kinds = zip(columns, _types(db, table, columns), strict=True)
        fields = [{"name": column, "type": _kind(column, kind)} for column, kind in kinds]
        schema = {"fields": fields, "primaryKey": "id"}
        resources.append(packages.resource(part, part / "data" / f"{table}.csv", table.replace("_", "-"), schema))
    told = {"name": name.lower(), "title": words["title"], "created": db.stamp().time, "resources": resources}
    packages.describe(part / "datapackage.json", told)
    (part / "README.txt").write_text(words["read_me"], "utf-8")


def _kind(column: str, kind: str) -> str:
    if kind == "INTEGER":
        return "integer"
    return "date" if column in DATES else "datetime" if column in TIMES else "string"


# --- one file under a passphrase ---------------------------------------------------------------------------------------------


def _seal(part: Path, passphrase: str) -> None:
    """Put the folder's content into one sealed file in its place."""
    from pyrage import passphrase as age

    packed = io.BytesIO()
    files = sorted(file for file in part.rglob("*") if file.is_file())
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(part).as_posix())
    sealed: bytes = age.encrypt(packed.getvalue(), passphrase)
    shutil.rmtree(part)
    with part.open("wb") as out:
        out.write(sealed)
        out.flush()
        os.fsync(out.fileno())
