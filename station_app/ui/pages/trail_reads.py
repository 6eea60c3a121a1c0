"""What the audit trail page asks for and reads: the places of the operations wanted, newest first; whole steps for export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from unicodedata import normalize

from ...db import Database
from ...errors import Cancelled
from ...paper.trail import about, mark, what
from ...services import audit, trail
from ...services.audit import Verification
from ...services.trail import Step, Wanted
from .reports_reads import span

CODES = ("today", "week", "month", "year", "dates")
"""The tabs; all but the last are spans of reports_reads.span."""
EXPORTED = 1_000
"""Steps read at once for an export."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever audits wants to see: a tab (or two days for ``dates``), the other filters, and a text."""

    code: str
    dates: tuple[date, date] | None
    wanted: Wanted
    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The answer: the days, places in the chain (newest first), all keepers' names, the last verification."""

    today: date
    first: date
    last: date
    places: list[int]
    keepers: list[str]
    verified: Verification | None


def listing(db: Database, asked: Asked, stopped: Callable[[], bool]) -> Listing:
    """Read the places of the operations wanted; Cancelled once ``stopped``, which is asked between operations looked at."""
    today = date.fromisoformat(db.stamp().business_date)
    first, last = asked.dates if asked.code == "dates" and asked.dates else span(asked.code if asked.code != "dates" else "week", today)
    wanted = replace(asked.wanted, first=first.isoformat(), last=last.isoformat())
    text = normalize("NFKC", asked.text).strip().casefold()

    def holds(step: Step) -> bool:
        if stopped():
            raise Cancelled("kit.cancelled")
        return text in shown_words(step)

    places = trail.numbers(db, wanted, holds if text else None)
    return Listing(today, first, last, places, trail.keepers_seen(db), audit.last_verification(db))


def shown_words(step: Step) -> str:
    """Everything the list shows of a step, as it is searched."""
    parts = (str(step.no), step.recorded[:16].replace("T", " "), what(step), about(step), step.keeper, mark(step))
    return normalize("NFKC", "\n".join(parts)).casefold()


def whole_steps(db: Database, places: Sequence[int], tell: Callable[[int, int], None]) -> list[Step]:
    """The steps at these places in the order of the chain; raises what ``tell`` raises."""
    found: list[Step] = []
    ordered = sorted(places)
    for start in range(0, len(ordered), EXPORTED):
        tell(start, len(ordered))
        found += trail.some(db, ordered[start : start + EXPORTED])
    return found
