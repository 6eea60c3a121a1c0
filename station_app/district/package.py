"""The merged data for other engines: a folder of CSV with a Frictionless data package that says what each column is.

Names, phones, words people wrote, badge codes and free text stay out unless they are asked for. What a column holds is read
from the types of the wire, so the package cannot say anything else than what crossed.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..db import Database, Row
from ..model import Changes, Op
from ..schema import LEDGERS
from ..services import packages, subjects
from ..services.packages import Progress
from ..sync import wire
from ..words import t
from . import store

PAGE = 5000
"""Rows read at a time, so that memory does not grow with the data."""

ONLY_PERSONAL = frozenset({"identity"})
LEFT_OUT = frozenset({"item_photo"})
"""Pictures are no figures."""
SUBJECT: Mapping[str, str] = {"identity": "id", "request": "id", "request_step": "request_id", "request_voice": "request_id"}
"""Under whose key the sealed columns of a table are."""
PARENTS: Mapping[str, tuple[str, str]] = {
    "person_id": ("person", "id"), "collected_by": ("person", "id"),
    "visit_id": ("visit", "id"), "item_id": ("item", "id"), "handout_id": ("handout", "id"),
    "request_id": ("request", "id"), "voice_id": ("request_voice", "id"), "box_opening_id": ("box_opening", "id"),
    "keeper_id": ("keeper", "id"), "store_id": ("store", "store_id"),
    "kit_id": ("item", "id"), "campaign_id": ("campaign", "id"), "assembly_id": ("assembly", "id"),
    "transfer_id": ("transfer", "id"), "stocktake_id": ("stocktake", "id"),
    "asset_id": ("asset", "id"), "loan_id": ("loan", "id"), "equipment_id": ("equipment", "id"), "medicine_id": ("medicine", "id"),
}  # fmt: skip
UNITS: Mapping[str, str] = {
    "person_times": "person-time", "delta": "item.unit", "quantity": "item.unit", "book": "item.unit", "counted": "item.unit",
    "low_level": "item.unit", "most": "item.unit", "hour": "h", "high": "Cel", "low": "Cel",
    "hours": "h", "first_month": "mo", "last_month": "mo",
    "due_hours": "h", "check_days": "d", "least": "medicine.unit", "deposit": "CNY",
}  # fmt: skip
"""Units of numbers: UCUM codes, the unit that an item is counted in, or one person coming in once."""


@dataclass(frozen=True, slots=True)
class Package:
    """A finished package: its folder, the rows of each table."""

    folder: Path
    rows: Mapping[str, int]


def export(
    db: Database, target: Path, *, names: bool = False, progress: Progress | None = None
) -> tuple[Package, Changes]:
    """Write everything the district holds to a new folder in ``target`` and log that it was done; whole or not there at all.

    With ``names`` the personal columns too, opened where their key is still held. ``progress(done, total)`` counts rows and may
    raise Cancelled. Raises Refused to whoever may not, EnvironmentFault when the disk says no.
    """
    if names:
        db.require_sight("export_data")
    tables = [table for table in LEDGERS if table not in LEFT_OUT and (names or table not in ONLY_PERSONAL)]
    total, written = store.count_rows(db, tables), 0

    def tell(rows: int) -> None:
        nonlocal written
        written += rows
        if progress is not None:
            progress(written, total)

    with db.transact(Op.EXPORT_DATA, names=names) as tx:
        made = tx.stamp.time
    name = f"district-{db.meta('district_code')}-{made[:10].replace('-', '')}"
    with packages.finished(target, name, "district.package_unwritable") as (part, folder):
        (part / "data").mkdir()
        resources = [_stores(db, part)]
        counts: dict[str, int] = {}
        for table in tables:
            columns = _columns(table, names)
            rows = (_plain(db, table, row, names) for row in _every(db, table, tell))
            counts[table], resource = _resource(part, table, columns, rows)
            resources.append(resource)
        _write_description(part / "datapackage.json", db, made, resources, names=names)
    return Package(folder, counts), tx.changes


# --- rows and columns ------------------------------------------------------------------------------------------------


def _every(db: Database, table: str, tell: Callable[[int], None]) -> Iterator[Row]:
    after = ""
    while rows := store.page(db, table, after, PAGE):
        yield from rows
        after = rows[-1]["id"]
        tell(len(rows))


def _columns(table: str, names: bool) -> list[str]:
    """The columns of a table as the package has them; sealed ones appear opened, under their plain names."""
    found = []
    for column in wire.TABLES[table].__struct_fields__:
        sealed = column.endswith("_sealed")
        if not names and (sealed or column in packages.PERSONAL.get(table, ())):
            continue
        found.append(column.removesuffix("_sealed") if sealed else column)
    first = [name for name in ("id", "time", "business_date") if name in found]
    return first + [name for name in found if name not in first]


def _plain(db: Database, table: str, row: Row, names: bool) -> dict[str, Any]:
    plain = dict(row)
    if names and table in SUBJECT:
        key = subjects.key_of(db, row[SUBJECT[table]])
        for column in [name for name in plain if name.endswith("_sealed")]:
            plain[column.removesuffix("_sealed")] = subjects.unseal(key, f"{table}.{column}", row["id"], plain[column])
    return plain


def _field(table: str, column: str) -> dict[str, Any]:
    """What a column holds, in the words of Table Schema, from its type on the wire."""
    kind = wire.TABLES[table]
    known = column if column in kind.__struct_fields__ else f"{column}_sealed"
    told = next(one for one in msgspec.inspect.type_info(kind).fields if one.name == known)  # type: ignore[attr-defined]
    parts = told.type.types if isinstance(told.type, msgspec.inspect.UnionType) else (told.type,)
    constraints: dict[str, Any] = {} if any(isinstance(one, msgspec.inspect.NoneType) for one in parts) else {"required": True}
    field: dict[str, Any] = {"name": column, "type": "string"}
    for one in parts:
        if isinstance(one, msgspec.inspect.IntType):
            field["type"] = "integer"
            constraints |= {name: limit for name, limit in (("minimum", one.ge), ("maximum", one.le)) if limit is not None}
        elif isinstance(one, msgspec.inspect.LiteralType):
            constraints["enum"] = sorted(one.values)
    if column in ("business_date", "registered_on", "starts_on", "bought", "next_check"):
        field["type"] = "date"
    elif column in ("time", "finished", "due", "done", "accepted", "ended"):
        field |= {"type": "datetime", "format": "any"}
    if column in UNITS:
        field["unit"] = UNITS[column]
    if constraints:
        field["constraints"] = constraints
    return field


# --- files -----------------------------------------------------------------------------------------------------------


def _stores(db: Database, part: Path) -> dict[str, Any]:
    """Which station wrote from which database: the way from a row's ``store_id`` to its station."""
    columns = ("store_id", "station_code", "station_name", "first_seen")
    fields = [{"name": column, "type": "string"} for column in columns[:-1]]
    fields.append({"name": columns[-1], "type": "datetime", "format": "any"})
    _, path = _csv(part, "store", columns, store.all_stores(db))
    return packages.resource(part, path, "store", {"fields": fields, "primaryKey": "store_id"})


def _resource(part: Path, table: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> tuple[int, dict[str, Any]]:
    count, path = _csv(part, table, columns, rows)
    keys = [
        {"fields": column, "reference": {"resource": PARENTS[column][0], "fields": PARENTS[column][1]}}
        for column in columns
        if column in PARENTS
    ]
    schema = {"fields": [_field(table, column) for column in columns], "primaryKey": "id", "foreignKeys": keys}
    return count, packages.resource(part, path, table, schema)


def _csv(part: Path, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> tuple[int, Path]:
    path, count = part / "data" / f"{name}.csv", 0
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\r\n")  # RFC 4180
        lines.writerow(columns)
        for row in rows:
            count += 1
            lines.writerow(["" if row[column] is None else row[column] for column in columns])
        file.flush()
        os.fsync(file.fileno())
    return count, path


def _write_description(file: Path, db: Database, made: str, resources: Sequence[Mapping[str, Any]], *, names: bool) -> None:
    district = db.meta("district_name")
    told = {
        "name": file.parent.name.strip(".").removesuffix(".part"),
        "title": t("district.package_title", name=district),
        "description": t("district.package_named") if names else t("district.package_nameless"),
        "homepage": packages.SPECIFICATION, "created": made, "resources": resources,
    }  # fmt: skip
    packages.describe(file, told)
