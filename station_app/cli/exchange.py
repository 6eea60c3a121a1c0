"""The exchange by file: the station's side (``sync``) and the district's (``district``), SYNC.md section 6."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click

from ..db import Database
from ..district import answer, desk, intake, many, package, pictures, store, watch
from ..errors import EnvironmentFault, Refused, StationError, UserMistake
from ..model import RequestState
from ..services import exchange, incarnation
from ..sync import carry, identity, inbox, outbox
from ..sync.opening import Opener
from ..words import label, t
from .frame import Desk, Group, option
from .house import figures, report_text
from .inputs import DAY, WHOLE, Code
from .outputs import moment, number, say, table
from .requests import write_pictures

sync_group = Group("sync")
district_group = Group("district")
district_group.usual = "desk"
FILE = click.Path(path_type=Path)


# --- the station's side ----------------------------------------------------------------------------------------------------


@sync_group.command("status")
@click.pass_obj
def status(line: Desk) -> None:
    """How many rows are local, packed, receipted and refused."""
    with line.station() as db:
        found, batches, trusted = exchange.status(db), exchange.batches(db), outbox.district(db)
        refused = [dict(row) for row in exchange.refused_rows(db)]
        why, began = incarnation.began(db)
        differs, renewed = inbox.differs(db), len(outbox.renewals(db))
        silence = exchange.silence(db)
    rows = [(one.no, moment(one.closed), one.row_count, one.size, label(one.state), one.carried_to) for one in batches]
    head = t("cli.sync_status", local=number(found.local), packed=number(found.packed), receipted=number(found.receipted),
             refused=number(found.refused))  # fmt: skip
    district = {"code": trusted.code, "name": trusted.name, "fingerprint": trusted.fingerprint} if trusted else None
    told = {
        "local": found.local, "packed": found.packed, "receipted": found.receipted, "refused": found.refused,
        "by_table": found.by_table, "since": found.since, "last_closed": found.last_closed, "last_receipt": found.last_receipt,
        "district": district, "batches": batches, "refused_rows": refused, "began": {"why": why, "time": began}, "differs": differs,
        "keys_not_answered": renewed, "days_without_receipt": silence,
    }  # fmt: skip
    headings = [t("cli.batch"), t("cli.closed_at"), t("cli.rows"), t("cli.bytes"), t("cli.state"), t("cli.carried_to")]
    late = [t("sync_desk.long_ago", n=silence)] if silence > exchange.REMIND_AFTER else []
    line.tell(told, lambda: "\n".join([head, *late, table(headings, rows, right=(0, 2, 3))]))


@sync_group.command("enrol")
@option("--to", type=FILE, required=True)
@click.pass_obj
def enrol(line: Desk, to: Path) -> None:
    """Write the station's introduction for its district."""
    with line.station() as db:
        written = outbox.enrol(db, to)
        fingerprint = outbox.own_identity(db).public.fingerprint
    line.tell(
        {"file": written.path, "fingerprint": fingerprint},
        t("cli.introduced", name=written.path.name, fingerprint=fingerprint),
    )


@sync_group.command("trust")
@click.argument("file", type=FILE)
@option("--fingerprint")
@click.pass_obj
def trust(line: Desk, file: Path, fingerprint: str | None) -> None:
    """Believe a district's introduction; with ``--fingerprint`` only that one."""
    introduction = outbox.read_trust(file)
    theirs = identity.fingerprint(bytes.fromhex(introduction.verify_key))
    if fingerprint is not None and _digits(fingerprint) != _digits(theirs):
        raise Refused("cli.other_fingerprint", theirs=theirs)
    with line.station() as db:
        found, _ = outbox.trust(db, introduction)
    told = {"district": found.code, "name": found.name, "fingerprint": found.fingerprint}
    line.tell(told, t("cli.trusted", name=found.name, fingerprint=found.fingerprint))


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isalnum()).casefold()


@sync_group.command("export")
@option("--to", type=FILE, required=True)
@click.pass_obj
def export(line: Desk, to: Path) -> None:
    """Write everything no receipt has confirmed, sealed to the district, and read it back."""
    with line.station() as db:
        done, _ = outbox.export(db, to)
    told = {
        "file": done.path, "files": done.paths, "bytes": done.bytes, "batches": done.batches, "rows": done.rows,
        "pictures": done.pictures,
    }  # fmt: skip
    line.tell(told, t("cli.exported", name=done.path.name, n=done.rows))


@sync_group.command("import")
@click.argument("file", type=FILE)
@click.pass_obj
def import_pack(line: Desk, file: Path) -> None:
    """Take the district's pack in."""
    with line.station() as db, Opener() as opener:
        pack, _ = inbox.look(db, file, opener)
        done, _ = inbox.apply(db, pack)
    said = t(
        "cli.pack_applied",
        no=done.no,
        receipted=number(done.receipted),
        refused=number(done.refused),
        steps=number(done.steps),
    )
    line.tell(
        {
            "no": done.no,
            "receipted": done.receipted,
            "refused": done.refused,
            "steps": done.steps,
            "missing": done.missing,
            "began": done.began,
            "differs": done.differs,
        },
        said if not done.began else f"{said}\n{t('cli.began_anew')}",
    )


# --- the district's side ---------------------------------------------------------------------------------------------------


@contextmanager
def open_district(line: Desk) -> Iterator[Database]:
    """The district, open for this command."""
    db = store.open_district(line.district_folder, line.named_password() or line.asked_password())
    try:
        yield db
    finally:
        db.close()


@district_group.command("init")
@click.argument("name")
@option("--code", required=True)
@option("--officer", default="")
@option("--recovery", default="")
@click.pass_obj
def init(line: Desk, name: str, code: str, officer: str, recovery: str) -> None:
    """Set up a district in an empty folder."""
    password = line.named_password() or line.asked_password(twice=True)
    db = store.set_up(line.district_folder, code, name, officer, password, recovery=recovery)
    try:
        fingerprint = store.root(db).public.fingerprint
    finally:
        db.close()
    told = {"code": code, "name": name, "folder": line.district_folder, "fingerprint": fingerprint}
    line.tell(told, t("cli.district_made", name=name, folder=line.district_folder, fingerprint=fingerprint))


@district_group.command("trust")
@option("--to", type=FILE, required=True)
@click.pass_obj
def introduce(line: Desk, to: Path) -> None:
    """Write the district's introduction for its stations."""
    with open_district(line) as db:
        written = store.introduce(db, to)
        fingerprint = store.root(db).public.fingerprint
    line.tell(
        {"file": written.path, "fingerprint": fingerprint},
        t("cli.introduced", name=written.path.name, fingerprint=fingerprint),
    )


@district_group.command("enrol")
@click.argument("file", type=FILE)
@option("--fingerprint")
@option("--accept", is_flag=True)
@click.pass_obj
def enrol_station(line: Desk, file: Path, fingerprint: str | None, accept: bool) -> None:
    """Take a station's introduction; with ``--fingerprint`` only that one, with ``--accept`` another computer of a known station."""
    introduction = identity.read_enrolment(carry.read_file(file, identity.LARGEST_INTRODUCTION))
    if fingerprint is not None and _digits(fingerprint) != _digits(introduction.fingerprint):
        raise Refused("cli.other_fingerprint", theirs=introduction.fingerprint)
    with open_district(line) as db:
        station, _ = store.enrol(db, file, accept=accept)
    told = {"station": station.code, "name": station.name, "fingerprint": introduction.fingerprint}
    line.tell(told, t("cli.trusted", name=station.name, fingerprint=introduction.fingerprint))


@district_group.command("intake")
@click.argument("files", type=FILE, nargs=-1, required=True, metavar="FILE...")
@click.pass_obj
def take_in(line: Desk, files: tuple[Path, ...]) -> None:
    """Take stations' files in; the same file twice is harmless, a refused one does not hold back the others."""
    results: list[dict[str, object]] = []
    said: list[str] = []
    first: StationError | None = None
    with open_district(line) as db, Opener() as opener:
        for file in [found for given in files for found in many.look([given]).batches]:
            try:
                result, sentence = _taken(db, opener, file)
            except Refused as error:
                first = first or error
                result, sentence = (
                    {"file": file, "refused": error.word},
                    f"{file.name}: {t(error.word, **error.fields)}",
                )
            results.append(result)
            said.append(sentence)
    line.tell({"files": results, "refused": sum("refused" in one for one in results)}, "\n".join(said))
    if first is not None:
        raise first


def _taken(db: Database, opener: Opener, file: Path) -> tuple[dict[str, object], str]:
    done, _ = intake.receive(db, intake.open_file(db, file, opener))
    return {
        "file": file, "station": done.station, "fresh": done.fresh, "known": done.known, "rows": done.rows,
        "turned_down": done.turned_down, "quarantined": done.quarantined,
    }, _received(file, done)  # fmt: skip


def _received(file: Path, done: intake.Received) -> str:
    if done.quarantined:
        return t("cli.quarantined", name=file.name, station=done.station, n=done.quarantined)
    return t("cli.taken_in", name=file.name, station=done.station, fresh=number(done.fresh), known=number(done.known),
             rows=number(done.rows), down=number(done.turned_down))  # fmt: skip


@district_group.command("watch")
@click.argument("folder", type=FILE, metavar="DIR")
@option("--answers", type=FILE)
@option("--every", type=WHOLE, default=10)
@option("--rounds", type=WHOLE, default=0)
@click.pass_obj
def watch_folder(line: Desk, folder: Path, answers: Path | None, every: int, rounds: int) -> None:
    """Take in whatever batch comes into a folder and leave answers in another, until stopped or for so many rounds."""
    for place in (folder, answers):
        if place is not None and not place.is_dir():
            raise UserMistake("cli.no_folder", name=str(place))
    taken = refused = 0
    pause = threading.Event()
    with open_district(line) as db, Opener() as opener:
        for turn in itertools.count(1):
            try:
                for outcome in watch.look(db, folder, answers, opener):
                    taken, refused = taken + (outcome.received is not None), refused + (outcome.refused is not None)
                    for sentence in _watched(outcome):
                        say(sentence, err=True)
            except EnvironmentFault as error:  # a share that went away comes back; told, and looked at again
                if turn == rounds:
                    raise
                say(t(error.word, **error.fields), err=True)
            if turn == rounds:
                break
            pause.wait(max(every, 1))
    line.tell({"taken": taken, "refused": refused}, t("cli.watched", taken=number(taken), refused=number(refused)))


def _watched(outcome: watch.Outcome) -> Iterator[str]:
    if outcome.received is not None:
        yield _received(outcome.file, outcome.received)
    if outcome.answer is not None:
        yield t("cli.file_written", name=outcome.answer.name)
    for error in (outcome.refused, outcome.unanswered):
        if error is not None:
            yield f"{outcome.file.name}: {t(error.word, **error.fields)}"


@district_group.command("status")
@click.pass_obj
def district_status(line: Desk) -> None:
    """Every station with its last batch, gaps and whether totals agree."""
    with open_district(line) as db:
        found = desk.status(db)
    stations = [
        {
            "station": one.station.code, "name": one.station.name, "phone": one.station.phone, "batches": one.held.batches,
            "newest_no": one.held.newest_no, "newest_closed": one.held.newest_closed, "last_taken_in": one.held.last_taken_in,
            "missing": [no for _, no in one.held.missing], "forks": [no for _, no, _ in one.held.forks],
            "rewritten": [no for _, no in one.held.rewritten], "revoked": one.station.revoked,
            "agrees": one.held.agrees, "last_pack_no": one.station.last_pack_no,
        }
        for one in found
    ]  # fmt: skip
    agreed = {None: "-", True: t("cli.yes"), False: t("cli.no")}
    rows = [
        (one.station.code, one.station.name, one.held.newest_no, moment(one.held.newest_closed), moment(one.held.last_taken_in),
         t("terms.list").join(str(no) for _, no in one.held.missing), agreed[one.held.agrees])
        for one in found
    ]  # fmt: skip
    headings = [t("cli.code"), t("cli.name"), t("cli.batch"), t("cli.closed_at"), t("cli.taken_in_at"), t("cli.missing_batches"),
                t("cli.agrees")]  # fmt: skip
    line.tell({"stations": stations}, lambda: table(headings, rows, right=(2,)))


@district_group.command("pictures")
@click.argument("number")
@option("--to", type=FILE, required=True)
@click.pass_obj
def district_pictures(line: Desk, number: str, to: Path) -> None:
    """Write the pictures of a request to a folder."""
    with open_district(line) as db:
        found = answer.by_number(db, number)
        files, lacking = pictures.of_request(db, found.id)
    if lacking:
        say(t("cli.pictures_lacking", n=lacking), err=True)
    write_pictures(line, found.number, files, to)


@district_group.command("reply")
@click.argument("number")
@click.argument("state", type=Code(RequestState))
@option("--note", default="")
@option("--unit", default="")
@click.pass_obj
def reply(line: Desk, number: str, state: RequestState, note: str, unit: str) -> None:
    """The district's step on a request; it travels in the next pack."""
    with open_district(line) as db:
        now, changes = answer.reply(db, number, state, note, unit)
    line.done(
        changes,
        t("cli.request_now", number=now.number, state=label(now.state)),
        id=now.id,
        number=now.number,
        state=now.state,
    )


@district_group.command("pack")
@option("--station", required=True)
@option("--to", type=FILE, required=True)
@click.pass_obj
def pack(line: Desk, station: str, to: Path) -> None:
    """Write the next pack for a station."""
    with open_district(line) as db:
        written, _ = answer.pack(db, station, to)
    line.tell(
        {"file": written.path, "bytes": written.bytes, "station": station},
        t("cli.file_written", name=written.path.name),
    )


@district_group.command("report")
@option("--from", "first", type=DAY, required=True)
@option("--to", "last", type=DAY, required=True)
@option("--station", "codes", multiple=True)
@click.pass_obj
def district_report(line: Desk, first: date, last: date, codes: tuple[str, ...]) -> None:
    """The figures of a span over all stations or some."""
    with open_district(line) as db:
        whole, each = desk.report(db, first.isoformat(), last.isoformat(), codes)
    stations = [{"station": one.code, "name": one.name, **figures(part)} for one, part in each]

    def text() -> str:
        rows = [(one.code, one.name, part.person_times, part.registered, part.anonymous) for one, part in each]
        headings = [t("cli.code"), t("cli.name"), t("cli.person_times"), t("cli.registered_times"), t("cli.anonymous")]
        return "\n\n".join([report_text(whole), table(headings, rows, right=(2, 3, 4))])

    line.tell({**figures(whole), "stations": stations}, text)


@district_group.command("export")
@click.argument("folder", type=FILE, metavar="DIR")
@option("--names", is_flag=True)
@click.pass_obj
def export_data(line: Desk, folder: Path, names: bool) -> None:
    """The merged data as a CSV data package for other programs."""
    with open_district(line) as db:
        made, _ = package.export(db, folder, names=names, progress=line.progress(t("cli.packing")))
    line.tell(
        {"folder": made.folder, "rows": made.rows},
        t("cli.package_written", folder=str(made.folder), rows=number(sum(made.rows.values()))),
    )
