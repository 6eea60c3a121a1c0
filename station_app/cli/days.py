"""The days of the desk: checks, closed days, hours, handover, duty log; emergencies and lost property."""

from __future__ import annotations

from datetime import date, datetime

import click

from ..errors import UserMistake
from ..model import CheckPart, ClosedReason, EmergencyKind, LostState
from ..services import incidents, keepers, shifts, stations
from ..words import label, t
from .frame import Desk, Group, option
from .inputs import DAY, MOMENT, WHOLE, Code, person
from .outputs import moment, table

emergency_group = Group("emergency")
lost_group = Group("lost")


def join(shift: Group) -> None:
    """Put the commands about days into the group of the shift."""
    for name, made in (
        ("points", points), ("check", check), ("close-days", close_days), ("reopen-day", reopen_day), ("hours", hours),
        ("matters", matters), ("hand-over", hand_over), ("log", log), ("confirm", confirm),
    ):  # fmt: skip
        shift.command(name)(made)


# --- checks and closed days --------------------------------------------------------------------------------------------------


@click.argument("part", type=Code(CheckPart))
@click.argument("names", nargs=-1)
@click.pass_obj
def points(desk: Desk, part: CheckPart, names: tuple[str, ...]) -> None:
    """The points of a check; with names, these from now on."""
    with desk.station() as db:
        if names:
            found, changes = shifts.set_points(db, part, names)
            desk.done(changes, t("cli.changed", name=label(part)), points=[one.name for one in found])
            return
        kept = [one.name for one in shifts.points(db, part)]
    from ..paper.duty import usual_points

    told = kept or usual_points(part)
    desk.tell({"points": told, "own": bool(kept)}, "\n".join(told))


@option("--exceptions", default="")
@option("--action", default="")
@option("--second-name", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def check(desk: Desk, exceptions: str, action: str, second_name: str, at: datetime | None) -> None:
    """The check of safety and hygiene; all well without exceptions."""
    from ..paper.duty import usual_points

    with desk.station() as db:
        names = [one.name for one in shifts.points(db, CheckPart.SAFETY)] or usual_points(CheckPart.SAFETY)
        made, changes = shifts.check_house(db, names, exceptions, action, second_name, at)
    said = t("cli.house_checked") if made.all_well else t("cli.house_checked_with", text=made.exceptions)
    desk.done(changes, said, id=made.id, check=made)


@click.argument("first", type=DAY)
@click.argument("last", type=DAY, required=False)
@option("--reason", type=Code(ClosedReason), default=ClosedReason.OTHER)
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def close_days(desk: Desk, first: date, last: date | None, reason: ClosedReason, note: str, at: datetime | None) -> None:
    """The station stays closed on a day, or from one to another."""
    with desk.station() as db:
        days, changes = shifts.close_days(db, first, last or first, reason, note, at)
    desk.done(changes, t("cli.days_closed", n=len(days), reason=label(reason)), days=days)


@click.argument("day", type=DAY)
@option("--at", type=MOMENT)
@click.pass_obj
def reopen_day(desk: Desk, day: date, at: datetime | None) -> None:
    """The station opens on a day after all."""
    with desk.station() as db:
        changes = shifts.reopen_day(db, day.isoformat(), at)
    desk.done(changes, t("cli.day_reopened", date=day.isoformat()), date=day.isoformat())


@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@click.pass_obj
def hours(desk: Desk, first: date | None, last: date | None) -> None:
    """Hours kept against hours posted; this month without dates."""
    with desk.station() as db:
        today = date.fromisoformat(db.stamp().business_date)
        found = shifts.hours(db, (first or today.replace(day=1)).isoformat(), (last or today).isoformat())
    from ..paper.duty import hours_line

    rows = [
        (one.business_date, f"{one.opens}-{one.closes}" if one.opens else label(one.closed_day.reason) if one.closed_day else "",
         one.opened, one.closed, one.late, one.early, one.person_times)
        for one in found.days
    ]  # fmt: skip
    heads = [t("cli.date"), t("cli.posted"), t("cli.opened_at"), t("cli.closed_at"), t("cli.late"), t("cli.early"), t("cli.times")]
    desk.tell({"hours": found}, lambda: "\n".join([hours_line(found), table(heads, rows, right=(4, 5, 6))]))


# --- handover and duty log -----------------------------------------------------------------------------------------------------


@click.pass_obj
def matters(desk: Desk) -> None:
    """What is open now: the handover card."""
    with desk.station() as db:
        found = shifts.matters(db)
        today = date.fromisoformat(db.stamp().business_date)
    from ..paper.duty import matters_lines

    lines = matters_lines(found, today)
    desk.tell({"matters": found, "lines": lines}, "\n".join(lines) or t("cli.nothing"))


@click.argument("keeper", required=False)
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def hand_over(desk: Desk, keeper: str | None, note: str, at: datetime | None) -> None:
    """The desk goes from whoever is on duty to a keeper, by id or name; to the keeper of this password without one."""
    from ..paper.duty import matters_lines

    with desk.station() as db:
        target = ""
        if keeper is not None:
            known = next((one for one in keepers.listing(db) if keeper in (one.id, one.name)), None)
            if known is None:
                raise UserMistake("cli.unknown_keeper", name=keeper)
            target = known.id
        lines = matters_lines(shifts.matters(db), date.fromisoformat(db.stamp().business_date))
        made, changes = shifts.hand_over(db, target, "\n".join(lines), note, at)
    desk.done(changes, t("cli.handed_over", first=made.from_name, second=made.to_name), id=made.id, handover=made)


@option("--date", "day", type=DAY)
@click.pass_obj
def log(desk: Desk, day: date | None) -> None:
    """The duty log of a day as confirmed, or as the records draft it."""
    from ..paper.duty import drafted, log_text

    with desk.station() as db:
        draft = shifts.draft(db, day.isoformat() if day else None)
        station = stations.current(db)
        text = drafted(draft, station, date.fromisoformat(db.stamp().business_date))
    desk.tell({"date": draft.business_date, "confirmed": draft.log, "draft": text}, lambda: log_text(draft.log or text))


@option("--date", "day", type=DAY)
@option("--events")
@option("--matters", "open_matters")
@option("--handed-to")
@option("--at", type=MOMENT)
@click.pass_obj
def confirm(
    desk: Desk, day: date | None, events: str | None, open_matters: str | None, handed_to: str | None, at: datetime | None
) -> None:
    """Confirm the duty log of a day as drafted, or with other words."""
    from ..paper.duty import drafted

    with desk.station() as db:
        draft = shifts.draft(db, day.isoformat() if day else None)
        text = drafted(draft, stations.current(db), date.fromisoformat(db.stamp().business_date))
        told = {"events": events, "matters": open_matters, "handed_to": handed_to}
        fields = text.fields() | {name: said for name, said in told.items() if said is not None}
        made, changes = shifts.confirm(db, draft.business_date, person_times=draft.figures.person_times, at=at, **fields)
    desk.done(changes, t("cli.log_confirmed", date=made.business_date), id=made.id, log=made)


# --- emergencies and lost property -----------------------------------------------------------------------------------------------


@emergency_group.command("stamp")
@option("--kind", type=Code(EmergencyKind), default=EmergencyKind.UNKNOWN)
@option("--at", type=MOMENT)
@click.pass_obj
def stamp(desk: Desk, kind: EmergencyKind, at: datetime | None) -> None:
    """Something happens now."""
    with desk.station() as db:
        made, changes = incidents.stamp(db, kind, at)
    desk.done(changes, t("cli.emergency_stamped", time=moment(made.time)), id=made.id, emergency=made)


@emergency_group.command("tell")
@click.argument("emergency_id")
@option("--kind", type=Code(EmergencyKind))
@option("--called", multiple=True, metavar="119")
@option("--place")
@option("--note")
@option("--over", is_flag=True)
@option("--at", type=MOMENT)
@click.pass_obj
def tell(
    desk: Desk,
    emergency_id: str,
    kind: EmergencyKind | None,
    called: tuple[str, ...],
    place: str | None,
    note: str | None,
    over: bool,
    at: datetime | None,
) -> None:
    """What happened, told later."""
    with desk.station() as db:
        now, changes = incidents.tell(db, emergency_id, kind=kind, called=called or None, place=place, note=note, over=over, at=at)
    desk.done(changes, t("cli.changed", name=label(now.kind)), id=now.id, emergency=now)


@emergency_group.command("list")
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@click.pass_obj
def list_emergencies(desk: Desk, first: date | None, last: date | None) -> None:
    """What happened in a span of days; this year without dates."""
    with desk.station() as db:
        today = date.fromisoformat(db.stamp().business_date)
        found = incidents.emergencies(db, (first or today.replace(month=1, day=1)).isoformat(), (last or today).isoformat())
    rows = [(one.id, moment(one.time), label(one.kind), one.called, one.place, one.note, moment(one.ended)) for one in found]
    heads = ["id", t("cli.time"), t("cli.kind"), t("cli.called"), t("cli.place"), t("cli.note"), t("cli.finished")]
    desk.tell({"emergencies": found}, lambda: table(heads, rows))


@lost_group.command("found")
@click.argument("thing")
@option("--place", default="")
@option("--kept-in", default="")
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def found_thing(desk: Desk, thing: str, place: str, kept_in: str, note: str, at: datetime | None) -> None:
    """Something was found in the house."""
    with desk.station() as db:
        made, changes = incidents.found(db, thing, place, kept_in, note, at)
    desk.done(changes, t("cli.found", number=made.number, thing=made.thing), id=made.id, lost=made)


@lost_group.command("settle")
@click.argument("number", type=WHOLE)
@click.argument("state", type=Code(LostState))
@option("--person", "regular", metavar="PERSON")
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def settle(desk: Desk, number: int, state: LostState, regular: str | None, note: str, at: datetime | None) -> None:
    """It was claimed, handed over or disposed of."""
    with desk.station() as db:
        who = person(db, regular).id if regular is not None else None
        now, changes = incidents.settle(db, incidents.by_number(db, number).id, state, person_id=who, note=note, at=at)
    desk.done(changes, t("cli.settled", number=now.number, thing=now.thing, state=label(now.state)), id=now.id, lost=now)


@lost_group.command("list")
@option("--all", "with_gone", is_flag=True)
@click.pass_obj
def list_lost(desk: Desk, with_gone: bool) -> None:
    """What was found and is still here; with --all what is gone too."""
    with desk.station() as db:
        found = incidents.lost_items(db, only_kept=not with_gone)
    rows = [(one.number, moment(one.time), one.thing, one.place, one.kept_in, label(one.state), moment(one.ended)) for one in found]
    heads = ["no.", t("cli.time"), t("cli.item"), t("cli.place"), t("cli.kept_in"), t("cli.state"), t("cli.finished")]
    desk.tell({"lost": found}, lambda: table(heads, rows, right=(0,)))
