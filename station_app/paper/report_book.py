"""A report as a spreadsheet: every figure of the page, a sheet a part, with numbers that can be summed up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ..model import Amenity, Occupation, Report, RequestState
from ..services.upkeep import Upkeep
from ..words import label, t
from .figure_words import figure_name, part_name
from .workbook import Cell, Tab


def report_tabs(report: Report, kept: Upkeep, *, place: str, sample: bool = False) -> list[Tab]:
    """The sheets of a report of ``place``."""
    mark = t("paper.sample") if sample else ""
    note = "  ".join(part for part in (place, t("paper.report_period", first=report.first, last=report.last), mark) if part)
    days = [(date.fromisoformat(day), n, report.registered_by_day.get(day, 0)) for day, n in sorted(report.by_day.items())]
    hours = sorted({hour for _day, hour in report.by_weekday_hour})
    grid: list[list[Cell]] = [
        [t(f"terms.Weekday.{day}"), *(report.by_weekday_hour.get((day, hour), 0) for hour in hours)] for day in range(7)
    ]
    items = dict.fromkeys([*report.handouts, *report.balances])
    tabs = [
        Tab(t("paper.summary"), (t("paper.figure"), t("paper.amount")), _summary(report, kept), note=note),
        Tab(
            t("paper.by_day"), (t("paper.day"), t("paper.person_times"), t("paper.registered"), t("paper.anonymous")),
            [(day, n, known, n - known) for day, n, known in days], note=note,
            total=(t("paper.total"), report.person_times, report.registered, report.anonymous),
        ),
        _split(t("paper.by_occupation"), {label(one): report.by_occupation.get(one, 0) for one in Occupation}, note),
        _split(t("paper.by_platform"), {part_name("platform", name): n for name, n in report.by_platform.items()}, note),
        _split(t("paper.by_amenity"), {label(one): report.by_amenity.get(one, 0) for one in Amenity}, note),
        Tab(
            t("paper.supplies"), (t("paper.item"), t("paper.handed_out"), t("paper.balance"), t("paper.days_out")),
            [(name, report.handouts.get(name, 0), report.balances.get(name, 0), kept.stock_out.get(name, 0)) for name in items], note=note,
        ),
        _split(t("paper.requests"), {label(one): report.requests.get(one, 0) for one in RequestState}, note),
        Tab(t("paper.weekday_hour"), (t("paper.weekday"), *(f"{hour:02d}" for hour in hours)), grid, note=note),
    ]  # fmt: skip
    return [tab for tab in tabs if tab.rows]


def _summary(report: Report, kept: Upkeep) -> list[tuple[Cell, Cell]]:
    days = report.open_days
    found: list[tuple[Cell, Cell]] = [
        (figure_name("person_times"), report.person_times), (figure_name("registered"), report.registered),
        (figure_name("anonymous"), report.anonymous), (figure_name("unique_people"), report.unique_people),
        (figure_name("open_days"), days), (figure_name("average"), round(report.person_times / days, 1) if days else None),
        (figure_name("amenities_used"), sum(report.by_amenity.values())), (figure_name("handed_out"), sum(report.handouts.values())),
        (figure_name("requests"), sum(report.requests.values())), (figure_name("requests_closed"), kept.requests_closed),
        (t("paper.median_hours"), None if kept.closed_in is None else round(kept.closed_in / 60, 1)),
        (t("paper.posted_hours"), round(kept.posted_minutes / 60, 1)), (t("paper.open_hours"), round(kept.open_minutes / 60, 1)),
        (t("paper.estimated_closings"), kept.estimated), (t("paper.per_hour"), None if kept.per_hour is None else round(kept.per_hour, 1)),
        *((figure_name(name), n) for name, n in kept.house.items()),
    ]  # fmt: skip
    return found


def _split(title: str, counts: Mapping[str, int], note: str) -> Tab:
    rows: list[tuple[Cell, Cell]] = [(name, n) for name, n in counts.items()]
    return Tab(title, (title, t("paper.amount")), rows, note=note, total=(t("paper.total"), sum(counts.values())) if rows else ())
