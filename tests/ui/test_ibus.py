"""Scans while a real input method composes: ibus with its pinyin engine under a virtual display, keys sent by xdotool.

Skipped, and said so, where the parts are not installed (Debian: xvfb dbus-daemon ibus ibus-libpinyin xdotool).
``STATION_STORM=whole`` sends 200 bursts, which takes two minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

PARTS = ("Xvfb", "dbus-run-session", "ibus", "ibus-daemon", "xdotool")
ENGINE, CONFIG = Path("/usr/libexec/ibus-engine-libpinyin"), Path("/usr/libexec/ibus-memconf")
BURSTS = 200 if os.environ.get("STATION_STORM") == "whole" else 6
ROOM = Path(__file__).parents[2]


def session(folder: Path, *words: str) -> dict[str, Any]:
    """What ``composing`` tells from within a display, a bus and an input method of its own; all of it ends with it."""
    missing = [part for part in PARTS if shutil.which(part) is None] + [
        one.name for one in (ENGINE, CONFIG) if not one.exists()
    ]
    if missing:
        pytest.skip(f"NOT SHOWN: scans under a real input method need {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as home:  # a short path: a socket's name below it may have 108 bytes
        return _told(folder, home, words)


def _told(folder: Path, home: str, words: Sequence[str]) -> dict[str, Any]:
    env = {
        **os.environ,
        "HOME": home,
        "XDG_RUNTIME_DIR": home,
        "QT_QPA_PLATFORM": "xcb",
        "QT_IM_MODULE": "ibus",
    }
    env |= {"LANG": "C.UTF-8", "GSETTINGS_BACKEND": "memory", "NO_AT_BRIDGE": "1"}
    read, write = os.pipe()
    screen = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1366x768x24", "-nolisten", "tcp"]
    display = subprocess.Popen(screen, pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            env["DISPLAY"] = f":{told.readline().strip()}"
        inside = (
            f"ibus-daemon --config={CONFIG} -r -p disable >/dev/null 2>&1 & "
            f'"{sys.executable}" -m tests.ui.composing "$@"; done=$?; kill $!; exit $done'
        )
        run = subprocess.Popen(
            ["dbus-run-session", "--", "sh", "-c", inside, "sh", str(folder), *words],
            env=env, cwd=ROOM, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            out, err = run.communicate(timeout=40 + BURSTS * 3)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
            pytest.skip("NOT SHOWN: this machine was too busy for the input method to come up")
        assert run.returncode == 0, err[-3000:]
        found: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
        return found
    finally:
        display.terminate()
        display.wait(10)


def test_no_scan_is_lost_while_pinyin_is_composed(tmp_path: Path) -> None:
    told = session(tmp_path, str(BURSTS))
    assert told["platform"] == "xcb"
    assert len(told["bursts"]) == BURSTS
    for burst in told["bursts"]:
        assert burst["scans"] == [burst["sent"]], burst
        # what was being composed stands in the field, chosen by the scan's first digits: two syllables, no key of them lost, and
        # no digit of the scan
        assert burst["text"] == "".join(burst["commits"]), burst
        assert len(burst["text"]) == 2, burst
        assert not any(map(str.isdigit, burst["text"])), burst


def test_without_the_district_the_first_digits_would_be_lost(tmp_path: Path) -> None:
    """The negative control: the input method really takes them."""
    told = session(tmp_path, "3", "blind")
    assert len(told["bursts"]) == 3
    assert all(burst["scans"] != [burst["sent"]] for burst in told["bursts"])
