"""The second page at its fullest: every month or year is told, how it is counted stands there, and no line is written over another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from pypdfium2 import PdfDocument

from station_app.model import Report
from station_app.paper import report, report_more
from station_app.services.averages import Average
from station_app.services.upkeep import Streak, Upkeep
from station_app.words import t

Figures = Callable[..., Report]
Text = Callable[[Path], list[str]]
SPANS = (
    ("2026-07-01", "2026-07-31", ()), ("2026-07-01", "2026-09-30", ("2026-07", "2026-09")),
    ("2026-01-01", "2026-12-31", ("2026-01", "2026-12")), ("2019-05-02", "2026-12-31", ("2019", "2026")),
)  # fmt: skip
WEEK = {(weekday, hour): weekday * hour for weekday in range(7) for hour in range(7, 22)}
SIDE = 1.0
"""Points by which the boxes of two lines may touch."""


def fullest(first: str, last: str, others: Report) -> report_more.Beside:
    """Everything a page may have to tell at once."""
    kept = Upkeep(
        first, last, 520_000, 410_000, 900, 12, 9_999, 88, 80, 4_321, {f"常用物资 {n}": 30 - n for n in range(14)},
        Streak(first, last, 9, 31), 1_234, 56, 7,
    )  # fmt: skip
    return report_more.Beside(others, others, kept, Average((first[:7],), 12, 3_456, 210))


def overlaps(target: Path, page: int) -> list[tuple[str, str]]:
    """Which lines of a page are written over each other."""
    with PdfDocument(target) as document:
        text = document[page].get_textpage()
        boxes = [text.get_rect(place) for place in range(text.count_rects())]
        told = [text.get_text_bounded(*box).strip() for box in boxes]
    return [
        (a, b)
        for (a, (left, bottom, right, top)), (b, (west, south, east, north)) in combinations(zip(told, boxes, strict=True), 2)
        if min(right, east) - max(left, west) > SIDE and min(top, north) - max(bottom, south) > SIDE
    ]


@pytest.mark.parametrize("language", ["zh", "en"], indirect=True)
@pytest.mark.parametrize(("first", "last", "told"), SPANS)
def test_nothing_is_written_over_anything(
    figures: Figures, tmp_path: Path, text_of: Text, first: str, last: str, told: tuple[str, ...]
) -> None:
    span = replace(figures(first, last), by_platform={f"平台 {n}": 90 - n for n in range(12)}, by_weekday_hour=WEEK)
    target = tmp_path / "report.pdf"
    beside = fullest(first, last, figures("2025-07-01", "2025-07-31"))
    assert report.period_report(span, target, place="马家湾暖心驿站", printed_on=date(2027, 1, 1), beside=beside) == 2
    second = text_of(target)[1]
    assert all(month in second for month in told)
    for words in (t("paper.how_counted")[:12], t("paper.prepared_by"), t("paper.out_others", n=13)):
        assert words in second
    assert overlaps(target, 0) == []
    assert overlaps(target, 1) == []


def test_what_runs_into_the_line_for_signing_is_seen(figures: Figures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: twelve months one under the other, as they once stood."""
    monkeypatch.setattr(report_more, "COLUMNS", 1)
    year = figures("2026-01-01", "2026-12-31")
    target = tmp_path / "report.pdf"
    beside = fullest(year.first, year.last, year)
    report.period_report(year, target, place="马家湾暖心驿站", printed_on=date(2027, 1, 1), beside=beside)
    assert overlaps(target, 1)


def test_months_and_years_come_to_the_whole(figures: Figures) -> None:
    for first, last, _told in SPANS[1:]:
        span = figures(first, last)
        rows = report_more.by_month(span)
        assert sum(n for _month, n, _known in rows) == span.person_times
        assert sum(known for *_, known in rows) == sum(span.registered_by_day.values())
        assert len(rows) <= report_more.MOST_MONTHS
    assert report_more.by_month(figures("2026-07-01", "2026-07-31")) == []
