from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from station_app.errors import Bug
from station_app.model import Amenity, Occupation, Report, RequestState
from station_app.paper import preview, report
from station_app.sync import light
from station_app.words import label, t

Figures = Callable[..., Report]
Text = Callable[[Path], list[str]]

PRINTED = date(2026, 8, 1)


def _sums(table: report.Table, column: int = 0) -> tuple[int, int]:
    """A column's rows added up here, and the total the table prints."""
    number = [int(cells[column].replace(",", "")) for _, cells in table.rows]
    return sum(number), int(table.total[1][column].replace(",", ""))


@pytest.mark.parametrize("language", ["zh", "en"], indirect=True)
def test_the_month_on_one_page(figures: Figures, tmp_path: Path, text_of: Text) -> None:
    month = figures("2026-07-01", "2026-07-31")
    target = tmp_path / "report.pdf"
    assert report.period_report(month, target, place="马家湾暖心驿站", printed_on=PRINTED, sample=True) == 1
    [text] = text_of(target)
    assert "马家湾暖心驿站" in text
    assert t("paper.sample") in text
    for figure in (month.person_times, month.unique_people, month.registered, month.anonymous):
        assert f"{figure:,}" in text
    assert f"{month.person_times / 31:.1f}" in text
    for code in (*Occupation, *Amenity, *RequestState):
        assert label(code) in text
    for item in month.handouts:
        assert item in text
    for words in (t("paper.prepared_by"), t("paper.page", page=1, pages=1), t("paper.footer"), "2026-08-01"):
        assert words in text
    [page] = preview.pages(target, 72)
    assert (page.width, page.height) == (596, 842)


def test_tables_add_up(figures: Figures) -> None:
    month = figures("2026-07-01", "2026-07-31", items=30)
    assert _sums(report.occupations(month)) == (month.person_times, month.person_times)
    assert _sums(report.amenities(month)) == (1_300, 1_300)
    assert _sums(report.requests(month)) == (41, 41)
    assert _sums(report.supplies(month)) == (sum(month.handouts.values()),) * 2
    assert _sums(report.supplies(month), 1) == (sum(month.balances.values()),) * 2


def test_many_items_share_the_last_row(figures: Figures) -> None:
    table = report.supplies(figures("2026-07-01", "2026-07-31", items=30))
    assert len(table.rows) == report.MOST_ITEMS
    assert table.rows[-1][0] == "其余 19 种"
    # the eleven most given, in their own order
    assert [name for name, _ in table.rows[:-1]] == [f"物资{number}" for number in range(19, 30)]


def test_an_item_in_stock_that_nobody_took_is_listed(figures: Figures) -> None:
    month = replace(figures("2026-07-01", "2026-07-02"), handouts={"冰饮": 5}, balances={"冰饮": 7, "雨衣": 9})
    assert report.supplies(month).rows == (("冰饮", ("5", "7")), ("雨衣", ("0", "9")))


@pytest.mark.parametrize("counts", [[1, 1, 1], [2, 3, 5, 7, 11, 13], [999, 1], [1] * 7, [5]])
def test_shares_make_exactly_a_hundred(counts: list[int]) -> None:
    shares = [float(share.removesuffix("%")) for share in report.shares(counts)]
    assert round(sum(shares), 1) == 100.0
    for share, count in zip(shares, counts, strict=True):
        assert abs(share - 100 * count / sum(counts)) < 0.1


def test_nothing_happened(figures: Figures, tmp_path: Path, text_of: Text) -> None:
    empty = Report("2026-02-01", "2026-02-28", 0, 0, 0, 0, 0, {}, {}, {}, {}, {}, {}, {}, {})
    assert report.period_report(empty, tmp_path / "empty.pdf", place="马家湾暖心驿站", printed_on=PRINTED) == 1
    [text] = text_of(tmp_path / "empty.pdf")
    assert "%" not in text
    assert t("paper.sample") not in text


@pytest.mark.parametrize(
    ("first", "last", "title", "bars"),
    [
        ("2026-07-17", "2026-07-17", "paper.chart_by_hour", 13),
        ("2026-07-01", "2026-07-31", "paper.chart_by_day", 31),
        ("2025-11-15", "2026-11-14", "paper.chart_by_month", 13),
    ],
)
def test_bars_hold_every_visit(first: str, last: str, title: str, bars: int, figures: Figures) -> None:
    period = figures(first, last)
    shown, columns = report.bars(period)
    assert shown == t(title)
    assert len(columns) == bars
    assert sum(visits for _, visits, _ in columns) == period.person_times
    if bars != 13 or first != last:
        assert sum(registered for _, _, registered in columns) == period.registered


def test_a_day_without_visits_keeps_its_place(figures: Figures) -> None:
    period = figures("2026-07-01", "2026-07-03")
    days = dict(period.by_day)
    gone = days.pop("2026-07-02")
    _, columns = report.bars(replace(period, by_day=days, person_times=period.person_times - gone))
    assert [name for name, *_ in columns] == ["7/1", "7/2", "7/3"]
    assert columns[1][1] == 0


@pytest.mark.parametrize("figure", ["by_occupation", "by_day", "by_hour"])
def test_figures_that_contradict_each_other_are_not_printed(figure: str, figures: Figures, tmp_path: Path) -> None:
    month = figures("2026-07-01", "2026-07-31")
    parts = dict(getattr(month, figure))
    parts[next(iter(parts))] += 1
    with pytest.raises(Bug):
        report.period_report(replace(month, **{figure: parts}), tmp_path / "bad.pdf", place="x", printed_on=PRINTED)
    assert list(tmp_path.iterdir()) == []


def test_a_district_lists_its_stations_and_their_sums(figures: Figures, tmp_path: Path, text_of: Text) -> None:
    stations = [(f"第{number:02d}驿站", figures("2026-07-01", "2026-07-31", seed=number)) for number in range(60)]
    district = _added([one for _, one in stations])
    target = tmp_path / "district.pdf"
    assert (
        report.period_report(district, target, place="云桥区", printed_on=PRINTED, sample=True, stations=stations) == 3
    )
    texts = text_of(target)
    listed = re.findall(r"第\d\d驿站", "".join(texts[1:]))
    assert listed == [name for name, _ in stations]  # in the order given, nobody ranked
    assert t("paper.page_total") in texts[1]
    assert t("paper.all_stations", n=60) in texts[2]
    assert f"{district.person_times:,}" in texts[2]
    assert t("paper.report_station_days", n=district.open_days) in texts[0], "one definition on both pages"
    assert t("paper.a_station_day") in texts[0]
    # one signature line, at the end
    assert [t("paper.prepared_by") in text for text in texts] == [False, False, True]
    assert all(t("paper.sample") in text for text in texts)
    with pytest.raises(Bug):
        report.period_report(district, target, place="云桥区", printed_on=PRINTED, stations=stations[1:])


def _added(reports: list[Report]) -> Report:
    """The figures of several stations as one."""

    def by(name: str) -> dict[object, int]:
        parts: dict[object, int] = {}
        for one in reports:
            for key, count in getattr(one, name).items():
                parts[key] = parts.get(key, 0) + count
        return parts

    mappings = (
        "by_day",
        "by_hour",
        "by_occupation",
        "by_amenity",
        "handouts",
        "balances",
        "requests",
        "registered_by_day",
    )
    figures = {name: sum(getattr(one, name) for one in reports) for name in ("person_times", "registered", "anonymous", "open_days")}
    return replace(reports[0], **figures, **{name: by(name) for name in mappings})


def test_a_day_carries_its_code_for_a_photograph(
    figures: Figures, tmp_path: Path, picture: Callable[[preview.Page], Image.Image], codes_in: Callable[[Image.Image], list[str]]
) -> None:
    text = light.base45(Random(7).randbytes(560))
    target = tmp_path / "day.pdf"
    report.period_report(figures("2026-07-17", "2026-07-17"), target, place="马家湾暖心驿站", printed_on=PRINTED, code=text)
    for dpi in (100, 150, 300):
        [page] = preview.pages(target, dpi)
        seen = picture(page)
        assert codes_in(seen) == [text]
        if dpi >= 150:  # two dots a module, turned, are no picture any telephone takes
            turned = seen.rotate(7, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
            assert codes_in(turned) == [text]
