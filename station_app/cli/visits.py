"""Visits: a badge, a count, services used, yesterday's paper sheet."""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from unicodedata import normalize

import click

from ..errors import Refused, UserMistake
from ..model import Amenity, Occupation
from ..services import people, stations, visits
from ..words import label, t
from .frame import Desk, Group, option
from .inputs import DAY, MOMENT, WHOLE, Code, person, regulars
from .outputs import moment, number, table, who

visits_group = Group("visits")
FILE = click.Path(path_type=Path)


@visits_group.command("check-in")
@click.argument("badge", required=False)
@option("--person", "regular", metavar="PERSON")
@option("--at", type=MOMENT)
@click.pass_obj
def check_in(desk: Desk, badge: str | None, regular: str | None, at: datetime | None) -> None:
    """A badge, a card number or a regular came in."""
    if (badge is None) == (regular is None):
        raise UserMistake("cli.one_of", names="BADGE --person")
    with desk.station() as db:
        if badge is not None:
            came, changes = visits.check_in(db, badge, at)
        else:
            came, changes = visits.check_in_person(db, person(db, regular or "").id, at)
        one = people.get(db, came.person_id)
        nth = visits.today(db, came.visit.business_date).person_times
    said = t("cli.here_already", who=who(one)) if came.repeated else t("cli.checked_in", who=who(one), n=nth)
    answer = {"id": came.visit.id, "person": came.person_id, "repeated": came.repeated, "visit": came.visit}
    desk.done(changes, said, **answer)


@visits_group.command("tally")
@click.argument("occupation", type=Code(Occupation))
@option("--count", type=WHOLE, default=1)
@option("--at", type=MOMENT)
@click.pass_obj
def tally(desk: Desk, occupation: Occupation, count: int, at: datetime | None) -> None:
    """People without a badge, counted."""
    with desk.station() as db:
        visit, changes = visits.tally(db, occupation, count, at)
    desk.done(changes, t("cli.tallied", label=label(occupation), n=count), id=visit.id, person_times=count, visit=visit)


@visits_group.command("set-count")
@click.argument("visit")
@click.argument("count", type=WHOLE)
@option("--at", type=MOMENT)
@click.pass_obj
def set_count(desk: Desk, visit: str, count: int, at: datetime | None) -> None:
    """Correct how many a count stands for."""
    with desk.station() as db:
        now, changes = visits.set_count(db, visit, count, at)
    desk.done(changes, t("cli.tallied", label=label(now.occupation), n=count), id=now.id, person_times=count, visit=now)


@visits_group.command("amenity")
@click.argument("visit")
@click.argument("amenity", type=Code(Amenity))
@option("--off", is_flag=True)
@option("--at", type=MOMENT)
@click.pass_obj
def amenity(desk: Desk, visit: str, amenity: Amenity, off: bool, at: datetime | None) -> None:
    """Note a service used during a visit, or take the note back."""
    with desk.station() as db:
        changes = visits.use_amenity(db, visit, amenity, not off, at)
        used = visits.amenities(db, visit)
    said = t("terms.list").join(label(one) for one in sorted(used)) or t("cli.nothing")
    desk.done(changes, t("cli.services_used", names=said), id=visit, amenities=used)


@visits_group.command("list")
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@option("--limit", type=WHOLE, default=1000)
@click.pass_obj
def listing(desk: Desk, first: date | None, last: date | None, limit: int) -> None:
    """The visits of a span of days, the newest first; today without one."""
    with desk.station() as db:
        today = db.stamp().business_date
        found = visits.listing(
            db, first.isoformat() if first else today, last.isoformat() if last else today, max(limit, 0)
        )
        names = {one.id: who(one) for one in regulars(db, list({v.person_id for v in found if v.person_id}))}
    rows = [
        (
            visit.id, moment(visit.time), label(visit.occupation), visit.person_times, label(visit.recorded),
            names.get(visit.person_id or "", ""), "" if visit.void_reason is None else t("cli.void"),
        )
        for visit in found
    ]  # fmt: skip
    headings = ["id", t("cli.time"), t("cli.occupation"), t("cli.person_times"), t("cli.recorded"), t("cli.name"), ""]
    desk.tell({"visits": found}, lambda: table(headings, rows, right=(3,)))


@visits_group.command("today")
@option("--date", "day", type=DAY)
@click.pass_obj
def today(desk: Desk, day: date | None) -> None:
    """The desk's figures of a day."""
    with desk.station() as db:
        found = visits.today(db, day.isoformat() if day else db.stamp().business_date)
    said = t(
        "cli.today", date=found.business_date, times=number(found.person_times), handed=number(found.handed_out),
        asked=number(found.new_requests),
    )  # fmt: skip
    desk.tell({**{name: getattr(found, name) for name in ("business_date", "person_times", "handed_out", "new_requests")},
               "by_hour": found.by_hour, "anonymous": found.anonymous}, said)  # fmt: skip


# --- the paper sheet -----------------------------------------------------------------------------------------------------


class SheetField(StrEnum):
    """The columns of a paper sheet that was typed into a file."""

    OCCUPATION = "occupation"
    HOUR = "hour"
    COUNT = "count"


@visits_group.command("sheet")
@click.argument("file", type=FILE)
@option("--date", "day", type=DAY, required=True)
@click.pass_obj
def sheet(desk: Desk, file: Path, day: date) -> None:
    """A paper sheet typed in later: a file with the columns occupation, hour, count."""
    counts = _read(file)
    with desk.station() as db:
        try:
            total, changes = visits.paper_sheet(db, day, counts)
        except UserMistake as mistake:
            if mistake.word == "visits.day_to_come":  # the date was typed, all else stands in the file
                raise
            raise Refused(mistake.word, **mistake.fields) from None
    desk.done(changes, t("cli.paper_sheet", date=day.isoformat(), n=total), person_times=total, date=day.isoformat())


def _read(file: Path) -> dict[tuple[Occupation, int], int]:
    """(occupation, hour) -> people; a sheet that cannot be understood is refused with its line."""
    from ..services import rosters
    from ..services.rosters.headings import list_rows, vocabulary

    fields = vocabulary(
        {
            SheetField.OCCUPATION: "人员类别 类别 职业",
            SheetField.HOUR: "时段 小时 时间 钟点",
            SheetField.COUNT: "人次 人数 数量 次数",
        }
    )
    found = rosters.read_sheet(file, fields)
    columns = rosters.map_columns(found, fields)
    if len(columns.places) < len(SheetField):
        raise Refused("cli.sheet_columns", name=file.name)
    counts: dict[tuple[Occupation, int], int] = {}
    for index, cells in list_rows(found):
        try:
            occupation = Code(Occupation).convert(columns.text(cells, SheetField.OCCUPATION), None, None)
            hour = _hour(columns.text(cells, SheetField.HOUR))
            count = WHOLE.convert(columns.text(cells, SheetField.COUNT).removesuffix(".0"), None, None)
        except UserMistake:
            raise Refused("cli.sheet_row", name=file.name, line=index + 1) from None
        counts[occupation, hour] = counts.get((occupation, hour), 0) + count
    return counts


def _hour(text: str) -> int:
    found = re.match(r"\s*(\d{1,2})(?!\d)", normalize("NFKC", text))
    if found is None:
        raise UserMistake("cli.bad_number", text=text)
    return int(found[1])


@visits_group.command("blank-sheet")
@option("--to", type=FILE, required=True)
@click.pass_obj
def blank_sheet(desk: Desk, to: Path) -> None:
    """The blank sheet to print for a power cut."""
    from ..paper.sheets import tally_sheet

    with desk.station() as db:
        pages = tally_sheet(stations.current(db), to)
    desk.tell({"file": to, "pages": pages}, t("cli.file_written", name=to.name))
