"""Every command of a station on a real folder: what it answers, what it refuses, what it leaves in the ledgers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from station_app.cli import frame
from station_app.services import stations
from station_app.words import t
from tests.cli.conftest import AT, REAL, call
from tests.conftest import CHEAP

DATA = Path(__file__).parent.parent / "data"


def test_init_makes_a_station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stations.set_up, "__kwdefaults__", {**(stations.set_up.__kwdefaults__ or {}), "cost": CHEAP})
    monkeypatch.setenv("STATION_PASSWORD", REAL)
    (tmp_path / "pin").write_text("2468", "utf-8")
    here = ["--data", tmp_path / "new"]
    made = call(
        *here, "init", "马家湾驿站", "--code", "MJW", "--district-code", "520304", "--keeper", "李兰", "--json",
        "--pin-file", tmp_path / "pin",
    )  # fmt: skip
    assert json.loads(made.stdout)["station"]["code"] == "MJW"
    shown = json.loads(call(*here, "station", "show", "--json").stdout)["station"]
    assert (shown["name"], shown["sample"], shown["opens"]) == ("马家湾驿站", False, "08:30")
    assert json.loads(call(*here, "keepers", "list", "--json").stdout)["keepers"][0]["pin"] is True
    again = call(*here, "init", "马家湾驿站", "--code", "MJW", "--district-code", "520304", "--keeper", "李兰")
    assert again.exit_code == 4
    wrong = call(
        "--data", tmp_path / "z", "init", "马家湾", "--code", "mjw", "--district-code", "5", "--keeper", "李兰"
    )
    assert wrong.exit_code == 2


def test_demo_report_and_check_agree(tmp_path: Path) -> None:
    here = tmp_path / "demo"
    made = call("demo", here, "--days", 3, "--visits-per-day", 12, "--seed", 4, "--until", "2026-07-17", "--json")
    told = json.loads(made.stdout)
    assert told["registered"] + told["anonymous"] == told["person_times"] == sum(told["by_day"].values())
    report = json.loads(call("--data", here, "report", "--from", "2026-07-15", "--to", "2026-07-17", "--json").stdout)
    assert {name: told[name] for name in report} == report
    checked = call("--data", here, "check", "--json")
    assert json.loads(checked.stdout) == {"ok": True, "problems": []}
    taken = call("demo", here, "--days", 3)
    assert (taken.exit_code, len(taken.stderr.splitlines())) == (4, 1)
    assert call("demo", tmp_path / "none", "--days", 0).exit_code == 2


def test_the_promised_answers(ask: Callable[..., Any], rider: Any) -> None:
    """The keys that issue 2 promises to programs."""
    came = ask("visits", "check-in", rider["badge_code"], "--at", AT)
    assert came["undoable"] is True
    assert came["repeated"] is False
    assert ask("visits", "check-in", rider["card_number"], "--at", "2026-07-17T14:30:00+08:00")["repeated"] is True
    counted = ask("visits", "tally", "外卖骑手", "--count", 5, "--at", AT)
    assert counted["undoable"] is True
    ask("visits", "amenity", came["id"], "饮水", "--at", AT)
    given = ask("supplies", "handout", "防暑包", "--person", rider["card_number"], "--at", AT)
    assert given["undoable"] is True
    asked = ask("requests", "add", "换电柜太少", "--category", "社会保险", "--at", AT)
    assert asked["number"] == "YQ-A-2026-0001"
    assert {came["id"], counted["id"], given["id"], asked["id"]} != {None}
    report = ask("report", "--from", "2026-07-17", "--to", "2026-07-17")
    wanted = {
        "person_times": 6, "unique_people": 1, "registered": 1, "anonymous": 5, "by_occupation": {"rider": 6},
        "by_amenity": {"water": 1}, "handouts": {"防暑包": 1}, "requests": {"recorded": 1},
    }  # fmt: skip
    assert {name: report[name] for name in wanted} == wanted
    assert ask("check") == {"ok": True, "problems": []}


def test_a_rule_refuses_before_giving_and_records_after(folder: Path, ask: Callable[..., Any], rider: Any) -> None:
    line = ["supplies", "handout", "防暑包", "--person", rider["id"], "--at", AT]
    ask(*line)
    refusal = call("--data", folder, *line, "--json")
    assert refusal.exit_code == 3
    assert json.loads(refusal.stdout) == {"refused": True, "rule": "person_day", "last": AT, "next": "2026-07-18"}
    assert len(refusal.stderr.splitlines()) == 1
    assert call("--data", folder, *line).stdout == ""
    assert ask(*line, "--given")["handout"]["already_given"] is True
    reasons = {
        one["item"]: one["rule"] for one in ask("supplies", "offers", "--person", rider["id"], "--at", AT)["offers"]
    }
    assert (reasons["防暑包"], reasons["暖宝宝"], reasons["矿泉水"]) == ("person_day", "season", None)


def test_undo_from_the_command_line(ask: Callable[..., Any], refused: Callable[..., str]) -> None:
    done = ask("visits", "tally", "courier", "--count", 3)
    now = ask("visits", "set-count", done["id"], 4)
    assert ask("visits", "list")["visits"][0]["person_times"] == 4
    assert "后来又改过" in refused(3, "history", "undo", done["operation"])
    assert ask("history", "undo")["id"] == now["operation"]
    ask("history", "undo", done["operation"])
    assert ask("visits", "today")["person_times"] == 0
    refused(3, "history", "undo", done["operation"])
    log = ask("history", "list")["log"]
    assert [line["undone"] for line in log if line["op"] in ("tally", "set_count")] == [True, True]
    assert ask("log")["log"] == log


def test_people_and_badges(ask: Callable[..., Any], run: Callable[..., str], rider: Any, tmp_path: Path) -> None:
    new = ask("people", "register", "--occupation", "Courier", "--name", "李𬭎", "--consent", "station", "--at", AT)
    assert ask("people", "show", new["person"]["card_number"])["person"]["name"] == "李𬭎"
    assert ask("people", "change", new["id"], "--platform", "白鸽速运")["person"]["platform"] == "白鸽速运"
    assert ask("people", "list")["counts"] == {"rider": 1, "courier": 2}
    assert ask("people", "list", "--occupation", "courier", "--nameless")["total"] == 1
    assert ask("people", "list", "--not-since", "2026-07-01", "--limit", 1)["people"] == []
    issued = ask("badges", "issue", "--person", rider["id"])["badge"]
    assert ask("badges", "verify", issued["code"])["person"]["id"] == rider["id"]
    assert ask("badges", "issue", "--occupation", "货车司机")["undoable"] is True
    ask("badges", "revoke", issued["card_number"])
    ask("people", "erase", new["id"])
    assert ask("people", "show", new["id"])["person"]["erased"] is True
    assert ask("badges", "sheet", "--all", "--to", tmp_path / "all.pdf")["cards"] == 2
    card = ask("badges", "issue", "--person", rider["id"])["badge"]["card_number"]
    assert ask("badges", "sheet", "--id", card, "--to", tmp_path / "one.pdf", "--offset-mm", "1,-0.5")["cards"] == 1
    assert (tmp_path / "all.pdf").read_bytes().startswith(b"%PDF")
    assert "欧阳志强" in run("people", "find", "19911000001"[-4:])
    assert "欧阳志强" in run("people", "show", rider["id"])


def test_a_revoked_badge_is_refused(ask: Callable[..., Any], refused: Callable[..., str], rider: Any) -> None:
    ask("badges", "revoke", rider["badge_code"])
    refused(3, "badges", "verify", rider["badge_code"])
    refused(3, "visits", "check-in", rider["badge_code"])
    refused(3, "visits", "check-in", "1234567890123456789012")


def test_rosters_come_in_once(ask: Callable[..., Any], run: Callable[..., str], refused: Callable[..., str]) -> None:
    def figures(found: Any) -> dict[str, int]:
        return {name: found[name] for name in ("rows", "taken", "nameless", "merged", "refused")}

    seen = ask("people", "import", DATA / "roster_utf8.csv", "--preview")
    assert figures(seen) == {"rows": 100, "taken": 100, "nameless": 9, "merged": 0, "refused": 0}
    assert ask("people", "list")["total"] == 2
    done = ask("people", "import", DATA / "roster_utf8.csv")
    assert figures(done) == figures(seen)
    assert len(done["results"]) == 100
    assert done["results"][0]["fate"] == "taken"
    second = ask("people", "import", DATA / "roster_gb18030.csv")
    assert figures(second) == {"rows": 111, "taken": 106, "nameless": 106, "merged": 4, "refused": 1}
    assert [row["reason"] for row in second["results"] if row["fate"] == "refused"] == ["rosters.row_formula"]
    third = ask("people", "import", DATA / "roster.xlsx", "--consent-on-paper", "2026-07-01", "--at", AT)
    assert (third["taken"], third["nameless"]) == (100, 0)
    assert ask("people", "import", DATA / "roster_utf8.csv")["taken"] == 0
    assert "拒收 1" in run("people", "import", DATA / "roster_gb18030.csv", "--preview")
    assert "phone" in refused(2, "people", "import", DATA / "roster.xlsx", "--map", "shoes=A")
    refused(2, "people", "import", DATA / "roster.xlsx", "--map", "phone=ZZ")
    assert ask("people", "import", DATA / "roster_utf8.csv", "--preview", "--map", "platform=")["columns"].keys() == {
        "name", "occupation", "phone", "consent",
    }  # fmt: skip
    moved = ask("people", "import", DATA / "roster_utf8.csv", "--preview", "--map", "name=C")
    assert moved["columns"]["name"] == "所属平台/单位"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(200)),
        ("broken.xlsx", b"PK\x03\x04" + bytes(100)),
        ("broken.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)),
        ("prose.csv", "一段没有表头的话".encode()),
    ],
)
def test_bad_files_are_refused_and_change_nothing(
    refused: Callable[..., str], ask: Callable[..., Any], tmp_path: Path, name: str, content: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    refused(3, "people", "import", file)
    refused(3, "supplies", "import", file)
    refused(3, "visits", "sheet", file, "--date", "2026-07-16")
    refused(3, "people", "import", tmp_path / "nowhere.csv")
    assert ask("people", "list")["total"] == 2


def test_supplies(
    ask: Callable[..., Any], run: Callable[..., str], refused: Callable[..., str], tmp_path: Path
) -> None:
    new = ask(
        "supplies", "add", "雨衣", "--unit", "件", "--kind", "其他", "--low-level", 5, "--most-per-day", 1, "--at", AT
    )
    assert new["item"]["most_per_day"] == 1
    assert (
        ask("supplies", "receive", "雨衣", 20, "--kind", "bought", "--lot", "A1", "--expiry", "2027-06-30")["balance"]
        == 20
    )
    assert ask("supplies", "count", "雨衣", 18, "--second-name", "陈立", "--reason", "盘点")["difference"] == -2
    assert ask("supplies", "waste", "雨衣", 3, "--reason", "破损")["balance"] == 15
    assert ask("supplies", "change", "雨衣", "--name", "一次性雨衣", "--months", "5-10")["item"]["first_month"] == 5
    assert ask("supplies", "quota", "一次性雨衣", "--lift")["item"]["most_per_day"] is None
    assert ask("supplies", "quota", "一次性雨衣", 2)["item"]["most_per_day"] == 2
    given = ask("supplies", "handout", "一次性雨衣", "--quantity", 2, "--occupation", "rider", "--at", AT)
    assert given["balance"] == 13
    found = ask("supplies", "movements", "一次性雨衣")
    assert sum(line["delta"] for line in found["movements"]) == found["item"]["balance"] == 13
    days = ask("supplies", "daily", "一次性雨衣", "--from", "2026-07-17", "--to", "2026-07-18")["days"]
    assert (len(days), days[0]["handed_out"]) == (2, 2)
    assert ask("supplies", "handouts", "--from", "2026-07-17", "--to", "2026-07-17")["handouts"][0]["quantity"] == 2
    assert ask("supplies", "change", "一次性雨衣", "--retired")["item"]["active"] is False
    names = [item["name"] for item in ask("supplies", "items")["items"]]
    assert "一次性雨衣" not in names
    assert "一次性雨衣" in [item["name"] for item in ask("supplies", "items", "--all")["items"]]
    refused(2, "supplies", "waste", "矿泉水", 10_000, "--reason", "x")
    assert "含酒精" in run("supplies", "handout", "藿香正气水", "--at", AT)
    file = tmp_path / "items.csv"
    file.write_text("名称,单位,数量\n口罩,只,1500\n矿泉水,瓶,7\n", "utf-8")
    assert ask("supplies", "import", file, "--preview")["taken"] == 1
    done = ask("supplies", "import", file)
    assert (done["taken"], done["merged"]) == (1, 1)
    assert "1,500" in run("supplies", "items")
    assert "口罩" in run("supplies", "offers")
    assert "批号" in run("supplies", "movements", "口罩")


def test_requests(
    ask: Callable[..., Any], run: Callable[..., str], refused: Callable[..., str], rider: Any, tmp_path: Path
) -> None:
    new = ask(
        "requests", "add", "微波炉坏了", "--kind", "report", "--category", "station", "--channel", "意见箱", "--urgency",
        "urgent", "--person", rider["id"], "--place", "一楼", "--contact", "微信", "--at", AT,
    )  # fmt: skip
    assert new["due"] == "2026-07-18T14:26:00+08:00"
    number = new["number"]
    assert ask("requests", "step", number, "受理", "--at", "2026-07-17T15:00:00+08:00")["state"] == "accepted"
    ask("requests", "step", number, "已答复", "--note", "修好了", "--at", "2026-07-17T16:00:00+08:00")
    assert [one["number"] for one in ask("requests", "list", "--to-tell")["requests"]] == [number]
    refused(2, "requests", "step", number, "told")
    told = ask("requests", "step", number, "told", "--verdict", "fixed", "--at", "2026-07-17T17:00:00+08:00")
    assert told["state"] == "closed"
    assert "已受理" in run("requests", "show", number)
    assert ask("requests", "show", new["id"])["request"]["text"] == "微波炉坏了"
    assert ask("requests", "list", "--open")["requests"] == []
    found = ask("requests", "list", "--state", "closed", "--person", rider["id"])
    assert found["counts"] == {"closed": 1}
    assert ask("requests", "find", "微波炉")["requests"][0]["number"] == number
    assert "微波炉坏了" in run("requests", "list")
    assert ask("requests", "slip", number, "--to", tmp_path / "slip.pdf")["pages"] == 1


def test_a_state_that_cannot_follow(folder: Path, ask: Callable[..., Any]) -> None:
    number = ask("requests", "add", "换电柜", "--at", AT)["number"]
    refusal = call("--data", folder, "requests", "step", number, "told", "--verdict", "not", "--json")
    assert refusal.exit_code == 3
    assert json.loads(refusal.stdout)["rule"] == "request_state"


def test_the_day(ask: Callable[..., Any], run: Callable[..., str], refused: Callable[..., str], tmp_path: Path) -> None:
    ask("shift", "begin", "--at", "2026-07-17T08:20:00+08:00")
    ask("shift", "open", "--high", 36, "--exceptions", "灯坏了", "--at", "2026-07-17T08:30:00+08:00")
    refused(2, "shift", "open", "--at", "2026-07-17T08:31:00+08:00")
    ask("shift", "close", "--note", "平安", "--at", "2026-07-17T17:30:00+08:00")
    ask("shift", "end", "--at", "2026-07-17T17:31:00+08:00")
    refused(2, "shift", "end")
    shown = ask("shift", "show", "--date", "2026-07-17")
    assert (shown["day"]["high"], shown["day"]["all_well"], shown["on_duty"]) == (36, False, None)
    assert "08:30" in run("shift", "show", "--date", "2026-07-17")
    (tmp_path / "password").write_text("another-password", "utf-8")
    (tmp_path / "pin").write_text("1357", "utf-8")
    files = ["--new-password-file", tmp_path / "password", "--pin-file", tmp_path / "pin"]
    added = ask("keepers", "add", "陈立", "--role", "evening", *files)
    assert added["undoable"] is False
    refused(2, "keepers", "add", "陈立", *files)
    ask("keepers", "pin", "陈立", "--pin-file", tmp_path / "pin")
    assert {one["name"]: one["pin"] for one in ask("keepers", "list")["keepers"]} == {"王敏": True, "陈立": True}
    assert run("station", "show", "--password-file", tmp_path / "password")
    (tmp_path / "fresh").write_text("remembered-now", "utf-8")
    fresh = ["--new-password-file", tmp_path / "fresh"]
    assert ask("keepers", "change", "陈立", "--name", "陈立志", "--role", "keeper")["keeper"]["role"] == "keeper"
    refused(3, "keepers", "change", "王敏", "--role", "keeper")
    ask("keepers", "password", "陈立志", *fresh)
    assert run("station", "show", "--password-file", tmp_path / "fresh")
    (tmp_path / "own").write_text("changed-by-myself", "utf-8")
    ask("keepers", "password", "--new-password-file", tmp_path / "own", "--password-file", tmp_path / "fresh")
    refused(3, "station", "show", "--password-file", tmp_path / "fresh")
    assert "陈立志" in run("keepers", "remove", "陈立志")
    refused(3, "station", "show", "--password-file", tmp_path / "own")
    refused(2, "keepers", "remove", "陈立志")
    assert ask("settings", "set", "double_scan_minutes", 5)["content"] == "5"
    assert ask("settings", "list")["settings"]["double_scan_minutes"] == "5"
    assert ask("station", "change", "--closes", "21:00", "--phone", "0999-1")["station"]["closes"] == "21:00"


def test_a_paper_sheet(ask: Callable[..., Any], refused: Callable[..., str], tmp_path: Path) -> None:
    assert ask("visits", "blank-sheet", "--to", tmp_path / "blank.pdf")["pages"] == 1
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("人员类别,时段,人次\n外卖骑手,9时,4\ncourier,10:00,2\n外卖骑手,9,1\n", "gb18030")
    line = ["visits", "sheet", sheet, "--date", "2026-07-15"]
    assert ask(*line)["person_times"] == 7
    report = ask("report", "--from", "2026-07-15", "--to", "2026-07-15")
    assert report["by_hour"] == {"9": 5, "10": 2}
    sheet.write_text("人员类别,时段,人次\n外卖骑手,9,4\n宇航员,9,1\n", "utf-8")
    assert "第 3 行" in refused(3, *line)
    sheet.write_text("人员类别,人次\n外卖骑手,4\n", "utf-8")
    assert "三列" in refused(3, *line)
    sheet.write_text("人员类别,时段,人次\n外卖骑手,25,4\n", "utf-8")
    refused(3, *line)
    refused(2, *line[:3], "--date", "2099-01-01")


def test_the_trail_of_operations_is_shown_and_written(
    ask: Callable[..., Any], refused: Callable[..., str], tmp_path: Path
) -> None:
    counted = ask("visits", "tally", "外卖骑手", "--count", 5)
    shown = ask("history", "trail", "--from", "2000-01-01", "--op", "tally")["trail"]
    assert [(one["operation"], one["op"]) for one in shown][-1] == (counted["operation"], "tally")
    assert ask("history", "trail", "--to", "2000-01-01") == {"trail": []}
    file = tmp_path / "trail.csv"
    told = ask("history", "trail", "--from", "2000-01-01", "--to-file", file)
    assert told["steps"] == len(file.read_text("utf-8-sig").splitlines()) - 1 > 1
    refused(2, "history", "trail", "--keeper", "没有这个人")


def test_a_year_is_archived_from_the_command_line_and_can_be_stopped(
    folder: Path, rider: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How far it is stands on standard error where somebody watches; Ctrl+C stops it with one line and leaves nothing."""
    monkeypatch.setattr(frame, "watched", lambda: True)
    year = AT[:4]
    made = call("--data", folder, "report", "archive", "--year", year, "--to", tmp_path / "out")
    assert made.exit_code == 0, made.stderr
    steps = [int(one) for one in re.findall(r"正在归档 \d+ 年 (\d+)%", made.stderr)]
    assert steps == sorted(set(steps))
    assert steps[-1] == 100
    seen = []

    def stopped() -> bool:
        seen.append(list(tmp_path.glob("stopped/.*.part")))
        raise KeyboardInterrupt

    monkeypatch.setattr(frame, "watched", stopped)
    away = call("--data", folder, "report", "archive", "--year", year, "--to", tmp_path / "stopped")
    assert (away.exit_code, away.stderr.strip()) == (1, t("cli.stopped"))
    assert seen[0], "it was under way"
    assert list((tmp_path / "stopped").iterdir()) == []
