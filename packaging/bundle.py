"""Puts together the program that a station gets, and tries it; `python3 dev.py bundle` runs this in its environment.

``bundle.py``          builds dist/warm-station and packs it: a tarball on Linux, a portable zip on Windows
``bundle.py --smoke``  starts what was built, in a bare environment under a virtual display, and works a day with it

Exit 1: something is missing or did not work, the last lines say what.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from station_app import __version__

HOUSE = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
DIST, BUILD = HOUSE / "dist", HOUSE / "build"
PROGRAM = DIST / "warm-station"
UNRESOLVED = ("could not resolve", "Library not found")
"""What PyInstaller says of a library that it did not find: the program would start here and on no other machine."""
PATIENCE = 600
"""Seconds for the sample day of a built program on a slow machine."""


class Failed(Exception):
    """The build or its trial cannot go on; the text says why."""


def main(arguments: list[str]) -> int:
    """Build, or try what was built."""
    try:
        if arguments == ["--smoke"]:
            smoke()
        elif not arguments:
            build()
            pack()
            print(size_table())
        else:
            print(__doc__)
            return 2
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


# --- building ------------------------------------------------------------------------------------------------------------


def build() -> None:
    """Leave the program in dist/warm-station; Failed when a library is missing."""
    made, log = BUILD / "made", BUILD / "bundle.log"
    shutil.rmtree(PROGRAM, ignore_errors=True)
    made.mkdir(parents=True, exist_ok=True)
    around = os.environ | {"STATION_BUILD": str(made), "PYTHONPATH": str(HOUSE)}
    print("Drawing icons ...", flush=True)
    subprocess.run([sys.executable, str(HERE / "icons.py"), str(made)], env=around, check=True)
    print(f"Building (about a minute; what it says goes to {log.relative_to(HOUSE)}) ...", flush=True)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--distpath", str(DIST), "--workpath", str(BUILD / "work"), "build.spec"]
    with log.open("wb") as told:
        done = subprocess.run(command, cwd=HOUSE, env=around, stdout=told, stderr=subprocess.STDOUT, check=False)
    lines = log.read_text("utf-8", "replace").splitlines()
    lost = [line for line in lines if any(word in line for word in UNRESOLVED)]
    if done.returncode or lost:
        raise Failed("\n".join([*(lost or lines[-15:]), "The build failed."]))


def pack() -> Path:
    """The file that is handed on: a tarball with installer on Linux, a portable zip elsewhere."""
    machine = platform.machine().lower()
    if sys.platform == "linux":
        name = f"warm-station-{__version__}-linux-{machine}"
        packed = DIST / f"{name}.tar.gz"
        with tarfile.open(packed, "w:gz", compresslevel=6) as tar:
            tar.add(PROGRAM, f"{name}/warm-station")
            for file, place in linux_files():
                tar.add(file, f"{name}/{place}")
    else:
        name = f"warm-station-{__version__}-{'windows' if os.name == 'nt' else 'macos'}-{machine}-portable"
        packed = DIST / f"{name}.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(PROGRAM.rglob("*")):
                archive.write(file, Path("warm-station", file.relative_to(PROGRAM)))
            archive.writestr("warm-station/.portable", "")  # the data stays in warm-station/data
    print(f"{packed.relative_to(HOUSE)}: {packed.stat().st_size / 1e6:.0f} MB", flush=True)
    return packed


def linux_files() -> Iterator[tuple[Path, str]]:
    """What a Linux desktop wants to know, each with its place in the tarball."""
    yield HERE / "linux/install.sh", "install.sh"
    yield HERE / "linux/warm-station.desktop", "share/applications/warm-station.desktop"
    yield HERE / "linux/warm-station.metainfo.xml", "share/metainfo/warm-station.metainfo.xml"
    yield HERE / "app.svg", "share/icons/hicolor/scalable/apps/warm-station.svg"
    for picture in sorted((BUILD / "made").glob("app-*.png")):
        size = picture.stem.removeprefix("app-")
        yield picture, f"share/icons/hicolor/{size}x{size}/apps/warm-station.png"


def size_table() -> str:
    """What takes the room, in MB, the largest first."""
    sizes: dict[str, int] = {}
    for file in PROGRAM.rglob("*"):
        if file.is_file() and not file.is_symlink():
            parts = file.relative_to(PROGRAM).parts[1:] or ("station-app and our code",)
            group = parts[0] if len(parts) > 1 or parts[0].startswith("station-app") else "libraries of the system"
            sizes[group] = sizes.get(group, 0) + file.stat().st_size
    rows = sorted(sizes.items(), key=lambda row: -row[1])
    shown = [f"| {name} | {size / 1e6:.1f} |" for name, size in rows if size >= 500_000]
    small = sum(size for _, size in rows if size < 500_000)
    last = [f"| all others | {small / 1e6:.1f} |", f"| **together** | **{sum(sizes.values()) / 1e6:.1f}** |"]
    return "\n".join(["| part | MB |", "|---|---|", *shown, *last])


# --- trying --------------------------------------------------------------------------------------------------------------


def smoke() -> None:
    """Start the built program where nothing of ours is known and work with it; Failed says at what it failed."""
    program = PROGRAM / ("station-app.exe" if os.name == "nt" else "station-app")
    if not program.exists():
        raise Failed("Nothing is built yet; run `python3 dev.py bundle` first.")
    with tempfile.TemporaryDirectory(prefix="smoke-") as place, display() as shown:
        home = Path(place)
        bare = {"PATH": "/usr/bin:/bin", "HOME": place, "XDG_RUNTIME_DIR": place, "LANG": "C.UTF-8", "STATION_PASSWORD": "demo-station"}
        around = shown | (dict(os.environ) if os.name == "nt" else bare)
        print(f"{told(program, around, home, '--version').strip()} starts.", flush=True)
        opened(program, around, home)
        print("The first window opens.", flush=True)
        told(program, around, home, "walk", "--shown", str(home / "out"))
        for made in ("desk.png", "badges.pdf", "*.batch", "*.pack", "district-report.pdf"):
            if not [file for file in (home / "out/zh").glob(made) if file.stat().st_size > 1000]:
                raise Failed(f"The sample day left no {made}.")
        print("The sample day is worked in its window: check-ins, an export with its receipt, badges on paper.", flush=True)
        told(program, around, home, "demo", "demo", "--days", "3", "--visits-per-day", "8", "--seed", "7")
        told(program, around, home, "--data", "demo", "check")
        told(program, around, home, "--data", "demo", "badges", "sheet", "--all", "--to", "sheet.pdf")
        if (home / "sheet.pdf").read_bytes()[:5] != b"%PDF-":
            raise Failed("The badge sheet is no PDF.")
        print("The command line makes a demo station, checks it and prints its badges.", flush=True)
        for language in ("zh", "en"):
            if not list(PROGRAM.rglob(f"docs/handbook/{language}/first-day.md")):
                raise Failed("The handbook is not in the program.")
        if sys.platform == "linux":
            updated(around, home)
            print("A signed update is put beside the program and begun at the next start; a changed one is refused.", flush=True)


def updated(around: Mapping[str, str], place: Path) -> None:
    """A copy of the program takes in a package signed for it, begins it, and goes back; Failed when it does not."""
    import release

    copy, new = place / "lib" / PROGRAM.name, place / "new"
    shutil.copytree(PROGRAM, copy, symlinks=True)
    public = next(iter(copy.rglob("assets/fonts"))).parent / "release.pub"
    key = release.make_key(place / "secret", public)
    new.mkdir()
    (new / "station-app").write_text("#!/bin/sh\necho begun from $STATION_BASE\n")
    (new / "station-app").chmod(0o755)
    program, brought = copy / "station-app", release.package(new, place / "brought", key, version="999.0")
    (new / "station-app").write_text("#!/bin/sh\necho evil\n")
    spoilt = release.package(new, place / "spoilt", key, version="999.1")
    (spoilt / "program/station-app").write_text("#!/bin/sh\necho more\n")
    refused = subprocess.run([program, "update", spoilt], cwd=place, env=dict(around), capture_output=True, check=False)
    if refused.returncode != 3:
        raise Failed(f"A changed update was not refused: {refused.returncode} {refused.stderr.decode()}")
    told(program, around, place, "update", str(brought))
    if told(program, around, place, "--version").strip() != f"begun from {copy}":
        raise Failed("The next start was not the new version.")
    told(program, around, place, "update", "--previous")
    if __version__ not in told(program, around, place, "--version"):
        raise Failed("The version before did not come back.")


def told(program: Path, around: Mapping[str, str], place: Path, *arguments: str) -> str:
    """What the program answers; Failed with what it complained about."""
    command = [str(program), *arguments]
    try:
        done = subprocess.run(command, cwd=place, env=dict(around), capture_output=True, encoding="utf-8", timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise Failed(f"station-app {' '.join(arguments)} did not end.") from None
    if done.returncode:
        raise Failed(f"{done.stderr[-2000:]}\nstation-app {' '.join(arguments)} ended with {done.returncode}.")
    return done.stdout


def opened(program: Path, around: Mapping[str, str], place: Path) -> None:
    """Start it as a keeper does, without a word, and see a window of it; then end it."""
    process = subprocess.Popen([str(program)], cwd=place, env=dict(around), stderr=subprocess.PIPE)
    try:
        limit = time.monotonic() + 60
        while not window_shown(around):
            if process.poll() is not None:
                _, complaint = process.communicate()
                raise Failed(f"{complaint.decode('utf-8', 'replace')}\nThe window did not open: {process.returncode}.")
            if time.monotonic() > limit:
                raise Failed("No window was seen within a minute.")
            time.sleep(0.2)
    finally:
        process.terminate()
        process.wait()


def window_shown(around: Mapping[str, str]) -> bool:
    """Whether the display has a window of ours; taken for granted where nothing can tell."""
    asks = shutil.which("xwininfo")
    if asks is None:
        return True
    tree = subprocess.run([asks, "-root", "-tree"], env=dict(around), capture_output=True, encoding="utf-8", check=False).stdout
    return "station-app" in tree or "warm-station" in tree


@contextmanager
def display() -> Iterator[dict[str, str]]:
    """A virtual display on Linux, as environment; elsewhere there is one."""
    if sys.platform != "linux":
        yield {}
        return
    server = shutil.which("Xvfb")
    if server is None:
        raise Failed("Xvfb is needed for the trial (Debian: xvfb).")
    read, write = os.pipe()
    process = subprocess.Popen(
        [server, "-displayfd", str(write), "-screen", "0", "1366x768x24", "-nolisten", "tcp"], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    try:
        yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
