"""disk.c, compiled for the machine the tests run on, and the programs that run under it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("disk.c")


def compiled(folder: Path) -> Path:
    """The library; skips the test, loudly, where it cannot be had."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs Linux and a C compiler")
    library = folder / "disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"], check=True)
    return library


def run(shim: Path, watched: Path, module: str, *arguments: str, log: Path | None = None) -> str:
    """Run a module of these tests with its disk below ``watched`` in our hands; what it printed."""
    around = os.environ | {"PYTHONPATH": str(ROOT), "LD_PRELOAD": str(shim), "DISK_ROOT": str(watched)}
    if log is not None:
        around["DISK_LOG"] = str(log)
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, env=around, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True).stdout


def lines(printed: str) -> Sequence[dict[str, Any]]:
    """Lines of JSON."""
    return [json.loads(line) for line in printed.splitlines()]
