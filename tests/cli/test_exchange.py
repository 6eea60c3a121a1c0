"""The exchange by commands: two folders and a stick, once around, and what neither side takes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from station_app.district import store
from tests.cli.conftest import AT, REAL, call
from tests.conftest import CHEAP, SAMPLE


@pytest.fixture
def district(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A command on the district that has to succeed with ``--json``: its one object."""
    store.set_up(tmp_path / "district", SAMPLE.district_code, "云桥区", "赵龑", REAL, cost=CHEAP).close()
    (tmp_path / "officer").write_text(REAL, "utf-8")

    def asked(*args: object) -> Any:
        line = ["--data", tmp_path / "district", "--password-file", tmp_path / "officer", "--json", "district"]
        result = call(*line, *args)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return asked


def test_once_around(
    ask: Callable[..., Any], refused: Callable[..., str], district: Callable[..., Any], tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    assert ask("sync", "status")["district"] is None
    refused(3, "sync", "export", "--to", stick)
    introduced = ask("sync", "enrol", "--to", stick)
    assert district("enrol", introduced["file"])["fingerprint"] == introduced["fingerprint"]
    trust = district("trust", "--to", stick)
    refused(3, "sync", "trust", trust["file"], "--fingerprint", "1" * 30)
    assert ask("sync", "trust", trust["file"], "--fingerprint", trust["fingerprint"])["name"] == "云桥区"

    ask("visits", "tally", "rider", "--count", 5, "--at", AT)
    number = ask("requests", "add", "换电柜太少", "--at", AT)["number"]
    ask("supplies", "handout", "矿泉水", "--occupation", "rider", "--at", AT)
    assert ask("sync", "status")["local"] > 0
    written = ask("sync", "export", "--to", stick)
    assert (ask("sync", "status")["local"], ask("sync", "status")["packed"]) == (0, written["rows"])

    taken = district("intake", written["file"], written["file"])
    assert [(one["fresh"], one["known"]) for one in taken["files"]] == [(1, 0), (0, 1)]
    os.utime(written["file"], (0, 0))  # left alone for a while: nobody is copying it any more
    assert district("watch", stick, "--rounds", 1) == {"taken": 1, "refused": 0}
    assert district("status")["stations"][0]["agrees"] is True
    assert district("requests")["requests"][0]["number"] == number
    assert district("reply", number, "accepted", "--note", "收到", "--unit", "区城管局")["state"] == "accepted"
    report = district("report", "--from", "2026-07-17", "--to", "2026-07-17")
    own = ask("report", "--from", "2026-07-17", "--to", "2026-07-17")
    for name in ("person_times", "registered", "anonymous", "by_occupation", "by_amenity", "handouts"):
        assert report[name] == report["stations"][0][name] == own[name]
    pack = district("pack", "--station", "YQ", "--to", stick)
    assert ask("sync", "import", pack["file"])["receipted"] == 1
    after = ask("sync", "status")
    assert (after["packed"], after["receipted"]) == (0, written["rows"])
    assert ask("requests", "show", number)["request"]["state"] == "accepted"
    refused(3, "sync", "import", pack["file"])  # older or equal receipts are refused
    refused(3, "sync", "import", written["file"])


def test_the_district_refuses_what_is_no_batch(district: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "x.batch").write_bytes(b"hello")
    line = ["--data", tmp_path / "district", "--password-file", tmp_path / "officer"]
    result = call(*line, "district", "intake", tmp_path / "x.batch", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["refused"] == 1
    assert len(result.stderr.splitlines()) == 1
    assert call(*line, "district", "watch", tmp_path / "nowhere").exit_code == 2
    assert district("status") == {"stations": []}


def test_a_district_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATION_PASSWORD", REAL)
    made = call("--data", tmp_path / "d", "district", "init", "云桥区", "--code", "990101", "--json")
    assert json.loads(made.stdout)["fingerprint"]
    assert call("--data", tmp_path / "d", "district", "init", "云桥区", "--code", "990101").exit_code == 4


def test_rules_from_a_file_to_the_station(
    ask: Callable[..., Any], refused: Callable[..., str], district: Callable[..., Any], tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    district("enrol", ask("sync", "enrol", "--to", stick)["file"])
    ask("sync", "trust", district("trust", "--to", stick)["file"])
    file = tmp_path / "quotas.json"
    file.write_text('{"kind": "quotas", "rules": [{"name": "饮用水", "items": ["矿泉水"], "most": 2}]}', "utf-8")
    made = district("rules", "draft", file, "--note", "每人两瓶")
    assert (made["kind"], made["difference"]["added"]) == ("quotas", ["饮用水"])
    assert district("rules", "diff", "quotas")["difference"]["added"] == ["饮用水"]
    assert district("rules", "show", "quotas", "--draft")["body"]["rules"][0]["most"] == 2
    assert district("rules", "show", "领取规则")["body"] == {"kind": "quotas"}
    assert district("rules", "switch", "quotas")["no"] == 1
    (version,) = district("rules", "list")["versions"]
    assert (version["in_force"], version["stations"], version["author"]) == (True, 0, "赵龑")
    assert district("rules", "show", "quotas", "--version", 1)["body"]["rules"][0]["name"] == "饮用水"

    assert ask("sync", "rules", "list") == {"versions": []}
    ask("sync", "import", district("pack", "--station", SAMPLE.code, "--to", stick)["file"])
    (got,) = ask("sync", "rules", "list")["versions"]
    assert (got["no"], got["in_force"], got["note"]) == (1, True, "每人两瓶")
    assert ask("sync", "rules", "show", "quotas")["body"]["rules"][0]["items"] == ["矿泉水"]
    assert ask("sync", "rules", "show", "quotas", "--on", "2020-01-01")["version"] is None

    district("rules", "draft", file)
    district("rules", "discard", "quotas")
    line = ["--data", tmp_path / "district", "--password-file", tmp_path / "officer", "district", "rules"]
    file.write_text('{"kind": "quotas", "rules": [{"name": "饮用水", "most": 2}]}', "utf-8")
    for args, code in ((("draft", file), 2), (("switch", "quotas"), 2), (("show", "quotas", "--version", 7), 2)):
        assert call(*line, *args).exit_code == code


def test_a_campaign_of_the_district_on_paper_and_as_a_table(district: Callable[..., Any], tmp_path: Path) -> None:
    made = district("campaigns", "add", "骑手节", "--item", "礼包", "--unit", "份", "--from", "2026-07-17", "--to", "2026-07-18")
    assert [one["name"] for one in district("campaigns", "list")["campaigns"]] == ["骑手节"]
    assert district("campaigns", "result", "骑手节")["outcome"]["given"] == 0
    assert district("campaigns", "result", made["id"], "--to-file", tmp_path / "r.pdf")["pages"] == 1
    district("campaigns", "result", "骑手节", "--to-file", tmp_path / "r.csv")
    assert "各驿站合计" in (tmp_path / "r.csv").read_text("utf-8-sig")
    assert district("campaigns", "recipients", "骑手节") == {"recipients": []}
    assert district("campaigns", "twice") == {"twice": []}
    line = ["--data", tmp_path / "district", "--password-file", tmp_path / "officer"]
    assert call(*line, "district", "campaigns", "result", "骑手节", "--to-file", tmp_path / "r.doc").exit_code == 2
    assert call(*line, "district", "campaigns", "result", "无此活动").exit_code == 2
