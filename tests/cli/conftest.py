"""A station to command: made once, copied for each test, asked through the whole command line."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from station_app.cli import group
from station_app.model import Consent, Occupation
from station_app.services import care, people, samples, stations
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock

AT = "2026-07-17T14:26:00+08:00"
Usage = namedtuple("Usage", "total used free")
REAL = "not-the-demo-password"


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample station with a shelf and two regulars, made once; each test works on a copy."""
    folder = tmp_path_factory.mktemp("cli") / "station"
    db, _ = stations.set_up(folder, SAMPLE, "王敏", PASSWORD, PIN, clock=Clock("2026-07-16T08:00:00+08:00"), cost=CHEAP)
    samples.stock(db)
    people.register(db, Occupation.RIDER, "飞鹿外卖", "欧阳志强", "19911000001", Consent.DISTRICT)
    people.register(db, Occupation.COURIER)
    db.close()
    return folder


@pytest.fixture
def folder(pattern: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pattern, tmp_path / "station"))


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATION_LANG", "zh")
    monkeypatch.delenv("STATION_PASSWORD", raising=False)
    monkeypatch.delenv("STATION_DATA", raising=False)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(10**13, 10**12, 9 * 10**12))
    monkeypatch.setattr(care, "clock", lambda _db, _now: None)  # this machine's own; tests/cli/test_care.py has it


def call(*args: object) -> Result:
    """One command line; whatever it raises that we did not mean is raised here."""
    return CliRunner().invoke(group, [str(arg) for arg in args], catch_exceptions=False)


@pytest.fixture
def run(folder: Path) -> Callable[..., str]:
    """A command on the station that has to succeed; its text."""

    def asked(*args: object) -> str:
        result = call("--data", folder, *args)
        assert result.exit_code == 0, result.stderr
        assert result.stderr == ""
        return result.stdout

    return asked


@pytest.fixture
def ask(run: Callable[..., str]) -> Callable[..., Any]:
    """The same with ``--json``: its one object."""

    def asked(*args: object) -> Any:
        (line,) = run(*args, "--json").splitlines()
        found = json.loads(line)
        assert isinstance(found, dict)
        return found

    return asked


@pytest.fixture
def refused(folder: Path) -> Callable[..., str]:
    """A command that has to fail with an exit code: its one line on standard error, with nothing on standard output."""

    def asked(code: int, *args: object) -> str:
        result = call("--data", folder, *args)
        assert (result.exit_code, result.stdout) == (code, ""), result.output
        (line,) = result.stderr.splitlines()
        assert "Traceback" not in line
        return line

    return asked


@pytest.fixture
def rider(ask: Callable[..., Any]) -> Any:
    return ask("people", "find", "ouyang")["people"][0]
