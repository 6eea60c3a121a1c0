"""What commands share: columns of an import corrected by hand, what became of each row; forms that are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import UserMistake
from ..services.people import RowResult
from ..words import t
from .frame import Desk
from .inputs import folded
from .outputs import moment, number, table

if TYPE_CHECKING:
    from ..services.kept_forms import KeptForm
    from ..services.rosters import Columns

F = TypeVar("F", bound=StrEnum)


def corrected(columns: Columns[F], fields: type[F], wanted: Sequence[str]) -> Columns[F]:
    """``columns`` with each ``field=COLUMN`` of ``wanted``: a heading, a letter as a spreadsheet shows it, or nothing.

    Raises UserMistake for an unknown field or column.
    """
    for text in wanted:
        name, equals, column = text.partition("=")
        field = next((one for one in fields if one.value == folded(name)), None)
        if field is None or not equals:
            raise UserMistake("cli.bad_map", text=text, fields=" ".join(one.value for one in fields))
        columns = columns.with_column(field, _place(columns, column) if column else None)
    return columns


def _place(columns: Columns[F], column: str) -> int:
    headings = [folded(heading) for heading in columns.headings]
    if folded(column) in headings:
        return headings.index(folded(column))
    place = 0
    for letter in column.strip().upper() if len(column.strip()) <= 2 else "!":
        place = place * 26 + ord(letter) - 64 if "A" <= letter <= "Z" else len(headings) * 26 + 26
    if not 1 <= place <= len(headings):
        raise UserMistake("cli.no_column", text=column, headings=t("terms.list").join(filter(None, columns.headings)))
    return place - 1


def told_import(
    desk: Desk, file: Path, answer: Mapping[str, Any], rows: Sequence[Any], results: Sequence[RowResult] = ()
) -> None:
    """Answer an import or its preview: the figures, then each refused row with its reason.

    ``rows`` are those of the plan, each with ``line``, ``fate`` and ``reason``; the preview's results are made of them.
    """
    if not results:
        answer = {
            **answer,
            "results": [
                {"line": row.line, "fate": row.fate, "person_id": None, "reason": row.reason.word if row.reason else ""}
                for row in rows
            ],
        }

    def text() -> str:
        figures = {name: number(answer.get(name, 0)) for name in ("rows", "taken", "nameless", "merged", "refused")}
        head = (
            t("cli.would_import", name=file.name, **figures)
            if answer.get("preview")
            else t("cli.imported", name=file.name, **figures)
        )
        lines = [
            t("cli.row_refused", line=row.line, why=t(row.reason.word, **row.reason.fields))
            for row in rows
            if row.fate == "refuse" and row.reason
        ]
        return "\n".join([head, *lines])

    desk.tell(answer, text)


def kept_forms_told(desk: Desk, found: Sequence[KeptForm]) -> None:
    """Answer which forms are kept: by name, how many cells are bound, whose they are."""
    told = [{"id": one.id, "name": one.name, "kept": one.kept, "cells": len(one.binding.cells), "given": one.given} for one in found]
    rows = [(one.name, len(one.binding.cells), moment(one.kept), t("forms_page.from_district") if one.given else "") for one in found]
    heads = [t("cli.name"), t("cli.cell"), t("cli.time"), ""]
    desk.tell({"forms": told}, lambda: table(heads, rows, right=(1,)))
