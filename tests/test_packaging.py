"""The pieces around the built program: what a desktop reads of it, its installer, its spec against the program itself."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from station_app import __version__

ROOT = Path(__file__).resolve().parent.parent
LINUX = ROOT / "packaging" / "linux"
SPEC = (ROOT / "build.spec").read_text("utf-8")


def test_a_linux_desktop_understands_what_it_is_told() -> None:
    check = shutil.which("desktop-file-validate")
    if check is None:
        pytest.skip("desktop-file-validate is not installed: nothing here reads the menu entry")
    done = subprocess.run([check, str(LINUX / "warm-station.desktop")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_metainfo_speaks_of_this_version_in_both_languages() -> None:
    told = ElementTree.parse(LINUX / "warm-station.metainfo.xml").getroot()
    assert next(release.get("version") for release in told.iter("release")) == __version__
    chinese = "{http://www.w3.org/XML/1998/namespace}lang"
    assert {name.get(chinese) for name in told.findall("name")} == {None, "zh-CN"}
    assert told.findtext("launchable") == "warm-station.desktop"


@pytest.mark.skipif(sys.platform == "win32", reason="a script for Linux desktops")
def test_installing_twice_and_removing_leaves_records_alone(tmp_path: Path) -> None:
    unpacked, home = tmp_path / "unpacked", tmp_path / "home with a space"
    program = unpacked / "warm-station"
    program.mkdir(parents=True)
    (program / "station-app").write_text("#!/bin/sh\necho started\n")
    (program / "station-app").chmod(0o755)
    for name, place in (("install.sh", "."), ("warm-station.desktop", "share/applications")):
        (unpacked / place).mkdir(parents=True, exist_ok=True)
        shutil.copy(LINUX / name, unpacked / place / name)
    records = home / "share" / "warm-station"
    records.mkdir(parents=True)
    for _ in range(2):
        subprocess.run(["sh", str(unpacked / "install.sh"), str(home)], check=True, capture_output=True)
    started = subprocess.run([str(home / "bin/warm-station")], capture_output=True, text=True, check=True)
    assert started.stdout == "started\n"
    entry = (home / "share/applications/warm-station.desktop").read_text("utf-8")
    assert f'Exec="{home}/lib/warm-station/station-app"' in entry
    subprocess.run(["sh", str(unpacked / "install.sh"), "--remove", str(home)], check=True, capture_output=True)
    assert [file for file in home.rglob("*") if file.is_file() or file.is_symlink()] == []
    assert records.is_dir()


def test_nothing_is_left_out_of_the_bundle_that_the_program_imports() -> None:
    never = set(ast.literal_eval(re.search(r"NEVER = (\[.*?\])", SPEC, re.DOTALL)[1]))  # type: ignore[index]
    assert "numpy" in never
    imported: set[str] = set()
    for file in (ROOT / "station_app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    assert imported & never == set()


def test_the_installer_for_windows_names_files_that_are_made() -> None:
    script = (ROOT / "packaging/windows/setup.iss").read_text("utf-8")
    assert 'Source: "..\\..\\dist\\warm-station\\*"' in script
    assert "WarmStation" in SPEC
    assert set(re.findall(r"\{app\}\\(\w+)\.exe", script)) == {"WarmStation"}
    assert (ROOT / "LICENSE").exists()


INSTALLED = """
import sys
from pathlib import Path
import station_app
from station_app import app, paths, words
from station_app.ui.handbook import ORDER, Handbook
site = Path(sys.argv[1])
assert site in Path(station_app.__file__).parents
for language in words.LANGUAGES:
    words.use(language)
    assert site in paths.handbook(language).parents
    application = app.application(offscreen=True)
    book, pictures = Handbook(), 0
    for page in ORDER:
        book.show_page(page)
        text = book.reader.document()
        assert len(text.toPlainText()) > 100, page
        for number in range(text.blockCount()):
            for piece in text.findBlockByNumber(number).textFormats():
                name = piece.format.toImageFormat().name()
                assert not name or (paths.handbook(language) / name).is_file(), (page, name)
                pictures += bool(name)
    print(language, pictures > 9, words.t("handbook.title"))
"""


def test_a_wheel_brings_along_what_it_loads_and_what_f1_opens(tmp_path: Path) -> None:
    source, made, site = tmp_path / "source", tmp_path / "made", tmp_path / "site"
    for name in ("station_app", "assets", "docs/handbook"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "THIRD_PARTY.md"):
        shutil.copy(ROOT / name, source / name)
    build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", build, str(made)], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(made.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        wheel.extractall(site)
    assert [name for name in names if name.endswith(".po") or not name.startswith("station_app")] == []
    around = os.environ | {"PYTHONPATH": str(site), "QT_QPA_PLATFORM": "offscreen"}
    told = subprocess.run(
        [sys.executable, "-c", INSTALLED, str(site)], cwd=tmp_path, env=around, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert [line.split()[:2] for line in told.stdout.splitlines()] == [["zh", "True"], ["en", "True"]]
