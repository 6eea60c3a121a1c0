"""What a burst of keys says, and what a scanner's bursts tell about the scanner; no Qt.

::

    codes("０１７６…;")      the codes of a burst: badges cut apart, freed of what scanners put around them
    completed(text, district)   a badge whose first digits an input method kept for itself
    is_goods(text)           a whole EAN-13
    is_code(text)            22 digits (or several times 22) inside a little of something else: a scan without any suffix
    judge([[Heard(...)]])    what the keys of a few scans tell: how fast, with which suffix, and whether all is well

Scanners set up for something else put a prefix (``]Q1``, ``*``) or a suffix (``;``) around what they read, send it twice,
send every key twice, or hold Shift under caps lock; none of that is in the code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import normalize

from .. import vault

GAP = 35
"""Milliseconds between two keys of a scanner at most, until a slower one was learned; the fastest typist needs more."""
SLOWEST = 110
"""Milliseconds no scanner may be slower than: from there on hands are as quick."""
LENGTH = vault.BADGE_DIGITS
SHORTEST = 6
CODE_LENGTHS = frozenset({8, 12, 13, 14, LENGTH, 2 * LENGTH})
"""Digits of what is printed as a code: EAN-8, UPC-A, EAN-13, ITF-14, a badge. No card number and no phone number is as long."""
AROUND = 3
"""Characters before and after a code at most."""

ANY, ENTER, TAB, NONE = "", "enter", "tab", "none"
"""Suffixes with a word of their own; others are ``key:<Qt number>`` or ``text:<character>``."""

_SHIFTED = dict(zip(")!@#$%^&*(", "0123456789", strict=True)) | {"！": "1", "￥": "4", "（": "9", "）": "0"}
_AIM = re.compile(r"\A\][A-Za-z][0-9A-Za-z]")
_WHOLE = re.compile(rf"\A\D{{0,{AROUND}}}((?:\d{{{LENGTH}}})+)\D{{0,{AROUND}}}\Z")


def spelled(text: str) -> str:
    """The characters of a burst as they were meant: width, blanks, Shift and the prefix that names the kind of code undone."""
    tidy = "".join(normalize("NFKC", text).split())
    tidy = "".join(character for character in tidy if character.isprintable())
    if len(tidy) >= SHORTEST and all(character in _SHIFTED for character in tidy):
        return "".join(_SHIFTED[character] for character in tidy)
    return _AIM.sub("", tidy)


def _badges(text: str) -> list[str]:
    """The badges in what was spelled; [] when it is anything else."""
    found = _WHOLE.match(text)
    if found is None or not found[1].isascii():
        return []
    digits = found[1]
    every_other = digits[::2]
    if len(digits) == 2 * LENGTH and every_other == digits[1::2] and vault.read_badge(every_other) is not None:
        return [every_other]
    cut = [digits[start : start + LENGTH] for start in range(0, len(digits), LENGTH)]
    return [code for place, code in enumerate(cut) if place == 0 or code != cut[place - 1]]


def codes(text: str) -> list[str]:
    """The codes of a burst, each once however often it was sent in a row; what is no badge stays one code as it is."""
    tidy = spelled(text)
    return _badges(tidy) or ([tidy] if tidy else [])


def completed(text: str, district: str) -> str:
    """The badge of this district of which ``text`` is all but the first digits; "" for anything else.

    Where pinyin is being composed, a digit chooses among the candidates: the first digits of a scan go there, one or a few, and the
    rest arrives, maybe before what was chosen. The district is known, of which one digit at least has to stand there, and the check
    digit says which version fits.
    """
    tidy = spelled(text)
    missing = LENGTH - len(tidy)
    if not (tidy.isascii() and tidy.isdigit() and 1 <= missing <= len(district) and tidy.startswith(district[missing - 1 :])):
        return ""
    ways = (version + district[: missing - 1] + tidy for version in "0123456789")
    return next((code for code in ways if vault.read_badge(code) is not None), "")


def is_code(text: str) -> bool:
    """Whether this is whole without anything that ends it."""
    return bool(_badges(spelled(text)))


def is_any_code(text: str) -> bool:
    """Whether this has the length of something printed as a code: what a scanner slower than ``GAP`` has to send."""
    tidy = spelled(text)
    return tidy.isascii() and tidy.isdigit() and len(tidy) in CODE_LENGTHS


def is_goods(text: str) -> bool:
    """Whether this is a whole EAN-13, its check digit too: from a scanner's speed on no hand types one."""
    tidy = spelled(text)
    if len(tidy) != 13 or not (tidy.isascii() and tidy.isdigit()):
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(tidy)) % 10 == 0


# --- trying a scanner ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """A key as it arrived: what it wrote ("" for nothing), its name and number, milliseconds since the one before (0 first)."""

    text: str
    name: str
    key: int
    after: int


class Finding(StrEnum):
    """What was found out about a scanner, the worst that applies."""

    HANDS = "hands"
    UNREAD = "unread"
    DIFFERENT = "different"
    SLOW = "slow"
    GOOD = "good"


class Oddity(StrEnum):
    """What a scanner or an input method does to a code besides; all of it is undone."""

    WIDE = "wide"
    SHIFTED = "shifted"
    BLANKS = "blanks"
    TWICE = "twice"
    AROUND = "around"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What some scans tell. ``slowest`` ms between two keys; ``gap`` and ``suffix`` are what would be remembered."""

    finding: Finding
    code: str
    slowest: int
    gap: int
    suffix: str
    oddities: tuple[Oddity, ...] = ()


def judge(scans: Sequence[Sequence[Heard]]) -> Verdict:
    """What the keys of one or more scans (none empty) tell about the scanner; the code is that of the last."""
    parted = [_parted(keys) for keys in scans]
    text, suffix = parted[-1]
    slowest = max((key.after for keys in scans for key in keys[1:]), default=0)
    gap = min(max(GAP, math.ceil(slowest * 1.25) + 8), SLOWEST)
    read = codes(text)
    code = read[0] if read else ""
    if slowest > SLOWEST:
        finding = Finding.HANDS
    elif not is_code(text) and not is_any_code(text):
        finding = Finding.UNREAD
    elif len({end for _, end in parted}) > 1:
        finding = Finding.DIFFERENT
    else:
        finding = Finding.SLOW if slowest > GAP else Finding.GOOD
    return Verdict(finding, code, slowest, gap, suffix, tuple(_oddities(text, code)))


def _parted(keys: Sequence[Heard]) -> tuple[str, str]:
    """What a scan wrote, and the suffix after it."""
    named = {"Return": ENTER, "Enter": ENTER, "Tab": TAB}
    written = [key for key in keys if key.text and key.text.isprintable()]
    text = "".join(key.text for key in written)
    last = next((place for place in range(len(keys), 0, -1) if keys[place - 1] in written), 0)
    after = [key for key in keys[last:] if key.name not in ("Shift", "Control", "CapsLock")]
    if after:
        return text, named.get(after[0].name, f"key:{after[0].key}")
    if text and not text[-1].isalnum() and is_code(text):
        return text, f"text:{text[-1]}"
    return text, NONE


def _oddities(text: str, code: str) -> list[Oddity]:
    found = []
    if normalize("NFKC", text) != text:
        found.append(Oddity.WIDE)
    if any(character in _SHIFTED for character in text) and code.isdigit() and not any(map(str.isdigit, text)):
        found.append(Oddity.SHIFTED)
    if any(map(str.isspace, text)):
        found.append(Oddity.BLANKS)
    sent = "".join(normalize("NFKC", text).split())
    if sum(map(str.isdigit, spelled(text))) > len(code) and is_code(text):
        found.append(Oddity.TWICE)
    elif code and len(sent) != len(code):
        found.append(Oddity.AROUND)
    return found
