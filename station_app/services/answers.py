"""Answers that wait, at this station, for whoever shows a badge or a slip: of requests that any station of the district recorded.

Every pack brings all of them anew (``replace``), each sealed under a key that follows from the pack's own key and the digits of the
badge or slip: a station reads an answer once the person stands there, and not before (decision 018). What the person says of it
is a step of this station (side "elsewhere"); it reaches the station that recorded the request by way of the district.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from dataclasses import replace as with_other
from datetime import datetime
from typing import Any

from ..db import Database, Row, Tx
from ..errors import Refused, UserMistake
from ..model import Changes, Op, Request, RequestState, Verdict
from ..vault import derived, open_text, seal_text
from . import requests, slips

LONGEST_TEXT = 1000
LONGEST_ABOUT = 40
"""Characters of an answer, and of what it answers, that go along."""
KEY = "waiting_key"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to tell: to which request of which station (a name), in which round, when and by which unit it was given.

    ``about`` is how the request begins, ``text`` what was answered; both "" for who is not shown what people said. ``voice_id``
    is set for somebody who joined the request. ``category`` and ``kind`` are codes, ``time`` is ISO 8601.
    """

    request_id: str
    number: str
    station: str
    category: str
    kind: str
    round: int
    time: str
    unit: str
    voice_id: str = ""
    about: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    key: bytes = field(default=b"", repr=False)


# --- how they are sealed -----------------------------------------------------------------------------------------------------


def mark(pack_key: bytes, digits: str) -> str:
    """By what an answer is found: nobody without the digits of the badge or slip can tell whose it is."""
    return derived(pack_key, f"answer/mark/{digits}").hex()


def seal(pack_key: bytes, digits: str, told: Answer) -> tuple[str, str]:
    """(mark, ciphertext) of an answer for whoever has these digits."""
    found = mark(pack_key, digits)
    content = {
        "request_id": told.request_id, "number": told.number, "station": told.station, "category": told.category, "kind": told.kind,
        "round": told.round, "time": told.time, "unit": told.unit, "voice_id": told.voice_id, "about": told.about[:LONGEST_ABOUT],
        "text": told.text[:LONGEST_TEXT], "key": told.key.hex(),
    }  # fmt: skip
    spelled = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return found, seal_text(derived(pack_key, f"answer/open/{digits}"), f"answer/{found}", spelled)


def _opened(pack_key: bytes, digits: str, row: Row) -> Answer:
    told: dict[str, Any] = json.loads(
        open_text(derived(pack_key, f"answer/open/{digits}"), f"answer/{row['mark']}", row["sealed"])
    )
    return Answer(**{**told, "key": bytes.fromhex(told["key"])})


def replace(tx: Tx, key: str, answers: Iterable[tuple[str, str]]) -> None:
    """Put what a pack brought, (mark, sealed) each, in the place of what the one before did; ``key`` in hex, "" for none."""
    tx.run("DELETE FROM waiting_answer")
    tx.run_many("INSERT INTO waiting_answer(mark, sealed) VALUES(?, ?)", answers)
    tx.set_meta(KEY, key)


# --- looking up ------------------------------------------------------------------------------------------------------------


def waiting(db: Database, digits: str) -> list[Answer]:
    """The answers of other stations' requests for whoever shows these digits (of a badge or a slip), the oldest first.

    Without what was told here already, and without requests that can be read here: of those ``requests.to_tell`` knows.
    """
    key = bytes.fromhex(db.meta(KEY))
    if not key or not digits:
        return []
    rows = db.rows("SELECT mark, sealed FROM waiting_answer WHERE mark = ?", (mark(key, digits),))
    found = []
    for row in rows:
        try:
            told = _opened(key, digits, row)
        except (Refused, ValueError, TypeError, KeyError):  # the district's word is signed; what is unlike it is of another version
            continue
        if not _is_over(db, told):
            found.append(told if db.sees_people else with_other(told, about="", text="", key=b""))
    return sorted(found, key=lambda told: (told.time, told.request_id, told.voice_id))


def _is_over(db: Database, told: Answer) -> bool:
    """Whether it was told here already, can be read here as a request of this desk, or was forgotten since the pack came."""
    own = db.one("SELECT locked_key FROM request WHERE id = ?", (told.request_id,))
    if own is not None and not own["locked_key"]:
        return True
    if db.one("SELECT 1 FROM erasure WHERE subject_id = ?", (told.request_id,)) is not None:
        return True
    sql = (
        "SELECT 1 FROM request_step WHERE request_id = ? AND void_reason IS NULL AND state = ? AND round >= ?"
        " AND coalesce(voice_id, '') = ?"
    )
    return db.one(sql, (told.request_id, RequestState.TOLD.value, told.round, told.voice_id)) is not None


def brought(db: Database) -> str:
    """When the pack that brought the answers was applied (ISO 8601), "" before the first."""
    return db.scalar("SELECT applied FROM receipt ORDER BY epoch DESC, no DESC LIMIT 1") or ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the bearer of a slip can be told: a request of this desk (and the voice the slip is of), or an answer that waits.

    Neither, where nothing is known here yet: ``as_of`` is when the last pack was applied (ISO 8601 or "").
    """

    digits: str
    request: Request | None
    voice_id: str
    answers: tuple[Answer, ...]
    as_of: str


def by_slip(db: Database, text: str) -> Asked:
    """What is known of the request a slip was given for; UserMistake for digits that are no slip's."""
    digits = slips.read(text)
    if digits is None:
        raise UserMistake("answers.no_slip")
    own = _own(db, digits)
    request = requests.get(db, own[0]) if own else None
    return Asked(digits, request, own[1] if own else "", tuple(waiting(db, digits)), brought(db))


def _own(db: Database, digits: str) -> tuple[str, str] | None:
    """(request, voice) of a slip of this desk; every request's digits follow from its key, so each is tried, the newest first."""
    rows = db.rows(
        "SELECT r.id, '' AS voice_id, k.secret FROM request r JOIN subject_key k ON k.subject_id = r.id WHERE r.void_reason IS NULL"
        " UNION ALL SELECT v.request_id, v.id, k.secret FROM request_voice v JOIN subject_key k ON k.subject_id = v.request_id"
        " WHERE v.void_reason IS NULL ORDER BY 1 DESC"
    )
    return next(((row["id"], row["voice_id"]) for row in rows if slips.code(row["secret"], row["voice_id"]) == digits), None)


# --- telling ---------------------------------------------------------------------------------------------------------------


def tell(
    db: Database,
    digits: str,
    request_id: str,
    verdict: Verdict,
    note: str = "",
    *,
    voice_id: str = "",
    at: datetime | None = None,
) -> tuple[Answer, Changes]:
    """Whoever shows these digits was told the answer, and said what came of it: "not" opens the request again, at its own station.

    UserMistake when no such answer waits here (any more).
    """
    db.require(Op.REQUEST_STEP)
    told = next((one for one in waiting(db, digits) if (one.request_id, one.voice_id) == (request_id, voice_id)), None)
    if told is None:
        raise UserMistake("answers.none_waits")
    here = db.one("SELECT 1 FROM request WHERE id = ?", (request_id,)) is not None  # locked: its key is not here
    station = db.scalar("SELECT name FROM station WHERE id = ?", (db.meta("station_id"),)) or ""
    with db.transact(Op.REQUEST_STEP, at, request=request_id, number=told.number, state=RequestState.TOLD.value) as tx:
        requests.write_told(
            tx, request_id, verdict, note, station, voice_id=voice_id, side="station" if here else "elsewhere", round_=told.round,
            key=told.key or None,
        )  # fmt: skip
    return told, tx.changes
