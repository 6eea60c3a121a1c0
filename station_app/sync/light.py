"""What crosses by light, where no stick may: a day's signed totals in one QR code, a whole carrier as numbered ones.

A **day sheet** is a frame of kind "day" with an empty body, deflated, after ``SXD1``; its manifest is ``DaySheet``. A **part**
is ``SXP1``, the first 8 bytes of the SHA-256 of all of the file, its place from 0 and how many there are (16 bits each), and its
bytes. Both stand in the code as base 45 (RFC 9285), whose letters a QR code packs densely. Sees ``envelope``, ``manifest``,
``wire``.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from ..errors import Bug, Refused
from . import envelope, wire
from .manifest import Format, Signed

SHEET_MAGIC = b"SXD1"
PART_MAGIC = b"SXP1"
LARGEST_SHEET = 2953
"""Characters of a day sheet's code: what the largest QR code holds in bytes."""
LARGEST_INSIDE = 8 * 1024
PART_BYTES = 470
"""Bytes of a part: 729 letters, a code of 85 modules a side, four dots each beside the page on the smallest screen."""
MOST_PARTS = 600
MOST_ITEMS = 30
"""Items named on a day sheet; the rest is summed up under ""."""

_HEAD = struct.Struct(">4s8sHH")
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {letter: value for value, letter in enumerate(_LETTERS)}


# --- base 45 ---------------------------------------------------------------------------------------------------------


def base45(data: bytes) -> str:
    """``data`` in the letters a QR code packs densely (RFC 9285)."""
    letters = []
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        number = int.from_bytes(pair)
        for _ in range(len(pair) + 1):
            number, value = divmod(number, 45)
            letters.append(_LETTERS[value])
    return "".join(letters)


def from_base45(text: str) -> bytes | None:
    """The bytes that ``base45`` spelled so, None for anything else."""
    if len(text) % 3 == 1 or not _VALUES.keys() >= set(text):
        return None
    data = bytearray()
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        number = sum(_VALUES[letter] * 45**place for place, letter in enumerate(group))
        if number >= 256 ** (len(group) - 1):
            return None
        data += number.to_bytes(len(group) - 1)
    return bytes(data)


# --- a whole file as parts -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """One of ``count`` codes of a file: its place from 0; ``mark`` is of the whole file."""

    mark: bytes
    place: int
    count: int
    body: bytes


def split(data: bytes) -> list[str]:
    """A file as the texts of its codes, in order. Refused ("sync_files.too_much_light") when there would be too many."""
    count = max(1, -(-len(data) // PART_BYTES))
    if count > MOST_PARTS:
        raise Refused("sync_files.too_much_light", codes=count, most=MOST_PARTS)
    mark = hashlib.sha256(data).digest()[:8]
    return [
        base45(_HEAD.pack(PART_MAGIC, mark, place, count) + data[place * PART_BYTES : (place + 1) * PART_BYTES])
        for place in range(count)
    ]


def read_part(text: str) -> Part | None:
    """The part that a code's text holds, None when it is something else."""
    data = from_base45(text)
    if data is None or len(data) <= _HEAD.size or not data.startswith(PART_MAGIC):
        return None
    _, mark, place, count = _HEAD.unpack_from(data)
    body = data[_HEAD.size :]
    if not place < count <= MOST_PARTS or len(body) > PART_BYTES:
        return None
    return Part(mark, place, count, body)


def join(parts: Iterable[Part]) -> bytes | None:
    """The file, once every part of it is there and they are what was cut; None before."""
    found = {part.place: part for part in parts}
    if not found or len(found) < next(iter(found.values())).count:
        return None
    data = b"".join(found[place].body for place in sorted(found))
    return data if hashlib.sha256(data).digest()[:8] == next(iter(found.values())).mark else None


# --- the day sheet ---------------------------------------------------------------------------------------------------


class DaySheet(Signed, frozen=True, kw_only=True):
    """A day of a station in totals; ``sequence`` and ``chain`` say how far its operations went when it was printed.

    ``handouts`` are units by the item's name, ``requests`` new ones by kind.
    """

    type: Literal["day"] = "day"
    format: Format = Format()
    district: wire.District
    station: wire.StationCode
    store_id: wire.StoreId
    business_date: wire.Day
    made: wire.Time
    sequence: wire.Number
    chain: Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z")]
    person_times: wire.Count
    people: wire.Count
    registered: wire.Count
    occupations: dict[wire.Occupation, wire.Count]
    handouts: Annotated[dict[wire.Name, wire.Count], Meta(max_length=MOST_ITEMS + 1)]
    requests: Annotated[dict[wire.Code, wire.Count], Meta(max_length=16)]


def most_given(handouts: Mapping[str, int]) -> dict[str, int]:
    """What was given by item, the rest of a long list summed up under ""."""
    given = sorted(handouts.items(), key=lambda entry: -entry[1])
    rest = sum(count for _, count in given[MOST_ITEMS:])
    return dict(given[:MOST_ITEMS]) | ({"": rest} if rest else {})


def write_day(told: DaySheet, sign: envelope.Sign, verify_key: bytes) -> str:
    """The text of the code for a day sheet; Bug when it would not be read or not fit."""
    _, spelled = envelope.checked(told, DaySheet)
    text = base45(SHEET_MAGIC + zlib.compress(envelope.write_frame("day", spelled, b"", sign, verify_key), 9))
    if len(text) > LARGEST_SHEET:
        raise Bug("a day sheet that one code does not hold")
    return text


def is_day(text: str) -> bool:
    """Whether a code's text says that it is a day sheet."""
    data = from_base45(text)
    return data is not None and data.startswith(SHEET_MAGIC)


def read_day(text: str, keys: Mapping[bytes, bytes]) -> tuple[DaySheet, bytes]:
    """The day sheet in a code's text and the id of the key that signed it; ``keys`` are public keys by id.

    Raises Refused with the first reason found: no code of ours, unknown station, bad signature, newer format ...
    """
    data = from_base45(text)
    if data is None or not data.startswith(SHEET_MAGIC):
        raise Refused("sync_files.wrong_kind")
    inflate = zlib.decompressobj()
    try:
        frame = inflate.decompress(data[len(SHEET_MAGIC) :], LARGEST_INSIDE)
    except zlib.error:
        raise Refused("sync_files.damaged") from None
    if not inflate.eof or inflate.unused_data:
        raise Refused("sync_files.damaged")
    cut = envelope.cut_frame("day", frame)
    key = envelope.pick_key(cut, keys)
    envelope.check_signature(cut, key)
    return envelope.read_manifest(bytes(cut.manifest), DaySheet, "day"), bytes(cut.key_id)
