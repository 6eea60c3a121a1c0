"""The answers that wait, of all stations, for the pack of any: each sealed so that only a badge or a slip opens it (decision 018)."""

from __future__ import annotations

import os

from ..db import Database, Row
from ..services import answers, slips, subjects
from ..sync import manifest
from ..vault import KEY_BYTES
from . import books

MOST_BYTES = 4 * 1024 * 1024
"""Of the sealed answers in one pack, which may have 16 MiB in all; the newest answers go first."""


def for_pack(db: Database) -> manifest.Waiting:
    """Every answer nobody was told yet, under a key of its own: once for the badge of whoever asked and once for their slip."""
    key = os.urandom(KEY_BYTES)
    badges = books.badges_of_those_who_wait(db)
    found: list[manifest.WaitingAnswer] = []
    size = 0
    for row in books.waiting_answers(db):
        told = _answer(row)
        for digits in (slips.code(row["secret"], row["voice_id"]), *badges.get(row["person_id"] or "", ())):
            mark, sealed = answers.seal(key, digits, told)
            size += len(sealed)
            if size > MOST_BYTES or len(found) == manifest.MOST_WAITING:
                return manifest.Waiting(key=key.hex(), answers=_in_order(found))
            found.append(manifest.WaitingAnswer(mark=mark, sealed=sealed))
    return manifest.Waiting(key=key.hex(), answers=_in_order(found))


def _in_order(found: list[manifest.WaitingAnswer]) -> list[manifest.WaitingAnswer]:
    """By their marks: the order in which they were answered is nobody's business, nor which two are one person's."""
    return sorted(found, key=lambda one: one.mark)


def _answer(row: Row) -> answers.Answer:
    secret = row["secret"]
    return answers.Answer(
        row["id"], row["number"], row["station_name"], row["category"], row["kind"], row["round"], row["time"], row["unit"] or "",
        row["voice_id"], subjects.unseal(secret, "request.text_sealed", row["id"], row["text_sealed"]),
        subjects.unseal(secret, "request_step.note_sealed", row["step_id"], row["note_sealed"]), secret,
    )  # fmt: skip
