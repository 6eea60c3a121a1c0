"""``ledger``: the ledgers kept on paper, shown, or written as PDF, spreadsheet, CSV or empty form."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ..errors import UserMistake
from ..services import ledgers, stations
from ..words import t
from .frame import Desk, option
from .inputs import DAY
from .outputs import table


@click.argument("name", required=False)
@option("--list", "list_all", is_flag=True)
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@option("--to-file", type=click.Path(path_type=Path), metavar="F.pdf|F.xlsx|F.csv")
@option("--names", is_flag=True)
@option("--blank", is_flag=True)
@click.pass_obj
def ledger(
    desk: Desk, name: str | None, list_all: bool, first: date | None, last: date | None, to_file: Path | None, names: bool, blank: bool
) -> None:
    """A ledger of some days; this month without dates."""
    from ..paper import ledgers as paper

    if list_all or name is None:
        found = [
            {"name": one.name, "title": paper.title(one), "columns": [column.code for column in one.columns]}
            for one in ledgers.all_ledgers()
        ]
        rows = [(one.name, paper.title(one)) for one in ledgers.all_ledgers()]
        desk.tell({"ledgers": found}, lambda: table([t("cli.name"), t("cli.title")], rows))
        return
    wanted = ledgers.get(name)
    ending = to_file.suffix.lower() if to_file is not None else ""
    if to_file is not None and ending not in (".pdf", ".xlsx", ".csv"):
        raise UserMistake("ledgers.bad_ending", name=to_file.name)
    with desk.station() as db:
        station, today = stations.current(db), date.fromisoformat(db.stamp().business_date)
        begin, end = (first or (last or today).replace(day=1)).isoformat(), (last or today).isoformat()
        lines = [] if blank else ledgers.lines(db, name, begin, end, names=names)
    if blank:
        if ending != ".pdf" or to_file is None:
            raise UserMistake("ledgers.blank_is_pdf")
        paper.blank_form(wanted, to_file, station=station)
        desk.tell({"file": to_file, "pages": 1}, t("cli.ledger_written", n=0, name=to_file.name))
        return
    if to_file is None:
        heads = [paper.heading(column) for column in wanted.columns]
        told = [{column.code: cell for column, cell in zip(wanted.columns, line, strict=True)} for line in lines]
        answer = {"ledger": name, "from": begin, "to": end, "lines": told}
        desk.tell(answer, lambda: table(heads, [tuple(map(paper.said, line)) for line in lines]))
        return
    about, pages = paper.span_line(wanted, begin, end, len(lines)), None
    if ending == ".pdf":
        pages = paper.ledger_pdf(wanted, lines, to_file, station=station, about=about, printed_on=today, names=names)
    elif ending == ".xlsx":
        paper.ledger_xlsx(wanted, lines, to_file, about=about)
    else:
        paper.ledger_csv(wanted, lines, to_file)
    desk.tell({"file": to_file, "lines": len(lines), "pages": pages}, t("cli.ledger_written", n=len(lines), name=to_file.name))
