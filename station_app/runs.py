"""The windows worked by themselves: ``shots`` takes a picture of every page, ``walk`` works the sample day, display or not.

Both are commands of the command line that need Qt; ``__main__`` hangs them in.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from PySide6.QtCore import Qt

from . import app, settings, words
from .cli import Command, Desk, option
from .db import Database
from .district import desk, store
from .errors import EnvironmentFault
from .paper import badges, report
from .paths import has_display
from .services import people, preferences, samples, stations
from .sync.opening import Opener
from .ui.hands import Hands
from .ui.main_window import MainWindow
from .ui.pages.people import PeoplePage
from .ui.start import StartWindow
from .ui.walk import PASSWORD, PIN, SampleClock, Walk, sample_lines
from .words import t


@contextmanager
def shown(db: Database) -> Iterator[MainWindow]:
    """A station's window, shown; closed again, the database not."""
    found = app.window(db)
    found.show()
    try:
        yield found
    finally:
        found.close()


def shots(db: Database, folder: Path) -> list[Path]:
    """A picture of every page and of the lock screen of the station in ``db``."""
    with shown(db) as found:
        walk = Walk(found, SampleClock())
        taken = walk.pictures(folder)
        walk.open_page("desk")
        found.lock()
        walk.hands.picture(folder / "lock.png")
        return [*taken, folder / "lock.png"]


# --- the sample day, where there is no display -----------------------------------------------------------------------------


def sample_day(folder: Path, out: Path, clock: SampleClock) -> Walk:
    """Work the sample day in ``folder`` from unlocking to the district's receipt; leave what it made in ``out``.

    Pictures of every page, a badge sheet, the sealed batch, the district's pack and its report. The window is closed.
    """
    stick, home = folder / "stick", folder / "station"
    stick.mkdir(parents=True)
    out.mkdir(parents=True, exist_ok=True)
    stations.set_up(home, samples.STATION, samples.KEEPERS[0], PASSWORD, PIN, clock=clock)[0].close()
    db = unlocked(home, clock, out / "unlock.png")
    preferences.change(db, settings.LAST_FOLDER.name, str(stick))
    district = store.set_up(folder / "district", samples.STATION.district_code, samples.STATION.district_name, "", PASSWORD, clock=clock)
    try:
        with shown(db) as found, Opener() as opener:
            walk = Walk(found, clock)
            walk.hands.show()
            walk.stock()
            walk.import_rosters(lambda file: _drop(found, file))
            walk.begin()
            walk.work(sample_lines())
            walk.slip_and_undo()
            walk.lock_and_unlock()
            walk.join(district, stick)
            clock.set("2026-07-17T18:05:00+08:00")
            batch = walk.export(stick)
            clock.set("2026-07-17T18:20:00+08:00")
            pack = walk.answer(district, batch, stick, opener)
            clock.set("2026-07-17T18:30:00+08:00")
            walk.take_back()
            walk.pictures(out)
        _leave_papers(db, district, out)
        for file in (batch, pack):
            shutil.copy(file, out)
    finally:
        district.close()
        db.close()
    return walk


def unlocked(home: Path, clock: SampleClock, picture: Path) -> Database:
    """Open the station through the unlock window, by keys."""
    start = StartWindow(home, clock=clock)
    opened: list[Database] = []
    start.opened.connect(opened.append)
    hands = Hands(start, lambda: start.idle)
    hands.show()
    hands.picture(picture)
    hands.type(PASSWORD)
    hands.key(Qt.Key.Key_Return)
    hands.until(lambda: bool(opened), "the station to open")
    start.close()
    return opened[0]


def _drop(found: MainWindow, file: Path) -> None:
    page = found.page("people")
    if not isinstance(page, PeoplePage):
        raise TypeError("the people page")
    page.open_list(file)


def _leave_papers(db: Database, district: Database, out: Path) -> None:
    """The first ten badges, and the district's report of the day."""
    day = db.stamp().business_date
    badges.badge_sheet(stations.current(db), people.several(db, people.ids(db)[:10]), out / "badges.pdf")
    whole, each = desk.report(district, day, day)
    report.period_report(
        whole, out / "district-report.pdf", place=district.meta("district_name"), printed_on=db.now().date(), sample=True,
        stations=[(station.name, figures) for station, figures in each],
    )


# --- commands that need a window -------------------------------------------------------------------------------------------


@click.command("shots", cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def _shots(here: Desk, folder: Path) -> int:
    app.for_pictures()
    with here.station() as db:
        taken = shots(db, folder)
    here.tell({"pictures": [str(file) for file in taken]}, t("cli.shots_taken", n=len(taken), folder=str(folder)))
    return 0


@click.command("walk", cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@option("--shown", is_flag=True)
@click.pass_obj
def _walk(here: Desk, folder: Path, shown: bool) -> int:
    if shown and not has_display():
        raise EnvironmentFault("cli.no_display")
    app.for_pictures(offscreen=not shown)
    made = []
    for language in words.LANGUAGES:
        words.use(language)
        with tempfile.TemporaryDirectory() as work:
            sample_day(Path(work), folder / language, SampleClock())
        made += sorted((folder / language).iterdir())
    here.tell({"files": [str(file) for file in made]}, t("cli.walked", n=len(made), folder=str(folder)))
    return 0


COMMANDS: dict[str, click.Command] = {"shots": _shots, "walk": _walk}
"""Commands of the command line that need Qt, by name (``__main__.FROM_APP``)."""
