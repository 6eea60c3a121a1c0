"""Barcodes of supplies: EAN and UPC as they stand on packages, GS1 strings with lot and expiry as scanners send them.

Check digits by python-stdnum (``ean``); application identifiers (01 article, 10 lot, 15 and 17 expiry) are read here. Its own reader
``stdnum.gs1_128`` refuses a whole label for an impossible date or an identifier it does not know, and joins a lot in parentheses to
what follows it; at a shelf the article is to be found all the same. A code is kept as its GTIN without leading zeros of padding:
13 digits, 8 for EAN-8, 14 for an outer case.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, timedelta
from unicodedata import normalize

from ...errors import UserMistake
from ...model import Item

SEPARATOR = "\x1d"
"""FNC1 in the middle of a GS1 string, as most scanners send it."""
AIM = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
"""The symbology identifier some scanners send first (]C1, ]d2, ]E0)."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a barcode said: the article's code, and of a GS1 string its lot and its last day (ISO 8601), each "" untold."""

    code: str
    lot: str = ""
    expiry: str = ""


def item_code(text: str) -> str:
    """A barcode as it is kept; UserMistake where the check digit does not hold or it is no barcode of goods."""
    found = read(text)
    if found is None:
        raise UserMistake("supplies.bad_barcode", text=text.strip()[:40])
    return found.code


def read(text: str) -> Scanned | None:
    """What a scan or typing of a barcode says; None where it is none."""
    plain = normalize("NFKC", text).strip().strip(SEPARATOR)
    plain = AIM.sub("", plain)
    compact = re.sub(r"[\s-]", "", plain) if SEPARATOR not in plain else plain
    if compact.isascii() and compact.isdigit() and len(compact) in (8, 12, 13, 14):
        return Scanned(_kept(compact)) if _holds(compact) else None
    return _gs1(plain)


OWN = "20"
"""What codes of a shop's own begin with (GB 12904); no package bears one."""


def own_code(item_id: str) -> str:
    """The house's own code of a supply, for its shelf label: it stays as long as the supply does, and is one everywhere."""
    from stdnum import ean  # not at the start: it brings pydoc and ssl along, 9 MB

    body = f"{OWN}{int.from_bytes(hashlib.sha256(item_id.encode()).digest()[:5], 'big') % 10**10:010d}"
    return body + str(ean.calc_check_digit(body))


def label_code(item: Item) -> str:
    """What a supply's shelf label says: the code on its package, or where there is none its own."""
    return item.barcode or own_code(item.id)


def _holds(digits: str) -> bool:
    """Whether the check digit holds: alike for GTIN-8, -12, -13 and -14."""
    from stdnum import ean
    from stdnum.exceptions import ValidationError

    try:
        ean.validate(digits.zfill(13) if len(digits) == 12 else digits)
    except ValidationError:
        return False
    return True


def _kept(digits: str) -> str:
    """A UPC is the EAN with a zero before it; a GTIN-14 that stands for the single article is its EAN."""
    if len(digits) == 12:
        return "0" + digits
    return digits[1:] if len(digits) == 14 and digits.startswith("0") else digits


def _gs1(text: str) -> Scanned | None:
    """A GS1 element string, in parentheses or with FNC1 between its parts."""
    parts = _bracketed(text) if text.startswith("(") else _elements(text)
    article = parts.get("01", "")
    if not (len(article) == 14 and article.isdigit() and _holds(article)):
        return None
    return Scanned(_kept(article), parts.get("10", "").strip(), _day(parts.get("17") or parts.get("15") or ""))


def _bracketed(text: str) -> dict[str, str]:
    return {found[1]: found[2].strip(SEPARATOR).strip() for found in re.finditer(r"\((\d{2,4})\)([^()]*)", text)}


FIXED = {"00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
"""Application identifiers whose length is fixed, so that no FNC1 follows (GS1 General Specifications, figure 7.8.5-2)."""


def _elements(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = text
    while len(rest) > 2 and rest[:2].isdigit():
        name, rest = rest[:2], rest[2:]
        if name in FIXED:
            found[name], rest = rest[: FIXED[name]], rest[FIXED[name] :].lstrip(SEPARATOR)
        elif name in ("10", "21", "30", "37"):
            found[name], _, rest = rest.partition(SEPARATOR)
        else:  # an identifier we have no use for: what follows cannot be told apart without FNC1
            _, _, rest = rest.partition(SEPARATOR)
    return found


def _day(text: str) -> str:
    """YYMMDD as a day; day 00 is the last of its month; "" for what is none. What is in use now expires in this century."""
    if not (len(text) == 6 and text.isascii() and text.isdigit()):
        return ""
    two, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    try:
        if day:
            return date(2000 + two, month, day).isoformat()
        first = date(2000 + two, month, 1)
        return ((first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).isoformat()
    except ValueError:
        return ""
