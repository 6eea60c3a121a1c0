"""The whole sample day through the real window: unlock, rosters, every line by keys and scans, undo, lock, exchange.

What the district ends up with is compared with the day file itself, counted here by plain Python that shares nothing with
the program.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PySide6.QtWidgets import QApplication

from station_app import app, runs, words
from station_app.db import Database
from station_app.district import desk, store
from station_app.model import Occupation, Report, RequestState
from station_app.paper import form_hints, forms, preview
from station_app.services import audit, bindings, exchange, history, keepers, people, reports, requests, stations
from station_app.ui.main_window import PAGES
from station_app.ui.walk import PASSWORD, SampleClock

DATA = Path(__file__).parents[1] / "data"
LINES: list[dict[str, Any]] = [
    json.loads(line) for line in (DATA / "day_2026-07-17.jsonl").read_text("utf-8").splitlines()
]
DAY = "2026-07-17"
OCCUPATION = {
    "外卖骑手": "rider", "快递员": "courier", "网约车司机": "ride_hail_driver", "货车司机": "truck_driver",
    "环卫工人": "sanitation_worker", "其他": "other",
}  # fmt: skip
AMENITY = {"饮水": "water", "歇脚": "rest", "充电": "charging", "微波炉": "microwave", "卫生间": "toilet"}


@dataclass
class Done:
    """The day after it was worked: both stores open, what was left in the out folder."""

    station: Database
    district: Database
    out: Path


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, qapp: QApplication) -> Iterator[Done]:
    words.use("zh")
    folder, out = tmp_path_factory.mktemp("day"), tmp_path_factory.mktemp("out")
    clock = SampleClock()
    app.application(offscreen=True)
    runs.sample_day(folder, out, clock)
    station = stations.open_station(folder / "station", PASSWORD, clock=clock)
    district = store.open_district(folder / "district", PASSWORD, clock=clock)
    yield Done(station, district, out)
    station.close()
    district.close()


def lines(what: str) -> list[dict[str, Any]]:
    return [line for line in LINES if line["do"] == what]


def check_the_figures(report: Report) -> None:
    tallies, scans = lines("tally"), lines("check_in")
    assert report.registered == len(scans)
    assert report.anonymous == sum(line["count"] for line in tallies)
    assert report.person_times == report.registered + report.anonymous
    assert report.unique_people == len({line["who"] for line in scans})
    assert report.by_amenity == Counter(AMENITY[name] for line in scans for name in line["amenities"])
    given: Counter[str] = Counter()
    for line in lines("handout"):
        given[line["item"]] += line["qty"]
    assert report.handouts == given
    hours: Counter[int] = Counter()
    for line in scans:
        hours[int(line["at"][11:13])] += 1
    for line in tallies:
        hours[int(line["at"][11:13])] += line["count"]
    assert report.by_hour == hours
    assert sum(report.requests.values()) == len(lines("request"))


def test_the_stations_figures_are_those_of_the_day_file(day: Done) -> None:
    check_the_figures(reports.period(day.station, DAY, DAY))


def test_the_districts_figures_are_those_of_the_day_file(day: Done) -> None:
    report, each = desk.report(day.district, DAY, DAY)
    check_the_figures(report)
    assert [(station.code, figures.person_times) for station, figures in each] == [("YQ", report.person_times)]


def test_anonymous_counts_by_occupation_are_those_of_the_day_file(day: Done) -> None:
    counted: Counter[str] = Counter()
    for line in lines("tally"):
        counted[OCCUPATION[line["occupation"]]] += line["count"]
    rows = day.district.rows(
        "SELECT occupation, sum(person_times) AS n FROM visit WHERE person_id IS NULL AND void_reason IS NULL GROUP BY 1"
    )
    assert {row["occupation"]: row["n"] for row in rows} == counted


def test_every_handout_went_to_whom_the_day_file_says(day: Done) -> None:
    order = [row["id"] for row in day.station.rows("SELECT id FROM person WHERE void_reason IS NULL ORDER BY id")]
    firsts = [*order[:100], *order[100:200], *order[206:306]]  # the second roster brought six people who have no number
    expected = [(line["at"], firsts[line["who"]], line["item"]) for line in lines("handout")]
    rows = day.district.rows(
        "SELECT h.time, h.person_id, i.name FROM handout h JOIN item i ON i.id = h.item_id WHERE h.void_reason IS NULL"
        " ORDER BY h.time, h.id"
    )
    assert [(row["time"], row["person_id"], row["name"]) for row in rows] == expected


def test_the_districts_form_is_filled_with_the_totals_of_the_day_file(day: Done, tmp_path: Path) -> None:
    """Bound by its headings, filled for July, and every column summed up here by the day file alone."""
    seen = forms.look(DATA / "district_monthly_form.xlsx")
    binding = form_hints.suggest(seen)
    values = bindings.values(day.station, binding, "2026-07-01", "2026-07-31", "2026年7月")
    filled = forms.fill(seen, binding, values, tmp_path / "out.xlsx")
    assert filled.cells == 38
    sheet = load_workbook(tmp_path / "out.xlsx")["月报"]
    assert sheet["A2"].value == f"驿站名称：{stations.current(day.station).name}"
    assert sheet["E2"].value == "统计月份：2026年7月"

    def column(letter: str) -> int:
        return sum(sheet[f"{letter}{row}"].value for row in range(5, 11))

    given = Counter(line["item"] for line in lines("handout") for _ in range(line["qty"]))
    assert column("B") == len(lines("check_in"))
    assert column("C") == sum(line["count"] for line in lines("tally"))
    assert column("E") == given["防暑包"] + given["清凉包"] + given["藿香正气水"] + given["冰饮"] > 0
    assert column("F") == given["暖宝宝"] + given["暖心包"] == 0
    assert column("G") == len(lines("request"))
    assert column("H") == 0, "the day file closes none of its requests"
    rows = ("rider", "courier", "sanitation_worker", "ride_hail_driver", "truck_driver", "other")
    tallied: Counter[str] = Counter()
    for line in lines("tally"):
        tallied[OCCUPATION[line["occupation"]]] += line["count"]
    assert {who: sheet[f"C{row}"].value for row, who in enumerate(rows, 5)} == {who: tallied[who] for who in rows}


def test_what_was_closed_stands_in_the_column_of_what_was_closed(db: Database, tmp_path: Path) -> None:
    """办结: the requests of the month that are closed now, in the row of whoever asked; reopened ones count no more."""
    seen = forms.look(DATA / "district_monthly_form.xlsx")
    asked: Counter[str] = Counter()
    closed: Counter[str] = Counter()
    for number, who in enumerate([Occupation.RIDER, Occupation.RIDER, Occupation.COURIER, Occupation.RESIDENT, Occupation.OTHER, None]):
        person = people.register(db, who)[0].id if who is not None else None
        request, _ = requests.add(db, f"第 {number} 件", person_id=person, at=datetime.fromisoformat("2026-07-03T10:00:00+08:00"))
        asked[who or ""] += 1
        if number != 1:
            requests.step(db, request.id, RequestState.CLOSED, at=datetime.fromisoformat("2026-07-04T10:00:00+08:00"))
        if number == 4:
            requests.step(db, request.id, RequestState.REOPENED, at=datetime.fromisoformat("2026-07-05T10:00:00+08:00"))
        closed[who or ""] += number not in (1, 4)
    binding = form_hints.suggest(seen)
    forms.fill(seen, binding, bindings.values(db, binding, "2026-07-01", "2026-07-31", "2026年7月"), tmp_path / "out.xlsx")
    sheet = load_workbook(tmp_path / "out.xlsx")["月报"]
    others = ["resident", "other", ""]
    for row, rows in enumerate([["rider"], ["courier"], ["sanitation_worker"], ["ride_hail_driver"], ["truck_driver"], others], 5):
        assert sheet[f"G{row}"].value == sum(asked[who] for who in rows)
        assert sheet[f"H{row}"].value == sum(closed[who] for who in rows)
    assert [sheet[f"H{row}"].value for row in range(5, 11)] == [1, 1, 0, 0, 0, 2]


def test_requests_kept_their_words_their_people_and_got_their_answer(day: Done) -> None:
    for line, request in zip(lines("request"), reversed(requests.listing(day.station)), strict=True):
        assert (request.text, words.label(request.category)) == (line["text"], line["category"])
        assert (request.person_id is None) == (line["who"] is None)
        whole = requests.get(day.station, request.id)
        assert whole.state == "replied"
        assert whole.number in whole.steps[-1].note


def test_the_rosters_gave_the_expected_people(day: Done) -> None:
    assert len(people.ids(day.station)) == 306
    assert sum(bool(person.name) for person in people.several(day.station, people.ids(day.station))) == 91


def test_the_slip_of_the_finger_was_taken_back_and_reached_the_district_voided(day: Done) -> None:
    slip = [line for line in history.log(day.station, DAY, limit=2000) if line.undone]
    assert [line.details["occupation"] for line in slip] == ["other"]
    assert day.district.scalar("SELECT count(*) FROM visit WHERE void_reason = 'undo'") == 1


def test_everything_is_receipted_and_everything_adds_up(day: Done) -> None:
    status = exchange.status(day.station)
    assert (status.packed, status.refused) == (0, 0)
    assert status.local == 0
    assert desk.status(day.district)[0].held.agrees is True
    assert audit.check(day.station) == []


def test_the_keeper_had_the_desk_and_the_station_was_open(day: Done) -> None:
    shift = keepers.on_duty(day.station)
    assert shift is not None
    assert shift.keeper == "王敏"
    assert keepers.day(day.station, DAY).opened[11:16] == "07:50"


def test_what_is_left_behind_is_whole(day: Done) -> None:
    pictures = {file.stem for file in day.out.glob("*.png")}
    assert pictures == {*PAGES, "unlock"}
    assert all(file.stat().st_size > 10_000 for file in day.out.glob("*.png"))
    assert preview.count(day.out / "badges.pdf") == 1
    assert preview.count(day.out / "district-report.pdf") >= 1
    assert len(list(day.out.glob("*.batch"))) == len(list(day.out.glob("*.pack"))) == 1


def test_no_name_stands_in_any_file_in_the_clear(day: Done, tmp_path: Path) -> None:
    names = [person.name for person in people.several(day.station, people.ids(day.station)) if person.name][:20]
    phones = [person.phone for person in people.several(day.station, people.ids(day.station)) if person.phone][:20]
    files = [*day.out.glob("*.batch"), *day.out.glob("*.pack")]
    home = tmp_path / "copy"
    shutil.copytree(day.station.path.parent, home, ignore=shutil.ignore_patterns("*.db*", "print"))
    for file in [*files, *home.rglob("*")]:
        if file.is_file():
            data = file.read_bytes()
            assert not any(text.encode() in data for text in names + phones), file.name
