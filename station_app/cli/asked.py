"""Requests of all stations as the district's officers work on them: units, duplicates, templates, meetings, figures, export."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ..district import answer, desk, hotline, matters
from ..errors import UserMistake
from ..model import Category, Request
from ..services import request_figures, requests
from ..words import label, t
from .answers import shown_figures
from .exchange import FILE, district_group, open_district
from .frame import Desk, Group, option
from .inputs import DAY, WHOLE, Topic
from .outputs import moment, table

asked_group = Group("requests")
asked_group.usual = "list"
template_group, meeting_group = Group("template"), Group("meeting")
for _group in (asked_group, template_group, meeting_group):
    district_group.add_command(_group)
GROUPS = {"district": district_group}


def _table(found: list[Request]) -> str:
    rows = [
        (one.number, moment(one.time), label(one.category), label(one.state), moment(one.due), one.text) for one in found
    ]
    heads = [t("cli.number"), t("cli.time"), t("cli.category"), t("cli.state"), t("cli.due"), t("cli.text")]
    return table(heads, rows)


@asked_group.command("list")
@option("--limit", type=WHOLE, default=500)
@option("--late", "overdue", is_flag=True)
@click.pass_obj
def listing(line: Desk, limit: int, overdue: bool) -> None:
    """Requests of all stations, the newest first; with ``--late`` those past their time that nobody answered."""
    with open_district(line) as db:
        found = answer.inbox(db, max(limit, 0))
        if overdue:
            now = db.now().isoformat(timespec="seconds")
            found = [one for one in found if one.state in requests.OPEN - requests.ANSWERED and hotline.later(now, one.due)]
    line.tell({"requests": found}, lambda: _table(found))


@asked_group.command("assign")
@click.argument("number")
@option("--unit", default="")
@option("--note", default="")
@click.pass_obj
def assign(line: Desk, number: str, unit: str, note: str) -> None:
    """Hand a request on to a unit, without one to the unit that the rules name."""
    with open_district(line) as db:
        now, changes = matters.assign(db, number, unit, note)
        chosen = now.steps[-1].unit
    line.done(changes, t("cli.assigned", number=now.number, unit=chosen), number=now.number, unit=chosen)


@asked_group.command("merge")
@click.argument("number")
@click.argument("duplicates", nargs=-1, required=True, metavar="NUMBER...")
@option("--note", default="")
@click.pass_obj
def merge(line: Desk, number: str, duplicates: tuple[str, ...], note: str) -> None:
    """Deal with several requests of one matter under the first: each step is then taken on all."""
    with open_district(line) as db:
        now, changes = matters.merge(db, number, list(duplicates), note)
    line.done(changes, t("cli.merged_requests", number=now.number, n=len(duplicates)), number=now.number, merged=duplicates)


@asked_group.command("part")
@click.argument("number")
@click.pass_obj
def part(line: Desk, number: str) -> None:
    """A request is a matter of its own after all."""
    with open_district(line) as db:
        changes = matters.part(db, number)
    line.done(changes, t("cli.parted", number=number), number=number)


@asked_group.command("export")
@option("--to", type=FILE, required=True)
@option("--open", "still_open", is_flag=True)
@click.pass_obj
def export(line: Desk, to: Path, still_open: bool) -> None:
    """All requests for another system, as JSON or CSV by the file's ending (docs/requests-export.md)."""
    ending = to.suffix.lower()
    if ending not in (".json", ".csv"):
        raise UserMistake("matters.bad_ending", name=to.name)
    with open_district(line) as db:
        count, _ = hotline.export(db, to, "csv" if ending == ".csv" else "json", still_open=still_open)
    line.tell({"file": to, "requests": count}, t("cli.file_written", name=to.name))


@asked_group.command("figures")
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@click.pass_obj
def figures(line: Desk, first: date | None, last: date | None) -> None:
    """How many of what, how long it took, and what the people themselves say; nothing by person."""
    with open_district(line) as db:
        today = db.stamp().business_date
        found = request_figures.period(db, str(first or f"{today[:4]}-01-01"), str(last or today))
    line.tell({"figures": found, "fixed_share": found.fixed_share}, lambda: shown_figures(found))


# --- templates -----------------------------------------------------------------------------------------------------------------


@template_group.command("list")
@click.pass_obj
def templates(line: Desk) -> None:
    """The replies kept for using again."""
    with open_district(line) as db:
        found = matters.templates(db)
    rows = [(one.id, one.category, one.title, one.text) for one in found]
    line.tell({"templates": found}, lambda: table([t("cli.number"), t("cli.category"), t("cli.name"), t("cli.text")], rows))


@template_group.command("keep")
@click.argument("title")
@click.argument("text")
@option("--category", type=Topic())
@click.pass_obj
def keep(line: Desk, title: str, text: str, category: Category | str | None) -> None:
    """Keep a reply, for one category or for any."""
    with open_district(line) as db:
        kept, changes = matters.keep_template(db, title, text, str(category or ""))
    line.done(changes, t("cli.template_kept", title=kept.title), id=kept.id)


@template_group.command("drop")
@click.argument("template")
@click.pass_obj
def drop(line: Desk, template: str) -> None:
    """A reply is not kept any more."""
    with open_district(line) as db:
        changes = matters.drop_template(db, template)
    line.done(changes, t("cli.template_dropped"), id=template)


# --- joint meetings ----------------------------------------------------------------------------------------------------------------


@meeting_group.command("list")
@click.pass_obj
def meetings(line: Desk) -> None:
    """The joint meetings, the newest first."""
    with open_district(line) as db:
        found = matters.meetings(db)
    rows = [(one.id, one.held_on, one.title, one.items, one.decided) for one in found]
    heads = [t("cli.number"), t("cli.day"), t("cli.name"), t("cli.requests"), t("cli.decided")]
    line.tell({"meetings": found}, lambda: table(heads, rows))


@meeting_group.command("plan")
@click.argument("day", type=DAY)
@click.argument("title")
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@click.pass_obj
def plan(line: Desk, day: date, title: str, numbers: tuple[str, ...]) -> None:
    """A meeting with the requests it takes up."""
    with open_district(line) as db:
        made, changes = matters.plan_meeting(db, str(day), title, list(numbers))
    line.done(changes, t("cli.meeting_planned", title=made.title, n=made.items), id=made.id, items=made.items)


@meeting_group.command("agenda")
@click.argument("meeting")
@option("--to", type=FILE)
@click.pass_obj
def agenda(line: Desk, meeting: str, to: Path | None) -> None:
    """What a meeting takes up; to a file as PDF."""
    with open_district(line) as db:
        planned, found, place = matters.meeting(db, meeting), matters.agenda(db, meeting), desk.place(db)
    if to is not None:
        from ..paper.agenda import agenda as draw

        items = [(one.request, one.station, one.decision) for one in found]
        draw(planned.title, planned.held_on, items, to, place=place.name, sample=place.sample)
    rows = [(one.request.number, one.station, one.request.text, one.decision) for one in found]
    heads = [t("cli.number"), t("cli.station_of"), t("cli.text"), t("cli.decided")]
    told = {"meeting": planned, "items": found, "file": to}
    line.tell(told, lambda: table(heads, rows) if to is None else t("cli.file_written", name=to.name))


@meeting_group.command("decide")
@click.argument("meeting")
@click.argument("number")
@click.argument("decision")
@option("--no-reply", "quiet", is_flag=True)
@click.pass_obj
def decide(line: Desk, meeting: str, number: str, decision: str, quiet: bool) -> None:
    """What a meeting decided of a request; it is its answer, unless that is to wait."""
    with open_district(line) as db:
        now, changes = matters.decide(db, meeting, number, decision, reply=not quiet)
    line.done(changes, t("cli.decided_on", number=now.number), number=now.number, state=now.state)
