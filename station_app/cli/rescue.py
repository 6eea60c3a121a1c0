"""``rescue``: a damaged store by the command line; its own file is only read, a restore sets it aside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..errors import Refused, UserMistake
from ..paths import DataFolder
from ..services import rescue
from ..words import t
from .backups import SOURCE, local, told, unlocked
from .frame import Desk, Group, option
from .house import FILE
from .outputs import moment, number, table

rescue_group = Group("rescue")


@contextmanager
def _examined(desk: Desk, source: Path | None) -> Iterator[rescue.Case]:
    """The store here, read as far as it can be."""
    place = DataFolder(desk.folder)
    if not place.exists:
        raise UserMistake("vault.no_station", name=str(desk.folder))
    case = rescue.examine(rescue.Patient(place, unlocked(desk, place.slots)), holder="command", source=source)
    try:
        yield case
    finally:
        case.close()


@rescue_group.command("look")
@SOURCE
@click.pass_obj
def look(desk: Desk, source: Path | None) -> None:
    """Say what can be read, what is lost, and what the last good backup would be completed by."""
    with _examined(desk, source) as case:
        desk.tell(_answer(case), lambda: _text(case))


@rescue_group.command("export")
@option("--to", type=FILE, required=True)
@SOURCE
@click.pass_obj
def export(desk: Desk, to: Path, source: Path | None) -> None:
    """Write everything that can be read to a new folder, as tables."""
    from ..paper import rescued

    with _examined(desk, source) as case:
        taken = rescued.take_out(case, to)
        answer = {**_answer(case), "folder": taken.folder, "rows": taken.rows}
    desk.tell(answer, t("cli.rescued_to", folder=taken.folder, n=taken.rows))


@rescue_group.command("restore")
@click.argument("name", required=False)
@SOURCE
@option("--yes", is_flag=True)
@click.pass_obj
def restore(desk: Desk, name: str | None, source: Path | None, yes: bool) -> None:
    """Restore the last good backup, or the one named, and put back what came after; ``--yes`` does it."""
    with _examined(desk, source) as case:
        if not case.backups:
            raise Refused("cli.no_good_backup")
        chosen = next((one for one in case.backups if name in (None, one.path.name)), None)
        if chosen is None:
            raise UserMistake("cli.no_backup", name=name, folder=source or desk.folder)
        if not yes:
            desk.tell({**_answer(case), "restored": False}, lambda: _text(case))
            raise Refused("cli.restore_not_yet")
        done, written = rescue.restore(case, chosen, holder="command")
        answer = {
            **_answer(case), "restored": True, "backup": told(chosen), "put_back": written, "store_id": done.store_id,
            "set_aside": done.set_aside,
        }  # fmt: skip
    lines = [
        t("cli.restored", time=local(chosen.time)),
        t("cli.put_back", n=written),
        t("cli.set_aside", folder=done.set_aside),
    ]
    desk.tell(answer, "\n".join(lines))


def _answer(case: rescue.Case) -> dict[str, Any]:
    salvage = case.salvage
    return {
        "pages": salvage.pages, "bad_pages": salvage.bad, "last": salvage.last, "read": salvage.read, "lost": salvage.lost,
        "tables": salvage.parts, "backups": [told(one) for one in case.backups], "holds": case.held, "newer": dict(case.newer),
        "role": case.role,
    }  # fmt: skip


def _text(case: rescue.Case) -> str:
    salvage = case.salvage
    lines = [t("cli.rescue_pages", pages=number(salvage.pages), bad=number(salvage.bad), last=moment(salvage.last))]
    parts = [part for part in salvage.parts if part.table in rescue.tables.tables(case)]
    rows = [(t(f"terms.Table.{part.table}"), part.read, part.recovered, part.lost) for part in parts]
    headings = [t("cli.ledger"), t("cli.read"), t("cli.from_log"), t("cli.lost")]
    lines.append(table(headings, rows, right=(1, 2, 3)))
    if case.backups:
        newest = case.backups[0]
        lines.append(t("cli.last_good", time=local(newest.time), name=newest.path.name, n=sum(case.newer.values())))
    else:
        lines.append(t("cli.no_good_backup"))
    return "\n".join(lines)
