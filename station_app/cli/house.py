"""The house itself: set up, the demo, keepers and shifts, the log and undo, settings, reports, the check."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from .. import settings as declared
from .. import vault
from ..db import DEFAULT_ZONE, Database
from ..errors import Refused, UserMistake
from ..model import Amenity, Keeper, LogLine, Mood, Occupation, Report, RequestState, Role, Station
from ..paths import DataFolder
from ..services import audit, demo, history, keepers, preferences, stations
from ..words import label, t
from . import days, ledgers, trail
from .frame import Desk, Group, Root, option, secret_from
from .inputs import DAY, MOMENT, WHOLE, Code, person
from .outputs import moment, number, table

FILE = click.Path(path_type=Path)


# --- beginning -----------------------------------------------------------------------------------------------------------


@click.argument("name")
@option("--code", required=True)
@option("--letter", default="A")
@option("--district-code", required=True)
@option("--district-name", default="")
@option("--opens", default="08:30")
@option("--closes", default="17:30")
@option("--zone", default=DEFAULT_ZONE)
@option("--phone", default="")
@option("--keeper", required=True)
@option("--pin-file", type=FILE)
@click.pass_obj
def init(desk: Desk, /, keeper: str, pin_file: Path | None, **fields: Any) -> None:
    """Set up a station in an empty folder."""
    pin = secret_from(pin_file) if pin_file is not None else ""
    password = desk.named_password() or desk.asked_password(twice=True)
    db, first = stations.set_up(desk.folder, Station(id="", **fields), keeper, password, pin, holder="command")
    try:
        station = stations.current(db)
    finally:
        db.close()
    answer = {"id": station.id, "station": station, "keeper": first, "folder": desk.folder}
    desk.tell(answer, t("cli.station_made", name=station.name, folder=desk.folder))


@click.argument("folder", type=FILE, metavar="DIR")
@option("--days", type=WHOLE, default=90)
@option("--visits-per-day", type=WHOLE, default=35)
@option("--seed", type=WHOLE, default=7)
@option("--until", type=DAY)
@click.pass_obj
def make_demo(desk: Desk, folder: Path, days: int, visits_per_day: int, seed: int, until: date | None) -> None:
    """A fictional station with a past."""
    made = demo.make(folder, days, visits_per_day, seed, until, holder="command")
    answer = {"folder": folder, "days": made.days, "regulars": made.regulars, "operations": made.operations,
              "undone": made.undone, **figures(made.report)}  # fmt: skip
    head = t("cli.demo_made", folder=folder, days=number(made.days), regulars=number(made.regulars),
             operations=number(made.operations), undone=number(made.undone))  # fmt: skip
    desk.tell(answer, lambda: "\n".join([head, "", report_text(made.report)]))


# --- keepers and the day -------------------------------------------------------------------------------------------------

keepers_group = Group("keepers")
shift_group = Group("shift")


@keepers_group.command("list")
@click.pass_obj
def list_keepers(desk: Desk) -> None:
    """Who works here."""
    with desk.station() as db:
        found = keepers.listing(db)
        pins = {one.id: keepers.has_pin(db, one.id) for one in found}
    rows = [(one.id, one.name, label(one.role), "PIN" if pins[one.id] else "") for one in found]
    answer = [{"id": one.id, "name": one.name, "role": one.role, "pin": pins[one.id]} for one in found]
    desk.tell({"keepers": answer}, lambda: table(["id", t("cli.name"), t("cli.role"), ""], rows))


@keepers_group.command("add")
@click.argument("name")
@option("--role", type=Code(Role), default=Role.KEEPER)
@option("--new-password-file", type=FILE, required=True)
@option("--pin-file", type=FILE)
@click.pass_obj
def add_keeper(desk: Desk, name: str, role: Role, new_password_file: Path, pin_file: Path | None) -> None:
    """A further keeper with a password of their own."""
    fresh, pin = secret_from(new_password_file), secret_from(pin_file) if pin_file is not None else ""
    with desk.station() as db:
        root, _ = vault.unlock(DataFolder(desk.folder).slots, desk.opened_with)
        keeper, changes = keepers.add(db, desk.folder, root, name, role, fresh, pin)
    desk.done(changes, t("cli.changed", name=keeper.name), id=keeper.id, keeper=keeper)


@keepers_group.command("pin")
@click.argument("keeper")
@option("--pin-file", type=FILE, required=True)
@click.pass_obj
def pin(desk: Desk, keeper: str, pin_file: Path) -> None:
    """Give a keeper, by id or name, a new PIN."""
    with desk.station() as db:
        known = _named(db, keeper)
        changes = keepers.set_pin(db, known.id, secret_from(pin_file))
    desk.done(changes, t("cli.changed", name=known.name), id=known.id)


@keepers_group.command("change")
@click.argument("keeper")
@option("--name")
@option("--role", type=Code(Role))
@click.pass_obj
def change_keeper(desk: Desk, keeper: str, name: str | None, role: Role | None) -> None:
    """Another name or role for a keeper, by id or name."""
    with desk.station() as db:
        known = _named(db, keeper)
        changed, changes = keepers.change(db, known.id, known.name if name is None else name, role or known.role)
    desk.done(changes, t("cli.changed", name=changed.name), id=changed.id, keeper=changed)


@keepers_group.command("password")
@click.argument("keeper", required=False)
@option("--new-password-file", type=FILE, required=True)
@click.pass_obj
def password(desk: Desk, keeper: str | None, new_password_file: Path) -> None:
    """The own new password or, for whoever may, that of a keeper who forgot theirs."""
    fresh, file = secret_from(new_password_file), DataFolder(desk.folder).slots
    with desk.station() as db:
        known = _named(db, keeper or db.acting)
        if known.id == db.acting:
            changes = keepers.change_password(db, desk.folder, known.id, desk.opened_with, fresh)
        else:
            root, _ = vault.unlock(file, desk.opened_with)
            changes = keepers.reset_password(db, desk.folder, root, known.id, fresh)
    desk.done(changes, t("cli.changed", name=known.name), id=known.id)


@keepers_group.command("remove")
@click.argument("keeper")
@click.pass_obj
def remove_keeper(desk: Desk, keeper: str) -> None:
    """A keeper leaves: what they recorded stays, their password and PIN open nothing any more."""
    with desk.station() as db:
        known = _named(db, keeper)
        changes = keepers.remove(db, desk.folder, known.id)
    desk.done(changes, t("cli.keeper_left", name=known.name), id=known.id)


def _named(db: Database, keeper: str) -> Keeper:
    """Who works here by this id or name."""
    known = next((one for one in keepers.listing(db) if keeper in (one.id, one.name)), None)
    if known is None:
        raise UserMistake("cli.unknown_keeper", name=keeper)
    return known


@shift_group.command("begin")
@option("--at", type=MOMENT)
@click.pass_obj
def begin(desk: Desk, at: datetime | None) -> None:
    """The keeper of this password takes the desk."""
    with desk.station() as db:
        changes = keepers.begin_shift(db, at)
        shift = keepers.on_duty(db)
    desk.done(
        changes, t("cli.on_duty", name=shift.keeper if shift else ""), id=shift.id if shift else None, shift=shift
    )


@shift_group.command("end")
@option("--at", type=MOMENT)
@click.pass_obj
def end(desk: Desk, at: datetime | None) -> None:
    """Whoever is on duty goes home."""
    with desk.station() as db:
        changes = keepers.end_shift(db, at)
    desk.done(changes, t("cli.nobody_on_duty"))


@shift_group.command("open")
@option("--exceptions", default="")
@option("--high", type=WHOLE)
@option("--at", type=MOMENT)
@click.pass_obj
def open_day(desk: Desk, exceptions: str, high: int | None, at: datetime | None) -> None:
    """The opening check; all well without exceptions."""
    with desk.station() as db:
        changes = keepers.open_station(db, exceptions, high, at)
        day = keepers.day(db, db.stamp(at).business_date)
    desk.done(changes, t("cli.opened", time=day.opened[11:16]), day=day)


@shift_group.command("close")
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def close_day(desk: Desk, note: str, at: datetime | None) -> None:
    """The closing."""
    with desk.station() as db:
        changes = keepers.close_station(db, note, at)
        day = keepers.day(db, db.stamp(at).business_date)
    desk.done(changes, t("cli.closed", time=day.closed[11:16]), day=day)


@shift_group.command("show")
@option("--date", "day", type=DAY)
@click.pass_obj
def show_day(desk: Desk, day: date | None) -> None:
    """Who is on duty, and a day's opening, closing and shifts."""
    with desk.station() as db:
        wanted = day.isoformat() if day else db.stamp().business_date
        found, shifts, now = keepers.day(db, wanted), keepers.shifts_of(db, wanted), keepers.on_duty(db)
    rows = [(one.keeper, moment(one.began), moment(one.finished)) for one in shifts]
    head = t("cli.day", date=wanted, opened=found.opened[11:16] or "-", closed=found.closed[11:16] or "-")
    headings = [t("cli.keeper"), t("cli.began"), t("cli.finished")]
    answer = {"day": found, "shifts": shifts, "on_duty": now}
    desk.tell(answer, lambda: "\n".join([head, table(headings, rows)]))


# --- the log and undo ----------------------------------------------------------------------------------------------------

history_group = Group("history")


@option("--date", "day", type=DAY)
@option("--person", "regular", metavar="PERSON")
@option("--limit", type=WHOLE, default=200)
@click.pass_obj
def show_log(desk: Desk, day: date | None, regular: str | None, limit: int) -> None:
    """What was done on a day or for a regular, the newest first."""
    with desk.station() as db:
        if regular is not None:
            lines = history.of_person(db, person(db, regular).id, max(limit, 0))
        else:
            lines = history.log(db, day.isoformat() if day else db.stamp().business_date, max(limit, 0))
    desk.tell({"log": lines}, lambda: _log_table(lines))


def _log_table(lines: list[LogLine]) -> str:
    rows = [
        (
            one.operation,
            moment(one.time),
            label(one.op),
            one.keeper,
            t("cli.undone") if one.undone else "",
            label(one.exchange),
        )
        for one in lines
    ]
    return table([t("cli.operation"), t("cli.time"), t("cli.what"), t("cli.keeper"), "", t("cli.exchange")], rows)


@history_group.command("undo")
@click.argument("operation", required=False)
@option("--at", type=MOMENT)
@click.pass_obj
def undo(desk: Desk, operation: str | None, at: datetime | None) -> None:
    """Take an operation back; the last one without its id."""
    with desk.station() as db:
        if operation is None:
            last = history.last_undoable(db)
            if last is None:
                raise Refused("cli.nothing_to_undo")
            operation = last.operation
        changes = history.undo(db, operation, at)
    desk.done(changes, t("cli.taken_back"), id=operation)


# --- settings and the station --------------------------------------------------------------------------------------------

settings_group = Group("settings")
station_group = Group("station")


@settings_group.command("list")
@click.pass_obj
def list_settings(desk: Desk) -> None:
    """All settings and what they are now."""
    with desk.station() as db:
        found = {one.name: preferences.get(db, one) for one in declared.ALL}
    desk.tell({"settings": found}, lambda: table([t("cli.name"), t("cli.content")], found.items()))


@settings_group.command("set")
@click.argument("name")
@click.argument("content")
@click.pass_obj
def set_setting(desk: Desk, name: str, content: str) -> None:
    """Change a setting."""
    with desk.station() as db:
        changes = preferences.change(db, name, content)
    desk.tell(
        {"name": name, "content": content, "operation": changes.operation, "undoable": False}, f"{name} = {content}"
    )


@station_group.command("show")
@click.pass_obj
def show_station(desk: Desk) -> None:
    """What the station says of itself."""
    with desk.station() as db:
        found = stations.current(db)
    rows = [
        (found.name, f"{found.code}-{found.letter}", f"{found.district_name} {found.district_code}", f"{found.opens}-{found.closes}",
         found.phone, t("terms.sample_mark") if found.sample else "")
    ]  # fmt: skip
    headings = [t("cli.name"), t("cli.code"), t("cli.district"), t("cli.hours"), t("cli.phone"), ""]
    desk.tell({"station": found}, lambda: table(headings, rows))


@station_group.command("change")
@option("--name")
@option("--opens")
@option("--closes")
@option("--phone")
@option("--district-name")
@click.pass_obj
def change_station(desk: Desk, /, **fields: str | None) -> None:
    """Change the station's name, hours or phone."""
    with desk.station() as db:
        found, changes = stations.change(db, **{name: text for name, text in fields.items() if text is not None})
    desk.done(changes, t("cli.changed", name=found.name), id=found.id, station=found)


# --- figures -------------------------------------------------------------------------------------------------------------


FIGURES = (
    "person_times", "unique_people", "registered", "anonymous", "open_days", "by_occupation", "by_amenity", "by_hour",
    "by_day", "by_platform", "handouts", "requests", "balances", "by_mood",
)  # fmt: skip


def figures(found: Report) -> dict[str, Any]:
    """A report as the object of ``--json``; a district's is the same."""
    return {"from": found.first, "to": found.last, **{name: getattr(found, name) for name in FIGURES}}


def report_text(found: Report) -> str:
    """A report as people read it."""
    head = t(
        "cli.report", first=found.first, last=found.last, times=number(found.person_times), people=number(found.unique_people),
        registered=number(found.registered), anonymous=number(found.anonymous), days=number(found.open_days),
    )  # fmt: skip
    states = {label(RequestState(state)): n for state, n in found.requests.items()}
    parts = [
        (t("cli.occupation"), {label(Occupation(code)): n for code, n in found.by_occupation.items()}),
        (t("cli.services"), {label(Amenity(code)): n for code, n in found.by_amenity.items()}),
        (t("cli.handed_out"), dict(found.handouts)),
        (t("cli.requests"), states),
        *([(t("cli.moods"), {label(Mood(code)): n for code, n in found.by_mood.items()})] if found.by_mood else []),
    ]
    blocks = [
        table([title, ""], [*split.items(), (t("cli.total"), sum(split.values()))], right=(1,))
        for title, split in parts
    ]
    return "\n\n".join([head, *blocks])


@click.pass_obj
def check(desk: Desk) -> None:
    """See that everything adds up."""
    with desk.station() as db:
        problems = audit.check(db)
    desk.tell(
        {"ok": not problems, "problems": [{"problem": one.word, **one.fields} for one in problems]},
        lambda: "\n".join([t(one.word, **one.fields) for one in problems]) or t("cli.all_well"),
    )
    if problems:
        raise Refused("cli.problems", n=len(problems))


def join(root: Root) -> None:
    """Put the commands of the house on the command line."""
    for name, made in (("init", init), ("demo", make_demo), ("check", check), ("log", show_log), ("ledger", ledgers.ledger)):
        root.command(name)(made)
    history_group.add_command(root.commands["log"], "list")
    trail.join(history_group)
    days.join(shift_group)
    for group in (keepers_group, shift_group, history_group, settings_group, station_group):
        root.add_command(group)
