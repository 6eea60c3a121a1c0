"""What could be read of a damaged store, as a folder of tables that a spreadsheet opens, and a page that says what is missing.

CSV with a byte order mark, a file a ledger, nothing in it a formula. Names, phones and what people wrote are opened only where
whoever unlocked the store is shown people; otherwise those columns are left out.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from ..errors import EnvironmentFault
from ..model import (
    Amenity,
    BadgeState,
    Category,
    Channel,
    Consent,
    ItemKind,
    MovementKind,
    Occupation,
    Recorded,
    RequestKind,
    RequestState,
    Role,
    Urgency,
    Verdict,
)  # fmt: skip
from ..services.rescue import Case, tables
from ..vault import sync_folder
from ..words import label, t
from .table import harmless

CODES: Mapping[tuple[str, str], type[Enum]] = {
    ("", "occupation"): Occupation, ("", "amenity"): Amenity, ("", "consent"): Consent, ("", "role"): Role,
    ("", "recorded"): Recorded, ("", "category"): Category, ("", "channel"): Channel, ("", "urgency"): Urgency,
    ("", "verdict"): Verdict, ("item", "kind"): ItemKind, ("movement", "kind"): MovementKind,
    ("request", "kind"): RequestKind, ("badge", "state"): BadgeState, ("request_step", "state"): RequestState,
}  # fmt: skip
"""Columns that hold codes, by table ("" for any)."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """The folder that was written, and how many rows are in its tables."""

    folder: Path
    rows: int


def take_out(case: Case, target: Path, progress: Progress = lambda _done, _total: None) -> Taken:
    """Write everything that could be read to a new folder in ``target``; whole, or not there at all.

    ``progress(done, total)`` counts rows and may raise Cancelled. Raises EnvironmentFault ("paper.cannot_write") when the disk
    refuses.
    """
    found = case.salvage.db
    name = f"rescue-{found.now():%Y%m%d-%H%M}"
    folder, number = target / name, 1
    while folder.exists():
        number += 1
        folder = target / f"{name}-{number}"
    part = target / f".{folder.name}.part"
    try:
        target.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        rows = _tables(case, part, progress)
        _write(part / t("rescued.readme"), "\r\n".join(_told(case)) + "\r\n")
        part.rename(folder)
        sync_folder(target)
    except OSError as error:
        raise EnvironmentFault("paper.cannot_write", name=folder.name) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Taken(folder, rows)


def _tables(case: Case, folder: Path, progress: Progress) -> int:
    named, total, done = tables.names(case), tables.count(case), 0
    for table in tables.tables(case):
        columns = tables.columns(case, table)
        with (folder / file_of(table)).open("w", encoding="utf-8-sig", newline="") as file:
            lines = csv.writer(file, lineterminator="\r\n")
            lines.writerow([t(f"rescued.column_{name}") for name in columns])
            for row in tables.rows(case, table, named):
                lines.writerow([harmless(_said(table, name, row[name])) for name in columns])
                done += 1
                progress(done, total)
            file.flush()
            os.fsync(file.fileno())
    return done


def file_of(table: str) -> str:
    """The name of a ledger's file."""
    return f"{t(f'terms.Table.{table}')}.csv"


def _said(table: str, name: str, content: str) -> str:
    """A code by its word in the glossary."""
    codes = CODES.get((table, name)) or CODES.get(("", name))
    known = {str(code.value) for code in codes} if codes is not None else set()
    return label(codes(content)) if codes is not None and content in known else content


# --- what is missing ---------------------------------------------------------------------------------------------------------


def _told(case: Case) -> Sequence[str]:
    """The page beside the tables, line by line."""
    salvage = case.salvage
    found, parts = salvage.db, {part.table: part for part in salvage.parts}
    lines = [
        t("rescued.title", station=tables.station_name(case)),
        t("rescued.made", time=f"{found.now():%Y-%m-%d %H:%M}", pages=salvage.pages, bad=salvage.bad),
    ]
    if salvage.last:
        lines.append(t("rescued.until", time=f"{datetime.fromisoformat(salvage.last):%Y-%m-%d %H:%M}"))
    lines += ["", t("rescued.names") if case.sees_people else t("rescued.no_names"), t("rescued.excel"), ""]
    for table in tables.tables(case):
        if (part := parts.get(table)) is not None:
            rows = part.read + part.recovered
            lines.append(t("rescued.table", file=file_of(table), rows=rows, recovered=part.recovered, lost=part.lost))
    if log := parts.get("change"):
        lines.append(t("rescued.log", read=log.read, lost=log.lost))
    if (keys := parts.get("subject_key")) and keys.lost:
        lines.append(t("rescued.keys", lost=keys.lost))
    return [*lines, "", t("rescued.untouched")]


def _write(file: Path, text: str) -> None:
    with file.open("wb") as target:
        target.write(text.encode("utf-8-sig"))
        target.flush()
        os.fsync(target.fileno())
