#!/usr/bin/env python3
"""Everything a developer types, on a machine that has nothing yet but Python.

    python3 dev.py run [ARGS]          open the window; without a display, work the sample day and leave pictures
    python3 dev.py test [ARGS]         run the tests; ARGS go to pytest
    python3 dev.py app ARGS...         run station-app on the command line
    python3 dev.py faults [--quick]    the long fault catalogue
    python3 dev.py coverage [ARGS]     what the tests reach; no room may fall behind what it reached before
    python3 dev.py lint                ruff, mypy, import contracts
    python3 dev.py bench [--quick]     measure, each figure beside its floor and its goal
    python3 dev.py bundle [--smoke]    build the program that a station gets into dist/; --smoke tries what was built
    python3 dev.py words               compile the catalogues of sentences
    python3 dev.py lock [--upgrade]    write requirements.lock anew

On Windows type `py` instead of `python3`. Each command first sets up what is missing: the system libraries of Qt (by
apt-get, as root), `.venv` from the hash-checked requirements.lock, the compiled catalogues. Set-up talks on standard
error, so that `app --json` stays clean. Exit 4: the machine stands in the way, one sentence says how.
"""

import os
import shutil
import subprocess
import sys
import sysconfig

ROOT = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - read by Pythons of any age, see below
OLDEST, NEWEST = (3, 11), (3, 14)
MACHINE_FAULT = 4

# --- which Python. An old one (3.6 or later) has to read the whole file, so no newer syntax anywhere in it (no walrus),
# --- and has to run this first part: then it hands over to a newer one or says one sentence.


def usable() -> bool:
    """Whether this very Python can run the program: 3.11 to 3.14, 64 bits, with the GIL (PySide6's wheels need it)."""
    threads_freely = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    return OLDEST <= sys.version_info[:2] <= NEWEST and sys.maxsize > 2**32 and not threads_freely


def candidates(platform: str) -> "list[list[str]]":
    """How a Python we support may be called on ``platform`` (a sys.platform), newest first."""
    minors = range(NEWEST[1], OLDEST[1] - 1, -1)
    return [["py", f"-3.{minor}"] if platform == "win32" else [f"python3.{minor}"] for minor in minors]


def answers(command: "list[str]") -> bool:
    """Whether ``command`` starts a Python that is usable(); a name on PATH alone proves nothing (pyenv's shims)."""
    question = "import sys; sys.path.insert(0, sys.argv[1]); import dev; sys.exit(not dev.usable())"
    if shutil.which(command[0]) is None:
        return False
    silent = subprocess.DEVNULL
    try:
        asked = subprocess.run([*command, "-B", "-c", question, ROOT], stdin=silent, stdout=silent, stderr=silent)
    except OSError:
        return False
    return asked.returncode == 0


def other_python(platform: str, works=answers) -> "list[str] | None":  # type: ignore[no-untyped-def]
    """The command of the newest Python that can run the program, or None."""
    return next((command for command in candidates(platform) if works(command)), None)


def no_python_sentence(version: str) -> str:
    """What to say when no Python fits; ``version`` is that of the Python that was started."""
    return (
        f"This program needs a 64-bit Python 3.{OLDEST[1]} to 3.{NEWEST[1]}; this is Python {version.split()[0]} and no"
        f" other was found. Install Python 3.{NEWEST[1] - 1}, then run the same command again."
    )


def hand_over(command: "list[str]", environ: "dict[str, str]") -> int:
    """Become ``command``; its exit code is ours. Windows cannot replace a process, there we wait for it."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":
        return subprocess.call(command, env=environ)
    os.execvpe(command[0], command, environ)


def change_python() -> int:
    """Run this file again with a Python that can, or say one sentence."""
    command = other_python(sys.platform)
    if command is None:
        print(no_python_sentence(sys.version), file=sys.stderr)
        return MACHINE_FAULT
    return hand_over([*command, os.path.abspath(__file__), *sys.argv[1:]], dict(os.environ))  # noqa: PTH100


if __name__ == "__main__" and not usable():
    sys.exit(change_python())

# --- from here on Python 3.11 or newer

import ctypes
import hashlib
import importlib.util
import platform
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

HOUSE = Path(ROOT)
VENV = HOUSE / ".venv"
NOTES = HOUSE / ".dev"
LOCK = HOUSE / "requirements.lock"
WORDS = HOUSE / "assets" / "i18n"
UV = "uv==0.13.9"
"""The resolver that writes requirements.lock; only `dev.py lock` installs it, in a folder that is thrown away."""

OFFSCREEN = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
}
"""What Qt loads even without a display: shared library -> Debian package."""
X11 = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
WAYLAND = {"libwayland-cursor.so.0": "libwayland-cursor0", "libwayland-egl.so.1": "libwayland-egl1"}
TOOLS = {"age": "age", "pdftoppm": "poppler-utils", "desktop-file-validate": "desktop-file-utils"}
"""Foreign programs that tests hold ours to -> Debian package; without one its tests are skipped, loudly."""
BUILD_TOOLS = {"objdump": "binutils", "Xvfb": "xvfb", "xwininfo": "x11-utils"}
"""What building the program and trying it takes -> Debian package."""
BENCH_TOOLS = {"strace": "strace"}
"""What counts the syncs -> Debian package."""


class Stop(Exception):
    """Set-up cannot go on; its text is the sentence for the person, exit code 4."""


def say(sentence: str) -> None:
    """One line about the set-up, on standard error."""
    print(sentence, file=sys.stderr, flush=True)


# --- system libraries


def has_display(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether a window can open: Windows and macOS always have a desktop, Linux says so in its environment."""
    return platform != "linux" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def libraries(command: str, environ: Mapping[str, str], platform: str = sys.platform) -> dict[str, str]:
    """The shared libraries (-> Debian package) that ``command`` needs from the system; none but on Linux."""
    if platform != "linux" or command not in ("run", "test", "faults", "app", "bench", "bundle"):
        return {}
    needed = dict(OFFSCREEN)
    if command == "bundle":  # what is built has to have them, whatever this machine shows
        needed |= X11 | WAYLAND
    if command == "run" and environ.get("DISPLAY"):
        needed |= X11
    if command == "run" and environ.get("WAYLAND_DISPLAY"):
        needed |= WAYLAND
    return needed


def loads(soname: str) -> bool:
    """Whether the dynamic linker finds this library."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def makes_venvs() -> bool:
    """Whether this Python can make a virtual environment with pip in it (Debian packs that part separately)."""
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) is not None for name in ("venv", "ensurepip"))


def missing_packages(needed: Mapping[str, str], *, venvs: bool, there: Callable[[str], bool] = loads) -> list[str]:
    """The Debian packages to install, in a fixed order; ``venvs`` False asks for the one that makes environments."""
    packages = [] if venvs else [f"python3.{sys.version_info.minor}-venv"]
    return packages + [package for soname, package in needed.items() if not there(soname)]


def apt_line(packages: Sequence[str]) -> str:
    """What an ordinary user types to get ``packages``."""
    return f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def missing_sentence(packages: Sequence[str], *, debian: bool) -> str:
    """What to say to someone who may not install ``packages`` through us."""
    if debian:
        return f"Some system packages are missing. Run this once, then the same command again:\n  {apt_line(packages)}"
    names = ", ".join(packages)
    return f"Some system libraries are missing. Install what Debian calls {names}, then run the same command again."


def logged(command: Sequence[str], log: Path, **environ: str) -> bool:
    """Run ``command`` with its output in ``log``; whether it succeeded. It shares our lock, see one_at_a_time()."""
    around = {**os.environ, **environ}
    with log.open("ab") as file:
        file.write(f"\n$ {' '.join(command)}\n".encode())
        file.flush()
        out, nothing = subprocess.STDOUT, subprocess.DEVNULL
        done = subprocess.run(command, stdin=nothing, stdout=file, stderr=out, env=around, close_fds=False)
    return done.returncode == 0


def tail(log: Path, lines: int = 12) -> str:
    """The end of ``log``, to stand above the sentence that says what failed."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def can_install() -> bool:
    """Whether this is root on a Debian."""
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def missing_tools(command: str, tried: Path, found: "Callable[[str], str | None]" = shutil.which) -> list[str]:
    """The Debian packages of the TOOLS that ``command`` lacks; none where ``tried`` says that they were asked for before."""
    wanted = {"test": TOOLS, "faults": TOOLS, "bundle": BUILD_TOOLS, "bench": BENCH_TOOLS}.get(command, {})
    if not wanted or not can_install():
        return []
    missing = [package for program, package in wanted.items() if found(program) is None]
    return [] if tried.exists() and tried.read_text().split() == missing else missing


def get_tools(packages: Sequence[str], tried: Path, log: Path) -> None:
    """Install foreign programs; a machine that cannot have them is no fault, and is not asked again."""
    try:
        get_packages(packages, log)
    except Stop:
        say(f"It goes without {' and '.join(packages)}: what needs them is skipped or refused.")
        tried.write_text("\n".join(packages))


def get_packages(packages: Sequence[str], log: Path) -> None:
    """Install Debian packages as root; raises Stop when apt-get fails."""
    say(f"Setting up: installing {len(packages)} system packages: {' '.join(packages)} ...")
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=600"]
    # A stale third-party source makes `update` fail although Debian's own lists are fresh: let `install` decide.
    logged([*apt, "update"], log, **quiet)
    if not logged([*apt, "install", "--no-install-recommends", *packages], log, **quiet):
        raise Stop(f"{tail(log)}\napt-get could not install {' '.join(packages)}; check the network and run again.")


def settle_system(command: str, packages: Sequence[str], log: Path, *, venvs: bool) -> None:
    """Have ``packages``: root installs them, anyone else is told the line (raises Stop, if ``command`` needs them)."""
    debian = shutil.which("apt-get") is not None
    if can_install():
        get_packages(packages, log)
    elif command == "app" and venvs:
        say(f"Only pictures and the window need them: {missing_sentence(packages, debian=debian)}")
    else:
        raise Stop(missing_sentence(packages, debian=debian))


# --- the virtual environment


def venv_file(name: str) -> Path:
    """An executable of the virtual environment."""
    return VENV / "Scripts" / f"{name}.exe" if os.name == "nt" else VENV / "bin" / name


def base_python() -> str:
    """The Python below any virtual environment that this file was started from: ``.venv`` must not build itself."""
    return str(getattr(sys, "_base_executable", "") or sys.executable)


def stamp(lock: bytes) -> str:
    """What a virtual environment was made of: the lock, the Python and where it lives, the kind of machine."""
    made_of = (hashlib.sha256(lock).hexdigest(), sys.version, sys.base_prefix, sys.platform, platform.machine())
    return "\n".join(made_of) + "\n"


@dataclass(frozen=True)
class Venv:
    """The virtual environment at ``folder``: fresh when a stamp inside says that it was made of ``lock`` to the end."""

    folder: Path
    lock: Path
    python: Path

    def fresh(self) -> bool:
        """Whether nothing has to be done."""
        try:
            return (self.folder / "stamp").read_text() == stamp(self.lock.read_bytes()) and self.python.exists()
        except OSError:
            return False

    def make(self, log: Path) -> None:
        """Build it anew; the stamp comes last, so an interrupted build is never taken for a whole one. Raises Stop."""
        (self.folder / "stamp").unlink(missing_ok=True)
        count = sum(line[:1].isalnum() for line in self.lock.read_text().splitlines())
        say(f"Setting up: installing {count} Python packages (first time only, about 140 MB) ...")
        if not logged([base_python(), "-I", "-m", "venv", "--clear", str(self.folder)], log):
            raise Stop(f"{tail(log)}\nThe virtual environment {self.folder} could not be made.")
        pip = [str(self.python), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
        # Wheels only: building a source archive would fetch build tools that no hash in the lock covers.
        checked = ["--require-hashes", "--only-binary=:all:", "--progress-bar=off", "-r", str(self.lock)]
        if not logged([*pip, *checked], log, PIP_USER="0"):
            raise Stop(f"{tail(log)}\nThe Python packages could not be installed; the lines above say why.")
        launcher = write_launcher()
        (self.folder / "stamp").write_text(stamp(self.lock.read_bytes()))
        say(f"Set-up is done. The command line: {launcher}")


def write_launcher() -> Path:
    """Write ``station-app`` into the virtual environment, so that it can be called by its full path; that path."""
    if os.name == "nt":
        path = VENV / "Scripts" / "station-app.cmd"
        path.write_text('@set "PYTHONPATH=%~dp0..\\.."\n@"%~dp0python.exe" -P -m station_app %*\n')
        return path
    path = VENV / "bin" / "station-app"
    here = 'here=$(cd "$(dirname "$0")" && pwd)'
    path.write_text(f'#!/bin/sh\n{here}\nPYTHONPATH=$here/../.. exec "$here/python" -P -m station_app "$@"\n')
    path.chmod(0o755)
    return path


def take(file: IO[bytes], *, wait: bool) -> bool:
    """Take the lock on an open file, waiting for it or not; whether we have it. It ends when the file is closed."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                return True
            except OSError:  # LK_LOCK gives up after ten seconds
                if not wait:
                    return False
    else:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def one_at_a_time(notes: Path) -> Iterator[None]:
    """Keep a second set-up in this folder waiting until the first has ended, and whatever it started with it.

    If we are killed, pip lives on and writes into the environment: it inherits the lock, so the repair waits for it.
    """
    notes.mkdir(exist_ok=True)
    with (notes / "setup.lock").open("ab") as file:
        os.set_inheritable(file.fileno(), True)
        if not take(file, wait=False):
            say("Another set-up is at work in this folder; waiting for it ...")
            take(file, wait=True)
        yield


# --- the catalogues of sentences


def stale_catalogues(words: Path) -> list[Path]:
    """The ``.po`` files whose ``.mo`` is missing or older."""
    files = sorted(words.glob("*/LC_MESSAGES/*.po"))
    compiled = {file: file.with_suffix(".mo") for file in files}
    return [po for po, mo in compiled.items() if not mo.exists() or mo.stat().st_mtime_ns < po.stat().st_mtime_ns]


def compile_words(words: Path, log: Path) -> int:
    """Compile what is stale, drop what lost its source; how many were compiled. Raises Stop for a broken catalogue."""
    for mo in words.glob("*/LC_MESSAGES/*.mo"):
        if not mo.with_suffix(".po").exists():
            mo.unlink()  # it would hide a sentence that a fresh clone lacks
    stale = stale_catalogues(words)
    domains = " ".join(sorted({file.stem for file in stale}))
    babel = [str(venv_file("python")), "-m", "babel.messages.frontend", "-q", "compile"]
    if stale and not logged([*babel, "-d", str(words), "-D", domains], log):
        raise Stop(f"{tail(log)}\nA catalogue of sentences could not be compiled.")
    return len(stale)


def set_up(command: str) -> int:
    """Have everything that ``command`` needs; how many catalogues had to be compiled. Raises Stop."""
    venv = Venv(VENV, LOCK, venv_file("python"))
    needed = libraries(command, os.environ)
    tools = missing_tools(command, NOTES / "tools")
    if venv.fresh() and not missing_packages(needed, venvs=True) and not stale_catalogues(WORDS) and not tools:
        return 0
    with one_at_a_time(NOTES):
        log = NOTES / "setup.log"
        log.write_bytes(b"")
        venvs = venv.fresh() or makes_venvs()
        packages = missing_packages(needed, venvs=venvs)
        if packages:
            settle_system(command, packages, log, venvs=venvs)
        if tools:
            get_tools(tools, NOTES / "tools", log)
        if not venv.fresh():
            venv.make(log)
        return compile_words(WORDS, log)


# --- commands


def runtime_folder() -> str:
    """A folder only this person may read, for Qt, where the desktop gives none (root, containers, services)."""
    folder = Path(tempfile.gettempdir()) / f"station-app-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and stat.S_IMODE(facts.st_mode) == 0o700
    return str(folder) if ours else tempfile.mkdtemp(prefix="station-app-")


def surroundings(environ: Mapping[str, str], *, offscreen: bool) -> dict[str, str]:
    """The environment of the program: it is found without being installed; Qt gets what it asks for."""
    around = dict(environ)
    around["PYTHONPATH"] = os.pathsep.join(filter(None, (ROOT, environ.get("PYTHONPATH"))))
    around.pop("PYTHONHOME", None)
    if sys.platform == "linux" and not environ.get("XDG_RUNTIME_DIR"):
        around["XDG_RUNTIME_DIR"] = runtime_folder()
    if offscreen:
        around["QT_QPA_PLATFORM"] = "offscreen"
    return around


def station_app(*arguments: str) -> list[str]:
    """The command line of the program; -P keeps a stray file beside the caller from being imported."""
    return [str(venv_file("python")), "-P", "-m", "station_app", *arguments]


def run(arguments: list[str]) -> int:
    """Open the window; without a display work the sample day instead."""
    set_up("run")
    if has_display(os.environ):
        return hand_over(station_app(*arguments), surroundings(os.environ, offscreen=False))
    out = HOUSE / "out"
    say(f"There is no display: the sample day is worked off screen, its pictures and files go to {out}.")
    return hand_over(station_app(*arguments, "walk", str(out)), surroundings(os.environ, offscreen=True))


def app(arguments: list[str]) -> int:
    """Run station-app where the caller stands."""
    set_up("app")
    return hand_over(station_app(*arguments), surroundings(os.environ, offscreen=not has_display(os.environ)))


def seed(environ: Mapping[str, str]) -> str:
    """The seed of this test run: the given one, else a new one each time."""
    return environ.get("STATION_SEED") or str(secrets.randbelow(1_000_000))


def pytest(arguments: Sequence[str], **environ: str) -> int:
    """Run pytest on both cores, off screen, with a seed that is told."""
    number = seed(os.environ)
    say(f"Seed {number} (to repeat this run, set STATION_SEED={number})")
    os.chdir(HOUSE)
    around = surroundings(os.environ, offscreen=True) | {"STATION_SEED": number} | environ
    command = [str(venv_file("python")), "-m", "pytest", "-n", "2", f"--hypothesis-seed={number}", *arguments]
    return hand_over(command, around)


def test(arguments: list[str]) -> int:
    """Run the tests; ``arguments`` go to pytest, paths count from the checkout."""
    set_up("test")
    return pytest(arguments)


def faults(arguments: list[str]) -> int:
    """Run the fault catalogue in full, or with --quick a shorter form of each."""
    set_up("faults")
    rest = [argument for argument in arguments if argument != "--quick"]
    catalogue = ("tests/faults", "tests/simulator", "tests/sync/test_carrier.py", "tests/test_roles.py")
    suites = [name for name in catalogue if (HOUSE / name).exists()]
    whole = {} if rest else {"STATION_CATALOGUE": "whole"}  # then a fault without a row is an error, too
    if rest == arguments:
        suites += ["-o", "faulthandler_timeout=7200"]  # a full suite is long by design: no traces into its table
    return pytest([*suites, *rest], STATION_FAULTS="full" if "--quick" not in arguments else "quick", **whole)


def coverage(arguments: list[str]) -> int:
    """Measure which lines and branches the tests reach, other processes' too, and hold them against tests/ratchet.json.

    ``--keep`` writes what was reached there, where it is more. Other ``arguments`` go to pytest; part of the tests is only told.
    """
    set_up("test")
    number, part = seed(os.environ), [argument for argument in arguments if argument != "--keep"]
    os.chdir(HOUSE)
    around = surroundings(os.environ, offscreen=True) | {"STATION_SEED": number}
    measure, report = [str(venv_file("python")), "-m", "coverage"], str(NOTES / "coverage.json")
    for command in (
        [*measure, "erase"],
        [*measure, "run", "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", f"--hypothesis-seed={number}", *part],
        [*measure, "combine", "-q"],
        [*measure, "json", "-q", "-o", report],
    ):  # fmt: skip
        code = subprocess.run(command, env=around).returncode
        if code:
            return code
    told = ["--part"] * bool(part) + ["--keep"] * ("--keep" in arguments)
    return subprocess.run([measure[0], "-m", "tests.ratchet", report, *told], env=around).returncode


def bundle(arguments: list[str]) -> int:
    """Build the program that a station gets, or try what was built."""
    set_up("bundle")
    command = [str(venv_file("python")), str(HOUSE / "packaging" / "bundle.py"), *arguments]
    return hand_over(command, surroundings(os.environ, offscreen=False))


def bench(arguments: list[str]) -> int:
    """Measure everything in one table."""
    set_up("bench")
    os.chdir(HOUSE)
    command = [str(venv_file("python")), "-m", "benchmarks", *arguments]
    return hand_over(command, surroundings(os.environ, offscreen=True))


def words(arguments: list[str]) -> int:
    """Compile the catalogues."""
    if arguments:
        raise Stop("words takes no arguments.")
    count = set_up("words")
    say(f"{count} catalogues compiled." if count else "Every catalogue is up to date.")
    return 0


def lint(arguments: list[str]) -> int:
    """Run every checker, also after one has complained."""
    set_up("lint")
    os.chdir(HOUSE)
    python = str(venv_file("python"))
    checks = ([python, "-m", "ruff", "check", *arguments], [python, "-m", "mypy"], [str(venv_file("lint-imports"))])
    around = surroundings(os.environ, offscreen=True)
    return max(subprocess.run(check, env=around).returncode for check in checks)


def lock(arguments: list[str]) -> int:
    """Write requirements.lock from pyproject.toml; pins stay unless ``--upgrade`` (arguments go to uv)."""
    packages = missing_packages({}, venvs=makes_venvs())
    if packages:
        raise Stop(missing_sentence(packages, debian=shutil.which("apt-get") is not None))
    with tempfile.TemporaryDirectory(prefix="lock-") as folder:
        log, draft, tools = Path(folder) / "log", Path(folder) / "requirements.lock", Path(folder) / "tools"
        say("Fetching the resolver ...")
        python = tools / venv_file("python").relative_to(VENV)
        made = logged([base_python(), "-m", "venv", str(tools)], log)
        if not made or not logged([str(python), "-m", "pip", "install", UV], log):
            raise Stop(f"{tail(log)}\nThe resolver could not be installed.")
        if LOCK.exists():
            shutil.copyfile(LOCK, draft)
        say("Resolving ...")
        universal = ["--universal", f"--python-version=3.{OLDEST[1]}", "--group=dev", "--generate-hashes"]
        bare = ["--no-emit-index-url", "--no-header", "--no-annotate", "-o", str(draft)]
        uv = [str(python), "-m", "uv", "pip"]
        if not logged([*uv, "compile", *universal, *bare, *arguments, str(HOUSE / "pyproject.toml")], log):
            raise Stop(f"{tail(log)}\nrequirements.lock stays as it was.")
        if "://" in draft.read_text():
            raise Stop("The resolver wrote an address; requirements.lock stays as it was.")
        check_wheels(uv, draft, log)
        LOCK.write_text("# Written by `python3 dev.py lock` from pyproject.toml.\n" + without_header(draft.read_text()))
    say("requirements.lock is written; the next command installs it.")
    return 0


def without_header(text: str) -> str:
    """The lock without comment lines: uv keeps those of the file that it refreshes."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def check_wheels(uv: Sequence[str], draft: Path, log: Path) -> None:
    """See that every package has a wheel for every Python and platform we promise; else raises Stop."""
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        for machine in (
            "x86_64-manylinux_2_36", "aarch64-manylinux_2_39", "x86_64-pc-windows-msvc",
            "x86_64-apple-darwin", "aarch64-apple-darwin",
        ):  # fmt: skip
            where = [f"--python-version=3.{minor}", f"--python-platform={machine}", "--target", str(draft.parent / "x")]
            how = ["--no-config", "--dry-run", "--only-binary=:all:", "--require-hashes", "-r", str(draft)]
            if not logged([*uv, "install", *where, *how], log, MACOSX_DEPLOYMENT_TARGET="14.0"):
                gap = f"Python 3.{minor} on {machine}"
                raise Stop(f"{tail(log)}\nA wheel is missing for {gap}; requirements.lock stays as it was.")
        say(f"Python 3.{minor}: wheels for Linux, Windows and macOS.")


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run, "test": test, "app": app, "faults": faults, "coverage": coverage, "lint": lint, "bench": bench, "bundle": bundle,
    "words": words, "lock": lock,
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Do what was typed; the exit code."""
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        print(__doc__)
        print(f"The command line by its full path: {VENV / venv_file('x').parent.name / 'station-app'}")
        return 0 if arguments in (["-h"], ["--help"], ["help"]) else 2
    try:
        return command(arguments[1:])
    except Stop as stop:
        say(str(stop))
    except KeyboardInterrupt:
        say("Stopped. The next run repairs what is unfinished.")
        return 130
    except OSError as error:
        say(f"{error.filename or HOUSE} could not be used: {error.strerror}. Check its owner and the free space.")
    return MACHINE_FAULT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
