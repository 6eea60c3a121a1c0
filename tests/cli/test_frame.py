"""The frame of the command line: help, global options, usage, passwords, the program as a process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from station_app import words
from station_app.__main__ import FROM_RUNS
from station_app.cli import frame, group, later
from station_app.cli.outputs import table, width
from station_app.services import stations
from tests.cli.conftest import REAL, call
from tests.conftest import CHEAP, PASSWORD, SAMPLE

ROOT = Path(__file__).parent.parent.parent


def commands(made: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, made
    if isinstance(made, click.Group):
        for name in made.list_commands(click.Context(made)):
            found = made.get_command(click.Context(made), name)
            assert found is not None
            yield from commands(found, (*path, name))


EVERY = [path for path, _ in commands(group)]


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_command_has_its_help_in_both_languages(path: tuple[str, ...], language: str) -> None:
    result = call(*path, "--help", "--lang", language)
    assert result.exit_code == 0
    assert ("选项" in result.stdout) == (language == "zh")
    assert ("Options" in result.stdout) == (language == "en")
    assert "--data DIR" in result.stdout


def test_no_help_without_its_command_or_option() -> None:
    made = {"cli.help" + "".join(f"_{name}" for name in path).replace("-", "_") for path in EVERY}
    above = {f"cli.help_{path}".replace(" ", "_") for path in ("window", "drill", *FROM_RUNS, "district desk")}
    options = {
        f"cli.option_{one.name}"
        for _, found in commands(group)
        for one in found.params
        if isinstance(one, click.Option)
    }
    catalogue = (ROOT / "assets/i18n/en/LC_MESSAGES/cli.po").read_text("utf-8")
    told = set(re.findall(r'^msgid "(cli\.(?:help|option_).*)"', catalogue, re.MULTILINE))
    assert told == made | above | options | {"cli.option_help", "cli.option_incomplete", "cli.option_shown"}


def test_global_options_stand_before_or_after(folder: Path) -> None:
    before = call("--data", folder, "--json", "station", "show")
    between = call("station", "--json", "--data", folder, "show")
    after = call("station", "show", "--json", "--data", folder)
    assert before.exit_code == 0
    assert before.stdout == between.stdout == after.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nonsense"], "没有“nonsense”这个命令"),
        (["people", "nonsense"], "没有“nonsense”这个命令"),
        (["people"], "people 后面要写命令：register find"),
        ([], "后面要写命令"),
        (["people", "find"], "缺少 TEXT"),
        (["people", "find", "a", "--wrong"], "没有“--wrong”这个选项"),
        (["people", "find", "a", "--limit"], "--limit 后面要写内容"),
        (["people", "find", "a", "--limit", "many"], "“many”不是合适的整数"),
        (["people", "find", "a", "b"], "命令写得不对"),
        (["people", "register"], "缺少 --occupation"),
        (["visits", "tally", "astronaut"], "rider 外卖骑手"),
        (["visits", "tally", "rider", "--count", "9" * 5000], "不是合适的整数"),
        (["visits", "tally", "rider", "--count", "501"], "500"),
        (["visits", "tally", "rider", "--count", "0"], "500"),
        (["visits", "tally", "rider", "--at", "2026-07-17T14:26:00"], "要带时区"),
        (["visits", "tally", "rider", "--at", "yesterday"], "“yesterday”不对"),
        (["visits", "tally", "rider", "--at", "0001-01-01T00:00:00+14:00"], "太远了"),
        (["visits", "check-in"], "BADGE --person"),
        (["visits", "check-in", "123456", "--person", "x"], "BADGE --person"),
        (["visits", "set-count", "no-such-visit", "2"], ""),
        (["visits", "list", "--from", "20260717"], "日期“20260717”不对"),
        (["visits", "list", "--from", "2026-02-30"], "日期“2026-02-30”不对"),
        (["report", "--from", "2026-07-17", "--to", "2026-07-01"], "2026-07-17"),
        (["supplies", "handout", "月亮"], ""),
        (["supplies", "handout", "矿泉水", "--quantity", "1001"], ""),
        (["supplies", "receive", "矿泉水", "9" * 20], "不是合适的整数"),
        (["supplies", "receive", "矿泉水", "5", "--expiry", "soon"], "soon"),
        (["supplies", "receive", "矿泉水", "5", "--kind", "handout"], ""),
        (["supplies", "add", "雨衣", "--unit", "件", "--months", "summer"], "月份“summer”不对"),
        (["supplies", "add", "雨衣", "--unit", "件", "--months", "0-13"], ""),
        (["supplies", "quota", "矿泉水"], "MOST --lift"),
        (["requests", "add", " "], ""),
        (["requests", "show", "第²"], "第²"),
        (["requests", "show", "1-"], "1-"),
        (["requests", "step", "99", "closed"], "99"),
        (["people", "list", "--order", "beauty"], "seen"),
        (["people", "register", "--occupation", "rider", "--name", "李强"], ""),
        (["people", "register", "--occupation", "rider", "--phone", "12", "--consent", "station"], "12"),
        (["history", "undo", "no-such-operation"], ""),
        (["settings", "set", "no_such", "1"], "no_such"),
        (["settings", "set", "double_scan_minutes", "lots"], "lots"),
        (["shift", "close"], ""),
        (["shift", "open", "--high", "200"], "200"),
        (["badges", "sheet", "--to", "x.pdf"], "--all --id"),
        (["badges", "sheet", "--to", "x.pdf", "--all", "--offset-mm", "left"], "left"),
        (["keepers", "pin", "nobody", "--pin-file", "nowhere"], "nobody"),
        (["sync", "trust"], "缺少"),
        (["--lang", "fr", "station", "show"], "zh、en"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line_and_exit_2(refused: Callable[..., str], args: list[str], said: str) -> None:
    assert said in refused(2, *args)


def test_usage_is_told_in_english_too(folder: Path) -> None:
    result = call("--lang", "en", "visits", "tally", "astronaut", "--data", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "rider Delivery rider" in result.stderr


def test_bytes_that_are_no_text_are_told(refused: Callable[..., str]) -> None:
    assert "无法识别" in refused(2, "people", "find", "\udcff")


def test_no_station_here(tmp_path: Path) -> None:
    result = call("--data", tmp_path / "nothing", "check")
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)


def test_a_command_from_above_is_loaded_when_called(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load() -> click.Command:
        loaded.append("desk")
        return frame.Command("desk", callback=lambda: click.echo("here"))

    monkeypatch.setattr(group, "elsewhere", dict(group.elsewhere))
    later("district desk", load)
    assert call("station", "--help").exit_code == 0
    assert loaded == []
    assert call("district", "desk").stdout == "here\n"
    assert loaded == ["desk"]


def test_columns_stand_under_one_another_in_both_scripts() -> None:
    lines = table(["名", "n"], [("欧阳志强", 1200), ("Li", 3)], right=(1,)).splitlines()
    assert lines[1].endswith("1,200")
    assert {width(line) for line in lines} == {8 + 2 + 5}


# --- passwords -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A station that is no sample, with the password REAL."""
    folder = tmp_path / "real"
    db, _ = stations.set_up(folder, replace(SAMPLE, sample=False), "王敏", REAL, cost=CHEAP)
    db.close()
    return folder


def test_a_real_station_needs_its_password(real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = call("--data", real, "check")
    assert (nothing.exit_code, nothing.stdout) == (2, "")
    assert "STATION_PASSWORD" in nothing.stderr
    file = tmp_path / "password"
    file.write_text(f"{REAL}\r\n", "utf-8")
    assert call("--data", real, "check", "--password-file", file).exit_code == 0
    monkeypatch.setenv("STATION_PASSWORD", REAL)
    assert call("--data", real, "check").exit_code == 0
    monkeypatch.setenv("STATION_PASSWORD", PASSWORD)
    wrong = call("--data", real, "check")
    assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (3, 1)
    missing = call("--data", real, "check", "--password-file", tmp_path / "nowhere")
    assert (missing.exit_code, len(missing.stderr.splitlines())) == (2, 1)


def test_the_demo_password_opens_no_real_station_by_itself(tmp_path: Path) -> None:
    db, _ = stations.set_up(tmp_path / "x", replace(SAMPLE, sample=False), "王敏", PASSWORD, cost=CHEAP)
    db.close()
    assert call("--data", tmp_path / "x", "check").exit_code == 2


def test_a_wrong_password_file_is_not_passed_over_for_a_sample(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("something-else", "utf-8")
    assert call("--data", folder, "check", "--password-file", tmp_path / "password").exit_code == 3


def test_a_folder_in_use_is_told_kindly(folder: Path) -> None:
    db = stations.open_station(folder, PASSWORD)
    try:
        result = call("--data", folder, "check")
    finally:
        db.close()
    assert (result.exit_code, result.stdout) == (4, "")
    assert "窗口" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_damaged_store_is_refused(folder: Path) -> None:
    database = folder / "station.db"
    database.write_bytes(b"\x00" * database.stat().st_size)
    result = call("--data", folder, "check")
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (3, "", 1)


# --- the program itself --------------------------------------------------------------------------------------------------------


def program(*args: object, **environ: str) -> subprocess.CompletedProcess[str]:
    """``python -m station_app`` as a process of its own, without a display."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "STATION_PASSWORD", "STATION_LANG")
    kept = {name: text for name, text in os.environ.items() if name not in hidden}
    return subprocess.run(
        [sys.executable, "-m", "station_app", *map(str, args)], cwd=ROOT, capture_output=True, text=True, encoding="utf-8",
        env={**kept, "STATION_LANG": "zh", **environ}, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
def test_without_arguments_and_display_one_line() -> None:
    done = program()
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (4, "", 1)
    assert program("window").returncode == 4


def test_exit_codes_of_the_program(folder: Path) -> None:
    good = program("--data", folder, "visits", "tally", "rider", "--json")
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["person_times"] == 1
    for code, args in ((2, ["visits", "tally", "rider", "--count", "x"]), (3, ["badges", "verify", "000000"])):
        done = program("--data", folder, *args)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, "", 1)
    db = stations.open_station(folder, PASSWORD)
    try:
        busy = program("--data", folder, "station", "show")
    finally:
        db.close()
    assert (busy.returncode, busy.stdout, len(busy.stderr.splitlines())) == (4, "", 1)


def test_the_command_line_needs_no_qt(folder: Path) -> None:
    script = (
        "import sys; sys.modules['PySide6'] = None\n"
        "from station_app.__main__ import main\n"
        f"sys.exit(main(['--data', {str(folder)!r}, 'check']) or main(['--help']))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
