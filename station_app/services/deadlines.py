"""By when a request has to be answered: hours by the clock, days by the calendar that the district's offices keep."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..db import Database
from ..model import Urgency
from . import rules

DEADLINES = {
    Urgency.EMERGENCY: timedelta(hours=2),
    Urgency.URGENT: timedelta(hours=24),
    Urgency.ORDINARY: timedelta(days=7),
    Urgency.COMPLEX: timedelta(days=15),
}
"""DOMAIN.md section 6, "Request deadlines"."""
LONGEST_REST = 60
"""Days in a row without work that are believed; a calendar with more is none."""


def due(db: Database, urgency: Urgency, start: datetime) -> datetime:
    """By when a request that came at ``start`` has to be answered.

    Hours run on, night and holiday alike. A limit of days whose last day is not worked ends at the same hour of the next working
    day (民法典 art. 203: a term that ends on a day of rest ends with the next working day), by the calendar of the district's rules.
    """
    limit = DEADLINES[urgency]
    end = start.astimezone(db.zone) + limit
    if limit < timedelta(days=2):
        return end
    calendar = rules.calendar(db, db.stamp(start).business_date)
    for _ in range(LONGEST_REST):
        if calendar.is_working(end.date()):
            break
        end += timedelta(days=1)
    return end
