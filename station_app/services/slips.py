"""Slips: 30 digits on paper by which whoever brought a request asks about it at any station, and gives no name.

The digits follow from the request's own key (and from the voice, for somebody who joined it), so nothing is kept beside it: the
district, which has the key, knows them too, and forgetting the key forgets the slip. 28 of them are as good as random (93 bits):
nobody finds a slip by trying. They cannot be taken for a badge (22 digits), a start card (40) or a recovery sheet (60).
"""

from __future__ import annotations

from unicodedata import normalize

from ..vault import derived

DIGITS = 30
KIND = "2"
"""The first digit of every slip; a badge of version 2 has 22 digits."""
_RANDOM = DIGITS - 2


def code(key: bytes, voice_id: str = "") -> str:
    """The digits of the slip of a request with this subject key, or of a voice that joined it."""
    from stdnum.iso7064 import mod_11_10

    number = int.from_bytes(derived(key, f"slip/{voice_id}")) % 10**_RANDOM
    body = f"{KIND}{number:0{_RANDOM}d}"
    return body + str(mod_11_10.calc_check_digit(body))


def read(text: str) -> str | None:
    """The digits in what was scanned or typed (full width and spaces do not matter), None where it is no slip."""
    from stdnum.iso7064 import mod_11_10

    digits = "".join(normalize("NFKC", text).split()).replace("-", "")
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()) or digits[0] != KIND:
        return None
    return digits if mod_11_10.is_valid(digits) else None


def groups(digits: str) -> str:
    """The digits as they are printed and read aloud: six groups of five."""
    return " ".join(digits[first : first + 5] for first in range(0, len(digits), 5))
