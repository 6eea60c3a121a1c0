"""The days of the desk: what is checked, which days stay closed, hours kept against hours posted, the handover, the duty log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .. import settings
from ..db import Database, Row, Tx
from ..errors import Refused, UserMistake
from ..model import Changes, CheckPart, ClosedReason, Item, Op, Request
from . import equipment, first_aid, keepers, loans, opening_hours, preferences, requests, rules, supplies, visits
from .equipment import Equipment, Repair
from .first_aid import Medicine
from .loans import Loan
from .weather import Weather, of_day

LONGEST_SPAN = 3660
"""Days asked about at once."""
LONGEST = 4000
SOON = timedelta(days=2)
"""How long ahead a request's due date belongs on the handover card."""
GRACE = 5
"""Minutes after which opening late or closing early is said."""


# --- what is checked -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a check, in its order."""

    id: str
    part: CheckPart
    name: str


@dataclass(frozen=True, slots=True)
class HouseCheck:
    """A check of safety and hygiene: ``points`` are the names of what was looked at, one a line."""

    id: str
    time: str
    business_date: str
    all_well: bool
    points: str
    exceptions: str
    action: str
    second_name: str
    keeper: str


def points(db: Database, part: CheckPart) -> list[Point]:
    """The station's own points of a check; [] while nobody changed what comes with the program."""
    rows = db.rows("SELECT * FROM check_point WHERE part = ? AND active = 1 AND void_reason IS NULL ORDER BY rank, id", (part.value,))
    return [Point(row["id"], CheckPart(row["part"]), row["name"]) for row in rows]


def set_points(db: Database, part: CheckPart, names: Sequence[str], at: datetime | None = None) -> tuple[list[Point], Changes]:
    """The points of a check from now on, in this order. UserMistake for none, one twice, or more than 30."""
    wanted = [name.strip() for name in names if name.strip()]
    if not 1 <= len(wanted) <= 30 or len(set(wanted)) != len(wanted) or any(len(name) > 40 for name in wanted):
        raise UserMistake("shifts.bad_points")
    known = {point.name: point.id for point in points(db, part)}
    with db.transact(Op.CHECK_POINTS, at, part=part.value, count=len(wanted)) as tx:
        for name, row_id in known.items():
            if name not in wanted:
                tx.put("check_point", {"id": row_id, "active": 0})
        for rank, name in enumerate(wanted, 1):
            row = {"part": part.value, "name": name, "rank": rank, "active": 1}
            tx.put("check_point", row | ({"id": known[name]} if name in known else {}))
    return points(db, part), tx.changes


def check_house(
    db: Database,
    points: Sequence[str] = (),
    exceptions: str = "",
    action: str = "",
    second_name: str = "",
    at: datetime | None = None,
) -> tuple[HouseCheck, Changes]:
    """The check of safety and hygiene: all well without ``exceptions``; ``action`` is what was done about them. Raises UserMistake."""
    told = "\n".join(points)
    for text in (told, exceptions, action, second_name):
        if len(text) > LONGEST // 4:
            raise UserMistake("shifts.long_text", most=LONGEST // 4)
    with db.transact(Op.HOUSE_CHECK, at, well=not exceptions.strip()) as tx:
        row = {
            **_now(tx), "all_well": int(not exceptions.strip()), "points": told or None, "exceptions": exceptions.strip() or None,
            "action": action.strip() or None, "second_name": second_name.strip() or None,
        }  # fmt: skip
        check_id = tx.put("house_check", row)
    return next(one for one in house_checks(db, tx.stamp.business_date, tx.stamp.business_date) if one.id == check_id), tx.changes


def house_checks(db: Database, first: str, last: str) -> list[HouseCheck]:
    """The checks of safety and hygiene of a span of days, the newest first."""
    rows = db.rows(
        "SELECT c.*, k.name AS keeper FROM house_check c LEFT JOIN keeper k ON k.id = c.keeper_id"
        " WHERE c.business_date BETWEEN ? AND ? AND c.void_reason IS NULL ORDER BY c.time DESC, c.id DESC",
        (first, last),
    )
    return [
        HouseCheck(row["id"], row["time"], row["business_date"], bool(row["all_well"]), row["points"] or "", row["exceptions"] or "",
                   row["action"] or "", row["second_name"] or "", row["keeper"] or "")
        for row in rows
    ]  # fmt: skip


# --- days on which the station stays closed ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day without opening hours: by the station's own word (with its row's ``id``), its weekly rest or the district's calendar."""

    business_date: str
    reason: ClosedReason
    note: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class DayHours:
    """A day as posted and as kept: "HH:MM" or "", minutes late and early beyond a grace, minutes posted and kept of them.

    ``guessed``: its closing was not recorded, so the posted one was taken (``opening_hours``).
    """

    business_date: str
    opens: str
    closes: str
    opened: str
    closed: str
    late: int
    early: int
    posted: int
    kept: int
    closed_day: ClosedDay | None
    person_times: int
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of days: how many were to be open, were, stayed closed by plan, were missed; minutes of those that were opened.

    ``guessed`` days have no closing, so the posted one was taken.
    """

    first: str
    last: str
    to_open: int
    opened: int
    closed: int
    missed: int
    posted: int
    kept: int
    guessed: int
    days: tuple[DayHours, ...]


def close_days(
    db: Database, first: date, last: date, reason: ClosedReason, note: str = "", at: datetime | None = None
) -> tuple[list[ClosedDay], Changes]:
    """The station stays closed from ``first`` to ``last``; a day told already gets the new reason. Raises UserMistake."""
    if not first <= last or (last - first).days > 366:
        raise UserMistake("shifts.bad_span")
    if len(note) > 200:
        raise UserMistake("shifts.long_text", most=200)
    days = [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
    known = {day.business_date: day.id for day in own_closed(db, days[0], days[-1])}
    with db.transact(Op.CLOSED_DAY, at, date=days[0], count=len(days), reason=reason.value) as tx:
        for day in days:
            row = {"business_date": day, "reason": reason.value, "note": note.strip() or None, "keeper_id": db.acting}
            tx.put("closed_day", row | ({"id": known[day]} if day in known else {}))
    return own_closed(db, days[0], days[-1]), tx.changes


def reopen_day(db: Database, day: str, at: datetime | None = None) -> Changes:
    """The station opens on this day after all; UserMistake when it was not to stay closed by its own word."""
    found = own_closed(db, day, day)
    if not found:
        raise UserMistake("shifts.not_closed", date=day)
    with db.transact(Op.CLOSED_DAY, at, date=day, count=1) as tx:
        for one in found:
            tx.void("closed_day", one.id, "reopened")
    return tx.changes


def own_closed(db: Database, first: str, last: str) -> list[ClosedDay]:
    """The days that the station itself said it stays closed."""
    rows = db.rows(
        "SELECT * FROM closed_day WHERE business_date BETWEEN ? AND ? AND void_reason IS NULL ORDER BY business_date", (first, last)
    )
    return [ClosedDay(row["business_date"], ClosedReason(row["reason"]), row["note"] or "", row["id"]) for row in rows]


def closed(db: Database, first: str, last: str) -> dict[str, ClosedDay]:
    """Every day of a span that stays closed, by date: the station's own word, then the district's calendar, then its weekly rest."""
    rest, calendar = {int(digit) for digit in preferences.get(db, settings.REST_DAYS)}, rules.calendar(db, last)
    found: dict[str, ClosedDay] = {}
    for day in days_of(first, last):
        said = calendar.named(day)
        if said is not None and said.what == "closed":
            found[day.isoformat()] = ClosedDay(day.isoformat(), ClosedReason.HOLIDAY, said.name)
        elif day.isoweekday() in rest and not (said is not None and said.what == "workday"):
            found[day.isoformat()] = ClosedDay(day.isoformat(), ClosedReason.REST)
    return found | {one.business_date: one for one in own_closed(db, first, last)}


def hours(db: Database, first: str, last: str) -> Hours:
    """Hours kept against hours posted, day by day, from the station's first day up to today.

    UserMistake for dates that are none or stand the wrong way round.

    A day counts as open that was opened or had visits; one that was opened though it was to stay closed counts too.
    """
    today = db.stamp().business_date
    shut, came, station = closed(db, first, last), _person_times(db, first, last), _posted(db)
    told = {
        row["business_date"]: row
        for row in db.rows(
            "SELECT * FROM station_day WHERE business_date BETWEEN ? AND ? AND void_reason IS NULL AND opened IS NOT NULL"
            " ORDER BY opened DESC",
            (first, last),
        )
    }
    days, since = [], _since(db)
    for day in days_of(first, last):
        text = day.isoformat()
        if since <= text <= today:
            days.append(_day_hours(text, station, told.get(text), shut.get(text), came.get(text, 0), text == today))
    open_days = [day for day in days if day.opened or day.person_times]
    planned = [day for day in days if day.closed_day is None]
    return Hours(
        first=first, last=last, to_open=len(planned), opened=len(open_days), closed=len(days) - len(planned),
        missed=sum(1 for day in planned if not day.opened and not day.person_times and day.business_date < today),
        posted=sum(day.posted for day in days), kept=sum(day.kept for day in days), guessed=sum(day.guessed for day in days),
        days=tuple(days),
    )  # fmt: skip


def _since(db: Database) -> str:
    """The first day that this station knows of: nobody was to open before it."""
    first = (db.scalar(f"SELECT min(business_date) FROM {table} WHERE void_reason IS NULL") for table in ("station_day", "visit"))
    return min([str(day) for day in first if day] or [db.stamp().business_date])


def _posted(db: Database) -> tuple[str, str]:
    row = db.one("SELECT opens, closes FROM station WHERE id = ?", (db.meta("station_id"),))
    return (row["opens"] or "", row["closes"] or "") if row is not None else ("", "")


def _day_hours(
    day: str, station: tuple[str, str], row: Row | None, shut: ClosedDay | None, person_times: int, running: bool
) -> DayHours:
    opened, closing = (row["opened"] or "", row["closed"] or "") if row is not None else ("", "")
    found = opening_hours.kept(day, opened, closing, station, running=running)
    opens, closes = station if shut is None else ("", "")
    late, early = (minutes if shut is None and minutes > GRACE else 0 for minutes in (found.late, found.early))
    return DayHours(
        business_date=day, opens=opens, closes=closes, opened=opened[11:16], closed=closing[11:16], late=late, early=early,
        posted=found.posted, kept=found.kept, closed_day=shut, person_times=person_times, guessed=found.guessed,
    )  # fmt: skip


def _person_times(db: Database, first: str, last: str) -> dict[str, int]:
    rows = db.rows(
        "SELECT business_date, sum(person_times) AS n FROM visit WHERE business_date BETWEEN ? AND ? AND void_reason IS NULL GROUP BY 1",
        (first, last),
    )
    return {row["business_date"]: row["n"] for row in rows}


def days_of(first: str, last: str) -> list[date]:
    """Every day of a span, both ends included; UserMistake for dates that are none or stand the wrong way round."""
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise UserMistake("shifts.bad_span") from None
    if not begin <= end or (end - begin).days > LONGEST_SPAN:
        raise UserMistake("shifts.bad_span")
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]


# --- handing over --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Matters:
    """What is open now and the next keeper has to know; each list with what is most pressing first."""

    overdue: tuple[Loan, ...]
    out: tuple[Loan, ...]
    to_tell: tuple[Request, ...]
    due: tuple[Request, ...]
    short: tuple[Item, ...]
    repairs: tuple[Repair, ...]
    checks: tuple[Equipment, ...]
    medicines: tuple[Medicine, ...]

    @property
    def count(self) -> int:
        """How many there are; what is out and not overdue is no matter yet."""
        return sum(map(len, (self.overdue, self.to_tell, self.due, self.short, self.repairs, self.checks, self.medicines)))


@dataclass(frozen=True, slots=True)
class Handover:
    """One keeper handed the desk to another; ``matters`` are the lines that were open then."""

    id: str
    time: str
    from_name: str
    to_name: str
    matters: str
    note: str


def matters(db: Database) -> Matters:
    """What is open at the desk now."""
    now = db.now()
    out = loans.open_loans(db)
    asked = requests.listing(db, states=requests.OPEN)
    waiting = tuple(requests.to_tell(db))
    told = {one.id for one in waiting}
    due = [one for one in asked if one.id not in told and datetime.fromisoformat(one.due) <= now + SOON]
    low = [item for item in supplies.items(db) if item.low_level and item.balance <= item.low_level and supplies.in_season(item, now.month)]
    return Matters(
        overdue=tuple(loan for loan in out if loan.overdue(now)), out=tuple(loan for loan in out if not loan.overdue(now)),
        to_tell=waiting, due=tuple(sorted(due, key=lambda one: one.due)), short=tuple(low),
        repairs=tuple(equipment.repairs(db, only_open=True)), checks=tuple(equipment.due(db, 0)),
        medicines=tuple(first_aid.warnings(db)),
    )  # fmt: skip


def hand_over(
    db: Database, to_keeper: str = "", matters: str = "", note: str = "", at: datetime | None = None
) -> tuple[Handover, Changes]:
    """The desk goes from whoever is on duty to ``to_keeper`` (an id; "" for whoever is at work), both names kept with what is open.

    ``matters`` are its lines. Raises UserMistake when nobody is on duty or both are the same, Refused for who does not work here.
    """
    on_duty = keepers.on_duty(db)
    target = keepers.keeper(db, to_keeper or db.acting)
    if on_duty is None:
        raise UserMistake("keepers.nobody_on_duty")
    if target is None or not target.active:
        raise Refused("vault.no_keeper")
    if target.name == on_duty.keeper:
        raise UserMistake("shifts.same_keeper", name=target.name)
    for text in (matters, note):
        if len(text) > LONGEST:
            raise UserMistake("shifts.long_text", most=LONGEST)
    with db.transact(Op.HAND_OVER, at, name=target.name) as tx:
        for row in db.rows("SELECT id FROM shift WHERE finished IS NULL AND void_reason IS NULL"):
            tx.put("shift", {"id": row["id"], "finished": tx.stamp.time})
        tx.put("shift", {"time": tx.stamp.time, "business_date": tx.stamp.business_date, "keeper_id": target.id})
        row_id = tx.put(
            "handover",
            {**_now(tx), "from_name": on_duty.keeper, "to_name": target.name, "matters": matters.strip() or None,
             "note": note.strip() or None},
        )  # fmt: skip
    return next(one for one in handovers(db, tx.stamp.business_date) if one.id == row_id), tx.changes


def handovers(db: Database, business_date: str) -> list[Handover]:
    """Who handed over to whom on a day, in order."""
    rows = db.rows("SELECT * FROM handover WHERE business_date = ? AND void_reason IS NULL ORDER BY time, id", (business_date,))
    return [Handover(row["id"], row["time"], row["from_name"], row["to_name"], row["matters"] or "", row["note"] or "") for row in rows]


# --- the duty log ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DutyLog:
    """The duty log of a day as confirmed; ``confirmed`` ISO 8601."""

    id: str
    business_date: str
    confirmed: str
    shift_name: str
    weather: str
    opened: str
    closed: str
    person_times: int
    events: str
    matters: str
    handed_by: str
    handed_to: str
    keeper: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A day as the records tell it, for the duty log: figures and codes, no sentences. ``log`` is what was confirmed already."""

    business_date: str
    day: keepers.StationDay
    weather: Weather
    shifts: tuple[keepers.Shift, ...]
    handovers: tuple[Handover, ...]
    figures: visits.Today
    amenities: Mapping[str, int]
    handouts: Mapping[str, tuple[int, str]]
    loans: loans.Figures
    requests: int
    checks: tuple[HouseCheck, ...]
    emergencies: int
    found: int
    matters: Matters | None
    log: DutyLog | None


def draft(db: Database, business_date: str | None = None) -> Draft:
    """What a day's duty log can say; open matters only for today, those of a past day nobody knows any more."""
    today = db.stamp().business_date
    day = business_date or today
    counted = "business_date = ? AND void_reason IS NULL"
    used = db.rows(f"SELECT amenity, count(*) AS n FROM amenity_use WHERE {counted} GROUP BY 1", (day,))
    given = db.rows(
        "SELECT i.name, i.unit, sum(h.quantity) AS n FROM handout h JOIN item i ON i.id = h.item_id"
        " WHERE h.business_date = ? AND h.void_reason IS NULL GROUP BY i.id ORDER BY 3 DESC, 1",
        (day,),
    )
    return Draft(
        business_date=day, day=keepers.day(db, day), weather=of_day(db, day), shifts=tuple(keepers.shifts_of(db, day)),
        handovers=tuple(handovers(db, day)), figures=visits.today(db, day), amenities={row["amenity"]: row["n"] for row in used},
        handouts={row["name"]: (row["n"], row["unit"]) for row in given}, loans=loans.figures(db, day, day),
        requests=int(db.scalar(f"SELECT count(*) FROM request WHERE {counted}", (day,))), checks=tuple(house_checks(db, day, day)),
        emergencies=int(db.scalar(f"SELECT count(*) FROM emergency WHERE {counted}", (day,))),
        found=int(db.scalar(f"SELECT count(*) FROM lost_item WHERE {counted}", (day,))),
        matters=matters(db) if day == today else None, log=duty_log(db, day),
    )  # fmt: skip


def confirm(
    db: Database,
    business_date: str,
    *,
    person_times: int,
    shift_name: str = "",
    weather: str = "",
    events: str = "",
    matters: str = "",
    handed_by: str = "",
    handed_to: str = "",
    at: datetime | None = None,
) -> tuple[DutyLog, Changes]:
    """The duty log of a day, confirmed; one that stands gets a new version. UserMistake for a day to come or too long a text."""
    if len(business_date) != 10 or days_of(business_date, business_date)[0].isoformat() > db.stamp().business_date:
        raise UserMistake("visits.day_to_come", date=business_date[:10])
    for text, most in ((events, LONGEST), (matters, LONGEST), (shift_name, 200), (weather, 200), (handed_by, 200), (handed_to, 200)):
        if len(text) > most:
            raise UserMistake("shifts.long_text", most=most)
    known, day = duty_log(db, business_date), keepers.day(db, business_date)
    with db.transact(Op.DUTY_LOG, at, date=business_date) as tx:
        row = {
            "time": tx.stamp.time, "business_date": business_date, "shift_name": shift_name.strip() or None,
            "weather": weather.strip() or None, "opened": day.opened or None, "closed": day.closed or None, "person_times": person_times,
            "events": events.strip() or None, "matters": matters.strip() or None, "handed_by": handed_by.strip() or None,
            "handed_to": handed_to.strip() or None, "keeper_id": db.acting,
        }  # fmt: skip
        tx.put("duty_log", row | ({"id": known.id} if known is not None else {}))
    found = duty_log(db, business_date)
    assert found is not None
    return found, tx.changes


def duty_log(db: Database, business_date: str) -> DutyLog | None:
    """The duty log of a day, None before it was confirmed."""
    found = duty_logs(db, business_date, business_date)
    return found[0] if found else None


def duty_logs(db: Database, first: str, last: str) -> list[DutyLog]:
    """The duty logs of a span of days, the newest first."""
    rows = db.rows(
        "SELECT d.*, k.name AS keeper FROM duty_log d LEFT JOIN keeper k ON k.id = d.keeper_id"
        " WHERE d.business_date BETWEEN ? AND ? AND d.void_reason IS NULL ORDER BY d.business_date DESC, d.time DESC, d.id DESC",
        (first, last),
    )
    return [
        DutyLog(
            id=row["id"], business_date=row["business_date"], confirmed=row["time"], shift_name=row["shift_name"] or "",
            weather=row["weather"] or "", opened=row["opened"] or "", closed=row["closed"] or "", person_times=row["person_times"],
            events=row["events"] or "", matters=row["matters"] or "", handed_by=row["handed_by"] or "", handed_to=row["handed_to"] or "",
            keeper=row["keeper"] or "",
        )
        for row in rows
    ]  # fmt: skip


def _now(tx: Tx) -> dict[str, str]:
    return {"time": tx.stamp.time, "business_date": tx.stamp.business_date, "keeper_id": tx.db.acting}
