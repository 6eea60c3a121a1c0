"""The wheel: what the program loads and F1 opens goes into it, where ``station_app.paths`` looks for it. All else is in pyproject.toml.

``python3 dev.py words`` first: the compiled catalogues go in, not their sources.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
BROUGHT = ("assets", "docs/handbook")
"""Beside the package here, in ``station_app/brought`` of a wheel."""


class WithAssets(build_py):
    """Python's files, and what the program brings along."""

    def run(self) -> None:
        """Copy all; SystemExit when a catalogue is not compiled."""
        super().run()
        if self.editable_mode:  # runs where it was written
            return
        behind = [po for po in (HERE / "assets").rglob("*.po") if not compiled(po)]
        if behind:
            raise SystemExit(f"{len(behind)} catalogues are not compiled: python3 dev.py words")
        for name in BROUGHT:
            target = Path(self.build_lib, "station_app", "brought", name)
            shutil.copytree(HERE / name, target, ignore=shutil.ignore_patterns("*.po"), dirs_exist_ok=True)


def compiled(po: Path) -> bool:
    """Whether the catalogue beside this source is no older."""
    mo = po.with_suffix(".mo")
    return mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime


setup(cmdclass={"build_py": WithAssets})
