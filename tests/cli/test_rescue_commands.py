"""A damaged store by the command line: looked at, taken out, restored with what came after; the file stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import AT, call
from tests.cli.test_backup import times_of

Ask = Callable[..., Any]


@pytest.fixture
def spoilt(ask: Ask, folder: Path) -> bytes:
    """A station backed up and gone on since, whose first page is spoilt."""
    ask("visits", "tally", "外卖骑手", "--count", 2, "--at", AT)
    ask("backup", "make")
    ask("visits", "tally", "外卖骑手", "--count", 3, "--at", AT)
    data = bytearray((folder / "station.db").read_bytes())
    data[:4096] = bytes(4096)
    (folder / "station.db").write_bytes(data)
    return bytes(data)


def test_look_says_what_can_be_read_and_changes_nothing(
    ask: Ask, run: Callable[..., str], folder: Path, spoilt: bytes
) -> None:
    assert call("--data", folder, "check").exit_code == 3
    found = ask("rescue", "look")
    assert (found["bad_pages"], found["lost"], found["role"]) == (1, 0, "supervisor")
    assert found["newer"]["visit"] == 1
    assert len(found["backups"]) == 1
    assert "坏了 1 页" in run("rescue", "look")
    assert (folder / "station.db").read_bytes() == spoilt
    assert not (folder / "rescuing").exists()


def test_export_writes_tables(ask: Ask, folder: Path, tmp_path: Path, spoilt: bytes) -> None:
    done = ask("rescue", "export", "--to", tmp_path / "out")
    assert (Path(done["folder"]) / "来访.csv").exists()
    assert "欧阳志强" in (Path(done["folder"]) / "姓名电话（密封）.csv").read_text("utf-8-sig")


def test_restore_acts_only_with_yes_and_puts_back(ask: Ask, folder: Path, spoilt: bytes) -> None:
    seen = call("--data", folder, "rescue", "restore", "--json")
    assert (seen.exit_code, json.loads(seen.stdout)["restored"]) == (3, False)
    assert (folder / "station.db").read_bytes() == spoilt
    done = ask("rescue", "restore", "--yes")
    assert (done["restored"], done["put_back"] > 0) == (True, True)
    assert (Path(done["set_aside"]) / "station.db").read_bytes() == spoilt
    assert times_of(ask) == 5
    assert ask("check")["ok"] is True


def test_without_a_good_backup_nothing_is_restored_but_taken_out(
    ask: Ask, folder: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    ask("visits", "tally", "外卖骑手", "--count", 2, "--at", AT)
    data = bytearray((folder / "station.db").read_bytes())
    data[5 * 4096 + 99] ^= 1
    (folder / "station.db").write_bytes(data)
    assert "rescue export" in refused(3, "rescue", "restore", "--yes")
    assert ask("rescue", "export", "--to", tmp_path)["rows"] > 0
    assert (folder / "station.db").read_bytes() == data


def test_where_nothing_can_be_read_it_says_so(folder: Path, refused: Callable[..., str]) -> None:
    (folder / "station.db").write_bytes(bytes((folder / "station.db").stat().st_size))
    assert "备份" in refused(3, "rescue", "look")


def test_a_wrong_password_and_an_empty_folder_are_told(
    folder: Path, tmp_path: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATION_PASSWORD", "not the password")
    refused(3, "rescue", "look")
    assert call("--data", tmp_path / "nothing", "rescue", "look").exit_code == 2
