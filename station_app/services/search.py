"""Finding people by part of a name, pinyin, initials, phone tail or card number: one index made for it.

The index (``person_entry`` and the FTS5 table ``person_search``) is derived: it is written with the person and can be
rebuilt from the ledgers and the subject keys.
"""

from __future__ import annotations

import os
from unicodedata import normalize

from ..db import Database, Tx
from ..vault import digest
from . import subjects

SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "朴": "piao", "查": "zha", "区": "ou", "盖": "ge", "翟": "zhai",
    "任": "ren", "华": "hua", "缪": "miao", "宓": "mi", "覃": "qin", "员": "yun", "尉迟": "yuchi", "万俟": "moqi",
    "长孙": "zhangsun", "乐": "yue", "黑": "he", "折": "she", "召": "shao", "种": "chong", "繁": "po", "秘": "bi",
}  # fmt: skip
"""Readings a character has as a surname, where they differ from its usual one or are in doubt."""


def plain(text: str) -> str:
    """Text as it is compared: width and case folded, spaces and middle dots gone."""
    return "".join(c for c in normalize("NFKC", text).casefold() if c.isalnum())


def readings(name: str) -> list[list[str]]:
    """The ways to read a name aloud, each a list of syllables (pinyin without tones); [] for no name."""
    if not name:
        return []
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # 54 MB of phrases that names do not need
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")
    from pypinyin import lazy_pinyin

    letters = plain(name)
    usual = [part for syllable in lazy_pinyin(letters) for part in syllable.split()]
    found = [usual]
    for surname, reading in SURNAMES.items():
        if letters.startswith(surname):
            other = [reading, *lazy_pinyin(letters[len(surname) :])]
            if other != usual:
                found.append(other)
    return found


def tokens(name: str, phone: str, card_number: str) -> str:
    """What the index holds for a person: every tail of the name, its pinyin and initials, the phone and its tail, the card."""
    words: list[str] = []
    letters = plain(name)
    words += [letters[start:] for start in range(len(letters))]
    for syllables in readings(name):
        words += ["".join(syllables[start:]) for start in range(len(syllables))]
        words += ["".join(s[0] for s in syllables[start:]) for start in range(len(syllables))]
    if phone:
        words += [phone, phone[-4:], phone[-3:]]
    if card_number:
        words.append(card_number)
    return " ".join(dict.fromkeys(words))


def refresh(tx: Tx, person_id: str) -> None:
    """Bring the index true for one person inside the operation that changed them; a voided or erased one leaves it."""
    db = tx.db
    old = db.scalar("SELECT rowid FROM person_entry WHERE person_id = ?", (person_id,))
    if old is not None:
        tx.run("DELETE FROM person_search WHERE rowid = ?", (old,))
        tx.run("DELETE FROM person_entry WHERE rowid = ?", (old,))
    person = db.one("SELECT * FROM person WHERE id = ? AND void_reason IS NULL", (person_id,))
    if person is None or db.one("SELECT 1 FROM erasure WHERE subject_id = ?", (person_id,)):
        return
    name, phone = _identity(db, person_id)
    card = db.scalar(
        "SELECT card_number FROM badge WHERE person_id = ? AND state = 'active' AND void_reason IS NULL ORDER BY id DESC",
        (person_id,),
    )
    seen = db.scalar("SELECT max(time) FROM visit WHERE person_id = ? AND void_reason IS NULL", (person_id,))
    ways = readings(name)
    key = subjects.secret(db, "digest")
    tx.run(
        "INSERT INTO person_entry(rowid, person_id, sort_key, phone_digest, name_digest, occupation, last_seen)"
        " VALUES(?, ?, ?, ?, ?, ?, ?)",
        (
            old, person_id, " ".join(ways[-1]) if ways else "~" + (card or ""), digest(key, "phone", phone) if phone else None,
            digest(key, "name", plain(name)) if name else None, person["occupation"], seen or "",
        ),
    )  # fmt: skip
    rowid = db.scalar("SELECT rowid FROM person_entry WHERE person_id = ?", (person_id,))
    tx.run("INSERT INTO person_search(rowid, tokens) VALUES(?, ?)", (rowid, tokens(name, phone, card or "")))


def leave(tx: Tx, person_id: str) -> None:
    """Take a person out of the index, inside the operation that forgets them; gone for good only after ``merge``.

    A contentless index only strikes a deleted row out, whatever ``secure-delete`` says: the name and its pinyin stay readable in
    its segments until they are merged.
    """
    entry = tx.db.scalar("SELECT rowid FROM person_entry WHERE person_id = ?", (person_id,))
    tx.run("DELETE FROM person_search WHERE rowid = ?", (entry,))
    tx.run("DELETE FROM person_entry WHERE rowid = ?", (entry,))


def merge(tx: Tx) -> None:
    """Merge the index, so that what was struck out of it is gone (30 ms for 20,000 regulars)."""
    tx.run("INSERT INTO person_search(person_search) VALUES('optimize')")


def seen(tx: Tx, person_id: str) -> None:
    """Remember that a person was here just now."""
    tx.run("UPDATE person_entry SET last_seen = max(last_seen, ?) WHERE person_id = ?", (tx.stamp.time, person_id))


def _identity(db: Database, person_id: str) -> tuple[str, str]:
    """Name and phone of a person, "" where they are not kept."""
    row = db.one("SELECT name_sealed, phone_sealed FROM identity WHERE id = ? AND void_reason IS NULL", (person_id,))
    if row is None:
        return "", ""
    key = subjects.key_of(db, person_id)
    return (
        subjects.unseal(key, "identity.name_sealed", person_id, row["name_sealed"]),
        subjects.unseal(key, "identity.phone_sealed", person_id, row["phone_sealed"]),
    )


def find(db: Database, text: str, limit: int) -> list[str]:
    """Ids of the people ``text`` may mean, those seen last first; every word of it has to fit."""
    words = [plain(word) for word in text.split()]
    words = [word for word in words if word]
    if not words:
        return []
    query = " ".join(f'"{word}"*' for word in words)
    rows = db.rows(
        "SELECT e.person_id FROM person_search s JOIN person_entry e ON e.rowid = s.rowid"
        " WHERE person_search MATCH ? ORDER BY e.last_seen DESC, e.sort_key LIMIT ?",
        (query, limit),
    )
    return [row["person_id"] for row in rows]
