"""``history trail``: who did what when, shown or written to a table."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ..model import Op
from ..services import audit, stations, trail
from ..services.trail import Step
from ..words import t
from .frame import Desk, Group, option
from .inputs import DAY, Code
from .outputs import moment, table


@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@option("--keeper", "by", metavar="NAME", default="")
@option("--op", type=Code(Op))
@option("--refused", is_flag=True)
@option("--to-file", type=click.Path(path_type=Path), metavar="F.csv|F.pdf")
@click.pass_obj
def show_trail(
    desk: Desk, first: date | None, last: date | None, by: str, op: Op | None, refused: bool, to_file: Path | None
) -> None:
    """Every operation of some days, in order."""
    with desk.station() as db:
        today = db.now().date()
        begin, end = first or last or today, last or today
        found = trail.steps(db, begin.isoformat(), end.isoformat(), by, op, refused=refused)
        station, verified = stations.current(db), audit.last_verification(db)
    if to_file is not None:
        from ..paper.trail import span_line, trail_csv, trail_pdf, verified_line

        if to_file.suffix.lower() == ".pdf":
            trail_pdf(
                found, to_file, place=station.name, span=span_line(begin.isoformat(), end.isoformat(), len(found)),
                verified=verified_line(verified), printed_on=today, sample=station.sample,
            )  # fmt: skip
        else:
            trail_csv(found, to_file)
        desk.tell({"steps": len(found), "file": to_file}, t("cli.trail_written", n=len(found), name=to_file.name))
        return
    desk.tell({"trail": found}, lambda: _table(found))


def _table(found: list[Step]) -> str:
    from ..paper.trail import about, mark, what

    rows = [(str(one.no), moment(one.recorded), what(one), about(one), one.keeper, mark(one)) for one in found]
    heads = [t("trail.no"), t("trail.recorded"), t("trail.what"), t("trail.about"), t("trail.keeper"), t("trail.mark")]
    return table(heads, rows)


def join(history: Group) -> None:
    """Put the command into the group of the history."""
    history.command("trail")(show_trail)
