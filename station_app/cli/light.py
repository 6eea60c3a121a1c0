"""Where no stick may be: ``sync codes`` up, ``district photos`` and ``district day-sheets`` at the other end."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ..db import Database
from ..district import light
from ..errors import EnvironmentFault, Refused, StationError, UserMistake
from ..sync import beam
from ..sync.opening import Opener
from ..words import t
from .exchange import FILE, district_group, open_district, sync_group
from .frame import Desk, option
from .inputs import DAY
from .outputs import moment, table


@sync_group.command("codes")
@option("--to", type=FILE, required=True)
@click.pass_obj
def write_codes(line: Desk, to: Path) -> None:
    """Everything no receipt has confirmed as pictures of codes, to be photographed from a screen or printed."""
    from ..paper import qr

    if not to.is_dir():
        raise EnvironmentFault("sync_files.folder_missing", folder=str(to))
    with line.station() as db:
        texts, _ = beam.codes(db)
    count = qr.write_pictures(texts, to)
    line.tell({"pictures": count, "folder": to}, t("codes.saved", n=count, folder=str(to)))


@district_group.command("photos")
@click.argument("files", type=FILE, nargs=-1, required=True, metavar="FILE...")
@click.pass_obj
def read_photos(line: Desk, files: tuple[Path, ...]) -> None:
    """Take in photographs of codes and day sheets; a picture that shows none does not hold back the others."""
    results: list[dict[str, object]] = []
    said: list[str] = []
    first: StationError | None = None
    with open_district(line) as db, Opener() as opener:
        for file in files:
            try:
                seen = light.read_picture(db, file, opener)
            except Refused as error:
                first = first or error
                results.append({"file": file, "refused": error.word})
                said.append(f"{file.name}: {t(error.word, **error.fields)}")
                continue
            for word, fields in seen.refused:
                first = first or Refused(word, **fields)
                said.append(f"{file.name}: {t(word, **fields)}")
            results.append({
                "file": file, "parts": seen.parts, "received": seen.received, "refused": [word for word, _ in seen.refused],
                "day_sheets": [{"station": told.station, "day": told.business_date} for told in seen.sheets],
            })  # fmt: skip
            said += _told(file, seen)
        missing = light.waiting(db)
    said += [t("cli.parts_missing", n=count) for count in missing.values()]
    line.tell({"files": results, "missing": missing}, "\n".join(said))
    if first is not None:
        raise first


def _told(file: Path, seen: light.Seen) -> list[str]:
    said = [
        t("cli.day_sheet_read", station=told.station, day=told.business_date, times=told.person_times) for told in seen.sheets
    ]
    said += [t("cli.light_received", station=done.station, rows=done.rows) for done in seen.received]
    if not said and not seen.refused:
        said.append(t("cli.part_read", name=file.name) if seen.parts else t("cli.part_known", name=file.name))
    return said


@district_group.command("day-sheets")
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@click.pass_obj
def day_sheets(line: Desk, first: date | None, last: date | None) -> None:
    """The day sheets that were photographed, beside what the batches say."""
    with open_district(line) as db:
        begin, end = _span(db, first, last)
        found = light.sheets(db, begin, end)
    agreed = {None: t("cli.not_yet"), True: t("cli.yes"), False: t("cli.no")}
    rows = [
        (one.business_date, one.station, one.person_times, one.merged, agreed[one.agrees], moment(one.made)) for one in found
    ]
    headings = [t("cli.date"), t("cli.code"), t("cli.on_the_sheet"), t("cli.merged"), t("cli.agrees"), t("cli.time")]
    line.tell({"day_sheets": found}, lambda: table(headings, rows, right=(2, 3)))


def _span(db: Database, first: date | None, last: date | None) -> tuple[str, str]:
    today = db.now().date()
    begin, end = first or last or today, last or today
    if begin > end:
        raise UserMistake("reports.backwards", first=begin.isoformat(), last=end.isoformat())
    return begin.isoformat(), end.isoformat()


GROUPS = {"sync": sync_group, "district": district_group}
"""Both groups of the exchange, whole."""
