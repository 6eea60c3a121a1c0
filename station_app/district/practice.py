"""A practice station to throw away: made in a moment, joined to a district of its own, gone with all it held.

It lies in the folder ``practice`` below the station's own data, which stays untouched: its station, its district and a
folder that stands for the stick. A mark tells it from everything else; only a folder that bears it is ever taken away.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from .. import db as database
from .. import settings, vault
from ..db import Database
from ..errors import EnvironmentFault
from ..model import Consent, Occupation, Op
from ..services import demo, drill, people, preferences, samples, stations
from ..sync import outbox
from ..words import t
from . import store

FOLDER = "practice"
CHEAP = vault.Cost(passes=1, memory=8 * 1024)
"""Nothing here is worth guessing a password for, and nobody should wait for it."""
REGULARS = (
    (Occupation.RIDER, drill.FOUND), (Occupation.COURIER, "陈立新"), (Occupation.SANITATION_WORKER, "王桂香"),
    (Occupation.RIDE_HAIL_DRIVER, "赵国平"),
)  # fmt: skip
"""Invented people who come to every practice station."""


@dataclass(frozen=True, slots=True)
class Practice:
    """The places of a practice station."""

    folder: Path

    @property
    def station(self) -> Path:
        """Its data folder."""
        return self.folder / "station"

    @property
    def stick(self) -> Path:
        """What stands for the stick; outside the data folder, as a stick is."""
        return self.folder / "stick"

    @property
    def marked(self) -> bool:
        """Whether this is a practice station, and may be thrown away."""
        return (self.folder / drill.MARK).is_file()


def below(data: Path) -> Practice:
    """The practice station of the computer whose data lies in ``data``."""
    return Practice(data / FOLDER)


def make(data: Path, *, clock: Callable[[], datetime] = database.wall_clock, holder: str = "window") -> Database:
    """A fresh practice station below ``data``, open and ready to begin; one that was left over is thrown away first.

    EnvironmentFault when a folder of that name is there that is none of ours, or when it cannot be made.
    """
    place = below(data)
    if place.folder.exists() and not wipe(data):
        raise EnvironmentFault("drill.folder_taken", folder=str(place.folder))
    try:
        place.stick.mkdir(parents=True)
        (place.folder / drill.MARK).touch()
    except OSError as error:
        raise EnvironmentFault("drill.not_made", folder=str(place.folder), reason=error.strerror or "") from error
    try:
        return _furnished(place, clock, holder)
    except BaseException:
        wipe(data)
        raise


class _Yesterday:
    """The clock, a day behind while the station is furnished: the keeper's own day begins empty."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock, self.behind = clock, timedelta(days=1)

    def __call__(self) -> datetime:
        return self._clock() - self.behind


def _furnished(place: Practice, wall: Callable[[], datetime], holder: str) -> Database:
    clock = _Yesterday(wall)
    house = replace(samples.STATION, name=t("drill.station"))
    db, _ = stations.set_up(
        place.station, house, samples.KEEPERS[0], demo.PASSWORD, demo.PINS[0], clock=clock, holder=holder, cost=CHEAP
    )
    try:
        samples.stock(db)
        with db.transact(Op.IMPORT_PEOPLE) as tx:
            for number, (occupation, name) in enumerate(REGULARS):
                people.write(tx, occupation, samples.PLATFORMS[occupation][0], name, samples.phone(number), Consent.STATION)
            tx.details["count"] = len(REGULARS)
        _join(db, place, clock)
        preferences.change(db, settings.LAST_FOLDER.name, str(place.stick))
    except BaseException:
        db.close()
        raise
    clock.behind = timedelta()
    return db


def _join(db: Database, place: Practice, clock: Callable[[], datetime]) -> None:
    """Station and district know each other, so that what is exported is a batch as on any other day."""
    met = place.folder / "district"
    district = store.set_up(
        met, samples.STATION.district_code, samples.STATION.district_name, "", demo.PASSWORD, clock=clock, cost=CHEAP
    )
    try:
        store.enrol(district, outbox.enrol(db, met).path)
        outbox.trust(db, outbox.read_trust(store.introduce(district, met).path))
    finally:
        district.close()


def wipe(data: Path) -> bool:
    """Throw away the practice station below ``data`` with everything it held; whether nothing of it is left.

    A folder without the mark is not ours and stays. The mark goes last, so that what a viewer still holds open goes next time.
    """
    place = below(data)
    if not place.marked:
        return not place.folder.exists()
    for inside in place.folder.iterdir():
        if inside.name != drill.MARK:
            shutil.rmtree(inside, ignore_errors=True)
    if any(inside.name != drill.MARK for inside in place.folder.iterdir()):
        return False
    shutil.rmtree(place.folder, ignore_errors=True)
    return not place.folder.exists()
