"""What supplies say, reckoned once more the plain way, for ``check``: quotas, forecasts, transfers and counts held to the facts alone.

It goes through the rows one by one and shares no query and no span with the rooms it holds to account, so that a day that turned over at
the wrong hour, an interval that looked at the wrong event or history that was passed over is named at the station it happens at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ...db import Database, Row
from ...model import Item, Measure, Occupation, QuotaSpan, QuotaWho
from .. import aliases, companions, weather
from . import forecast, quotas
from .articles import items
from .evaluate import past, rooms
from .quotas import MOST_AT_ONCE, Rule, Situation

LATELY = timedelta(days=7)
MOST_PEOPLE = 300
"""Whose quotas are reckoned anew: who had something lately, the newest first."""
USED = ("handout", "returned")


@dataclass(frozen=True, slots=True)
class Differing:
    """Two figures that should be one: of what, what the services tell, what the facts say."""

    name: str
    told: str
    found: str


# --- transfers and counts -------------------------------------------------------------------------------------------------


def transfers(db: Database) -> Iterator[Differing]:
    """Every line of a slip moved what it says, the way it says, of the supply it says; a voided one moved nothing."""
    moved = _moved(db, "transfer_id")
    for row in db.rows("SELECT id, number, direction, item_id, quantity, void_reason FROM transfer"):
        sign = 1 if row["direction"] == "in" else -1
        expected = {} if row["void_reason"] else {row["item_id"]: sign * row["quantity"]}
        if (found := moved.pop(row["id"], {})) != expected:
            yield Differing(row["number"], _sum(expected), _sum(found))
    yield from (Differing(transfer_id, "0", _sum(found)) for transfer_id, found in moved.items())


def stocktakes(db: Database) -> Iterator[Differing]:
    """Every count moved its difference to the book; a voided one moved nothing."""
    moved = _moved(db, "stocktake_id")
    names = {item.id: item.name for item in items(db, with_retired=True)}
    for row in db.rows("SELECT id, item_id, book, counted, void_reason FROM stocktake"):
        off = row["counted"] - row["book"]
        expected = {} if row["void_reason"] or not off else {row["item_id"]: off}
        if (found := moved.pop(row["id"], {})) != expected:
            yield Differing(names.get(row["item_id"], ""), _sum(expected), _sum(found))
    yield from (Differing(stocktake_id, "0", _sum(found)) for stocktake_id, found in moved.items())


def _moved(db: Database, link: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in db.rows(f"SELECT {link} AS link, item_id, delta FROM movement WHERE {link} IS NOT NULL AND void_reason IS NULL"):
        of = found[row["link"]]
        of[row["item_id"]] = of.get(row["item_id"], 0) + row["delta"]
    return dict(found)


def _sum(moved: Mapping[str, int]) -> str:
    return str(sum(moved.values()))


# --- quotas ---------------------------------------------------------------------------------------------------------------


def rules(db: Database) -> Iterator[Differing]:
    """What each rule leaves whoever had something lately, and somebody without a badge: as the desk is told and as the rows say."""
    moment = db.now()
    today = db.stamp(moment).business_date
    among = {item.id: item for item in items(db, with_retired=True)}
    standing = quotas.in_force(db)
    given = db.rows("SELECT * FROM handout WHERE void_reason IS NULL")
    meant = aliases.finals(db, sorted({row["person_id"] for row in given if row["person_id"]}))
    level = weather.of_day(db, today).level
    for person_id in [None, *_lately(given, moment, meant)]:
        members = aliases.members(db, person_id) if person_id else []
        circle = companions.circle_of(db, person_id)
        now = Situation(moment, today, _occupation(db, person_id), level, db.role)
        before = past(db, standing, now, members, circle)
        for item in among.values():
            for room in rooms(standing, item, now, before, among):
                left = _left(room.rule, item, now, [row for row in given if _theirs(row, room.rule, members, circle)], among)
                if left != room.left:
                    yield Differing(item.name, str(room.left), str(left))


def _lately(given: Sequence[Row], moment: datetime, meant: Mapping[str, str]) -> list[str]:
    newest: dict[str, str] = {}
    for row in given:
        if row["person_id"] and abs(moment - datetime.fromisoformat(row["time"])) <= LATELY:
            person = meant.get(row["person_id"], row["person_id"])
            newest[person] = max(newest.get(person, ""), row["time"])
    return sorted(newest, key=lambda person: newest[person], reverse=True)[:MOST_PEOPLE]


def _occupation(db: Database, person_id: str | None) -> Occupation | None:
    told = db.scalar("SELECT occupation FROM person WHERE id = ?", (person_id,)) if person_id else None
    return Occupation(told) if told else None


def _theirs(row: Row, rule: Rule, members: Sequence[str], circle: str | None) -> bool:
    """Whether a handout counts for whom a rule speaks of."""
    if rule.who is QuotaWho.STATION:
        return True
    if rule.who is QuotaWho.ANONYMOUS:
        return row["person_id"] is None
    if rule.who is QuotaWho.HOUSEHOLD and circle is not None:
        return bool(row["household_id"] == circle)
    return row["person_id"] in members


def _left(rule: Rule, item: Item, now: Situation, given: Sequence[Row], among: Mapping[str, Item]) -> int:
    """What is left of a rule by its own words: what it covers, in its time."""
    if rule.at_once:
        return rule.most
    counted = [row for row in given if _in_time(rule, row, now)]
    if rule.excluded_by:
        return 0 if any(row["item_id"] in rule.excluded_by for row in counted) else MOST_AT_ONCE
    counted = [row for row in counted if row["item_id"] in among and rule.covers(among[row["item_id"]])]
    if rule.measure is Measure.CHOICE:
        return rule.most - len({row["item_id"] for row in counted if row["item_id"] != item.id})
    return rule.most - sum(int(row["quantity"]) for row in counted)


def _in_time(rule: Rule, row: Row, now: Situation) -> bool:
    if rule.span is QuotaSpan.DAY:  # the day on the station's own clock when it was given
        return bool(row["time"][:10] == now.moment.date().isoformat())
    if rule.span is QuotaSpan.HOURS:
        apart = now.moment.timestamp() - datetime.fromisoformat(row["time"]).timestamp()
        return abs(apart) < 3600 * (rule.hours or 0)
    return rule.span is QuotaSpan.ALWAYS or row["campaign_id"] == rule.campaign_id


# --- forecasts -------------------------------------------------------------------------------------------------------------


def forecasts(db: Database) -> Iterator[Differing]:
    """When each supply runs out, by a history gathered row by row."""
    shelf = items(db)
    told = forecast.forecasts(db, shelf)
    today = date.fromisoformat(db.stamp().business_date)
    level = weather.of_day(db, today.isoformat()).level
    opened, used, monthly = _gathered(db, today)
    levels = weather.of_days(db, (today - timedelta(weeks=forecast.WEEKS)).isoformat(), (today - timedelta(days=1)).isoformat())
    for item in shelf:
        took = used.get(item.id)
        since = min(took) if took else ""
        history = [
            forecast.Usage(date.fromisoformat(day), max(took.get(day, 0), 0) if took else 0, levels[day].level)
            for day in sorted(opened)
            if day >= since
        ]
        found = forecast.predict(item, history, today, level, monthly.get(item.id, {}))
        if found != told[item.id]:
            yield Differing(item.name, _date(told[item.id]), _date(found))


def _gathered(db: Database, today: date) -> tuple[set[str], dict[str, dict[str, int]], dict[str, dict[int, float]]]:
    """The open days of the weeks looked at; what each took of each supply; what a day of each month took in the year before."""
    first, year = today - timedelta(weeks=forecast.WEEKS), today - timedelta(weeks=forecast.WEEKS, days=365)
    opened: set[str] = set()
    used: dict[str, dict[str, int]] = defaultdict(dict)
    months: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    for row in db.rows("SELECT item_id, business_date, delta, kind FROM movement WHERE void_reason IS NULL"):
        day, passed = row["business_date"], row["kind"] in USED
        if first.isoformat() <= day < today.isoformat() and (passed or (row["kind"] == "assembly" and row["delta"] < 0)):
            opened.add(day)
            used[row["item_id"]][day] = used[row["item_id"]].get(day, 0) - row["delta"]
        if year.isoformat() <= day <= first.isoformat() and passed:
            by_day = months[row["item_id"], int(day[5:7])]
            by_day[day] = by_day.get(day, 0) - row["delta"]
    for row in db.rows("SELECT business_date FROM visit WHERE void_reason IS NULL"):
        if first.isoformat() <= row["business_date"] < today.isoformat():
            opened.add(row["business_date"])
    monthly: dict[str, dict[int, float]] = defaultdict(dict)
    for (item_id, month), by_day in months.items():
        if len(by_day) >= 5:
            monthly[item_id][month] = max(sum(by_day.values()), 0) / len(by_day)
    return opened, dict(used), dict(monthly)


def _date(one: forecast.Forecast) -> str:
    return one.likely.isoformat() if one.likely is not None else one.state
