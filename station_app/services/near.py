"""One slip of the finger forgiven, for a text that nobody fits: a letter too many, too few, another, or two swapped.

A wrong character of the same sound (what an input method offers) fits by its pinyin. Asked on the reader thread; the halves of the
text around the slip narrow everybody down to a few, which rapidfuzz then measures.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from ..db import Database
from . import aliases, search

SHORTEST = 4
"""Letters or digits below which a slip could mean anybody."""
MOST = 300
"""Candidates measured."""


def find(db: Database, text: str, limit: int) -> list[str]:
    """Ids of the people whose name, pinyin, phone or card number is one slip away from ``text``, the nearest first."""
    if text.isascii() and text.isdigit():
        return _numbers(db, text, limit)
    if text.isascii():
        return _spelled(db, [text], limit)
    ways = list(dict.fromkeys("".join(way) for way in search.readings(text)))
    found: dict[str, None] = {}
    for way in ways:
        found |= dict.fromkeys(search.matching(db, f'"{search.WHOLE}{way}"', limit))
    found |= dict.fromkeys(_one_character(db, text, limit))
    if not found:
        found = dict.fromkeys(_spelled(db, ways, limit))
    return list(found)[:limit]


def _one_character(db: Database, text: str, limit: int) -> list[str]:
    """Names of three characters and more in which one is another: all around it stands."""
    if len(text) < 3:
        return []
    whole = search.WHOLE
    queries = [f'"{text[1:]}"', f'"{whole}{text[:-1]}"*']
    queries += [f'"{whole}{text[:place]}"* AND "{text[place + 1 :]}"' for place in range(1, len(text) - 1)]
    met = dict.fromkeys(one for query in queries for one in search.matching(db, query, MOST))
    return [one for one in _sounding(db, met, text) if _differs_in_one(search.plain(search.identity(db, one)[0]), text)][:limit]


def _differs_in_one(name: str, text: str) -> bool:
    return len(name) == len(text) and sum(a != b for a, b in zip(name, text, strict=True)) == 1


def _sounding(db: Database, ids: Collection[str], text: str) -> list[str]:
    """Those of them whose name may be the text but for one character, by its sound: only their names need to be unsealed.

    A surname of two characters that is not one any more is read in another way: two syllables may differ.
    """
    ways = search.readings(text)
    asked = "SELECT person_id, sort_key FROM person_entry WHERE person_id IN (SELECT value FROM json_each(?))"
    rows = db.rows(asked, (json.dumps([*ids]),))
    said = {row["person_id"]: row["sort_key"].split() for row in rows}

    def alike(syllables: list[str]) -> bool:
        return any(len(way) == len(syllables) and sum(a != b for a, b in zip(way, syllables, strict=True)) <= 2 for way in ways)

    return [one for one in ids if alike(said[one])]


def _spelled(db: Database, ways: Iterable[str], limit: int) -> list[str]:
    """Those whose whole pinyin is one slip away."""
    found: dict[str, None] = {}
    for text in ways:
        if len(text) >= SHORTEST:
            found |= dict.fromkeys(_close(db, text, "replace(sort_key, ' ', '')"))
    return list(found)[:limit]


def _numbers(db: Database, text: str, limit: int) -> list[str]:
    """Those whose card number or whole phone is one slip away."""
    from rapidfuzz.distance import OSA

    if 5 <= len(text) <= 7:
        return _close(db, text, "card")[:limit]
    if not 10 <= len(text) <= 12:
        return []
    phones = {one: [search.identity(db, same)[1] for same in aliases.members(db, one)] for one in _candidates(db, text)}
    return [one for one, said in phones.items() if any(OSA.distance(text, phone, score_cutoff=1) <= 1 for phone in said)][:limit]


def _candidates(db: Database, text: str) -> list[str]:
    """Who may be meant: one slip leaves the first or the second half of the text whole, or two neighbours in its middle are swapped."""
    middle = len(text) // 2
    swapped = text[: middle - 1] + text[middle] + text[middle - 1] + text[middle + 1 :]
    queries = (
        f'"{search.WHOLE}{swapped}"', f'"{search.WHOLE}{text[:middle]}"*', f'"{search.BACKWARDS}{text[middle:][::-1]}"*',
    )  # fmt: skip
    return list(dict.fromkeys(one for query in queries for one in search.matching(db, query, MOST)))


def _close(db: Database, text: str, spelled: str) -> list[str]:
    """The candidates one slip away by what a column of their entry says, those seen last first."""
    from rapidfuzz.distance import OSA

    rows = db.rows(
        f"SELECT person_id, {spelled} AS said FROM person_entry WHERE person_id IN (SELECT value FROM json_each(?))"
        " ORDER BY last_seen DESC, sort_key",
        (json.dumps(_candidates(db, text)),),
    )
    return [row["person_id"] for row in rows if OSA.distance(text, row["said"] or "", score_cutoff=1) <= 1]
