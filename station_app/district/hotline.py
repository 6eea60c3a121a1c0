"""Requests of all stations for another system, such as a city's hotline: JSON or CSV, field by field as docs/requests-export.md says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ..db import Database
from ..errors import EnvironmentFault
from ..model import Changes, Op, Request, RequestState
from ..paper.table import write_table
from ..services import requests
from ..vault import write_whole
from ..words import label
from . import answer, books, matters

FORMAT = "station-requests/1"
MOST = 1_000_000
FIELDS = (
    "number", "station_code", "station_name", "recorded_at", "kind", "category", "category_name", "channel", "urgency", "due_at", "overdue",
    "state", "round", "verdict", "text", "place", "contact", "grid", "voices", "unit", "accepted_at", "transferred_at", "replied_at",
    "reply", "told_at", "told_at_station", "closed_at", "same_matter_as",
)  # fmt: skip
"""The columns of the CSV, in their order; the JSON has them too, and ``steps`` beside them."""


def rows(db: Database, *, still_open: bool = False) -> list[dict[str, Any]]:
    """Every request with what became of it, the oldest first; with ``still_open`` only those that are not over."""
    now = db.now().isoformat(timespec="seconds")
    found = []
    for row in reversed(books.requests_with_station(db, MOST)):
        if still_open and RequestState(row["state"]) not in requests.OPEN:
            continue
        request = answer.by_number(db, row["id"])
        found.append(_fields(db, request, row["station_code"], row["station_name"], now))
    return found


def _fields(db: Database, request: Request, code: str, name: str, now: str) -> dict[str, Any]:
    own = [step for step in request.steps if not step.voice_id]
    last = {step.state: step for step in own}
    reply, told = last.get(RequestState.REPLIED), last.get(RequestState.TOLD)
    waits = request.state in requests.OPEN - requests.ANSWERED
    units = [step.unit for step in own if step.unit and step.side == "district"]
    main = matters.main_of(db, request.id)

    def when(state: RequestState) -> str:
        return last[state].time if state in last else ""

    return {
        "number": request.number, "station_code": code, "station_name": name, "recorded_at": request.time, "kind": request.kind.value,
        "category": str(request.category), "category_name": label(request.category), "channel": request.channel.value,
        "urgency": request.urgency.value, "due_at": request.due, "overdue": waits and later(now, request.due),
        "state": request.state.value, "round": sum(step.state is RequestState.REOPENED for step in own) + 1,
        "verdict": request.verdict.value if request.verdict else "", "text": request.text, "place": request.place,
        "contact": request.contact, "grid": request.grid, "voices": request.voices, "unit": units[-1] if units else "",
        "accepted_at": when(RequestState.ACCEPTED), "transferred_at": when(RequestState.TRANSFERRED),
        "replied_at": when(RequestState.REPLIED), "reply": reply.note if reply else "", "told_at": when(RequestState.TOLD),
        "told_at_station": (told.unit if told.side == "elsewhere" else name) if told else "", "closed_at": when(RequestState.CLOSED),
        "same_matter_as": answer.by_number(db, main).number if main else "",
        "steps": [
            {"at": step.time, "state": step.state.value, "side": step.side, "unit": step.unit, "note": step.note,
             "verdict": step.verdict.value if step.verdict else ""}
            for step in request.steps
        ],
    }  # fmt: skip


def later(now: str, due: str) -> bool:
    """Whether a moment is past another, both ISO 8601."""
    return datetime.fromisoformat(now) > datetime.fromisoformat(due)


def export(
    db: Database, target: Path, kind: Literal["json", "csv"], *, still_open: bool = False
) -> tuple[int, Changes]:
    """Write the requests to ``target``, whole or not at all, and log that it was done; returns how many.

    Raises Refused to whoever may not, EnvironmentFault ("paper.cannot_write") when the disk says no.
    """
    db.require_sight("export_data")
    with db.transact(Op.EXPORT_DATA, requests=True) as tx:
        made = tx.stamp.time
    found = rows(db, still_open=still_open)
    if kind == "csv":
        write_table([FIELDS, *([_cell(one, name) for name in FIELDS] for one in found)], target)
    else:
        whole = {"format": FORMAT, "made": made, "district": db.meta("district_code"), "requests": found}
        try:
            write_whole(target, (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode())
        except OSError as error:
            raise EnvironmentFault("paper.cannot_write", name=target.name) from error
    return len(found), Changes(tx.operation, Op.EXPORT_DATA, {})


def _cell(one: Mapping[str, Any], name: str) -> str:
    cell = one[name]
    return str(int(cell)) if isinstance(cell, bool) else str(cell)
