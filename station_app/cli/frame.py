"""The frame of the command line: global options, the way to the station, one place where every refusal is told.

``--data``, ``--json``, ``--lang`` and ``--password-file`` stand before or after the command. Exit codes (SYNC.md section
6): 0 done, 2 bad usage, 3 refused, 4 environment. Help and usage errors come from the catalogue ``cli``: a command's
sentence is ``cli.help_<group>_<command>``, an option's ``cli.option_<name>``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from .. import __version__, words
from ..db import Database
from ..errors import Refused, RuleRefused, StationError, UserMistake
from ..model import Changes
from ..paths import default_folder, portable_folder
from ..services import attachments, care, demo, stations
from ..words import t
from .outputs import plain, say, say_json

PASSWORD = "STATION_PASSWORD"
UNTOLD = frozenset({"care.clock_ahead"})
"""Nothing a command would tell: whoever looks something up in a station that was closed for a year knows it."""


# --- what a command works with -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Desk:
    """What the global options said; every command gets it first."""

    data: Path | None = None
    as_json: bool = False
    password_file: Path | None = None
    opened_with: str = ""

    @property
    def folder(self) -> Path:
        """The data folder meant."""
        return self.data or default_folder()

    @property
    def district_folder(self) -> Path:
        """The folder of a district; without one named it is beside the station's, for each keeps its own backups."""
        return self.data or default_folder() / "district"

    @contextmanager
    def station(self) -> Iterator[Database]:
        """The station, open for this command. What threatens its records is told on standard error."""
        db = self._open()
        try:
            for trouble in care.look(db, db.now()):
                if trouble.word not in UNTOLD:
                    click.echo(t(trouble.advice, **trouble.fields), err=True)
            care.tend(db)
            attachments.sweep(db)
            with care.spare(db):
                yield db
        finally:
            db.close()

    def _open(self) -> Database:
        """With the password that was named; a sample opens with its own, any other asks."""
        named = self.named_password()
        if named is not None:
            return self._open_with(named)
        try:
            db = self._open_with(demo.PASSWORD)
        except Refused as error:
            if error.word != "vault.wrong_password":
                raise
        else:
            if stations.current(db).sample:
                return db
            db.close()
        return self._open_with(self.asked_password())

    def _open_with(self, password: str) -> Database:
        db = stations.open_station(self.folder, password, holder="command")
        self.opened_with = password
        return db

    def named_password(self) -> str | None:
        """The password from the file or the environment, None when neither was given."""
        if self.password_file is not None:
            return secret_from(self.password_file)
        return os.environ.get(PASSWORD) or None

    def asked_password(self, *, twice: bool = False) -> str:
        """The password from whoever sits at the terminal; UserMistake when nobody does."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UserMistake("cli.password_needed", name=PASSWORD)
        asked: str = click.prompt(
            t("cli.password"),
            hide_input=True,
            err=True,
            confirmation_prompt=t("cli.password_again") if twice else False,
        )
        return asked

    def tell(self, result: Mapping[str, Any], text: str | Callable[[], str]) -> None:
        """Answer: the object for a program, the text for a person."""
        if self.as_json:
            say_json(plain(result))
        else:
            say(text if isinstance(text, str) else text())

    def progress(self, what: str) -> Callable[[int, int], None]:
        """Tells on standard error how far ``what`` is, in percent, where somebody watches; Ctrl+C stops it, and nothing is left."""
        shown = -1

        def tell(done: int, total: int) -> None:
            nonlocal shown
            percent = min(done * 100 // max(total, 1), 100)
            if percent != shown and watched():
                click.echo(f"\r{t('cli.progress', what=what, percent=percent)}", err=True, nl=percent == 100)
                shown = percent

        return tell

    def done(self, changes: Changes | None, text: str, **result: Any) -> None:
        """Answer what was done: the result with its operation and whether it can be undone; no changes, nothing to undo."""
        marks = {
            "operation": changes.operation if changes else None,
            "undoable": changes is not None and changes.undoable,
        }
        self.tell({**result, **marks}, text)


def watched() -> bool:
    """Whether somebody sees standard error: a file of it would only fill with steps."""
    return sys.stderr.isatty()


def secret_from(file: Path) -> str:
    """The first line of a file that holds a password or a PIN; UserMistake when it cannot be read or is empty."""
    try:
        first = file.read_text("utf-8-sig").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError):
        raise UserMistake("cli.no_password_file", name=str(file)) from None
    if not first:
        raise UserMistake("cli.no_password_file", name=str(file))
    return first


# --- options and commands that speak both languages ------------------------------------------------------------------


class Option(click.Option):
    """An option whose help is looked up when it is shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option's line in the help."""
        self.help = t("cli.option_help") if self.name == "help" else t(f"cli.option_{self.name}")
        return super().get_help_record(ctx)


def option(*names: str, **more: Any) -> Callable[[Any], Any]:
    """An option of a command; its help is the sentence ``cli.option_<name>``."""
    return click.option(*names, cls=Option, **more)


def _note(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(ctx: click.Context, param: click.Parameter, given: Any) -> None:
        desk = ctx.ensure_object(Desk)
        if given:
            setattr(desk, name, given)

    return keep


def _beside(ctx: click.Context, param: click.Parameter, given: bool) -> None:
    if given:
        ctx.ensure_object(Desk).data = portable_folder()


def _common() -> list[click.Parameter]:
    """The global options; the place nearest the end of the line wins."""
    path = click.Path(path_type=Path)
    return [
        Option(["--data"], type=path, metavar="DIR", expose_value=False, callback=_note("data")),
        Option(["--portable"], is_flag=True, expose_value=False, callback=_beside),
        Option(["--json"], is_flag=True, expose_value=False, callback=_note("as_json")),
        Option(["--lang"], metavar="zh|en", expose_value=False),  # read ahead by ``spoken``
        Option(["--password-file"], type=path, metavar="FILE", expose_value=False, callback=_note("password_file")),
    ]


class _Spoken(click.Command):
    """A command with the global options and its help from the catalogue."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.params += _common()

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """``--help``, as one of ours."""
        if self._help_option is None:
            usual = super().get_help_option(ctx)
            if usual is not None:
                self._help_option = Option(
                    ["--help"], is_flag=True, is_eager=True, expose_value=False, callback=usual.callback
                )
        return self._help_option

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The first line of the help."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=t("cli.usage"))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the command does."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(t(_word(ctx)))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options with their meaning."""
        lines = [line for param in self.get_params(ctx) if (line := param.get_help_record(ctx)) is not None]
        with formatter.section(t("cli.options")):
            formatter.write_dl(lines)
        if isinstance(self, Group):
            with formatter.section(t("cli.commands")):
                formatter.write_dl(
                    [(name, t(f"{_word(ctx)}_{name}".replace("-", "_"))) for name in self.list_commands(ctx)]
                )


def _word(ctx: click.Context) -> str:
    """The id of a command's sentence: ``cli.help_people_import``."""
    names: list[str] = []
    here: click.Context | None = ctx
    while here is not None and here.parent is not None:
        names.insert(0, here.info_name or "")
        here = here.parent
    tail = "".join(f"_{name}" for name in names).replace("-", "_")
    return f"cli.help{tail}"


class Command(_Spoken):
    """A command of the station."""


class Group(_Spoken, click.Group):
    """A group of commands. ``elsewhere`` are commands made by rooms above this one, loaded when called by name.

    ``usual`` is the command meant when none is named, if it is there.
    """

    command_class = Command
    usual = ""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(
            *args, **{"invoke_without_command": True, "no_args_is_help": False, "callback": _needs_command, **more}
        )
        self.elsewhere: dict[str, Callable[[], click.Command]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, those made elsewhere last."""
        return [*self.commands, *(name for name in self.elsewhere if name not in self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by name; one from elsewhere is imported now."""
        found = super().get_command(ctx, cmd_name)
        return self.elsewhere[cmd_name]() if found is None and cmd_name in self.elsewhere else found


Group.group_class = Group


@click.pass_context
def _needs_command(ctx: click.Context) -> Any:
    if ctx.invoked_subcommand is None and isinstance(ctx.command, Group):
        if ctx.command.usual and (meant := ctx.command.get_command(ctx, ctx.command.usual)) is not None:
            return ctx.invoke(meant)
        raise UserMistake("cli.no_command", path=ctx.command_path, commands=" ".join(ctx.command.list_commands(ctx)))
    return None


def _tell_version(ctx: click.Context, param: click.Parameter, given: bool) -> None:
    if given:
        say(f"station-app {__version__}")
        ctx.exit()


# --- the one handler -----------------------------------------------------------------------------------------------------


class Root(Group):
    """The whole command line: whatever a command raises becomes one line on standard error and an exit code."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.params.append(Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_tell_version))

    def main(  # type: ignore[override]  # it always ends the way a program ends, or returns its exit code
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        standalone_mode: bool = True,
        **more: Any,
    ) -> int:
        """Run one command line; ends the program with its exit code, or returns it with ``standalone_mode=False``."""
        given = list(sys.argv[1:] if args is None else args)
        before = words.language()
        try:
            code = self._run(given, prog_name or "station-app", more)
        finally:
            words.use(before)
        if standalone_mode:
            sys.exit(code)
        return code

    def _run(self, given: list[str], prog_name: str, more: dict[str, Any]) -> int:
        desk = Desk()
        try:
            words.use(spoken(given))
            if any("\ud800" <= character <= "\udfff" for text in given for character in text):
                raise UserMistake("cli.broken_text")
            code = super().main(given, prog_name, standalone_mode=False, obj=desk, **more)
            sys.stdout.flush()
            return code if isinstance(code, int) else 0
        except RuleRefused as error:
            if desk.as_json:
                refusal = {"refused": True, "rule": error.rule, "last": error.last, "next": error.next}
                say_json(refusal)
            return _told(t(error.word, **error.fields), error.exit_code)
        except StationError as error:
            return _told(t(error.word, **error.fields), error.exit_code)
        except click.UsageError as error:
            return _told(_usage(error), 2)
        except click.ClickException as error:
            return _told(error.format_message(), 4)
        except click.Abort:
            return _told(t("cli.stopped"), 1)
        except BrokenPipeError:  # the reader had enough (| head); nothing more can be said, and that is no fault
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  stays open until the program ends
            return 1


def spoken(args: Sequence[str]) -> str:
    """The language of this command line: ``--lang``, else STATION_LANG or the system's; UserMistake for another."""
    wanted = None
    for place, text in enumerate(args):
        if text == "--lang":
            wanted = args[place + 1] if place + 1 < len(args) else ""
        elif text.startswith("--lang="):
            wanted = text.partition("=")[2]
    if wanted is None:
        return words.system_language()
    if wanted not in words.LANGUAGES:
        words.use(words.system_language())
        raise UserMistake("cli.unknown_code", text=wanted, choices=t("terms.list").join(words.LANGUAGES))
    return wanted


def _told(line: str, code: int) -> int:
    say(" ".join(line.split()), err=True)
    return code


def _usage(error: click.UsageError) -> str:
    """What click has against the line, in the language of the process."""
    if isinstance(error, click.NoSuchOption):
        return t("cli.no_such_option", name=error.option_name)
    if isinstance(error, click.BadOptionUsage):
        return t("cli.option_incomplete", name=error.option_name)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return t(
            "cli.missing",
            name=error.param.opts[0] if isinstance(error.param, click.Option) else error.param.human_readable_name,
        )
    if isinstance(error, click.exceptions.NoSuchCommand):
        return t("cli.no_such_command", name=error.command_name)
    return t("cli.bad_usage", text=error.format_message())
