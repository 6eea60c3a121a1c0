"""Which cell of a district's form holds which figure: a small file of its own, and the figures of a month for its cells.

The file is JSON of one spelling (sorted keys, no spaces, UTF-8, whole numbers and text only), so that the same binding is the
same bytes and can be passed on. It holds no figures and nothing of a station.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ..db import Database
from ..errors import Refused, UserMistake
from ..model import Station
from . import figures, reports, stations

KIND, VERSION = "form-binding", 1
MOST_BYTES, MOST_CELLS = 1_000_000, 5_000
TEXTS = ("station", "district", "span", "first_day", "last_day", "today")
"""What a form asks for beside numbers."""
DERIVED = ("open_days", "average")
"""Numbers that are no sum of rows: days the station was open, person-times by such a day with one decimal."""
CELL = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")


@dataclass(frozen=True, slots=True)
class Bound:
    """One cell (``"B5"``) of a sheet and its figure. ``parts`` narrows it; a day is the day of the month, as text.

    ``after`` is the label that stays before a text in the same cell.
    """

    sheet: str
    cell: str
    figure: str
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands."""
        return self.sheet, self.cell


@dataclass(frozen=True, slots=True)
class Binding:
    """A form by its file's name, the digest of its labels (hex), and its bound cells in the order of the form."""

    form: str
    labels: str
    cells: tuple[Bound, ...]

    def get(self, sheet: str, cell: str) -> Bound | None:
        """What a cell is bound to."""
        return next((one for one in self.cells if one.place == (sheet, cell)), None)

    def bound(self, *changed: Bound) -> Binding:
        """The same with these cells bound; others of the same place give way."""
        places = {one.place for one in changed}
        kept = [one for one in self.cells if one.place not in places]
        return Binding(self.form, self.labels, tuple(sorted([*kept, *changed], key=_order)))

    def without(self, *places: tuple[str, str]) -> Binding:
        """The same with these cells left alone."""
        return Binding(self.form, self.labels, tuple(one for one in self.cells if one.place not in places))


def _order(one: Bound) -> tuple[str, int, int, str]:
    letters = one.cell.rstrip("0123456789")
    return one.sheet, int(one.cell[len(letters) :]), len(letters), letters


# --- the file -----------------------------------------------------------------------------------------------------------


def write(binding: Binding) -> bytes:
    """The binding as the bytes of its file."""
    cells: list[dict[str, Any]] = []
    for one in binding.cells:
        told: dict[str, Any] = {"sheet": one.sheet, "cell": one.cell, "figure": one.figure}
        if one.parts:
            told["parts"] = {part: list(values) for part, values in one.parts.items()}
        if one.after:
            told["after"] = one.after
        cells.append(told)
    tree = {"kind": KIND, "version": VERSION, "form": binding.form, "labels": binding.labels, "cells": cells}
    return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read(data: bytes) -> Binding:
    """The binding in a file that anybody may have written. Refused for anything but one, with the reason."""
    if len(data) > MOST_BYTES:
        raise Refused("forms.binding_long")
    try:
        tree = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Refused("forms.binding_json") from None
    if not isinstance(tree, dict) or tree.get("kind") != KIND:
        raise Refused("forms.binding_kind")
    if tree.get("version") != VERSION:
        raise Refused("forms.binding_version")
    cells = tree.get("cells")
    if not isinstance(cells, list) or len(cells) > MOST_CELLS:
        raise Refused("forms.binding_cells")
    found = [_read_cell(one) for one in cells]
    if len({one.place for one in found}) != len(found):
        raise Refused("forms.binding_twice")
    return Binding(_text(tree.get("form")), _text(tree.get("labels")), tuple(found))


def _text(content: object, most: int = 300) -> str:
    if not isinstance(content, str) or len(content) > most:
        raise Refused("forms.binding_cells")
    return content


def _read_cell(told: object) -> Bound:
    if not isinstance(told, dict):
        raise Refused("forms.binding_cells")
    cell, figure, parts = _text(told.get("cell")), _text(told.get("figure")), told.get("parts", {})
    if not CELL.fullmatch(cell) or not isinstance(parts, dict):
        raise Refused("forms.binding_cells")
    allowed = figures.BY_NAME[figure].parts if figure in figures.BY_NAME else ()
    if not allowed and figure not in (*TEXTS, *DERIVED):
        raise Refused("forms.binding_figure", cell=cell, figure=figure)
    narrowed: dict[str, tuple[str, ...]] = {}
    for part, values in parts.items():
        if part not in allowed or not isinstance(values, list) or len(values) > figures.MOST_MARKS:
            raise Refused("forms.binding_figure", cell=cell, figure=part)
        narrowed[part] = tuple(_text(one) for one in values)
    return Bound(_text(told.get("sheet")), cell, figure, narrowed, _text(told.get("after", ""), 1000))


# --- its figures --------------------------------------------------------------------------------------------------------


def month(text: str) -> tuple[str, str]:
    """First and last day of a month written YYYY-MM; UserMistake for what is none."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise UserMistake("reports.bad_month", text=text) from None
    return first.isoformat(), ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).isoformat()


def quarter(text: str) -> tuple[str, str]:
    """First and last day of a quarter written YYYY-Q1; UserMistake for what is none."""
    found = re.fullmatch(r"(\d{4})-?[Qq]([1-4])", text.strip())
    if found is None:
        raise UserMistake("reports.bad_quarter", text=text)
    last = int(found[2]) * 3
    return month(f"{found[1]}-{last - 2:02d}")[0], month(f"{found[1]}-{last:02d}")[1]


def values(
    db: Database, binding: Binding, first: str, last: str, span: str, place: Station | None = None
) -> dict[tuple[str, str], int | float | str]:
    """What each bound cell holds for a span, by (sheet, cell); ``span`` is what the form calls it, ``place`` whose figures they are.

    At the district (with its own ``place``) the figures are those of all its stations. A day the span has not is left out.
    UserMistake for dates that are none.
    """
    reports.check_span(first, last)
    found: dict[tuple[str, str], int | float | str] = {}
    known: dict[Any, int | float | str] = {}
    for one in binding.cells:
        parts = dict(one.parts)
        if "day" in parts:
            parts["day"] = _days(parts["day"], first, last)
            if not parts["day"]:
                continue
        key = (one.figure, tuple(sorted(parts.items())))
        if key not in known:
            known[key] = span if one.figure == "span" else _value(db, one.figure, parts, first, last, place)
        held = known[key]
        found[one.place] = f"{one.after}{held}" if isinstance(held, str) else held
    return found


def _days(days: Sequence[str], first: str, last: str) -> tuple[str, ...]:
    """The days of a span that have these days of the month."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    wanted = {int(one) for one in days if one.isdecimal()}
    span = (start + timedelta(n) for n in range((end - start).days + 1))
    return tuple(day.isoformat() for day in span if day.day in wanted)[: figures.MOST_MARKS]


def _value(
    db: Database, figure: str, parts: Mapping[str, tuple[str, ...]], first: str, last: str, place: Station | None
) -> int | float | str:
    if figure in figures.BY_NAME:
        return figures.count(db, figures.Wanted(figure, first, last, parts))
    if figure == "open_days":
        return reports.open_days(db, first, last)
    if figure == "average":
        days = reports.open_days(db, first, last)
        return round(figures.count(db, figures.Wanted("person_times", first, last)) / days, 1) if days else 0
    station = place or stations.current(db)
    return {
        "station": station.name, "district": station.district_name, "first_day": first, "last_day": last,
        "today": db.stamp().business_date,
    }[figure]  # fmt: skip
