"""Requests: recorded, moved on, looked up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..db import Database
from ..errors import UserMistake
from ..model import Category, Channel, Request, RequestKind, RequestState, Urgency, Verdict
from ..services import attachments, request_notes, requests, stations
from ..services import pictures as drawing
from ..words import label, t
from .frame import Desk, Group, option
from .inputs import COVER, MOMENT, WHOLE, Code, Topic, person, request
from .outputs import moment, table

requests_group = Group("requests")
FILE = click.Path(path_type=Path)


def _prepared(files: Sequence[Path], covers: Sequence[tuple[int, drawing.Box]] = ()) -> list[bytes]:
    """Pictures made ready to be kept, each opened in the worker, with parts covered; Refused for the first that is none."""
    from ..sync.opening import Opener

    for place, _box in covers:
        if not 1 <= place <= len(files):
            raise UserMistake("pictures.no_such_place", place=place)
    if not files:
        return []
    with Opener() as opener:
        made = [opener.open_picture(file) for file in files]
    return [drawing.cover(jpeg, [box for at, box in covers if at == place]) for place, jpeg in enumerate(made, start=1)]


@requests_group.command("add")
@click.argument("text")
@option("--kind", type=Code(RequestKind), default=RequestKind.HELP)
@option("--category", type=Topic(), default=Category.OTHER)
@option("--channel", type=Code(Channel), default=Channel.DESK)
@option("--urgency", type=Code(Urgency), default=Urgency.ORDINARY)
@option("--person", "regular", metavar="PERSON")
@option("--place", default="")
@option("--contact", default="")
@option("--grid", default="")
@option("--lock", "locked", is_flag=True)
@option("--picture", "files", type=FILE, metavar="FILE", multiple=True)
@option("--cover", "cover", type=COVER, multiple=True)
@option("--at", type=MOMENT)
@click.pass_obj
def add(
    desk: Desk, /, text: str, regular: str | None, locked: bool, files: tuple[Path, ...], cover: tuple[Any, ...], **more: Any
) -> None:
    """Record a request in the person's own words."""
    made_ready = _prepared(files, cover)
    with desk.station() as db:
        person_id = person(db, regular).id if regular is not None else None
        lock = locking(db) if locked else None
        new, changes = requests.add(db, text, person_id=person_id, pictures=made_ready, lock=lock, **more)
    said = t("cli.request_added", number=new.number, due=moment(new.due))
    told = {"id": new.id, "number": new.number, "due": new.due, "state": new.state, "slip": new.slip}
    desk.done(changes, said, pictures=len(made_ready), **told)


def locking(db: Database) -> requests.Lock:
    """What seals a request's key to the district; the exchange is loaded only for that."""
    from ..sync import outbox

    return outbox.lock(db)


@requests_group.command("step")
@click.argument("number")
@click.argument("state", type=Code(RequestState))
@option("--note", default="")
@option("--unit", default="")
@option("--verdict", type=Code(Verdict))
@option("--at", type=MOMENT)
@click.pass_obj
def step(desk: Desk, /, number: str, state: RequestState, **more: Any) -> None:
    """Move a request on."""
    with desk.station() as db:
        now, changes = requests.step(db, request(db, number).id, state, **more)
    said = t("cli.request_now", number=now.number, state=label(now.state))
    desk.done(changes, said, id=now.id, number=now.number, state=now.state)


@requests_group.command("list")
@option("--state", "states", type=Code(RequestState), multiple=True)
@option("--open", "still_open", is_flag=True)
@option("--to-tell", is_flag=True)
@option("--person", "regular", metavar="PERSON")
@option("--limit", type=WHOLE, default=500)
@click.pass_obj
def listing(
    desk: Desk, states: tuple[RequestState, ...], still_open: bool, to_tell: bool, regular: str | None, limit: int
) -> None:
    """Requests, the newest first."""
    wanted = frozenset(states) | (requests.OPEN if still_open else frozenset())
    with desk.station() as db:
        person_id = person(db, regular).id if regular is not None else None
        if to_tell:
            found = requests.to_tell(db, person_id)
        else:
            found = requests.listing(db, wanted or None, person_id, max(limit, 0))
        counts = requests.counts(db)
    desk.tell({"requests": found, "counts": counts}, lambda: listed(found))


@requests_group.command("find")
@click.argument("text")
@option("--limit", type=WHOLE, default=100)
@click.pass_obj
def find(desk: Desk, text: str, limit: int) -> None:
    """Requests whose number or words hold a text."""
    with desk.station() as db:
        found = requests.find(db, text, max(limit, 0))
    desk.tell({"requests": found}, lambda: listed(found))


@requests_group.command("show")
@click.argument("number")
@click.pass_obj
def show(desk: Desk, number: str) -> None:
    """One request with its steps."""
    with desk.station() as db:
        found = request(db, number)
        shown = attachments.listing(db, found.id)
    rows = [
        (
            moment(step.time),
            label(step.state),
            step.keeper,
            step.unit,
            step.note,
            label(step.verdict) if step.verdict else "",
        )
        for step in found.steps
    ]
    headings = [t("cli.time"), t("cli.state"), t("cli.keeper"), t("cli.handled_by"), t("cli.note"), t("cli.verdict")]
    desk.tell({"request": found, "pictures": shown}, lambda: "\n".join([listed([found]), "", table(headings, rows)]))


@requests_group.command("note")
@click.argument("number")
@click.argument("text")
@click.pass_obj
def note(desk: Desk, number: str, text: str) -> None:
    """Write a note of this desk on a request; it stays at this station."""
    with desk.station() as db:
        found = request(db, number)
        made, changes = request_notes.add(db, found.id, text)
    desk.done(changes, t("request_notes.added"), number=found.number, id=made.id)


@requests_group.command("notes")
@click.argument("number")
@option("--remove", metavar="ID", default="")
@click.pass_obj
def notes(desk: Desk, number: str, remove: str) -> None:
    """The notes of this desk on a request, or one of them taken away."""
    with desk.station() as db:
        found = request(db, number)
        if remove:
            request_notes.remove(db, remove)
        shown = request_notes.listing(db, found.id)
    rows = [(one.id, moment(one.time), one.keeper, one.text) for one in shown]
    told = [{"id": one.id, "time": one.time, "keeper": one.keeper, "text": one.text} for one in shown]
    desk.tell({"number": found.number, "notes": told}, lambda: table([t("cli.id"), t("cli.time"), t("cli.keeper"), t("cli.text")], rows))


@requests_group.command("attach")
@click.argument("number")
@click.argument("files", type=FILE, nargs=-1, required=True, metavar="FILE...")
@option("--after", is_flag=True)
@option("--cover", "cover", type=COVER, multiple=True)
@click.pass_obj
def attach(desk: Desk, number: str, files: tuple[Path, ...], after: bool, cover: tuple[Any, ...]) -> None:
    """Add pictures to a request; all of them or none."""
    made_ready = _prepared(files, cover)
    with desk.station() as db:
        found = request(db, number)
        now, changes = attachments.add(db, found.id, made_ready, shows="after" if after else "")
    said = t("cli.pictures_added", number=found.number, n=len(made_ready))
    desk.done(changes, said, number=found.number, pictures=now)


@requests_group.command("cover")
@click.argument("number")
@click.argument("parts", type=COVER, nargs=-1, required=True, metavar="PLACE:LEFT,TOP,WIDTH,HEIGHT...")
@click.pass_obj
def cover_parts(desk: Desk, number: str, parts: tuple[tuple[int, drawing.Box], ...]) -> None:
    """Cover parts of pictures that a request has, each by its place."""
    with desk.station() as db:
        found = request(db, number)
        there = {one.rank: one.id for one in attachments.listing(db, found.id)}
        if any(place not in there for place, _box in parts):
            raise UserMistake("pictures.unknown")
        for place in sorted({place for place, _box in parts}):
            _picture, changes = attachments.cover(db, there[place], [box for at, box in parts if at == place])
        now = attachments.listing(db, found.id)
    desk.done(changes, t("cli.picture_covered", number=found.number, n=len(parts)), number=found.number, pictures=now)


@requests_group.command("detach")
@click.argument("number")
@click.argument("place", type=WHOLE)
@click.pass_obj
def detach(desk: Desk, number: str, place: int) -> None:
    """Take one picture away from a request, by its place."""
    with desk.station() as db:
        found = request(db, number)
        wanted = next((one for one in attachments.listing(db, found.id) if one.rank == place), None)
        if wanted is None:
            raise UserMistake("pictures.unknown")
        changes = attachments.remove(db, wanted.id)
    desk.done(changes, t("cli.picture_removed", number=found.number, place=place), number=found.number, id=wanted.id)


@requests_group.command("pictures")
@click.argument("number")
@option("--to", type=FILE, required=True)
@click.pass_obj
def pictures(desk: Desk, number: str, to: Path) -> None:
    """Write the pictures of a request to a folder."""
    with desk.station() as db:
        found = request(db, number)
        files = [(one.rank, attachments.content(db, one.id)) for one in attachments.listing(db, found.id)]
    write_pictures(desk, found.number, files, to)


def write_pictures(desk: Desk, number: str, files: Sequence[tuple[int, bytes]], to: Path) -> None:
    """Write (place, JPEG) as ``<number>-<place>.jpg`` and answer with the names."""
    from ..sync import carry

    written = [carry.write_file(to, f"{number}-{rank}.jpg", jpeg).path for rank, jpeg in files]
    desk.tell({"number": number, "files": written}, t("cli.pictures_written", number=number, n=len(written), folder=to))


@requests_group.command("slip")
@click.argument("number")
@option("--to", type=click.Path(path_type=Path), required=True)
@click.pass_obj
def slip(desk: Desk, number: str, to: Path) -> None:
    """The slip for whoever brought a request."""
    from ..paper.sheets import request_slip

    with desk.station() as db:
        found = requests.with_slip(db, request(db, number))
        pages = request_slip(stations.current(db), found, to)
    desk.tell({"file": to, "pages": pages, "number": found.number}, t("cli.file_written", name=to.name))


def listed(found: list[Request]) -> str:
    """Requests as a table."""
    rows = [
        (one.number, moment(one.time), label(one.kind), label(one.category), label(one.state), moment(one.due),
         label(one.exchange), one.text)
        for one in found
    ]  # fmt: skip
    headings = [t("cli.number"), t("cli.time"), t("cli.kind"), t("cli.category"), t("cli.state"), t("cli.due"),
                t("cli.exchange"), t("cli.text")]  # fmt: skip
    return table(headings, rows)
