"""What is typed after a command, understood: codes in every language, times with their offset, dates, whole numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from unicodedata import normalize

import click

from .. import words
from ..db import Database
from ..errors import UserMistake
from ..model import Category, Person, Request
from ..services import badges, people, pictures, requests
from ..words import t

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Events outside these years are slips of the finger."""

MOST = 10**12
"""A longer number is refused here; how many make sense is up to the services."""

CHUNK = 500

E = TypeVar("E", bound=StrEnum)


def folded(text: str) -> str:
    """Text as codes and their labels are compared: width, case, spaces and dashes do not matter."""
    return re.sub(r"[\s_-]+", "_", normalize("NFKC", text).strip().casefold())


class Code(click.ParamType[E], Generic[E]):
    """A code of the glossary, by itself (``rider``) or by its name in any language (外卖骑手)."""

    def __init__(self, codes: type[E]) -> None:
        self.codes = codes
        self.name = codes.__name__.lower()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> E:
        """The code; UserMistake with the choices for anything else."""
        if isinstance(value, self.codes):
            return value
        wanted = folded(str(value))
        for code in self.codes:
            names = [folded(name) for name in words.labels(code)]
            if wanted in (code.value, *names, *(name.removeprefix("已") for name in names)):  # 已受理 is said 受理
                return code
        choices = t("terms.list").join(f"{code.value} {words.label(code)}" for code in self.codes)
        raise UserMistake("cli.unknown_code", text=str(value), choices=choices)


class Topic(Code[Category]):
    """What a request is about: a code of the glossary, or one of the district's own list (which the service knows)."""

    def __init__(self) -> None:
        super().__init__(Category)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The code."""
        try:
            return super().convert(value, param, ctx)
        except UserMistake:
            if re.fullmatch(r"[a-z][a-z0-9_]{0,31}", str(value)):
                return str(value)
            raise


class _Read(click.ParamType[Any]):
    """A value that one function reads from its text."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """What the text means; UserMistake when it means nothing."""
        return self._read(value) if isinstance(value, str) else value


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserMistake("cli.bad_time", text=text) from None
    if found.tzinfo is None:
        raise UserMistake("db.naive_time", time=text)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise UserMistake("cli.far_time", text=text)
    return found


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise UserMistake("cli.bad_date", text=text) from None
    if not (re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()) and FIRST_YEAR <= found.year <= LAST_YEAR):
        raise UserMistake("cli.bad_date", text=text)
    return found


def _whole(text: str) -> int:
    tidy = normalize("NFKC", text).strip().replace(",", "")
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", tidy) or abs(int(tidy)) > MOST:
        raise UserMistake("cli.bad_number", text=text if len(text) <= 40 else f"{text[:39]}…")
    return int(tidy)


def _months(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", normalize("NFKC", text).strip())
    if found is None:
        raise UserMistake("cli.bad_months", text=text)
    return int(found[1]), int(found[2])


def _offset(text: str) -> tuple[float, float]:
    number = r"[+-]?\d{1,3}(?:\.\d+)?"
    if not re.fullmatch(f"{number},{number}", text.strip()):
        raise UserMistake("cli.bad_offset", text=text)
    right, down = map(float, text.strip().split(","))
    return right, down


def _cover(text: str) -> tuple[int, pictures.Box]:
    """Which picture (from 1), and the part of it."""
    found = re.fullmatch(r"(\d{1,2}):(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})", normalize("NFKC", text).replace(" ", ""))
    if found is None:
        raise UserMistake("cli.bad_cover", text=text)
    place, left, top, width, height = map(int, found.groups())
    return place, (left, top, width, height)


MOMENT = _Read("time", _moment)
DAY = _Read("date", _day)
WHOLE = _Read("number", _whole)
MONTHS = _Read("months", _months)
OFFSET = _Read("mm,mm", _offset)
COVER = _Read("n:left,top,width,height", _cover)


class OneOf(click.ParamType[str]):
    """One of a few words."""

    name = "word"

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word; UserMistake with the choices for any other."""
        if folded(str(value)) not in self.choices:
            raise UserMistake("cli.unknown_code", text=str(value), choices=t("terms.list").join(self.choices))
        return folded(str(value))


# --- things by what people call them ------------------------------------------------------------------------------------


def person(db: Database, text: str) -> Person:
    """A regular by id, card number or badge; raises UserMistake or Refused when it is nobody's."""
    digits = normalize("NFKC", text).replace(" ", "")
    return people.get(db, badges.resolve(db, digits).person_id if digits.isdecimal() else text.strip())


def request(db: Database, text: str) -> Request:
    """A request by id, number or the short form of its number; UserMistake without one."""
    tidy = normalize("NFKC", text).strip()
    if re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", tidy):
        return requests.get(db, tidy)
    if not re.fullmatch(r"(?:[A-Za-z0-9]+-[A-Za-z]-)?(?:[0-9]{4}-)?[0-9]{1,9}", tidy):
        raise UserMistake("requests.unknown_number", number=text)
    return requests.by_number(db, tidy)


def regulars(db: Database, ids: Sequence[str]) -> list[Person]:
    """Regulars by id, in the order asked, however many: a query takes a bounded number of them."""
    return [one for start in range(0, len(ids), CHUNK) for one in people.several(db, ids[start : start + CHUNK])]
