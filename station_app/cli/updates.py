"""``update``: a new version from a signed folder or zip, and back to the one before."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import Refused, UserMistake
from ..paths import frozen
from ..services import updates
from ..words import t
from .frame import Command, Desk, option
from .house import FILE


@click.command("update", cls=Command)
@click.argument("source", type=FILE, required=False)
@option("--previous", is_flag=True)
@click.pass_obj
def update(line: Desk, source: Path | None, previous: bool) -> None:
    """Take in a new version, or go back; either begins at the next start."""
    if (source is None) is not previous:
        raise UserMistake("updates.what")
    if not frozen():
        raise Refused("updates.not_built")
    if previous:
        name = updates.go_back()
        line.tell({"next": name}, t("updates.back", name=name))
    elif source is not None:
        found = updates.look(source)
        place = updates.install(found)
        line.tell({"version": found.version, "folder": str(place)}, t("updates.ready", version=found.version))
