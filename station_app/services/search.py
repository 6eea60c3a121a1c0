"""Finding people by part of a name, pinyin, initials, phone tail or card number: one index made for it.

The index (``person_entry`` and the FTS5 table ``person_search``) is derived: it is written with the person and can be
rebuilt from the ledgers and the subject keys. What was merged into somebody is found as them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from unicodedata import normalize

from ..db import Database, Tx
from ..vault import digest
from . import aliases, subjects

SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "朴": "piao", "查": "zha", "区": "ou", "盖": "ge", "翟": "zhai",
    "任": "ren", "华": "hua", "缪": "miao", "宓": "mi", "覃": "qin", "员": "yun", "尉迟": "yu chi", "万俟": "mo qi",
    "长孙": "zhang sun", "乐": "yue", "黑": "he", "折": "she", "召": "shao", "种": "chong", "繁": "po", "秘": "bi",
    "薄": "bo", "洗": "xian", "祭": "zhai", "隗": "wei", "粘": "nian", "么": "yao", "卜": "bu", "牟": "mu", "乜": "nie",
    "都": "du", "重": "chong", "阚": "kan", "郇": "xun", "句": "gou", "藏": "zang", "参": "shen", "佴": "nai", "适": "kuo",
    "澹台": "tan tai", "单于": "chan yu", "尉": "wei", "纪": "ji", "褚": "chu", "冼": "xian", "逄": "pang", "谌": "chen",
}  # fmt: skip
"""Readings a character has as a surname, where they differ from its usual one or are in doubt."""
WHOLE, BACKWARDS = "0q", "0r"
"""Stand before what is the whole of something (a name, its pinyin, a phone), so that what begins with the text comes first; and
before the whole spelled backwards, so that what ends with a text is found (``near``)."""
LAST = "\U0010ffff"
"""Stands for an employer nobody told, so that those come last."""
MANY = 400
"""More matches than these are met in the order in which people came last, until there are enough; fewer are sorted."""
CROWD = 4_000
"""Where more than these match one or two signs, the entries themselves say who does (``heads``): not even listing the matches is quick."""


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
            other = [*reading.split(), *lazy_pinyin(letters[len(surname) :])]
            if other not in found:
                found.append(other)
    return found


def tokens(name: str, phone: str, card_number: str) -> str:
    """What the index holds for a person: every tail of the name, its pinyin and initials, the phone and its tail, the card."""
    letters = plain(name)
    words = [letters[start:] for start in range(len(letters))]
    whole = [letters, phone, phone[-4:], card_number]
    for syllables in readings(name):
        spelled, initials = "".join(syllables), "".join(s[0] for s in syllables)
        whole += [spelled, initials]
        words += ["".join(syllables[start:]) for start in range(len(syllables))]
        words += [initials[start:] for start in range(len(syllables))]
    if phone:
        words += [phone[start:] for start in range(len(phone) - 2)]
    words += [card_number[start:] for start in range(max(len(card_number) - 2, 0))]
    marked = [WHOLE + one for one in whole if one] + [BACKWARDS + one[::-1] for one in whole if one.isascii() and len(one) > 4]
    return " ".join(dict.fromkeys([*marked, *words]))


def heads(spelled: str) -> str:
    """How the words of ``tokens`` begin, two signs each: " " before any, "^" before what begins a whole, "=" before a whole of two."""
    found: dict[str, None] = {}
    for word in spelled.split():
        if word.startswith(WHOLE):
            text = word[len(WHOLE) :]
            found["^" + text[:2]] = None
            if len(text) == 2:
                found["=" + text] = None
        elif not word.startswith(BACKWARDS):
            found[" " + word[:2]] = None
    return "".join(found)


def refresh(tx: Tx, person_id: str) -> None:
    """Bring the index true for one person inside the operation that changed them; a voided, erased or merged one leaves it."""
    db = tx.db
    old = db.scalar("SELECT rowid FROM person_entry WHERE person_id = ?", (person_id,))
    if old is not None:
        tx.run("DELETE FROM person_search WHERE rowid = ?", (old,))
        tx.run("DELETE FROM person_entry WHERE rowid = ?", (old,))
    person = db.one("SELECT * FROM person WHERE id = ? AND void_reason IS NULL", (person_id,))
    if person is None or db.one("SELECT 1 FROM erasure WHERE subject_id = ?", (person_id,)):
        return
    if (kept := aliases.final(db, person_id)) != person_id:
        refresh(tx, kept)
        return
    name, phone = identity(db, person_id)
    same = {"person": person_id}
    cards = db.rows(
        f"SELECT card_number FROM badge WHERE person_id IN {aliases.MEMBERS} AND state = 'active' AND void_reason IS NULL"
        " ORDER BY person_id = :person DESC, id DESC",
        same,
    )
    card = cards[0]["card_number"] if cards else ""
    came = db.one(
        f"SELECT count(*) AS n, max(time) AS last FROM visit WHERE person_id IN {aliases.MEMBERS} AND void_reason IS NULL", same
    )
    ways = readings(name)
    key = subjects.secret(db, "digest")
    spelled = [tokens(name, phone, card), *(tokens("", "", other["card_number"]) for other in cards[1:])]
    spelled += [tokens(*identity(db, other), "") for other in aliases.members(db, person_id)[1:]]
    words = " ".join(spelled)
    tx.run(
        "INSERT INTO person_entry(rowid, person_id, sort_key, phone_digest, name_digest, occupation, last_seen, platform, consent, card,"
        " visits, heads) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            old, person_id, " ".join(ways[-1]) if ways else "~" + card, digest(key, "phone", phone) if phone else None,
            digest(key, "name", plain(name)) if name else None, person["occupation"], (came and came["last"]) or "",
            person["platform"] or LAST, person["consent"], card, came["n"] if came else 0, heads(words),
        ),
    )  # fmt: skip
    rowid = db.scalar("SELECT rowid FROM person_entry WHERE person_id = ?", (person_id,))
    tx.run("INSERT INTO person_search(rowid, tokens) VALUES(?, ?)", (rowid, words))


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
    tx.run(
        "UPDATE person_entry SET last_seen = max(last_seen, ?), visits = visits + 1 WHERE person_id = ?", (tx.stamp.time, person_id)
    )


def identity(db: Database, person_id: str) -> tuple[str, str]:
    """Name and phone of a person, "" where they are not kept."""
    row = db.one("SELECT name_sealed, phone_sealed FROM identity WHERE id = ? AND void_reason IS NULL", (person_id,))
    if row is None:
        return "", ""
    key = subjects.key_of(db, person_id)
    return (
        subjects.unseal(key, "identity.name_sealed", person_id, row["name_sealed"]),
        subjects.unseal(key, "identity.phone_sealed", person_id, row["phone_sealed"]),
    )


# --- asking ------------------------------------------------------------------------------------------------------------


def find(db: Database, text: str, limit: int) -> list[str]:
    """Ids of the people ``text`` may mean, the best match first; every word of it has to fit.

    What is the whole name, pinyin or number comes before what only begins so, that before what stands further inside; of equal
    ones those seen last. Only where nothing fits is one slip of the finger forgiven (``near``).
    """
    words = [word for word in (plain(word) for word in text.split()) if word]
    if not words or limit < 1:
        return []
    joined, inside = "".join(words), " ".join(f'"{word}"*' for word in words)
    places = _places(db, inside)
    if not places:
        from . import near

        return near.find(db, joined, limit)
    whole, begins = f'"{WHOLE}{joined}"', f'"{WHOLE}{joined}"*'
    if len(places) < MANY:
        return _ranked(db, places, whole, begins)[:limit]
    within = [f" {word}" for word in words] if max(map(len, words)) <= 2 else []
    asked = [(whole, []), (begins, [f"^{joined}"] if len(joined) == 2 else []), (inside, within)]
    found: dict[str, None] = {}
    for query, begun in asked if len(joined) > 1 else asked[2:]:  # one character is nobody's whole name: all are alike
        found |= dict.fromkeys(matching(db, query, limit, begun))
        if len(found) >= limit:
            break
    return list(found)[:limit]


def _places(db: Database, query: str) -> list[int]:
    """The places in the index that a query finds, at most MANY."""
    return [row["rowid"] for row in db.rows("SELECT rowid FROM person_search WHERE person_search MATCH ? LIMIT ?", (query, MANY))]


def _entries(db: Database, places: Sequence[int], limit: int) -> list[tuple[int, str]]:
    """(place, id) of these entries, those seen last first."""
    rows = db.rows(
        "SELECT rowid AS place, person_id FROM person_entry WHERE rowid IN (SELECT value FROM json_each(?))"
        " ORDER BY last_seen DESC, sort_key LIMIT ?",
        (json.dumps(places), limit),
    )
    return [(row["place"], row["person_id"]) for row in rows]


def _ranked(db: Database, places: Sequence[int], whole: str, begins: str) -> list[str]:
    """All of a few, the whole first, then those that begin so."""
    entries = _entries(db, places, MANY)
    if len(entries) < 2:
        return [person_id for _, person_id in entries]
    first, second = set(_places(db, whole)), set(_places(db, begins))
    return [one for _, one in sorted(entries, key=lambda entry: (entry[0] not in first, entry[0] not in second))]


def matching(db: Database, query: str, limit: int, begun: Sequence[str] = ()) -> Sequence[str]:
    """Ids of those a query of the index finds, those seen last first; ``begun``: what the ``heads`` of just these hold."""
    places = _places(db, query)
    if len(places) < MANY:
        return [person_id for _, person_id in _entries(db, places, limit)]
    everybody = "SELECT person_id FROM person_entry INDEXED BY person_entry_seen WHERE"
    last = "ORDER BY last_seen DESC, sort_key LIMIT ?"
    if begun and db.one("SELECT 1 FROM person_search WHERE person_search MATCH ? LIMIT 1 OFFSET ?", (query, CROWD)):
        held = " AND ".join("instr(heads, ?) > 0" for _ in begun)
        rows = db.rows(f"{everybody} {held} {last}", (*begun, limit))
    else:
        rows = db.rows(f"{everybody} rowid IN (SELECT rowid FROM person_search WHERE person_search MATCH ?) {last}", (query, limit))
    return [row["person_id"] for row in rows]
