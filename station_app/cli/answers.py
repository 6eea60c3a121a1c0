"""Requests that several bring, boxes that are opened, answers told by badge or slip: further commands of ``requests``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from ..model import Category, Channel, RequestKind, Verdict
from ..services import answers, boxes, request_figures, requests, stations, voices
from ..words import label, t
from .frame import Desk, option
from .inputs import DAY, MOMENT, WHOLE, Code, Topic, person, request
from .outputs import moment, table
from .requests import listed, locking, requests_group

FILE = click.Path(path_type=Path)
BOARD_DAYS = 60


# --- voices ----------------------------------------------------------------------------------------------------------------


@requests_group.command("join")
@click.argument("number")
@option("--channel", type=Code(Channel), default=Channel.DESK)
@option("--person", "regular", metavar="PERSON")
@option("--contact", default="")
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def join(desk: Desk, /, number: str, regular: str | None, **more: Any) -> None:
    """Somebody says the same: they are told the answer, too."""
    with desk.station() as db:
        person_id = person(db, regular).id if regular is not None else None
        found = request(db, number)
        voice, slip, changes = voices.add(db, found.id, person_id=person_id, **more)
    desk.done(changes, t("cli.joined", number=found.number, slip=slip), id=voice.id, number=found.number, slip=slip)


@requests_group.command("voices")
@click.argument("number")
@click.pass_obj
def joined(desk: Desk, number: str) -> None:
    """Who joined a request."""
    with desk.station() as db:
        found = request(db, number)
        told = voices.of_request(db, found.id)
    rows = [(one.id, moment(one.time), label(one.channel), one.note, label(one.told) if one.told else "") for one in told]
    headings = [t("cli.number"), t("cli.time"), t("cli.channel"), t("cli.note"), t("cli.verdict")]
    desk.tell({"number": found.number, "voices": told}, lambda: table(headings, rows))


@requests_group.command("tell-voice")
@click.argument("voice")
@click.argument("verdict", type=Code(Verdict))
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def tell_voice(desk: Desk, /, voice: str, verdict: Verdict, **more: Any) -> None:
    """Somebody who joined was told the answer."""
    with desk.station() as db:
        told, changes = voices.tell(db, voice, verdict, **more)
    desk.done(changes, t("cli.told_voice", verdict=label(verdict)), id=told.id, verdict=verdict)


@requests_group.command("similar")
@click.argument("text")
@option("--limit", type=WHOLE, default=3)
@click.pass_obj
def similar(desk: Desk, text: str, limit: int) -> None:
    """Open requests whose words are much alike."""
    with desk.station() as db:
        found = requests.similar(db, text, max(limit, 0))
    desk.tell({"requests": found}, lambda: listed(found))


# --- by badge or slip --------------------------------------------------------------------------------------------------------


def _told(found: answers.Answer) -> dict[str, Any]:
    """An answer without the key that came with it."""
    return {name: part for name, part in asdict(found).items() if name != "key"}


def _answers(found: list[answers.Answer]) -> str:
    rows = [(one.number, one.station, moment(one.time), one.unit, one.about, one.text) for one in found]
    heads = [t("cli.number"), t("cli.station_of"), t("cli.time"), t("cli.handled_by"), t("cli.text"), t("cli.answered_text")]
    return table(heads, rows)


@requests_group.command("ask")
@click.argument("digits")
@click.pass_obj
def ask(desk: Desk, digits: str) -> None:
    """What the bearer of a slip may know."""
    with desk.station() as db:
        found = answers.by_slip(db, digits)
    shown = {"request": found.request, "voice": found.voice_id, "answers": [*map(_told, found.answers)], "as_of": found.as_of}
    desk.tell(shown, lambda: listed([found.request]) if found.request else _answers(list(found.answers)))


@requests_group.command("waiting")
@click.argument("digits")
@click.pass_obj
def waiting(desk: Desk, digits: str) -> None:
    """Answers of other stations' requests for whoever shows a badge."""
    with desk.station() as db:
        found = answers.waiting(db, digits)
    desk.tell({"answers": [*map(_told, found)]}, lambda: _answers(found))


@requests_group.command("tell")
@click.argument("digits")
@click.argument("number")
@click.argument("verdict", type=Code(Verdict))
@option("--note", default="")
@option("--voice", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def tell(desk: Desk, /, digits: str, number: str, verdict: Verdict, voice: str, **more: Any) -> None:
    """An answer was told to whoever showed a badge or slip."""
    with desk.station() as db:
        found = next((one for one in answers.waiting(db, digits) if number in (one.number, one.request_id)), None)
        wanted = found.request_id if found else number
        told, changes = answers.tell(db, digits, wanted, verdict, voice_id=voice or (found.voice_id if found else ""), **more)
    desk.done(changes, t("cli.told_answer", number=told.number, verdict=label(verdict)), number=told.number, verdict=verdict)


# --- boxes and the board -----------------------------------------------------------------------------------------------------


@requests_group.command("open-box")
@click.argument("box", type=Code(Channel))
@option("--opener", "openers", multiple=True, required=True)
@option("--slip", "texts", multiple=True)
@option("--kind", type=Code(RequestKind), default=RequestKind.HELP)
@option("--category", type=Topic(), default=Category.OTHER)
@option("--found", type=WHOLE)
@option("--note", default="")
@option("--lock", "locked", is_flag=True)
@option("--at", type=MOMENT)
@click.pass_obj
def open_box(
    desk: Desk, /, box: Channel, openers: tuple[str, ...], texts: tuple[str, ...], kind: RequestKind, category: str,
    found: int | None, locked: bool, **more: Any,
) -> None:  # fmt: skip
    """Two people open a box; every slip becomes a request."""
    first, second = (*openers, "", "")[:2]
    with desk.station() as db:
        lock = locking(db) if locked else None
        taken = [boxes.Slip(text, kind, category) for text in texts]
        opening, made, changes = boxes.open_box(db, box, first, second, taken, slips_found=found, lock=lock, **more)
    numbers = " – ".join(dict.fromkeys(filter(None, (opening.first_number, opening.last_number))))
    desk.done(changes, t("cli.box_opened", n=len(made), numbers=numbers), opening=opening, requests=made)


@requests_group.command("boxes")
@option("--limit", type=WHOLE, default=50)
@click.pass_obj
def box_list(desk: Desk, limit: int) -> None:
    """The openings, the newest first, and days since the last."""
    with desk.station() as db:
        found, since = boxes.listing(db, max(limit, 0)), boxes.days_since(db)
    rows = [
        (moment(one.time), label(one.box), f"{one.first_name} {one.second_name}", one.slips, one.first_number, one.last_number)
        for one in found
    ]
    heads = [t("cli.time"), t("cli.box"), t("cli.openers"), t("cli.slips"), t("cli.numbers"), ""]
    days = [(label(box), "" if n is None else n) for box, n in since.items()]
    desk.tell(
        {"openings": found, "days_since": {box.value: n for box, n in since.items()}},
        lambda: "\n".join([table(heads, rows), "", table([t("cli.box"), t("cli.days_since")], days)]),
    )


@requests_group.command("board")
@option("--days", type=WHOLE, default=BOARD_DAYS)
@option("--to", type=FILE, required=True)
@click.pass_obj
def board(desk: Desk, days: int, to: Path) -> None:
    """The replies of the last days, without names, to hang up."""
    from ..paper.board import reply_board, shown

    with desk.station() as db:
        found, names = requests.for_board(db, (db.now() - timedelta(days=days)).isoformat(timespec="seconds"))
        pages = reply_board(stations.current(db), shown(found, names), to, printed_on=db.now().date(), days=days)
    desk.tell({"file": to, "pages": pages}, t("cli.file_written", name=to.name))


# --- figures -----------------------------------------------------------------------------------------------------------------


@requests_group.command("figures")
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@click.pass_obj
def figures(desk: Desk, first: date | None, last: date | None) -> None:
    """How many of what, how long it took, and what the people themselves say; nothing by person."""
    with desk.station() as db:
        today = db.stamp().business_date
        found = request_figures.period(db, str(first or f"{today[:4]}-01-01"), str(last or today))
    desk.tell({"figures": found, "fixed_share": found.fixed_share}, lambda: shown_figures(found))


def shown_figures(found: request_figures.RequestFigures) -> str:
    """The figures as lines."""
    share = found.fixed_share
    said = [
        t("request_figures.total", n=found.total, voices=found.voices, late=found.overdue),
        *(
            t(f"request_figures.{name}", count=one.count, half=one.half, nine=one.nine)
            for name, one in (("accept", found.accept), ("reply", found.reply), ("tell", found.tell))
        ),
        t("request_figures.fixed", share="-" if share is None else f"{share:.0%}", said="", again=found.reopened),
    ]
    counted = [(name, key, n) for name in ("by_category", "by_channel", "by_unit") for key, n in getattr(found, name).items()]
    rows = [(t(f"request_figures.{name}"), key or t("request_figures.no_unit"), n) for name, key, n in counted]
    return "\n".join([*said, "", table(["", "", ""], rows)])
