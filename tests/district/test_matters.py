"""What officers do with requests of all stations: units by the rules, duplicates as one, templates, meetings, figures, export."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from station_app.db import Database
from station_app.district import answer, hotline, intake, matters, rules
from station_app.errors import Refused, UserMistake
from station_app.model import Category, RequestState, RuleKind, Verdict
from station_app.paper.agenda import agenda
from station_app.rulebook import Unit, Units
from station_app.services import request_figures, requests, stations, voices
from station_app.sync import inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock
from tests.district.conftest import introduced

S = RequestState


@pytest.fixture
def other(tmp_path: Path, clock: Clock, district: Database, stick: Path) -> Iterator[Database]:
    here = replace(SAMPLE, code="LT", name="龙塔暖心驿站")
    opened, _ = stations.set_up(tmp_path / "other", here, "李芳", PASSWORD, PIN, clock=clock, cost=CHEAP)
    yield introduced(opened, district, stick)
    opened.close()


def up(district: Database, stick: Path, opener: Opener, *dbs: Database) -> None:
    for db in dbs:
        for path in outbox.export(db, stick)[0].paths:
            intake.receive(district, intake.open_file(district, path, opener))


def down(district: Database, stick: Path, opener: Opener, db: Database) -> None:
    pack, _ = inbox.look(db, answer.pack(district, stations.current(db).code, stick)[0].path, opener)
    inbox.apply(db, pack)




def test_duplicates_of_two_stations_are_answered_as_one_and_each_tells_its_own(
    station: Database, other: Database, district: Database, stick: Path, opener: Opener
) -> None:
    first, _ = requests.add(station, "市场门口充电口太少，中午排队半小时", category=Category.FACILITIES)
    second, _ = requests.add(other, "市场门口充电口太少", category=Category.FACILITIES)
    up(district, stick, opener, station, other)
    assert [one.number for one in matters.similar(district, first.id)] == [second.number]
    matters.merge(district, first.number, [second.number], "一并办理")
    assert matters.similar(district, first.id) == []
    assert [one.number for one in matters.together(district, second.id)] == [first.number]
    answer.reply(district, first.number, S.REPLIED, "月底前加装", "区城管局")
    down(district, stick, opener, other)
    here = requests.get(other, second.id)
    assert [(step.state, step.note) for step in here.steps[1:]] == [(S.ACCEPTED, "一并办理"), (S.REPLIED, "月底前加装")]
    with pytest.raises(Refused):
        matters.merge(district, second.number, [first.number])
    with pytest.raises(UserMistake):
        matters.merge(district, first.number, [first.number])
    matters.part(district, second.number)
    assert matters.together(district, first.id) == []


def test_templates_by_category(district: Database) -> None:
    own, _ = matters.keep_template(district, "充电", "月底前加装", "facilities")
    every, _ = matters.keep_template(district, "已转办", "已转有关单位")
    matters.keep_template(district, "社保", "请带身份证", "insurance")
    assert [one.id for one in matters.templates(district, "facilities")] == [own.id, every.id]
    matters.keep_template(district, "充电", "下月加装", "facilities", own.id)
    assert matters.templates(district, "facilities")[0].text == "下月加装"
    matters.drop_template(district, own.id)
    assert [one.id for one in matters.templates(district, "facilities")] == [every.id]
    with pytest.raises(UserMistake):
        matters.keep_template(district, "", "x")


def test_a_joint_meeting_decides_and_its_decision_is_the_answer(
    station: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path
) -> None:
    one, _ = requests.add(station, "孩子九月上小学，要准备哪些材料")
    two, _ = requests.add(station, "灵活就业社保如何接续")
    up(district, stick, opener, station)
    held, _ = matters.plan_meeting(district, "2026-07-20", "七月联席会", [one.number, two.number, one.number])
    assert (held.items, held.decided) == (2, 0)
    matters.decide(district, held.id, one.number, "由教育局牵头，发一张清单")
    assert [(item.request.number, item.decision) for item in matters.agenda(district, held.id)] == [
        (one.number, "由教育局牵头，发一张清单"), (two.number, ""),
    ]  # fmt: skip
    items = [(item.request, item.station, item.decision) for item in matters.agenda(district, held.id)]
    assert agenda(held.title, held.held_on, items, tmp_path / "agenda.pdf", place="云桥区") == 1
    down(district, stick, opener, station)
    last = requests.get(station, one.id).steps[-1]
    assert (last.state, last.note, last.unit) == (S.REPLIED, "由教育局牵头，发一张清单", "七月联席会")
    with pytest.raises(UserMistake):
        matters.plan_meeting(district, "2026-02-30", "不存在的日子", [])


def test_the_rules_in_force_name_the_unit_and_the_street_takes_the_rest(
    station: Database, other: Database, district: Database, stick: Path, opener: Opener
) -> None:
    street, water = Unit(name="云桥街道", fallback=True), Unit(name="供水公司", categories=("facilities",))
    homes = Unit(name="住建局", categories=("housing",), stations=("LT",))
    rules.save(district, Units(units=(street, water, homes)), "2026-07-17")
    rules.switch_on(district, RuleKind.UNITS)
    asked = [
        requests.add(station, "水管漏了", category=Category.FACILITIES)[0],
        requests.add(station, "房租太贵", category=Category.HOUSING)[0],
        requests.add(other, "找不到房子", category=Category.HOUSING)[0],
    ]
    up(district, stick, opener, station, other)
    taken = [matters.assign(district, one.number)[0].steps[-1].unit for one in asked]
    assert taken == ["供水公司", "云桥街道", "住建局"]
    assert matters.units(district) == ["云桥街道", "供水公司", "住建局"]


def test_without_rules_a_unit_has_to_be_named(station: Database, district: Database, stick: Path, opener: Opener) -> None:
    one, _ = requests.add(station, "路灯坏了")
    up(district, stick, opener, station)
    with pytest.raises(UserMistake):
        matters.assign(district, one.number)
    now, _ = matters.assign(district, one.number, "云桥街道")
    assert (now.state, now.steps[-1].unit) == (S.TRANSFERRED, "云桥街道")


def test_requests_leave_for_another_system_field_by_field(
    station: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path, clock: Clock
) -> None:
    one, _ = requests.add(station, "=充电口不足", category=Category.FACILITIES, place="东门")
    voices.add(station, one.id)
    up(district, stick, opener, station)
    clock.forward(hours=3)
    answer.reply(district, one.number, S.TRANSFERRED, unit="区城管局")
    answer.reply(district, one.number, S.REPLIED, "已加装", "区城管局")
    count, _ = hotline.export(district, tmp_path / "all.json", "json")
    told = json.loads((tmp_path / "all.json").read_text("utf-8"))
    assert (count, told["format"], told["district"]) == (1, "station-requests/1", "990101")
    [row] = told["requests"]
    assert set(row) == {*hotline.FIELDS, "steps"}
    assert (row["number"], row["unit"], row["reply"], row["voices"], row["overdue"]) == (one.number, "区城管局", "已加装", 1, False)
    hotline.export(district, tmp_path / "all.csv", "csv", still_open=True)
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        [line] = csv.DictReader(file)
    assert tuple(line) == hotline.FIELDS
    assert line["text"] == "'=充电口不足"
    text = (Path(__file__).parents[2] / "docs" / "requests-export.md").read_text("utf-8")
    assert all(f"`{field}`" in text for field in hotline.FIELDS)


def test_figures_are_those_of_the_steps(station: Database, clock: Clock) -> None:
    hours = [1, 2, 3, 50]
    for late in hours:
        one, _ = requests.add(station, f"{late}")
        clock.forward(hours=late)
        requests.step(station, one.id, S.REPLIED, unit="x")
        clock.forward(hours=1)
        requests.step(station, one.id, S.TOLD, verdict=Verdict.NOT if late == 50 else Verdict.FIXED)
        clock.set("2026-07-17T08:00:00+08:00")
    found = request_figures.period(station, "2026-07-17", "2026-07-17")
    assert (found.total, found.reply.count, found.reply.half, found.reply.nine) == (4, 4, 2, 50)
    assert (found.tell.half, found.told, found.reopened, found.fixed_share) == (1, {"fixed": 3, "not": 1}, 1, 0.75)
    assert request_figures.nearest_rank([], 50) == 0
