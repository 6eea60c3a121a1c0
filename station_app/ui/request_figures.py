"""The figures of requests in the sheet, alike at a station and at the district: this month, by what, how long, what people say."""

from __future__ import annotations

from collections.abc import Mapping

import shiboken6
from PySide6.QtWidgets import QWidget

from ..db import Database
from ..model import Category, Channel, ListedCategory, Verdict
from ..services import request_figures, requests
from ..services.request_figures import RequestFigures, Spread
from ..words import label, t
from .kit import Column, Text, clear
from .page import Shell


def read(db: Database) -> tuple[RequestFigures, dict[str, str]]:
    """The figures of this year so far, and the label of every category."""
    today = db.stamp().business_date
    names = {str(one): label(one) for one in (*Category, *requests.categories(db))}
    return request_figures.period(db, f"{today[:4]}-01-01", today), names


class FiguresSheet(QWidget):
    """Lines of figures; nothing in them is by person."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._parts = Column(gap=10)
        self.setLayout(self._parts)
        shell.jobs.read(read, self._show, key="request-figures")

    def _show(self, outcome: tuple[RequestFigures, dict[str, str]]) -> None:
        if not shiboken6.isValid(self):
            return
        clear(self._parts)
        for text, style in lines(*outcome):
            self._parts.addWidget(Text(text, style, wrap=True))
        self._parts.addStretch(1)


def lines(found: RequestFigures, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is written, as (sentence, style)."""
    share = found.fixed_share
    told = {label(Verdict(code)): n for code, n in found.told.items()}
    return [
        (t("request_figures.span", first=found.first, last=found.last), "small"),
        (t("request_figures.total", n=found.total, voices=found.voices, late=found.overdue), "strong"),
        (t("request_figures.accept", **_spread(found.accept)), "body"),
        (t("request_figures.reply", **_spread(found.reply)), "body"),
        (t("request_figures.tell", **_spread(found.tell)), "body"),
        (t("request_figures.fixed", share="—" if share is None else f"{share:.0%}", said=_joined(told), again=found.reopened), "body"),
        (t("request_figures.by_category"), "heading"),
        (_joined({names.get(code, str(ListedCategory(code))): n for code, n in found.by_category.items()}), "body"),
        (t("request_figures.by_channel"), "heading"),
        (_joined({label(Channel(code)): n for code, n in found.by_channel.items()}), "body"),
        (t("request_figures.by_unit"), "heading"),
        (_joined({name or t("request_figures.no_unit"): n for name, n in found.by_unit.items()}), "body"),
    ]


def _spread(one: Spread) -> dict[str, int]:
    return {"count": one.count, "half": one.half, "nine": one.nine}


def _joined(counts: Mapping[str, int]) -> str:
    return t("terms.dot").join(f"{name} {n}" for name, n in counts.items()) or "—"
