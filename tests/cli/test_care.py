"""The command line where a station's data should not lie: told on standard error, and done all the same."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import call


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
