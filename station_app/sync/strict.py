"""JSON as the exchange writes and reads it: one spelling, nothing ambiguous. Sees only ``errors``.

**Writing** is RFC 8785 (JCS) restricted to objects, lists, text, integers, true, false and null: keys sorted by their
UTF-16 code units, no spaces, UTF-8, no number that is not an integer of at most 53 bits.

**Reading** refuses what engines read differently: keys given twice, fractions, exponents, NaN and Infinity, lone
surrogates, a byte order mark, integers beyond 53 bits, more than ``DEPTH`` levels. Every refusal is one sentence id.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from ..errors import Bug, Refused

DEPTH = 16
"""The most levels of objects and lists inside each other."""
LARGEST = 2**53 - 1
"""The largest integer every JSON engine keeps exactly (RFC 8785 section 3.2.2.3)."""

_text_of = json.JSONEncoder(ensure_ascii=False).encode
"""One for all: ``json.dumps`` makes a new one for every text."""


def canonical(tree: object) -> bytes:
    """``tree`` (dict, list, tuple, str, int, bool, None) as RFC 8785 bytes; raises Bug for anything else in it."""
    parts: list[str] = []
    _spell(tree, parts, 0)
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError as error:
        raise Bug("a lone surrogate in what we write") from error


def _spell(node: object, parts: list[str], depth: int) -> None:
    if depth > DEPTH:
        raise Bug("deeper than we would read")
    if isinstance(node, dict):
        parts.append("{")
        for number, key in enumerate(sorted(node, key=_utf16)):
            parts.append(("," if number else "") + _text_of(key) + ":")
            _spell(node[key], parts, depth + 1)
        parts.append("}")
    elif isinstance(node, (list, tuple)):
        parts.append("[")
        for number, entry in enumerate(node):
            parts.append("," if number else "")
            _spell(entry, parts, depth + 1)
        parts.append("]")
    elif node is None or isinstance(node, (str, bool)):
        parts.append(_text_of(node))
    elif isinstance(node, int) and abs(node) <= LARGEST:
        parts.append(str(int(node)))
    else:
        raise Bug(f"{type(node).__name__} does not cross")


def _utf16(key: object) -> bytes:
    if not isinstance(key, str):
        raise Bug("a key that is not text")
    return key.encode("utf-16-be", "surrogatepass")


def read_json(data: bytes | memoryview) -> Any:
    """The tree in ``data``, or Refused ``sync_files.bad_json``."""
    text = _text(bytes(data))
    _check_depth(text)
    try:
        tree = json.loads(
            text, object_pairs_hook=_unique, parse_float=_no_fraction, parse_constant=_no_fraction, parse_int=_integer
        )
    except ValueError:
        raise Refused("sync_files.bad_json") from None
    _check_texts(tree)
    return tree


def read_canonical(data: bytes | memoryview) -> Any:
    """The tree in ``data`` when that is exactly its canonical spelling, else Refused ``sync_files.bad_json``."""
    tree, told = read_json(data), bytes(data)
    # without letters beyond the 16-bit planes both orders of keys are one, and the C encoder spells as ``canonical`` does
    if not _BEYOND.search(told) and json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() == told:
        return tree
    if canonical(tree) != told:
        raise Refused("sync_files.bad_json")
    return tree


_BEYOND = re.compile(rb"[\xf0-\xf4]")
"""The first byte of a letter beyond the 16-bit planes."""


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("sync_files.bad_json") from None
    if text.startswith("\ufeff"):
        raise Refused("sync_files.bad_json")
    return text


def _check_depth(text: str) -> None:
    """Measure the nesting before any parser recurses; a file with few brackets cannot nest deeply."""
    if text.count("[") + text.count("{") <= DEPTH:
        return
    depth, quoted, escaped = 0, False, False
    for letter in text:
        if quoted:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter in "[{":
            depth += 1
            if depth > DEPTH:
                raise Refused("sync_files.bad_json")
        elif letter in "]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise Refused("sync_files.bad_json")
    for key, node in pairs:
        _no_surrogate(key)
        _check_texts(node)
    return tree


def _check_texts(node: object) -> None:
    """Texts directly in ``node``; objects below were looked at when they were made."""
    if isinstance(node, str):
        _no_surrogate(node)
    elif isinstance(node, list):
        for entry in node:
            _check_texts(entry)


def _no_surrogate(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused("sync_files.bad_json") from None


def _no_fraction(_spelling: str) -> NoReturn:
    raise Refused("sync_files.bad_json")


def _integer(spelling: str) -> int:
    if len(spelling) > 17 or abs(number := int(spelling)) > LARGEST or spelling == "-0":
        raise Refused("sync_files.bad_json")
    return number
