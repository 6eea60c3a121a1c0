"""The days of the desk: hours kept, closed days, handing over, the duty log drafted from what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from datetime import date, datetime

import pytest

from station_app.db import Database
from station_app.errors import StationError
from station_app.model import AssetKind, CheckPart, ClosedReason, Consent, ItemKind, Occupation, RequestState, Role
from station_app.paper.duty import drafted, hours_line, matters_lines
from station_app.services import (
    audit,
    equipment,
    first_aid,
    history,
    incidents,
    keepers,
    loans,
    opening_hours,
    people,
    preferences,
    requests,
    shifts,
    stations,
    supplies,
    upkeep,
    visits,
)  # fmt: skip
from tests.conftest import Clock

TODAY = "2026-07-17"


def said(call: Callable[[], object]) -> str:
    try:
        call()
    except StationError as error:
        return error.word
    return ""


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-07-{text}:00+08:00")


def second_keeper(db: Database) -> str:
    with db.transact(keepers.Op.ADD_KEEPER) as tx:
        return tx.put("keeper", {"name": "赵丽", "role": Role.KEEPER.value, "active": 1})


def test_hours_kept_against_hours_posted(db: Database) -> None:
    """08:30-17:30 is posted: kept whole, late and early, missed, closed by plan, a day of rest, opened though to stay closed."""
    keepers.open_station(db, at=at("13T08:25"))
    keepers.close_station(db, at=at("13T17:40"))
    keepers.open_station(db, at=at("14T09:30"))
    keepers.close_station(db, at=at("14T16:30"))
    shifts.close_days(db, date(2026, 7, 15), date(2026, 7, 15), ClosedReason.REPAIR, "电路检修")
    shifts.close_days(db, date(2026, 7, 12), date(2026, 7, 12), ClosedReason.HOLIDAY)
    visits.tally(db, Occupation.RIDER, 3, at=at("12T10:00"))
    visits.tally(db, Occupation.RIDER, at=at("10T10:00"))
    preferences.change(db, "rest_days", "6")
    found = shifts.hours(db, "2026-07-11", TODAY)
    by_day = {one.business_date[-2:]: one for one in found.days}
    assert (by_day["13"].posted, by_day["13"].kept, by_day["13"].late, by_day["13"].early) == (540, 540, 0, 0)
    assert (by_day["14"].kept, by_day["14"].late, by_day["14"].early) == (420, 60, 60)
    assert by_day["15"].closed_day is not None
    assert (by_day["15"].closed_day.reason, by_day["15"].posted) == (ClosedReason.REPAIR, 0)
    assert by_day["11"].closed_day is not None
    assert by_day["11"].closed_day.reason is ClosedReason.REST
    assert (found.to_open, found.opened, found.closed, found.missed) == (4, 3, 3, 1)  # the 16th; today may still open
    assert (found.posted, found.kept, found.guessed) == (2 * 540, 540 + 420, 0)  # a missed day is told as a day
    assert "89%" in hours_line(found)
    assert said(lambda: shifts.hours(db, TODAY, "2026-07-01")) == "shifts.bad_span"


@pytest.mark.parametrize(
    ("opened", "closed", "posted", "running", "expected"),
    [
        ("17T08:20", "17T17:40", ("08:30", "17:30"), False, (540, 540, False, 0, 0)),
        ("17T09:30", "17T16:30", ("08:30", "17:30"), True, (540, 420, False, 60, 60)),
        ("17T09:30", "", ("08:30", "17:30"), False, (540, 480, True, 60, 0)),
        ("17T09:30", "", ("08:30", "17:30"), True, (0, 0, False, 60, 0)),
        ("17T21:00", "18T02:00", ("20:00", "06:00"), False, (600, 300, False, 60, 240)),
        ("17T18:00", "17T19:00", ("08:30", "17:30"), False, (540, 0, False, 570, 0)),
        ("17T08:00", "17T10:15", ("", ""), False, (0, 135, False, 0, 0)),
        ("17T08:00", "", ("", ""), False, (0, 0, True, 0, 0)),
        ("", "", ("08:30", "17:30"), False, (0, 0, False, 0, 0)),
    ],
)
def test_the_minutes_of_a_day(
    opened: str, closed: str, posted: tuple[str, str], running: bool, expected: tuple[int, int, bool, int, int]
) -> None:
    """On time, late and early, not closed on a past day and on the day that runs, past midnight, without posted hours."""
    moments = [f"2026-07-{text}:00+08:00" if text else "" for text in (opened, closed)]
    assert astuple(opening_hours.kept("2026-07-17", *moments, posted, running=running)) == expected


def test_the_shift_and_the_reports_count_the_same_hours(db: Database) -> None:
    keepers.open_station(db, at=at("13T08:25"))
    keepers.close_station(db, at=at("13T16:00"))
    keepers.open_station(db, at=at("14T09:30"))  # nobody closed
    shifts.close_days(db, date(2026, 7, 15), date(2026, 7, 15), ClosedReason.REPAIR)
    keepers.open_station(db, at=at("15T10:00"))  # opened all the same
    keepers.close_station(db, at=at("15T12:00"))
    visits.tally(db, Occupation.RIDER, 6, at=at("15T11:00"))
    keepers.open_station(db, at=at("17T07:00"))  # runs: nothing is counted yet, nor who came today
    visits.tally(db, Occupation.RIDER, 9, at=at("17T07:30"))
    found, kept = shifts.hours(db, "2026-07-01", TODAY), upkeep.upkeep(db, "2026-07-01", TODAY)
    assert (found.posted, found.kept, found.guessed) == (1620, 450 + 480 + 120, 1)
    assert (kept.posted_minutes, kept.open_minutes, kept.estimated) == (1620, 450 + 480 + 120, 1)
    assert (kept.recorded_days, kept.times_while_open) == (3, 6)
    assert "1 天" in hours_line(found)


def test_a_closed_day_is_taken_back(db: Database) -> None:
    day = date(2026, 7, 20)
    _days, changes = shifts.close_days(db, day, day, ClosedReason.WEATHER)
    again, _ = shifts.close_days(db, day, day, ClosedReason.HOLIDAY)
    assert [one.reason for one in again] == [ClosedReason.HOLIDAY]
    assert said(lambda: history.undo(db, changes.operation)) == "history.changed_since"
    shifts.reopen_day(db, day.isoformat())
    assert shifts.own_closed(db, "2026-07-01", "2026-07-31") == []
    assert said(lambda: shifts.reopen_day(db, day.isoformat())) == "shifts.not_closed"


def test_the_station_keeps_its_own_points(db: Database) -> None:
    assert shifts.points(db, CheckPart.OPENING) == []
    shifts.set_points(db, CheckPart.OPENING, ["门窗", "冰柜", "充电柜"])
    now, changes = shifts.set_points(db, CheckPart.OPENING, ["冰柜", "门窗"])
    assert [one.name for one in now] == ["冰柜", "门窗"]
    history.undo(db, changes.operation)
    assert [one.name for one in shifts.points(db, CheckPart.OPENING)] == ["门窗", "冰柜", "充电柜"]
    for names in ([], ["门", "门"], ["x" * 41]):
        assert said(lambda names=names: shifts.set_points(db, CheckPart.SAFETY, names)) == "shifts.bad_points"


def busy_day(db: Database, clock: Clock) -> None:
    """An afternoon with something of everything."""
    keepers.open_station(db, "微波炉报修中", 37)
    rider, _ = people.register(db, Occupation.RIDER, "美团", "李志强", consent=Consent.STATION)
    visits.check_in(db, rider.badge_code)
    visits.tally(db, Occupation.COURIER, 4)
    water, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK, low_level=50)
    supplies.receive(db, water.id, 20)
    supplies.hand_out(db, water.id, 2, person_id=rider.id)
    umbrellas, _ = loans.add(db, "雨伞", AssetKind.UMBRELLA, 3)
    bank = loans.add(db, "充电宝", AssetKind.POWER_BANK)[0][0]
    loans.lend(db, umbrellas[0].id, person_id=rider.id)
    loans.lend(db, bank.id)
    made, _ = requests.add(db, "充电口不足", person_id=rider.id)
    requests.step(db, made.id, RequestState.REPLIED, note="本周加装")
    piece, _ = equipment.add(db, "微波炉", check_days=30)
    equipment.report(db, piece.id, "不加热")
    first_aid.add(db, "碘伏", "瓶", 1, quantity=1, expiry="2026-07-30")
    shifts.check_house(db, ["灭火器"], "")
    incidents.stamp(db)
    incidents.found(db, "手套")
    clock.forward(5 * 60)


def test_what_is_open_is_told_to_the_next_keeper(db: Database, clock: Clock) -> None:
    busy_day(db, clock)
    found = shifts.matters(db)
    lines = matters_lines(found, date(2026, 7, 17))
    assert lines == [
        "超期未还 1 件：充电宝 01", "在外借用 1 件：雨伞 01", "已答复待告知 1 件：2026-0001", "物资不足 1 种：矿泉水（剩 18 瓶）",
        "未完报修 1 项：微波炉（已报修）", "急救箱待处理 1 项：碘伏",
    ]  # fmt: skip
    assert found.count == 5
    assert not any("李志强" in line for line in lines)


def test_the_desk_is_handed_over_with_both_names(db: Database, clock: Clock) -> None:
    other = second_keeper(db)
    assert said(lambda: shifts.hand_over(db, other)) == "keepers.nobody_on_duty"
    keepers.begin_shift(db)
    clock.forward(60)
    made, changes = shifts.hand_over(db, other, "超期未还 1 件：雨伞 08", "钥匙在抽屉")
    assert (made.from_name, made.to_name, made.note) == ("王敏", "赵丽", "钥匙在抽屉")
    on_duty = keepers.on_duty(db)
    assert on_duty is not None
    assert on_duty.keeper == "赵丽"
    assert said(lambda: shifts.hand_over(db, other)) == "shifts.same_keeper"
    back, _ = shifts.hand_over(db)
    assert (back.from_name, back.to_name) == ("赵丽", "王敏")
    assert said(lambda: history.undo(db, changes.operation)) == "history.changed_since"


def test_the_duty_log_is_drafted_from_the_day_and_confirmed(db: Database, clock: Clock) -> None:
    busy_day(db, clock)
    station = stations.current(db)
    draft = shifts.draft(db)
    text = drafted(draft, station, date(2026, 7, 17))
    assert text.weather == "高温橙色 · 预报最高 37℃"
    assert text.events.splitlines() == [
        "来访 5 人次", "发放物资：矿泉水 2 瓶", "借用物品：借出 2 件 · 归还 0 件", "新登记诉求 1 件", "开站检查：微波炉报修中",
        "安全卫生检查：全部正常", "突发情况 1 起，见突发情况记录", "捡到失物 1 件，已登记",
    ]  # fmt: skip
    assert text.handed_by == "王敏"
    keepers.close_station(db)
    log, changes = shifts.confirm(db, TODAY, person_times=draft.figures.person_times, **text.fields())
    assert (log.person_times, log.opened[11:16], log.closed[11:16], log.events) == (5, "08:00", "13:00", text.events)
    again, _ = shifts.confirm(db, TODAY, person_times=5, **{**text.fields(), "events": "下午停电"})
    assert (again.id, again.events) == (log.id, "下午停电")
    assert drafted(shifts.draft(db), station, date(2026, 7, 17)).events == "下午停电"
    assert said(lambda: history.undo(db, changes.operation)) == "history.changed_since"
    assert said(lambda: shifts.confirm(db, "2026-07-18", person_times=0)) == "visits.day_to_come"
    assert audit.check(db) == []
