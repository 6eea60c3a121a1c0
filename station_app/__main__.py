"""Picks what runs: the worker that opens hostile files, the window, or the command line.

The command line runs where Qt cannot: ``app`` (and Qt with it) is imported only for the window and for the commands
that need one. ``runs.COMMANDS`` holds those by name, made of the same ``cli`` commands and groups as all others.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

FROM_RUNS = ("shots", "walk")
"""Commands of ``runs.COMMANDS`` by their path."""


def main(args: Sequence[str] | None = None) -> int:
    """Run one command line (that of this process without ``args``) and return its exit code."""
    given = list(sys.argv[1:] if args is None else args)
    if args is None and given != ["--worker"] and (code := _handed_over(given)) is not None:
        return code
    _leave_no_core()
    if given == ["--worker"]:
        from .sync.opening import worker_main

        return worker_main()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names hold characters that no Windows code page has
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if not given:
        from . import words
        from .paths import default_folder

        words.use(words.system_language())
        return _window(default_folder())
    from .cli import group, later

    later("window", lambda: _window_command("main"))
    later("drill", lambda: _window_command("drill_main"))
    later("district desk", lambda: _window_command("district_main"))
    for path in FROM_RUNS:
        later(path, _from_runs(path))
    return group.main(given, standalone_mode=False)


def _handed_over(given: Sequence[str]) -> int | None:
    """A newer version that came by an update does the work, where there is one."""
    if not getattr(sys, "frozen", False):
        return None
    from . import __version__
    from .paths import handed_over

    return handed_over(__version__, given)


def _leave_no_core() -> None:
    """If this process dies, no image of it is written: keys and names stand in its memory in the clear."""
    try:
        import resource
    except ImportError:  # Windows writes none unless somebody asked for it machine-wide
        return
    # one byte: no file is begun for it, and Linux hands no image to a program that collects them, as it does at 0 (core(5), fs/coredump.c)
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    least = most if most in (0, 1) else 1
    resource.setrlimit(resource.RLIMIT_CORE, (least, least))


def _window(folder: Path, name: str = "main") -> int:
    """Show the window that ``app`` opens by this name."""
    from .paths import has_display
    from .words import t

    if not has_display():
        print(t("cli.no_display"), file=sys.stderr)
        return 4
    gc.disable()  # what a start makes stays: looking for rubbish in it again and again would be for nothing
    from . import app

    code: int = vars(app)[name](folder)
    return code


def _window_command(name: str) -> click.Command:
    import click

    from .cli import Command, Desk

    @click.pass_obj
    def show(desk: Desk) -> int:
        return _window(desk.district_folder if name == "district_main" else desk.folder, name)

    return Command("window", callback=show)


def _from_runs(name: str) -> Callable[[], click.Command]:
    def load() -> click.Command:
        from . import runs

        return runs.COMMANDS[name]

    return load


if __name__ == "__main__":
    sys.exit(main())
