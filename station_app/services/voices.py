"""Voices: somebody else says the same as a request that is there already, and is told the answer, too.

A voice is a fact of its own, with its own person or contact, under the request's key. It moves the request nowhere; what it is told
is a step with its ``voice_id``. What is not fixed for one who joined is open again for all.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ..db import Database, Row
from ..errors import Refused, RuleRefused, UserMistake
from ..model import Changes, Channel, Op, Request, RequestState, Verdict, Voice, uuid7
from . import aliases, requests, slips, subjects

ANSWERED = frozenset({RequestState.REPLIED, RequestState.TOLD, RequestState.CLOSED})
"""The states in which a voice may wait for an answer that was given."""


def add(
    db: Database,
    request_id: str,
    *,
    channel: Channel = Channel.DESK,
    person_id: str | None = None,
    contact: str = "",
    note: str = "",
    at: datetime | None = None,
) -> tuple[Voice, str, Changes]:
    """Somebody joins an open request; returns the voice and the digits of its slip.

    RuleRefused for a request that is over, Refused for one whose words were forgotten, UserMistake for words that are too long or a
    person nobody knows.
    """
    request = requests.get(db, request_id)
    if request.state not in requests.OPEN:
        raise RuleRefused("voices.over", rule="request_state", last=request.steps[-1].time, next=None)
    if max(len(contact), len(note)) > requests.LONGEST_LINE:
        raise UserMistake("requests.long_text", most=requests.LONGEST_LINE)
    stands = "SELECT 1 FROM person WHERE id = ? AND void_reason IS NULL"
    if person_id is not None and not aliases.is_stranger(person_id) and not db.one(stands, (person_id,)):
        raise UserMistake("people.unknown")
    key = subjects.key_of(db, request_id)
    if key is None:
        raise Refused("requests.no_key")
    voice_id = uuid7()
    with db.transact(Op.ADD_VOICE, at, request=request_id, number=request.number, person=person_id) as tx:
        tx.put(
            "request_voice",
            {
                "id": voice_id, "time": tx.stamp.time, "business_date": tx.stamp.business_date, "request_id": request_id,
                "channel": channel.value, "person_id": person_id, "keeper_id": db.acting,
                **{
                    f"{name}_sealed": subjects.seal(key, f"request_voice.{name}_sealed", voice_id, words.strip())
                    for name, words in (("contact", contact), ("note", note))
                },
            },
        )  # fmt: skip
    return get(db, voice_id), slips.code(key, voice_id), tx.changes


def tell(db: Database, voice_id: str, verdict: Verdict, note: str = "", at: datetime | None = None) -> tuple[Voice, Changes]:
    """A voice was told the answer and said whether it is fixed for them; "not" opens the request again.

    RuleRefused while there is no answer, or once it was told.
    """
    voice = get(db, voice_id)
    request = requests.get(db, voice.request_id)
    if voice.told is not None or request.state not in ANSWERED:
        last = request.steps[-1].time if request.steps else request.time
        raise RuleRefused("voices.nothing_to_tell", rule="request_state", last=last, next=None)
    with db.transact(
        Op.REQUEST_STEP, at, request=voice.request_id, number=request.number, state=RequestState.TOLD.value, voice=voice_id
    ) as tx:
        requests.write_told(tx, voice.request_id, verdict, note, voice_id=voice_id)
    return get(db, voice_id), tx.changes


VOICE = (
    "SELECT v.*, k.secret, (SELECT s.verdict FROM request_step s WHERE s.voice_id = v.id AND s.void_reason IS NULL AND s.state = 'told'"
    " AND s.round = (SELECT max(round) FROM request_step WHERE request_id = v.request_id AND void_reason IS NULL)"
    " ORDER BY s.time DESC, s.id DESC LIMIT 1) AS told FROM request_voice v LEFT JOIN subject_key k ON k.subject_id = v.request_id"
)
"""Voices with what each said of the answer of the present round."""


def get(db: Database, voice_id: str) -> Voice:
    """One voice; UserMistake for an id nobody has."""
    row = db.one(f"{VOICE} WHERE v.id = ? AND v.void_reason IS NULL", (voice_id,))
    if row is None:
        raise UserMistake("voices.unknown")
    return _shown(db, row)


def of_request(db: Database, request_id: str) -> list[Voice]:
    """Whoever joined a request, the first first."""
    rows = db.rows(f"{VOICE} WHERE v.request_id = ? AND v.void_reason IS NULL ORDER BY v.time, v.id", (request_id,))
    return [_shown(db, row) for row in rows]


def to_tell(db: Database, person_id: str) -> list[tuple[Voice, Request]]:
    """The answers a person waits for who joined somebody else's request."""
    rows = db.rows(
        f"{VOICE} WHERE v.person_id IN {aliases.MEMBERS} AND v.void_reason IS NULL ORDER BY v.time, v.id", {"person": person_id}
    )
    found = []
    for row in rows:
        request = requests.get(db, row["request_id"]) if row["told"] is None else None
        if request is not None and request.state in ANSWERED:
            found.append((_shown(db, row), request))
    return found


def _shown(db: Database, row: Row) -> Voice:
    """A voice as whoever is at work may see it."""

    def words(name: str) -> str:
        return subjects.unseal(row["secret"], f"request_voice.{name}_sealed", row["id"], row[f"{name}_sealed"])

    voice = Voice(
        row["id"], row["request_id"], row["time"], Channel(row["channel"]), row["person_id"],
        told=Verdict(row["told"]) if row["told"] else None,
    )  # fmt: skip
    return replace(voice, contact=words("contact"), note=words("note")) if subjects.shown(db, row) else voice
