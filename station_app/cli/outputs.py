"""What a command answers: one JSON object of codes for programs, short aligned lines for people."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import click

from ..model import Person
from ..words import t


def plain(thing: Any) -> Any:
    """Records, enums, paths and their collections as what JSON knows; a key of several parts is joined by "-"."""
    if is_dataclass(thing) and not isinstance(thing, type):
        return {field.name: plain(getattr(thing, field.name)) for field in fields(thing)}
    if isinstance(thing, Enum):
        return thing.value
    if isinstance(thing, Path):
        return str(thing)
    if isinstance(thing, Mapping):
        return {_key(name): plain(content) for name, content in thing.items()}
    if isinstance(thing, list | tuple | set | frozenset):
        return [plain(part) for part in (sorted(thing) if isinstance(thing, set | frozenset) else thing)]
    return thing


def _key(name: Any) -> str:
    if isinstance(name, tuple):
        return "-".join(map(str, name))
    return str(name.value) if isinstance(name, Enum) else str(name)


COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal would obey or turn round instead of showing it, and halves of characters. A name may hold any of them: it was
typed, imported, or sent by another station."""


def say(text: str, *, err: bool = False) -> None:
    """A line for people, on standard output or error; what a terminal would obey is shown as a mark."""
    click.echo(COMMANDS.sub("\ufffd", text), err=err)


def say_json(thing: Any) -> None:
    """One JSON object for programs on a line; what a terminal would obey is spelled as an escape, which means the same."""
    spelled = json.dumps(thing, ensure_ascii=False)
    click.echo(COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", spelled))


def number(count: int) -> str:
    """A whole number, grouped in thousands."""
    return f"{count:,}"


def moment(time: str) -> str:
    """An ISO 8601 time as people read it, to the minute; "" stays ""."""
    return time[:16].replace("T", " ")


def who(person: Person) -> str:
    """A regular's name, or what stands for it."""
    if person.erased:
        return t("terms.erased")
    return person.name or t("terms.nameless", number=person.card_number or person.id[-6:])


def width(text: str) -> int:
    """The columns a text takes in a terminal: a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], right: Collection[int] = ()) -> str:
    """Rows under their headings, aligned; columns in ``right`` (from 0) are numbers and stand to the right."""
    lines = [[_cell(cell) for cell in row] for row in rows]
    if not lines:
        return t("cli.nothing")
    lines.insert(0, list(headings))
    widths = [max(width(line[place]) for line in lines) for place in range(len(headings))]
    return "\n".join(
        "  ".join(_padded(cell, widths[i], i in right) for i, cell in enumerate(line)).rstrip() for line in lines
    )


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    return number(cell) if isinstance(cell, int) and not isinstance(cell, bool) else re.sub(r"[\n\t]", " ", str(cell))


def _padded(text: str, wide: int, right: bool) -> str:
    blank = " " * (wide - width(text))
    return blank + text if right else text + blank
