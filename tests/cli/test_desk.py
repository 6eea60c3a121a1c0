"""The district's desk by commands: whom to call, packs for all, a month closed, supplies promised and received, notices."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from station_app import __main__
from station_app.district import store
from station_app.services import stations
from tests.cli.conftest import AT, REAL, call
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock


@pytest.fixture
def line(tmp_path: Path) -> list[object]:
    """How every command on the district begins."""
    store.set_up(tmp_path / "district", SAMPLE.district_code, "云桥区", "赵龑", REAL, cost=CHEAP).close()
    (tmp_path / "officer").write_text(REAL, "utf-8")
    return ["--data", tmp_path / "district", "--password-file", tmp_path / "officer", "--json", "district"]


@pytest.fixture
def district(line: list[object]) -> Callable[..., Any]:
    """A command on the district that has to succeed: its one object."""

    def asked(*args: object) -> Any:
        result = call(*line, *args)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return asked


@pytest.fixture
def joined(ask: Callable[..., Any], district: Callable[..., Any], tmp_path: Path) -> Path:
    """A stick between the sample station and its district, which know each other."""
    stick = tmp_path / "stick"
    stick.mkdir()
    district("enrol", ask("sync", "enrol", "--to", stick)["file"])
    ask("sync", "trust", district("trust", "--to", stick)["file"])
    return stick


def taken_back(ask: Callable[..., Any], district: Callable[..., Any], stick: Path) -> Any:
    """Packs for all, and the station takes its own."""
    (pack,) = district("packs", "--to", stick)["packs"]
    ask("sync", "import", pack["file"])
    return pack


def test_supplies_and_notices_go_down_and_their_receipt_comes_up(
    ask: Callable[..., Any], district: Callable[..., Any], joined: Path, line: list[object]
) -> None:
    code = SAMPLE.code
    made = district(
        "allocation", "add", "防暑包二", f"{code.lower()}=60", "--unit", "份", "--kind", "cooling", "--note", "高温慰问"
    )
    posted = district("notice", "post", "高温橙色预警", "--text", "请备足饮水", "--until", "2099-12-31")
    pack = taken_back(ask, district, joined)
    assert (pack["allocations"], pack["notices"]) == (1, 1)
    assert [one["title"] for one in ask("sync", "notices")["notices"]] == ["高温橙色预警"]
    (due,) = ask("supplies", "due")["due"]
    assert (due["id"], due["item"], due["quantity"]) == (made["ids"][0], "防暑包二", 60)
    assert ask("supplies", "arrived", due["id"])["undoable"] is True
    assert ask("supplies", "due")["due"] == []
    written = ask("sync", "export", "--to", joined)
    district("intake", Path(written["file"]).parent)  # a whole folder
    assert district("allocation", "list")["allocations"][0]["received"]
    assert any(one["item"] == "防暑包二" and one["total"] == 60 for one in district("shelves")["items"])
    refused = call(*line, "allocation", "withdraw", due["id"])
    assert refused.exit_code == 3
    district("notice", "withdraw", posted["id"])
    assert district("notice", "list")["notices"][0]["withdrawn"]
    taken_back(ask, district, joined)
    assert ask("sync", "notices")["notices"] == []


def test_a_month_is_closed_once_and_corrected(
    ask: Callable[..., Any], district: Callable[..., Any], joined: Path, line: list[object], tmp_path: Path
) -> None:
    ask("visits", "tally", "rider", "--count", 5, "--at", AT)
    district("intake", ask("sync", "export", "--to", joined)["file"])
    closed = district("close-month", "2026-07")
    assert (closed["person_times"], closed["corrections"]) == (5, [])
    assert call(*line, "close-month", "2026-07").exit_code == 3
    ask("visits", "tally", "courier", "--count", 2, "--at", AT)
    district("intake", ask("sync", "export", "--to", joined)["file"])
    again = district("month", "2026-07", "--to", tmp_path / "july.csv")
    assert again["person_times"] == 5
    assert {"station": SAMPLE.code, "figure": "person_times", "then": 5, "now": 7} in again["corrections"]
    assert "5" in (tmp_path / "july.csv").read_text("utf-8-sig")
    district("month", "2026-07", "--to", tmp_path / "july.pdf")
    assert (tmp_path / "july.pdf").read_bytes().startswith(b"%PDF")
    assert call(*line, "month", "July").exit_code != 0
    plain = [part for part in line if part != "--json"]
    assert "2026-07" in call(*plain, "month", "2026-07").stdout


def test_who_was_not_heard_from_is_listed_and_called(
    ask: Callable[..., Any], district: Callable[..., Any], joined: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert district("chase")["stations"] == []
    later = Clock("2099-01-01T09:00:00+08:00")
    opened = store.open_district
    monkeypatch.setattr(
        store, "open_district", lambda folder, password, **more: opened(folder, password, **{**more, "clock": later})
    )
    district("called", SAMPLE.code, "--note", "周五前报上来")
    (one,) = district("chase", "--to", tmp_path / "chase.csv")["stations"]
    assert (one["station"], one["note"]) == (SAMPLE.code, "周五前报上来")
    assert one["silent"] > 7
    assert SAMPLE.name in (tmp_path / "chase.csv").read_text("utf-8-sig")
    district("chase", "--to", tmp_path / "chase.pdf")
    assert (tmp_path / "chase.pdf").read_bytes().startswith(b"%PDF")


def test_what_is_not_clear_is_refused_and_nothing_is_promised(
    district: Callable[..., Any], joined: Path, line: list[object]
) -> None:
    for quantities in (["YQ"], ["YQ=six"], ["YQ=1", "yq=2"], ["ZZ=1"]):
        assert call(*line, "allocation", "add", "防暑包", *quantities, "--unit", "份").exit_code != 0
    assert district("allocation", "list")["allocations"] == []
    assert call(*line, "notice", "post", "题", "--until", "2000-01-01").exit_code != 0


def test_without_a_command_the_desk_opens(line: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[Path, str]] = []
    monkeypatch.setattr(__main__, "_window", lambda folder, name="main": opened.append((folder, name)) or 0)
    assert __main__.main(["--data", str(line[1]), "district"]) == 0
    assert __main__.main(["district", "desk", "--data", str(line[1])]) == 0
    assert __main__.main(["district", "--data", str(line[1])]) == 0
    assert opened == [(Path(str(line[1])), "district_main")] * 3


def test_a_station_is_not_a_district(tmp_path: Path) -> None:
    stations.set_up(tmp_path / "station", SAMPLE, "王敏", PASSWORD, cost=CHEAP)[0].close()
    assert call("--data", tmp_path / "station", "district", "chase").exit_code != 0
