"""What dev.py decides before anything is installed: which Python, which packages, whether to build anew."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dev


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock with two packages."""
    path = tmp_path / "requirements.lock"
    path.write_text("# by\none==1 \\\n    --hash=sha256:aa\ntwo==2 ; os_name == 'nt' \\\n    --hash=sha256:bb\n")
    return path


@pytest.fixture
def venv(tmp_path: Path, lock: Path) -> dev.Venv:
    """A virtual environment that was built to the end."""
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / "venv" / "stamp").write_text(dev.stamp(lock.read_bytes()))
    return dev.Venv(tmp_path / "venv", lock, python)


# --- which Python


def test_this_python_is_usable() -> None:
    assert dev.usable()


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 15, 0), (2, 7, 18)])
def test_a_python_outside_the_range_is_not(monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    assert not dev.usable()


def test_a_32_bit_python_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    assert not dev.usable()


def test_a_python_without_the_gil_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_config_var", lambda name: 1 if name == "Py_GIL_DISABLED" else None)
    assert not dev.usable()


def test_the_newest_python_that_answers_is_taken() -> None:
    there = {"python3.12", "python3.11"}
    assert dev.other_python("linux", lambda command: command[0] in there) == ["python3.12"]


def test_windows_is_asked_through_its_launcher() -> None:
    assert dev.candidates("win32") == [["py", "-3.14"], ["py", "-3.13"], ["py", "-3.12"], ["py", "-3.11"]]


def test_no_python_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(dev, "other_python", lambda platform: None)
    monkeypatch.setattr(sys, "version", "3.9.2 (default)")
    assert dev.change_python() == 4
    told = capsys.readouterr().err
    assert "Python 3.11 to 3.14" in told
    assert "this is Python 3.9.2 and" in told
    assert told.count("\n") == 1


def test_another_python_gets_the_same_command(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(dev, "other_python", lambda platform: ["python3.13"])
    monkeypatch.setattr(dev, "hand_over", lambda command, environ: became.append(command) or 7)
    monkeypatch.setattr(sys, "argv", ["dev.py", "app", "--json", "check"])
    assert dev.change_python() == 7
    assert became == [["python3.13", str(Path(dev.__file__).resolve()), "app", "--json", "check"]]


def test_a_name_that_starts_no_usable_python_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, code in (("broken", 127), ("old", 1), ("good", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert [dev.answers([name]) for name in ("broken", "old", "good", "absent")] == [False, False, True, False]
    assert dev.answers([sys.executable])


def test_an_old_python_can_read_the_whole_file() -> None:
    """It must come as far as the sentence: no newer syntax anywhere, no newer annotation before the hand-over."""
    text = Path(dev.__file__).read_text(encoding="ascii")
    ast.parse(text, feature_version=(3, 7))
    with pytest.raises(SyntaxError):
        ast.parse("if here := 1: pass", feature_version=(3, 7))
    first, _, rest = text.partition("# --- from here on")
    assert "sys.exit(change_python())" in first
    assert rest
    assert not [newer for newer in ("from __future__", "| None:", "-> list[", "-> dict[") if newer in first]


# --- system libraries


def test_only_what_is_missing_is_installed() -> None:
    there = {"libGL.so.1", "libxkbcommon.so.0", "libdbus-1.so.3", "libfontconfig.so.1"}
    needed = dev.libraries("test", {}, "linux")
    assert dev.missing_packages(needed, venvs=True, there=there.__contains__) == ["libegl1", "libglib2.0-0"]


def test_nothing_is_missing_on_a_full_machine() -> None:
    assert dev.missing_packages(dev.libraries("run", {"DISPLAY": ":0"}, "linux"), venvs=True, there=bool) == []


def test_a_python_without_pip_needs_its_venv_package() -> None:
    assert dev.missing_packages({}, venvs=False, there=bool) == [f"python3.{sys.version_info.minor}-venv"]


def test_the_window_needs_more_than_the_tests() -> None:
    assert dev.libraries("test", {"DISPLAY": ":0"}, "linux") == dev.OFFSCREEN
    assert dev.libraries("run", {}, "linux") == dev.OFFSCREEN
    assert dev.libraries("run", {"DISPLAY": ":0"}, "linux") == dev.OFFSCREEN | dev.X11
    assert dev.libraries("run", {"WAYLAND_DISPLAY": "wayland-0"}, "linux") == dev.OFFSCREEN | dev.WAYLAND


@pytest.mark.parametrize(
    ("command", "platform"), [("lint", "linux"), ("words", "linux"), ("run", "win32"), ("test", "darwin")]
)
def test_commands_without_qt_and_other_systems_need_nothing(command: str, platform: str) -> None:
    assert dev.libraries(command, {"DISPLAY": ":0"}, platform) == {}


def test_the_linker_is_asked() -> None:
    assert dev.loads("libc.so.6" if sys.platform == "linux" else "")
    assert not dev.loads("libthat-nobody-has.so.7")


def test_an_ordinary_user_gets_the_exact_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(dev.Stop) as stopped:
        dev.settle_system("test", ["python3.11-venv", "libegl1"], tmp_path / "log", venvs=False)
    assert str(stopped.value).splitlines()[1].strip() == (
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends python3.11-venv libegl1"
    )


def test_the_tests_get_foreign_programs_where_root_may_and_are_not_held_up_where_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tried, absent = tmp_path / "tools", lambda program: None
    monkeypatch.setattr(dev, "can_install", lambda: False)
    assert dev.missing_tools("test", tried, absent) == []
    monkeypatch.setattr(dev, "can_install", lambda: True)
    assert dev.missing_tools("run", tried, absent) == []
    assert dev.missing_tools("test", tried, str) == []
    assert dev.missing_tools("test", tried, absent) == list(dev.TOOLS.values())

    def refuses(packages: list[str], log: Path) -> None:
        raise dev.Stop("no network")

    monkeypatch.setattr(dev, "get_packages", refuses)
    dev.get_tools(list(dev.TOOLS.values()), tried, tmp_path / "log")
    assert dev.missing_tools("test", tried, absent) == []


def test_without_apt_the_libraries_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(dev.Stop, match="what Debian calls libegl1, libgl1,") as stopped:
        dev.settle_system("run", ["libegl1", "libgl1"], tmp_path / "log", venvs=True)
    assert "sudo" not in str(stopped.value)


def test_the_command_line_goes_on_without_qt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    dev.settle_system("app", ["libegl1"], tmp_path / "log", venvs=True)
    assert "libegl1" in capsys.readouterr().err


def test_root_installs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(dev, "logged", lambda command, log, **environ: ran.append(list(command)) or True)
    dev.settle_system("test", ["libegl1"], tmp_path / "log", venvs=True)
    assert [command[5:] for command in ran] == [["update"], ["install", "--no-install-recommends", "libegl1"]]


def test_a_failing_apt_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("E: Unable to locate package libegl1\n")
    monkeypatch.setattr(dev, "logged", lambda command, log, **environ: False)
    with pytest.raises(dev.Stop, match=r"Unable to locate(.|\n)*check the network"):
        dev.get_packages(["libegl1"], log)


# --- the virtual environment


def test_a_whole_environment_is_kept(venv: dev.Venv) -> None:
    assert venv.fresh()


def test_another_lock_builds_anew(venv: dev.Venv, lock: Path) -> None:
    lock.write_text(lock.read_text() + "three==3\n")
    assert not venv.fresh()


@pytest.mark.parametrize("changed", ["version", "base_prefix", "platform"])
def test_another_python_builds_anew(venv: dev.Venv, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    monkeypatch.setattr(sys, changed, "other")
    assert not venv.fresh()


def test_a_lost_python_builds_anew(venv: dev.Venv) -> None:
    venv.python.unlink()
    assert not venv.fresh()


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Record what a build would run; nothing is run."""
    ran: list[list[str]] = []
    monkeypatch.setattr(dev, "logged", lambda command, log, **environ: ran.append(list(command)) or True)
    monkeypatch.setattr(dev, "write_launcher", lambda: tmp_path / "station-app")
    return ran


def test_a_build_checks_hashes_and_stamps_last(
    venv: dev.Venv, shell: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (venv.folder / "stamp").unlink()
    venv.make(tmp_path / "log")
    assert "--clear" in shell[0]
    assert {"--require-hashes", "--only-binary=:all:"} <= set(shell[1])
    assert venv.fresh()
    assert "installing 2 Python packages" in capsys.readouterr().err


def test_an_interrupted_build_is_repaired(venv: dev.Venv, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(command: list[str], log: Path, **environ: str) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(dev, "logged", interrupted)
    with pytest.raises(KeyboardInterrupt):
        venv.make(tmp_path / "log")
    assert not venv.fresh()


def test_a_refused_package_is_told(venv: dev.Venv, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n")
    monkeypatch.setattr(dev, "logged", lambda command, log, **environ: "pip" not in command)
    with pytest.raises(dev.Stop, match=r"DO NOT MATCH(.|\n)*could not be installed"):
        venv.make(log)
    assert not venv.fresh()


def test_a_second_setup_waits_for_the_first(tmp_path: Path) -> None:
    """The second process says that it waits, and enters only when the first has left."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import dev, pathlib\n"
        "with dev.one_at_a_time(pathlib.Path(sys.argv[2])): print('in', flush=True)"
    )
    command = [sys.executable, "-c", script, dev.ROOT, str(tmp_path)]
    pipe = subprocess.PIPE
    with dev.one_at_a_time(tmp_path):
        second = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        assert second.stderr is not None
        assert "waiting for it" in second.stderr.readline()
        assert second.poll() is None
    out, _ = second.communicate(timeout=60)
    assert (out, second.returncode) == ("in\n", 0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not hand on a file lock")
def test_the_lock_is_shared_with_what_the_setup_starts(tmp_path: Path) -> None:
    """A killed set-up leaves pip behind: the next one must wait for that, too."""
    script = (
        "import os, sys\n"
        "def number(fd):\n"
        "    try: return os.fstat(fd).st_ino\n"
        "    except OSError: return None\n"
        "sys.exit(os.stat(sys.argv[1]).st_ino not in map(number, range(3, 64)))"
    )
    holder = [sys.executable, "-c", script, str(tmp_path / "setup.lock")]
    with dev.one_at_a_time(tmp_path):
        assert dev.logged(holder, tmp_path / "log")
    assert not dev.logged(holder, tmp_path / "log")


# --- catalogues


def test_only_stale_catalogues_are_compiled_and_orphans_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    for name in ("fresh.po", "fresh.mo", "stale.po", "stale.mo", "new.po", "orphan.mo"):
        (folder / name).touch()
        os.utime(folder / name, (1000, 1000))
    os.utime(folder / "stale.po", (2000, 2000))
    ran: list[list[str]] = []
    monkeypatch.setattr(dev, "logged", lambda command, log, **environ: ran.append(list(command)) or True)
    assert dev.compile_words(tmp_path, tmp_path / "log") == 2
    assert ran[0][-1] == "new stale"
    assert not (folder / "orphan.mo").exists()


# --- commands


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """What would run after the set-up: command and environment."""
    runs: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(dev, "set_up", lambda command: 0)
    monkeypatch.setattr(dev, "hand_over", lambda command, environ: runs.append((command, environ)) or 0)
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "STATION_SEED", "STATION_FAULTS"):
        monkeypatch.delenv(name, raising=False)
    return runs


Handed = list[tuple[list[str], dict[str, str]]]


def test_run_opens_the_window(handed: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    assert dev.main(["run", "--lang", "en"]) == 0
    [(command, environ)] = handed
    assert command[1:] == ["-P", "-m", "station_app", "--lang", "en"]
    assert "QT_QPA_PLATFORM" not in environ
    assert environ["PYTHONPATH"].split(os.pathsep)[0] == dev.ROOT


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a desktop")
def test_run_without_a_display_works_the_sample_day(handed: Handed, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["run"]) == 0
    [(command, environ)] = handed
    assert command[-2:] == ["walk", str(dev.HOUSE / "out")]
    assert environ["QT_QPA_PLATFORM"] == "offscreen"
    assert capsys.readouterr().err.count("\n") == 1


def test_a_test_run_tells_its_seed(handed: Handed, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["test", "-k", "desk"]) == 0
    [(command, environ)] = handed
    assert f"Seed {environ['STATION_SEED']} " in capsys.readouterr().err
    assert command[1:5] == ["-m", "pytest", "-n", "2"]
    assert command[-2:] == ["-k", "desk"]
    assert environ["QT_QPA_PLATFORM"] == "offscreen"


def test_a_given_seed_is_used_again(handed: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATION_SEED", "4711")
    dev.main(["test"])
    assert handed[0][1]["STATION_SEED"] == "4711"
    assert "--hypothesis-seed=4711" in handed[0][0]


@pytest.mark.parametrize(("typed", "mode"), [(["faults"], "full"), (["faults", "--quick"], "quick")])
def test_faults_run_in_full_or_quick(handed: Handed, typed: list[str], mode: str) -> None:
    dev.main(typed)
    command, environ = handed[0]
    assert (environ["STATION_FAULTS"], environ["STATION_CATALOGUE"]) == (mode, "whole")
    assert {"tests/faults", "tests/simulator", "tests/sync/test_carrier.py", "tests/test_roles.py"} <= set(command)


def test_a_part_of_the_catalogue_is_not_held_to_be_the_whole(handed: Handed) -> None:
    dev.main(["faults", "-k", "power"])
    command, environ = handed[0]
    assert command[-2:] == ["-k", "power"]
    assert "STATION_CATALOGUE" not in environ


@pytest.mark.skipif(sys.platform != "linux", reason="XDG is Linux's")
def test_qt_gets_a_private_runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = Path(dev.surroundings({}, offscreen=True)["XDG_RUNTIME_DIR"])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert dev.surroundings({"XDG_RUNTIME_DIR": "given"}, offscreen=True)["XDG_RUNTIME_DIR"] == "given"
    folder.chmod(0o755)
    other = Path(dev.surroundings({}, offscreen=True)["XDG_RUNTIME_DIR"])
    assert other != folder
    assert other.stat().st_mode & 0o777 == 0o700


def test_an_unknown_command_shows_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["dance"]) == 2
    assert "python3 dev.py run" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied(command: str) -> int:
        raise PermissionError(13, "Permission denied", "the-folder")

    monkeypatch.setattr(dev, "set_up", denied)
    assert dev.main(["app"]) == 4
    assert "the-folder could not be used: Permission denied" in capsys.readouterr().err


# --- the lock


def test_the_lock_is_whole() -> None:
    """Every package is pinned and hashed; no address of a registry is in it."""
    text = dev.LOCK.read_text()
    entries = [entry for entry in dev.without_header(text).replace("\\\n", " ").splitlines() if entry.strip()]
    assert entries
    for entry in entries:
        assert "==" in entry.split()[0]
        assert "--hash=sha256:" in entry
    assert "://" not in text


def test_the_lock_knows_every_dependency() -> None:
    import tomllib

    project = tomllib.loads((dev.HOUSE / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    pinned = {line.split("==")[0] for line in dev.LOCK.read_text().splitlines() if "==" in line and line[0].isalpha()}
    assert {name.replace(">", "=").split("=")[0].lower() for name in wanted} <= pinned
