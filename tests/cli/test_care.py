"""What threatens the records is told on standard error in one line, and the command does its work all the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from station_app import db as database
from station_app.services import care, founding, stations
from tests.cli.conftest import Usage, call
from tests.conftest import PASSWORD, Clock

CLOCK = care.clock
"""As it is before the fixtures stop this machine's."""


def test_a_folder_copied_to_a_cloud_is_told_and_the_command_goes_on(folder: Path) -> None:
    cloud = folder.parent / "坚果云" / "station"
    cloud.parent.mkdir()
    folder.rename(cloud)
    result = call("--data", cloud, "people", "find", "ouyang")
    assert result.exit_code == 0
    assert "欧阳志强" in result.stdout
    (line,) = result.stderr.splitlines()
    assert str(cloud) in line
    assert (cloud / "station.ballast").stat().st_size == 1024 * 1024


def test_a_disk_that_is_nearly_full_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(10**9, 7 * 10**8, 3 * 10**8))
    result = call("--data", folder, "people", "find", "ouyang", "--json")
    assert result.exit_code == 0
    (line,) = result.stderr.splitlines()
    assert "300 MB" in line


def test_a_clock_behind_the_records_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(care, "clock", CLOCK)
    early = Clock("2020-01-01T08:00:00+08:00")
    opened = stations.open_station
    monkeypatch.setattr(stations, "open_station", lambda *args, **more: opened(*args, **more, clock=early))
    result = call("--data", folder, "people", "find", "ouyang")
    assert result.exit_code == 0
    (line,) = result.stderr.splitlines()
    assert "2020-01-01 08:00" in line


@pytest.mark.parametrize("kind", founding.BAD_PLACES)
def test_no_station_is_set_up_where_its_data_should_not_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("station_app.paths.volume_kind", lambda _folder: kind)
    monkeypatch.setenv("STATION_PASSWORD", PASSWORD)
    there = tmp_path / "new"
    words = ("init", "云桥驿站", "--code", "YQ", "--district-code", "990101", "--keeper", "王敏")
    result = call("--data", there, *words)
    assert (result.exit_code, result.stdout) == (4, "")
    assert str(there) in result.stderr
    assert not there.exists()
    monkeypatch.undo()
    monkeypatch.setenv("STATION_PASSWORD", PASSWORD)
    monkeypatch.setenv("STATION_LANG", "zh")
    assert call("--data", there, *words).exit_code == 0
    assert database.look(there / "station.db", _key(there)).store_id


def _key(folder: Path) -> str:
    from station_app import vault

    return vault.unlock(folder / "station.slots", PASSWORD)[0].database_key()
