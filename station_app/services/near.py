"""One slip of the finger forgiven, for a text that nobody fits: a letter too many, too few, another, or two swapped.

A wrong character of the same sound (what an input method offers) fits by its pinyin. Asked on the reader thread; the halves of the
text around the slip narrow everybody down to a few, which rapidfuzz then measures.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..db import Database
from . import aliases, search

SHORTEST = 4
"""Letters or digits below which a slip could mean anybody."""
MOST = 400
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
        found |= dict.fromkeys(search._matching(db, f'"{search.WHOLE}{way}"', limit))
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
    found: dict[str, None] = {}
    for query in queries:
        for person_id in search._matching(db, query, MOST):
            name = search.plain(search._identity(db, person_id)[0])
            if len(name) == len(text) and sum(a != b for a, b in zip(name, text, strict=True)) == 1:
                found[person_id] = None
    return list(found)[:limit]


def _halves(text: str) -> tuple[str, str]:
    """What one slip, or two neighbours swapped, leaves whole: always the beginning or the end."""
    middle = len(text) // 2
    return text[: middle - 1], text[middle + 1 :]


def _spelled(db: Database, ways: Iterable[str], limit: int) -> list[str]:
    """Those whose whole pinyin is one slip away, the nearest first, of equal ones those seen last."""
    from rapidfuzz.distance import OSA

    measured: dict[str, tuple[int, int]] = {}
    for text in ways:
        if len(text) < SHORTEST:
            continue
        begins, ends = _halves(text)
        rows = db.rows(
            "SELECT e.person_id, e.sort_key FROM (SELECT rowid FROM (SELECT rowid, replace(sort_key, ' ', '') AS spelled"
            " FROM person_entry INDEXED BY person_entry_sort) WHERE spelled LIKE ? || '%' OR spelled LIKE '%' || ?) f"
            " JOIN person_entry e ON e.rowid = f.rowid ORDER BY e.last_seen DESC LIMIT ?",
            (begins, ends, MOST),
        )
        for place, row in enumerate(rows):
            away = OSA.distance(text, row["sort_key"].replace(" ", ""), score_cutoff=1)
            if away <= 1:
                measured[row["person_id"]] = min(measured.get(row["person_id"], (2, 0)), (away, place))
    return sorted(measured, key=lambda one: measured[one])[:limit]


def _numbers(db: Database, text: str, limit: int) -> list[str]:
    """Those whose card number or whole phone is one slip away."""
    from rapidfuzz.distance import OSA

    begins, ends = _halves(text)
    found: dict[str, None] = {}
    if 5 <= len(text) <= 7:
        rows = db.rows(
            "SELECT card_number, person_id FROM badge WHERE state = 'active' AND void_reason IS NULL"
            " AND (card_number LIKE ? || '%' OR card_number LIKE '%' || ?) LIMIT 2000",
            (begins, ends),
        )
        close = [row["person_id"] for row in rows if OSA.distance(text, row["card_number"], score_cutoff=1) <= 1]
        found |= dict.fromkeys(aliases.final(db, one) for one in close)
    elif 10 <= len(text) <= 12:
        for query in (f'"{search.WHOLE}{begins}"*', f'"{ends}"'):
            for person_id in search._matching(db, query, MOST):
                phones = [search._identity(db, one)[1] for one in aliases.members(db, person_id)]
                if any(OSA.distance(text, phone, score_cutoff=1) <= 1 for phone in phones if phone):
                    found[person_id] = None
    return list(found)[:limit]
