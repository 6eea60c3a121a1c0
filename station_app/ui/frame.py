"""What the bars around the pages tell: day and time, the weather, what waits for the district, who is on duty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .. import settings
from ..db import Database
from ..model import Station
from ..services import care, exchange, keepers, keeping, preferences, requests
from ..words import t
from . import when
from .chrome import FootBar, TopBar
from .theme import tokens

HEAT = ((40, "heat_red"), (37, "heat_orange"), (35, "heat_yellow"))
"""Forecast highs in degrees Celsius from which a warning is shown (DOMAIN.md section 6)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The state of the bars. ``last_closed`` is ISO 8601 or ""; ``high`` is today's forecast high or None.
    ``backed_up`` is when the newest backup was made (ISO 8601) or "".

    ``troubles`` begins with the most serious.
    """

    now: datetime
    waiting: int
    last_closed: str
    on_duty: str
    high: int | None
    to_tell: int
    idle_minutes: int
    troubles: tuple[care.Trouble, ...]
    backed_up: str = ""


def read_frame(db: Database, damaged: bool = False) -> Frame:
    """The state of the bars now; ``damaged`` is what the check of the file found."""
    now = db.now()
    shift = keepers.on_duty(db)
    return Frame(
        now=now, waiting=exchange.waiting(db), last_closed=exchange.last_closed(db), on_duty=shift.keeper if shift else "",
        high=keepers.day(db, now.date().isoformat()).high, to_tell=len(requests.to_tell(db)),
        idle_minutes=preferences.number(db, settings.IDLE_LOCK_MINUTES), troubles=care.look(db, now, damaged=damaged),
        backed_up=keeping.newest_time(db),
    )  # fmt: skip


def show_frame(top: TopBar, foot: FootBar, frame: Frame, station: Station) -> None:
    """Put the state into the bars."""
    now = frame.now
    top.show_date(
        t("window.moment", date=when.plain(now.date()), weekday=t(f"terms.Weekday.{now.weekday()}"), time=f"{now:%H:%M}")
    )
    warning = next((word for degrees, word in HEAT if frame.high is not None and frame.high >= degrees), "")
    worst = frame.troubles[0] if frame.troubles else None
    top.show_trouble(t(worst.word, **worst.fields) if worst else "", worst.severity if worst else "attention")
    if worst and tokens().large:  # there is room for one of them only
        warning = ""
    top.show_weather(t(f"window.{warning}", high=frame.high) if warning else "")
    if not frame.waiting:
        waits = t("window.nothing_waits")
    elif not frame.last_closed:
        waits = t("window.waiting_first", n=frame.waiting)
    else:
        waits = t("window.waiting", n=frame.waiting, last=_ago(frame.last_closed, now))
    duty = t("window.on_duty", name=frame.on_duty) if frame.on_duty else t("window.nobody_on_duty")
    top.show_pills(
        [(waits, "attention" if frame.waiting else "good"), (duty, "plain" if frame.on_duty else "attention")]
    )
    kept = t(care.DAMAGED.word) if worst is care.DAMAGED else t("window.encrypted")
    saved = [t("window.backed_up", when=when.moment(frame.backed_up, now.date()))] if frame.backed_up else []
    foot.show_states([*([t("window.sample")] if station.sample else []), *saved, kept])


def _ago(last: str, now: datetime) -> str:
    """When the last batch was closed, in days."""
    days = (now.date() - datetime.fromisoformat(last).date()).days
    return t("terms.today") if days <= 0 else t("window.days_ago", n=days)
