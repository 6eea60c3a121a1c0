"""Backups and keys on paper by the command line: made, looked through, restored, and what is refused on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from station_app import vault
from station_app.paths import DataFolder
from tests.cli.conftest import AT, call

Ask = Callable[..., Any]


def times_of(ask: Ask) -> int:
    return int(ask("report", "--from", "2026-07-17", "--to", "2026-07-17")["person_times"])


def test_a_backup_is_made_carried_listed_checked_and_rehearsed(
    ask: Ask, run: Callable[..., str], folder: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    made = ask("backup", "make", "--to", stick)
    assert Path(made["carried"]).parent == stick
    for more in ((), ("--from", stick)):
        assert [one["name"] for one in ask("backup", "list", *more)["backups"]] == [made["name"]]
    assert ask("backup", "check") == {
        "ok": True,
        "backups": [
            {"name": made["name"], "time": made["time"], "reason": "manual", "bytes": made["bytes"], "sound": True}
        ],
    }
    assert "手动" in run("backup", "list")
    assert ask("backup", "rehearse")["ok"] is True
    ask("settings", "set", "backup_place", str(tmp_path / "second"))
    assert Path(ask("backup", "make")["carried"]).parent == tmp_path / "second"


def test_a_place_that_is_gone_is_told_and_the_backup_stands(ask: Ask, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "gone").write_text("no folder", "utf-8")
    result = call("--data", folder, "backup", "make", "--to", tmp_path / "gone" / "stick")
    assert (result.exit_code, len(result.stderr.splitlines())) == (4, 1)
    assert len(ask("backup", "list")["backups"]) == 1


def test_a_damaged_backup_is_named_and_not_restored(ask: Ask, folder: Path, refused: Callable[..., str]) -> None:
    made = ask("backup", "make")
    file = Path(made["file"])
    data = bytearray(file.read_bytes())
    data[5000] ^= 1
    file.write_bytes(data)
    result = call("--data", folder, "backup", "check", "--json")
    assert result.exit_code == 3
    assert [one["sound"] for one in json.loads(result.stdout)["backups"]] == [False]
    refused(3, "backup", "restore", made["name"], "--yes")
    assert not (folder / "set-aside").exists()


def test_restoring_shows_first_and_acts_only_with_yes(
    ask: Ask, run: Callable[..., str], folder: Path, refused: Callable[..., str]
) -> None:
    ask("visits", "tally", "外卖骑手", "--count", 2, "--at", AT)
    name = ask("backup", "make")["name"]
    ask("visits", "tally", "外卖骑手", "--count", 3, "--at", AT)
    seen = call("--data", folder, "backup", "restore", name, "--json")
    assert (seen.exit_code, len(seen.stderr.splitlines())) == (3, 1)
    told = json.loads(seen.stdout)
    assert (told["restored"], told["lost"], told["holds"]["visits"], told["now"]["visits"]) == (False, 1, 2, 5)
    assert times_of(ask) == 5, "looking changes nothing"
    text = call("--data", folder, "backup", "restore", name)
    assert "会少 1 笔" in text.stdout
    done = ask("backup", "restore", name, "--yes")
    assert done["restored"] is True
    assert Path(done["set_aside"], "station.db").exists()
    assert times_of(ask) == 2
    assert ask("check")["ok"] is True
    assert "没有" in refused(2, "backup", "restore", "20200101T000000Z-daily.backup", "--yes")


def test_on_a_new_computer_the_stick_is_enough(ask: Ask, tmp_path: Path) -> None:
    ask("visits", "tally", "外卖骑手", "--count", 2, "--at", AT)
    stick, new = tmp_path / "stick", tmp_path / "new"
    name = ask("backup", "make", "--to", stick)["name"]
    done = call("--data", new, "backup", "restore", name, "--from", stick, "--yes")
    assert done.exit_code == 0, done.stderr
    assert "说不出会少什么" in done.stdout
    report = call("--data", new, "report", "--from", "2026-07-17", "--to", "2026-07-17", "--json")
    assert json.loads(report.stdout)["person_times"] == 2


def test_only_a_supervisor_restores(ask: Ask, folder: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "password").write_text("another-password", "utf-8")
    ask("keepers", "add", "李兰", "--new-password-file", tmp_path / "password")
    name = ask("backup", "make")["name"]
    refused(3, "backup", "restore", name, "--yes", "--password-file", tmp_path / "password")
    assert not (folder / "set-aside").exists()


def test_a_recovery_sheet_replaces_the_one_before(ask: Ask, folder: Path, tmp_path: Path) -> None:
    first, second = (ask("keepers", "recovery-key", "--to", tmp_path / f"{name}.pdf") for name in "ab")
    assert first["number"] != second["number"]
    assert (tmp_path / "b.pdf").read_bytes().startswith(b"%PDF")
    ways = [way for way in vault.ways(DataFolder(folder).slots) if way.kind == "recovery"]
    assert [vault.slot_mark(way.id) for way in ways] == [second["number"]]


def test_a_sheet_that_cannot_be_written_replaces_nothing(
    ask: Ask, folder: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    number = ask("keepers", "recovery-key", "--to", tmp_path / "a.pdf")["number"]
    before = DataFolder(folder).slots.read_bytes()
    refused(4, "keepers", "recovery-key", "--to", tmp_path / "gone" / "b.pdf")
    refused(4, "keepers", "start-card", "--to", tmp_path / "gone" / "c.pdf")
    ways = vault.ways(DataFolder(folder).slots)
    assert [(way.kind, vault.slot_mark(way.id)) for way in ways if way.kind != "password"] == [("recovery", number)]
    assert DataFolder(folder).slots.read_bytes() == before


def test_start_cards_are_listed_and_revoked_by_their_number(
    ask: Ask, tmp_path: Path, refused: Callable[..., str]
) -> None:
    made = ask("keepers", "start-card", "--to", tmp_path / "card.pdf")
    assert [(one["id"], one["by"]) for one in ask("keepers", "start-cards")["start_cards"]] == [(made["id"], "王敏")]
    ask("keepers", "revoke-card", made["number"])
    assert ask("keepers", "start-cards")["start_cards"] == []
    assert made["number"] in refused(2, "keepers", "revoke-card", made["number"])
