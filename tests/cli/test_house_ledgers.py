"""Loans, equipment, the first-aid box and the days of the desk by commands: one object an answer, each deed taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.conftest import AT, call

Ask = Callable[..., Any]


def test_a_thing_is_lent_by_code_name_or_number_and_comes_back(ask: Ask, run: Callable[..., str], folder: Path) -> None:
    things = ask("loans", "add", "雨伞", "--kind", "umbrella", "--count", 8)["things"]
    assert [one["number"] for one in things] == list(range(1, 9))
    lent = ask("loans", "lend", "雨伞 8", "--at", AT)
    assert (lent["loan"]["title"], lent["loan"]["due"], lent["undoable"]) == ("雨伞 08", "2026-07-19T17:30:00+08:00", True)
    assert ask("loans", "list", "--overdue")["loans"][0]["overdue"]
    assert "超期" in run("loans", "list")
    back = ask("loans", "return", things[7]["code"])
    assert back["loan"]["left"] == 0
    ask("history", "undo", back["operation"])
    gone = ask("loans", "return", "*8", "--outcome", "遗失", "--note", "公交车上")
    assert gone["loan"]["ends"][0]["outcome"] == "lost"
    ask("loans", "move", "雨伞8", "found")
    assert ask("loans", "things")["things"][7]["free"] == 1
    result = call("--data", folder, "loans", "return", "雨伞8")
    assert (result.exit_code, result.stderr) == (2, "雨伞 08 没有借出记录\n")
    assert ask("check") == {"ok": True, "problems": []}


def test_equipment_and_the_box(ask: Ask, run: Callable[..., str]) -> None:
    ask("equipment", "add", "微波炉", "--check-days", 30, "--place", "窗边")
    ask("equipment", "check", "E001", "--fault", "不加热")
    repair = ask("equipment", "repairs", "--open")["repairs"][0]
    ask("equipment", "repair", repair["id"], "已修好", "--fixer", "社区电工", "--note", "换保险丝")
    assert ask("equipment", "repair", repair["id"], "accepted")["repair"]["accepted_by"] == "王敏"
    assert "正常使用" in run("equipment", "list")
    ask("first-aid", "add", "碘伏", "--unit", "瓶", "--quantity", 2, "--expiry", "2026-01-01")
    assert ask("first-aid", "list", "--warnings")["first_aid"][0]["name"] == "碘伏"
    assert "已过期" in run("first-aid", "list")
    ask("first-aid", "check", "碘伏", 3, "--action", "replaced", "--expiry", "2028-01-01")
    assert ask("first-aid", "check")["checked"] == 1


def test_a_day_of_the_desk(ask: Ask, run: Callable[..., str]) -> None:
    ask("shift", "begin", "--at", AT)
    ask("shift", "open", "--high", 37, "--at", AT)
    assert "灭火器在位有效" in ask("shift", "points", "safety")["points"]
    ask("shift", "points", "safety", "灭火器", "电线")
    assert ask("shift", "check", "--exceptions", "插座松", "--action", "已断电", "--at", AT)["check"]["points"] == "灭火器\n电线"
    ask("loans", "add", "充电宝", "--kind", "power_bank")
    ask("loans", "lend", "充电宝 1", "--at", AT)
    assert run("shift", "matters").splitlines()[0] == "超期未还 1 件：充电宝 01"
    ask("visits", "tally", "rider", "--count", 4, "--at", AT)
    text = run("shift", "log", "--date", "2026-07-17")
    assert "来访 4 人次" in text
    assert "安全卫生检查：插座松" in text
    log = ask("shift", "confirm", "--date", "2026-07-17", "--handed-to", "赵丽")["log"]
    assert (log["person_times"], log["handed_to"], log["handed_by"]) == (4, "赵丽", "王敏")
    days = ask("shift", "close-days", "2026-07-18", "2026-07-19", "--reason", "repair")
    assert len(days["days"]) == 2
    assert ask("shift", "reopen-day", "2026-07-19")["undoable"]
    hours = ask("shift", "hours", "--from", "2026-07-17", "--to", "2026-07-19")["hours"]
    assert (hours["to_open"], hours["opened"], hours["closed"]) == (2, 1, 1)


def test_what_nobody_planned(ask: Ask) -> None:
    made = ask("emergency", "stamp", "--at", AT)
    told = ask("emergency", "tell", made["id"], "--kind", "fire", "--called", "119", "--note", "电动车冒烟，已扑灭", "--over")
    assert (told["emergency"]["time"], told["emergency"]["called"]) == (AT, "119")
    assert len(ask("emergency", "list", "--from", "2026-07-01", "--to", "2026-07-31")["emergencies"]) == 1
    assert ask("lost", "found", "手套", "--place", "充电区")["lost"]["number"] == 1
    ask("lost", "settle", 1, "已认领")
    assert ask("lost", "list")["lost"] == []
    assert ask("lost", "list", "--all")["lost"][0]["state"] == "claimed"
