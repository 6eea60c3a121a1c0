"""Parts of the page 收发: a notice, the decision on a file of a revoked key, what each pack carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from PySide6.QtWidgets import QWidget

from ...db import Database
from ...district import answer, intake, keys, many, promises
from ...model import Changes
from ...words import t
from ..entry import Entry
from ..forms import ChoiceField, DateField, LineField, TextField
from ..jobs import Otherwise
from ..kit import Column, Text
from ..page import Shell
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table

NOTICE_DAYS = 14
"""How long a notice is shown when nobody says otherwise."""


class NoticeForm(Entry):
    """A word to all stations or to one, and until when it is shown."""

    def __init__(
        self, shell: Shell, today: date, stations: Sequence[tuple[str, str]], done: Callable[[str], None]
    ) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            code = "" if values["code"] == "*" else values["code"]

            def post(db: Database) -> tuple[str, Changes]:
                return promises.post_notice(db, values["title"], values["text"], values["until"].isoformat(), code)

            shell.jobs.run(post, done, otherwise)

        whom = [("*", t("district_desk.to_all")), *stations]
        super().__init__(
            shell, save, LineField("title", t("district_desk.notice_title"), required=True),
            TextField("text", t("district_desk.notice_text"), lines=5),
            DateField("until", t("district_desk.until"), value=today + timedelta(days=NOTICE_DAYS), required=True),
            ChoiceField("code", t("district_desk.to_whom"), whom, value="*", chips=False),
            at={"district.bad_title": "title", "district.long_note": "text", "district.bad_until": "until"},
        )  # fmt: skip


class DecideForm(Entry):
    """What becomes of a file of a revoked key, and why."""

    def __init__(self, shell: Shell, one: keys.Held, done: Callable[[str], None]) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            if values["decision"] == "drop":
                shell.jobs.run(
                    lambda db: keys.drop(db, one.id, values["reason"]),
                    lambda _changes: done(t("district_desk.dropped")),
                    otherwise,
                )
            else:
                shell.jobs.run(
                    lambda db: intake.release(db, one.id, values["reason"]),
                    lambda got: done(t("district_desk.released", station=got.station, n=got.rows)), otherwise,
                )  # fmt: skip

        choices = [("drop", t("district_desk.drop_it")), ("release", t("district_desk.release_it"))]
        super().__init__(
            shell, save, ChoiceField("decision", t("district_desk.decision"), choices, value="drop", keys=True),
            TextField("reason", t("district_desk.decide_why"), required=True, lines=3), at={"district.no_reason": "reason"},
        )  # fmt: skip


class SentList(QWidget):
    """Each pack and what it carries; stations that have none yet are named above."""

    def __init__(self, done: many.Round) -> None:
        super().__init__()
        self.rows = RowsModel(
            [
                TableColumn("", lambda sent: sent.station.name, bold=True, sub=carries),
                TableColumn("", lambda sent: sent.file.path.name, 190, "right", muted=True),
            ],
            key=lambda sent: sent.station.code,
        )
        self.rows.set_rows(done.sent)
        self.table = Table(self.rows, rows=54, name=t("district_desk.each_pack"))
        self.table.setMinimumHeight(420)
        left = Text(
            t("district_desk.packs_left", codes=t("terms.list").join(done.left)) if done.left else "",
            "attention",
            wrap=True,
        )
        left.setVisible(bool(done.left))
        self.setLayout(Column(left, self.table))
        self.setFocusProxy(self.table)
        if done.sent:
            self.table.choose(done.sent[0].station.code)


def carries(sent: answer.Sent) -> str:
    """What a pack carries, in one line."""
    parts = [t("district_desk.carries_have", n=sent.have)]
    for word, number in (
        ("district_desk.carries_steps", sent.steps), ("district_desk.carries_allocations", sent.allocations),
        ("district_desk.carries_notices", sent.notices), ("district_desk.carries_rules", sent.rules),
        ("district_desk.carries_missing", sent.missing),
        ("district_desk.carries_refused", sent.refused),
    ):  # fmt: skip
        if number:
            parts.append(t(word, n=number))
    return t("terms.dot").join(parts)


def told(done: many.Round, *, stick: bool) -> str:
    """What was written, what it carries together, and whether the stick may go."""
    parts = [t("district_desk.packs_done", n=len(done.sent))]
    for word, number in (
        ("district_desk.carries_steps", sum(sent.steps for sent in done.sent)),
        ("district_desk.carries_allocations", sum(sent.allocations for sent in done.sent)),
        ("district_desk.carries_notices", sum(sent.notices for sent in done.sent)),
    ):
        if number:
            parts.append(t(word, n=number))
    text = t("terms.dot").join(parts)
    if done.error is not None:
        return t("district_desk.packs_stopped", done=text, n=len(done.left))
    return t("district_desk.packs_unplug", done=text) if stick else t("district_desk.packs_read_back", done=text)
