"""Keys, quarantine, snapshots and a district's backups by command, with the exit codes of SYNC.md section 6."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from station_app.district import store
from tests.cli.conftest import AT, REAL, call
from tests.conftest import CHEAP, SAMPLE

Ask = Callable[..., Any]


@pytest.fixture
def line(tmp_path: Path) -> list[object]:
    """A district, and the way to it."""
    store.set_up(tmp_path / "district", SAMPLE.district_code, "云桥区", "赵龑", REAL, cost=CHEAP).close()
    (tmp_path / "officer").write_text(REAL, "utf-8")
    return ["--data", tmp_path / "district", "--password-file", tmp_path / "officer", "--json", "district"]


@pytest.fixture
def district(line: list[object]) -> Ask:
    """A command on the district that has to succeed."""

    def asked(*args: object) -> Any:
        result = call(*line, *args)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return asked


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def joined(ask: Ask, district: Ask, stick: Path) -> str:
    """Both know each other; the station's fingerprint."""
    introduced = ask("sync", "enrol", "--to", stick)
    district("enrol", introduced["file"], "--fingerprint", introduced["fingerprint"])
    ask("sync", "trust", district("trust", "--to", stick)["file"])
    return str(introduced["fingerprint"])


def test_another_fingerprint_than_the_one_compared_is_not_enrolled(ask: Ask, line: list[object], stick: Path) -> None:
    introduced = ask("sync", "enrol", "--to", stick)
    assert call(*line, "enrol", introduced["file"], "--fingerprint", "1" * 30).exit_code == 3
    assert json.loads(call(*line, "keys").stdout)["keys"] == []


def test_both_sides_renew_their_keys(ask: Ask, district: Ask, stick: Path, joined: str) -> None:
    fresh = ask("sync", "rotate")["fingerprint"]
    ask("visits", "tally", "rider", "--count", 5, "--at", AT)
    taken = district("intake", ask("sync", "export", "--to", stick)["file"])["files"][0]
    assert (taken["fresh"], taken["quarantined"]) == (1, 0)
    assert [(one["fingerprint"], one["active"]) for one in district("keys")["keys"]] == [(fresh, True), (joined, False)]
    root = district("trust", "--to", stick)["fingerprint"]
    renewed = district("rotate")
    assert (renewed["serial"], renewed["fingerprint"]) == (2, root)
    applied = ask("sync", "import", district("pack", "--station", "YQ", "--to", stick)["file"])
    assert (applied["receipted"], applied["began"], applied["differs"]) == (1, "", [])


def test_a_lost_computer_by_command(ask: Ask, district: Ask, line: list[object], stick: Path, joined: str) -> None:
    assert call(*line, "revoke", "YQ").exit_code == 2  # not without a reason
    assert call(*line, "revoke", "XX", "--reason", "丢失").exit_code == 2
    assert district("revoke", "YQ", "--reason", "电脑丢失")["active"] == []
    ask("visits", "tally", "rider", "--count", 5, "--at", AT)
    file = ask("sync", "export", "--to", stick)["file"]
    assert district("intake", file)["files"][0]["quarantined"] == 1
    assert call(*line, "pack", "--station", "YQ", "--to", stick).exit_code == 3
    held = district("quarantine")["files"]
    assert [(one["code"], one["batches"], one["decision"]) for one in held] == [("YQ", 1, "")]
    assert district("release", held[0]["id"], "--reason", "站长确认")["fresh"] == 1
    assert call(*line, "drop", held[0]["id"], "--reason", "再来").exit_code == 2  # decided already
    assert district("quarantine")["files"] == []
    assert [one["decision"] for one in district("quarantine", "--all")["files"]] == ["released"]
    for text in (call(*[part for part in line if part != "--json"], name) for name in ("keys", "quarantine")):
        assert text.exit_code == 0


def test_whole_rows_by_command(ask: Ask, district: Ask, stick: Path, joined: str) -> None:
    ask("visits", "tally", "rider", "--count", 5, "--at", AT)
    district("intake", ask("sync", "export", "--to", stick)["file"])
    assert district("snapshot", "YQ")["station"] == "YQ"
    ask("sync", "import", district("pack", "--station", "YQ", "--to", stick)["file"])
    written = ask("sync", "export", "--to", stick)
    taken = district("intake", *written["files"])["files"][0]
    assert (taken["fresh"], taken["rows"]) == (1, 0)  # whole, and nothing new in it
    assert ask("sync", "snapshot")["batches"] == [3]


def test_a_district_is_restored_by_command_and_offered_everything_again(
    ask: Ask, district: Ask, line: list[object], stick: Path, joined: str, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    made = district("backup", "--to", second)
    assert Path(made["carried"]).exists()
    assert [one["name"] for one in district("backups")["backups"]] == [made["name"]]
    ask("visits", "tally", "rider", "--count", 5, "--at", AT)
    district("intake", ask("sync", "export", "--to", stick)["file"])
    ask("sync", "import", district("pack", "--station", "YQ", "--to", stick)["file"])
    preview = call(*line, "restore", made["name"])
    assert preview.exit_code == 3, preview.stderr
    assert json.loads(preview.stdout)["restored"] is False
    assert call(*line, "restore", "nothing.backup", "--yes").exit_code == 2
    assert district("restore", made["name"], "--yes")["restored"] is True
    assert district("status")["stations"][0]["batches"] == 0
    ask("sync", "import", district("pack", "--station", "YQ", "--to", stick)["file"])
    assert ask("sync", "status")["packed"] > 0
    assert district("intake", ask("sync", "export", "--to", stick)["file"])["files"][0]["fresh"] == 1
