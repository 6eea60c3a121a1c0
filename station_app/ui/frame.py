"""What the bars around the pages tell: day and time, the weather, what waits for the district, who is on duty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .. import settings
from ..db import Database
from ..model import Station
from ..services import care, exchange, keepers, keeping, preferences, requests, weather
from ..services.supplies.advice import Advice, advise
from ..services.weather import Weather
from ..words import label, t
from . import when
from .chrome import FootBar, TopBar
from .theme import tokens


@dataclass(frozen=True, slots=True)
class Frame:
    """The state of the bars. ``last_closed`` is ISO 8601 or ""; ``weather`` is today's, ``advice`` what it suggests.
    ``backed_up`` is when the newest backup was made (ISO 8601) or "".

    ``troubles`` begins with the most serious.
    """

    now: datetime
    waiting: int
    last_closed: str
    on_duty: str
    weather: Weather
    advice: Advice
    to_tell: int
    idle_minutes: int
    troubles: tuple[care.Trouble, ...]
    backed_up: str = ""


def read_frame(db: Database, damaged: bool = False) -> Frame:
    """The state of the bars now; ``damaged`` is what the check of the file found."""
    now = db.now()
    shift = keepers.on_duty(db)
    told = weather.today(db)
    return Frame(
        now=now, waiting=exchange.waiting(db), last_closed=exchange.last_closed(db), on_duty=shift.keeper if shift else "",
        weather=told, advice=advise(db, told.level), to_tell=len(requests.to_tell(db)),
        idle_minutes=preferences.number(db, settings.IDLE_LOCK_MINUTES), troubles=care.look(db, now, damaged=damaged),
        backed_up=keeping.newest_time(db),
    )  # fmt: skip


def show_frame(top: TopBar, foot: FootBar, frame: Frame, station: Station) -> None:
    """Put the state into the bars."""
    now = frame.now
    top.show_date(
        t("window.moment", date=when.plain(now.date()), weekday=t(f"terms.Weekday.{now.weekday()}"), time=f"{now:%H:%M}")
    )
    worst = frame.troubles[0] if frame.troubles else None
    top.show_trouble(t(worst.word, **worst.fields) if worst else "", worst.severity if worst else "attention")
    if worst and tokens().large:  # there is room for one of them only
        top.show_weather("")
    else:
        _show_weather(top, frame)
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


def _show_weather(top: TopBar, frame: Frame) -> None:
    """The level with its temperature and what it switches on (高温橙色 37℃ · 防暑包每日 2 份); how to tell it while untold."""
    told, advice = frame.weather, frame.advice
    if told.level is None:
        degrees = told.high if told.high is not None else told.low
        text = t("window.weather_told", degrees=degrees) if degrees is not None else t("window.tell_weather")
        top.show_weather(text, "plain", "sun")
        return
    degrees = told.high if told.level.heat else told.low
    text = label(told.level) + (t("window.degrees", degrees=degrees) if degrees is not None else "")
    if frame.troubles:  # there is room for little beside them
        pass
    elif advice.item is None:
        text += t("terms.dot") + t(f"window.{told.level.value}")
    else:
        text += t("terms.dot") + t("window.switched", item=advice.item.name, n=advice.most, unit=advice.item.unit)
    top.show_weather(text, "warming" if told.level.heat else "cooling", "warning")


def _ago(last: str, now: datetime) -> str:
    """When the last batch was closed, in days."""
    days = (now.date() - datetime.fromisoformat(last).date()).days
    return t("terms.today") if days <= 0 else t("window.days_ago", n=days)
