"""Parts of the stations page: a call that is noted, keys that are revoked, files on what is plugged in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ... import paths
from ...db import Database
from ...district import desk, keys, many, store
from ...model import Changes
from ...words import t
from ..entry import Entry
from ..forms import ChoiceField, TextField
from ..jobs import Otherwise
from ..page import Shell

Seen = tuple[Path, int, int]
"""A file as it stood: path, time of change in ns, length in bytes."""


class CallForm(Entry):
    """A call to a station: what was said, if anything."""

    def __init__(self, shell: Shell, station: store.Enrolled, done: Callable[[store.Enrolled, str], None]) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            def note(db: Database) -> tuple[str, Changes]:
                return desk.note_call(db, station.code, values["note"])

            shell.jobs.run(note, lambda call_id: done(station, call_id), otherwise)

        field = TextField("note", t("district_desk.call_note"), hint=t("district_desk.call_hint"), lines=3)
        super().__init__(shell, save, field, at={"district.long_note": "note"})


class RevokeForm(Entry):
    """A station's keys are believed no more, and why; what they still sign goes to quarantine."""

    def __init__(self, shell: Shell, station: store.Enrolled, done: Callable[[store.Enrolled], None]) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            letter = "" if values["letter"] == "*" else values["letter"]
            shell.jobs.run(lambda db: keys.revoke(db, station.code, values["reason"], letter), done, otherwise)

        letters = [("*", t("district_desk.all_computers"))]
        letters += [(key.letter, t("district_desk.computer", letter=key.letter)) for key in station.active]
        super().__init__(
            shell, save, ChoiceField("letter", t("district_desk.which_computer"), letters, value="*"),
            TextField("reason", t("district_desk.revoke_why"), required=True, hint=t("district_desk.revoke_hint"), lines=3),
            at={"district.no_reason": "reason"},
        )  # fmt: skip


def on_sticks(volumes: Callable[[], Iterable[paths.Volume]]) -> tuple[tuple[Path, ...], str]:
    """The stations' files on what is plugged in, and the name of the stick they lie on."""
    plugged = list(volumes())
    found = many.look([volume.path for volume in plugged])
    files = (*found.batches, *found.introductions)
    stick = next((volume.name for volume in plugged if files and files[0].is_relative_to(volume.path)), "")
    return files, stick


def marks(files: Iterable[Path]) -> list[Seen]:
    """Files as they stand now; one that cannot be asked is gone."""
    found = []
    for file in files:
        try:
            state = file.stat()
        except OSError:
            continue
        found.append((file, state.st_mtime_ns, state.st_size))
    return found
