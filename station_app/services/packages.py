"""Data packages (https://specs.frictionlessdata.io): what a station's yearly archive and a district's export write alike.

A folder of CSV, each with its digest and the types of its columns, that is whole or not there at all. Columns that name somebody
stay out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import EnvironmentFault
from ..vault import sync_folder

SPECIFICATION = "https://specs.frictionlessdata.io"
Progress = Callable[[int, int], None]

PERSONAL: Mapping[str, frozenset[str]] = {
    "keeper": frozenset({"name"}),
    "shift": frozenset(),
    "station_day": frozenset({"opened_by", "closed_by", "exceptions", "note"}),
    "badge": frozenset({"code", "card_number"}),
    "stocktake": frozenset({"reason", "second_name"}),
    "refusal": frozenset({"reason"}),
    "transfer": frozenset({"note"}),
    "supply_order": frozenset({"note"}),
    "campaign": frozenset({"note"}),
    "box_opening": frozenset({"first_name", "second_name", "note"}),
    "request": frozenset({"locked_key"}),
    "erasure": frozenset({"reason"}),
    "asset": frozenset({"code", "note"}),
    "asset_move": frozenset({"note"}),
    "loan": frozenset({"note"}),
    "loan_end": frozenset({"note"}),
    "equipment": frozenset({"note"}),
    "equipment_check": frozenset({"note"}),
    "repair": frozenset({"fault", "reported_by", "fixer", "done_note", "accepted_by"}),
    "medicine_check": frozenset({"note"}),
    "house_check": frozenset({"exceptions", "action", "second_name"}),
    "closed_day": frozenset({"note"}),
    "handover": frozenset({"from_name", "to_name", "matters", "note"}),
    "duty_log": frozenset({"events", "matters", "handed_by", "handed_to"}),
    "emergency": frozenset({"place", "note"}),
    "lost_item": frozenset({"thing", "place", "kept_in", "ended_by", "note"}),
}
"""Columns that name somebody, let a card be copied, or hold what somebody typed freely."""


def resource(part: Path, file: Path, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A CSV file of a package in the words of its description: where it is, how long, its digest, its columns."""
    with file.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    return {
        "name": name, "path": file.relative_to(part).as_posix(), "profile": "tabular-data-resource", "format": "csv",
        "mediatype": "text/csv", "encoding": "utf-8", "bytes": file.stat().st_size, "hash": f"sha256:{digest}",
        "schema": {**schema, "missingValues": [""]},
    }  # fmt: skip


def describe(file: Path, told: Mapping[str, Any]) -> None:
    """Write ``datapackage.json``."""
    with file.open("w", encoding="utf-8") as out:
        json.dump({"profile": "tabular-data-package", **told}, out, ensure_ascii=False, indent=1)
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def finished(target: Path, name: str, word: str) -> Iterator[tuple[Path, Path]]:
    """A folder to write in and what it becomes when all is there; another of the same name gets the next number.

    EnvironmentFault with the sentence ``word`` when the disk says no.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        taken = {entry.name for entry in target.iterdir()}
        stem, dot, ending = name.partition(".")
        names = (f"{stem}-{number}{dot}{ending}" if number > 1 else name for number in range(1, 10_000))
        place = target / next(one for one in names if one not in taken)
        part = target / f".{place.name}.part"
        _drop(part)
        part.mkdir()
    except OSError as error:
        raise EnvironmentFault(word, folder=str(target), reason=error.strerror) from error
    try:
        yield part, place
        part.replace(place)
        sync_folder(target)
    except OSError as error:
        raise EnvironmentFault(word, folder=str(target), reason=error.strerror) from error
    finally:
        _drop(part)


def _drop(part: Path) -> None:
    """What a power cut or a person left half done."""
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)
