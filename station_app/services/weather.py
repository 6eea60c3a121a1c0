"""The weather as a keeper tells it, offline: today's forecast or the warning in force; the level that follows (DOMAIN.md 6).

The level is the worse of the warning a keeper set and what the forecast highs and lows reach by the thresholds, which are
settings. It only suggests: rules may ask for it (``services/supplies``), nobody is told what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .. import settings
from ..db import Database
from ..errors import UserMistake
from ..model import Changes, Op, WeatherLevel

LOWEST, HIGHEST = -60, 60
"""Degrees Celsius a forecast may have."""


@dataclass(frozen=True, slots=True)
class Weather:
    """A day's weather: forecast ``high`` and ``low`` in degrees Celsius (None untold), the ``warning`` a keeper set, the ``level``."""

    business_date: str
    high: int | None = None
    low: int | None = None
    warning: WeatherLevel | None = None
    level: WeatherLevel | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when a level holds, in degrees Celsius; ``heat_days`` days in a row at ``heat_yellow`` make the yellow one.

    The drops are those of the forecast low: blue within two days, the others within one, all only at ``cold_low`` or below.
    """

    heat_yellow: int
    heat_days: int
    heat_orange: int
    heat_red: int
    cold_low: int
    cold_blue: int
    cold_yellow: int
    cold_orange: int
    cold_red: int


def thresholds(db: Database) -> Thresholds:
    """The thresholds as set."""
    names = Thresholds.__dataclass_fields__
    kept = {row["name"]: row["content"] for row in db.rows("SELECT name, content FROM setting WHERE name LIKE 'weather_%'")}
    told = {name: kept.get(f"weather_{name}", settings.BY_NAME[f"weather_{name}"].default) for name in names}
    return Thresholds(**{name: int(content) for name, content in told.items()})


def heat_level(highs: Sequence[int | None], at: Thresholds) -> WeatherLevel | None:
    """The heat level of the last of ``highs``, which are days in a row."""
    today = highs[-1]
    if today is None:
        return None
    if today >= at.heat_red:
        return WeatherLevel.HEAT_RED
    if today >= at.heat_orange:
        return WeatherLevel.HEAT_ORANGE
    run = highs[-at.heat_days :]
    hot = len(run) == at.heat_days and all(high is not None and high >= at.heat_yellow for high in run)
    return WeatherLevel.HEAT_YELLOW if hot else None


def cold_level(lows: Sequence[int | None], at: Thresholds) -> WeatherLevel | None:
    """The cold level of the last of ``lows``, which are days in a row: by how far the low fell."""
    today = lows[-1]
    if today is None or today > at.cold_low:
        return None
    before = lows[-2] if len(lows) > 1 else None
    drop = before - today if before is not None else 0
    for level, least in (
        (WeatherLevel.COLD_RED, at.cold_red),
        (WeatherLevel.COLD_ORANGE, at.cold_orange),
        (WeatherLevel.COLD_YELLOW, at.cold_yellow),
    ):
        if drop >= least:
            return level
    earlier = [low for low in lows[-3:-1] if low is not None]
    return WeatherLevel.COLD_BLUE if earlier and max(earlier) - today >= at.cold_blue else None


def worse(one: WeatherLevel | None, other: WeatherLevel | None) -> WeatherLevel | None:
    """The worse of two levels; of equally bad ones the first."""
    if one is None or other is None:
        return one or other
    return other if other.severity > one.severity else one


def today(db: Database) -> Weather:
    """The weather of the station's local day."""
    return of_day(db, db.stamp().business_date)


def of_day(db: Database, business_date: str) -> Weather:
    """The weather of a business date."""
    return of_days(db, business_date, business_date)[business_date]


def of_days(db: Database, first: str, last: str) -> Mapping[str, Weather]:
    """The weather of every day of a span, both ends included; of a day nobody told anything about without figures."""
    at = thresholds(db)
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    back = max(at.heat_days, 3) - 1
    rows = db.rows(
        "SELECT business_date, high, low, weather FROM station_day WHERE void_reason IS NULL AND business_date BETWEEN ? AND ?"
        " ORDER BY business_date, opened",
        ((start - timedelta(days=back)).isoformat(), last),
    )
    told = {row["business_date"]: row for row in rows}
    found: dict[str, Weather] = {}
    for number in range((end - start).days + 1):
        run = [(start + timedelta(days=number - ago)).isoformat() for ago in range(back, -1, -1)]
        rows_of_run = [told.get(day) for day in run]
        highs = [row["high"] if row is not None else None for row in rows_of_run]
        lows = [row["low"] if row is not None else None for row in rows_of_run]
        row = rows_of_run[-1]
        warning = _warning(row["weather"]) if row is not None else None
        level = worse(warning, worse(heat_level(highs, at), cold_level(lows, at)))
        found[run[-1]] = Weather(run[-1], highs[-1], lows[-1], warning, level)
    return found


def _warning(text: str | None) -> WeatherLevel | None:
    return WeatherLevel(text) if text in set(WeatherLevel) else None


def tell(
    db: Database,
    *,
    high: int | None = None,
    low: int | None = None,
    warning: WeatherLevel | None = None,
    at: datetime | None = None,
) -> tuple[Weather, Changes]:
    """Today's forecast and warning as a keeper has them; they replace what was told for the day. None means untold.

    Raises UserMistake for temperatures of no place, or a low above the high.
    """
    for degrees in (high, low):
        if degrees is not None and not LOWEST <= degrees <= HIGHEST:
            raise UserMistake("keepers.bad_temperature", high=degrees)
    if high is not None and low is not None and low > high:
        raise UserMistake("weather.low_above_high", high=high, low=low)
    with db.transact(Op.SET_WEATHER, at, high=high, low=low, warning=warning.value if warning else None) as tx:
        day = tx.stamp.business_date
        row = db.one("SELECT id, void_reason FROM station_day WHERE business_date = ? ORDER BY opened DESC LIMIT 1", (day,))
        known: dict[str, str | None] = {"business_date": day}
        if row is not None:
            known |= {"id": row["id"]}
            if row["void_reason"]:  # an opening that was undone: the day is told anew, still not open
                known |= {"void_reason": None, "opened": None, "closed": None}
        tx.put("station_day", known | {"high": high, "low": low, "weather": warning.value if warning else None})
    return of_day(db, day), tx.changes
