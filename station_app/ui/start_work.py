"""What the first window does off the GUI thread: making a station, opening one, opening the sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

from .. import settings, vault
from ..db import DEFAULT_ZONE, Database
from ..model import Keeper, Station
from ..paths import DataFolder
from ..services import drill, keepers, preferences, stations

if TYPE_CHECKING:
    from ..services.people import Progress
    from ..services.rescue import Patient

Clock = Callable[[], datetime]

SAMPLE_FOLDER = "demo"
SAMPLE_DAYS = 14
"""Days of past in the sample station: enough for its reports, few enough to wait for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What was filled in: the station and its first keeper; ``pin`` may be ""."""

    station: Station
    keeper: str
    password: str
    pin: str


def planned(station: dict[str, str], keeper: dict[str, str]) -> Plan:
    """The two forms as one plan; the code and the letter of the computer count as capitals."""
    return Plan(
        Station(
            id="", code=station["code"].upper(), letter=station["letter"].upper(), name=station["name"],
            district_code=station["district_code"], district_name=station["district_name"], opens=station["opens"],
            closes=station["closes"], zone=DEFAULT_ZONE,
        ),
        keeper["keeper"], keeper["password"], keeper["pin"],
    )  # fmt: skip


def create(folder: Path, plan: Plan, *, clock: Clock, cost: vault.Cost, language: str) -> Database:
    """A new station in ``folder``, open; raises what ``stations.set_up`` does."""
    db, _keeper = stations.set_up(folder, plan.station, plan.keeper, plan.password, plan.pin, clock=clock, cost=cost)
    return _speaking(db, language)


def unlock(folder: Path, password: str, *, clock: Clock, language: str) -> Database:
    """The station in ``folder``, open; raises what ``stations.open_station`` does.

    A start card that was scanned where the password is typed opens the desk.
    """
    digits = normalize("NFKC", password).strip()
    if vault.is_start_card(digits):
        return _read(stations.open_with_start_card(folder, digits, clock=clock))
    return _speaking(_read(stations.open_station(folder, password, clock=clock)), language)


def patient(folder: Path, typed: str) -> Patient:
    """The damaged store in ``folder`` by a password or a start card; Refused for a wrong one."""
    from ..services import rescue

    place, digits = DataFolder(folder), normalize("NFKC", typed).strip()
    if vault.is_start_card(digits):
        return rescue.Patient(place, vault.unlock_with_start_card(place.slots, digits))
    return rescue.unlock(folder, typed)


def patient_by_sheet(folder: Path, groups: Sequence[str]) -> Patient:
    """The damaged store in ``folder`` by its recovery sheet."""
    from ..services import rescue

    place = DataFolder(folder)
    return rescue.Patient(place, vault.unlock_with_recovery(place.slots, groups))


def _read(db: Database) -> Database:
    """The store, after what its window begins with was read: a bad page there is met now, not by the window."""
    try:
        stations.current(db)
        preferences.get(db, settings.LANGUAGE)
        keepers.listing(db)
    except BaseException:
        db.close()
        raise
    return db


def whose(folder: Path, groups: Sequence[str], *, clock: Clock) -> list[Keeper]:
    """Who works at the station that this recovery sheet opens; raises what ``stations.open_with_recovery`` does."""
    db, _root = stations.open_with_recovery(folder, groups, clock=clock)
    try:
        return keepers.listing(db)
    finally:
        db.close()


def recover(
    folder: Path, groups: Sequence[str], keeper_id: str, password: str, *, clock: Clock, cost: vault.Cost, language: str
) -> Database:
    """The station, open, after a keeper got a new password by the recovery sheet; that keeper is at work then."""
    db, root = stations.open_with_recovery(folder, groups, clock=clock)
    try:
        keepers.reset_password(db, folder, root, keeper_id, password, cost=cost)
        db.acting = keeper_id
    except BaseException:
        db.close()
        raise
    return _speaking(db, language)


def sample(folder: Path, *, clock: Clock, cost: vault.Cost, language: str, progress: Progress) -> Database:
    """The sample station, open; made the first time, in a folder of its own below ``folder``, which stays free."""
    from ..services import demo

    place = folder / SAMPLE_FOLDER
    if not DataFolder(place).exists:
        demo.make(place, SAMPLE_DAYS, clock=clock, cost=cost, progress=progress)
    return unlock(place, demo.PASSWORD, clock=clock, language=language)


def practice(folder: Path, *, clock: Clock) -> Database:
    """A practice station below ``folder``, made afresh, open; raises what ``district.practice.make`` does."""
    from ..district import practice

    return practice.make(folder, clock=clock)


def practice_left(folder: Path) -> bool:
    """Whether a practice was cut short and something of it is still there."""
    return (folder / "practice" / drill.MARK).is_file()


def end_practice(folder: Path) -> bool:
    """Throw the practice station away; whether nothing of it is left."""
    from ..district import practice

    return practice.wipe(folder)


def code_for(name: str) -> str:
    """A station code to suggest, from the first letters of the name's pinyin (马家湾暖心驿站 -> MJW); "" for none."""
    from ..services import search

    short = name.removesuffix("驿站").removesuffix("暖心")
    ways = search.readings(short or name)
    letters = "".join(syllable[0] for syllable in ways[0] if syllable) if ways else ""
    code = "".join(letter for letter in letters.upper() if letter.isascii() and letter.isalnum())[:4]
    return code if len(code) >= 2 else ""


def _speaking(db: Database, language: str) -> Database:
    """Remember the language that was chosen on the first window; "" when nobody chose."""
    if language and preferences.get(db, settings.LANGUAGE) != language:
        try:
            preferences.change(db, settings.LANGUAGE.name, language)
        except BaseException:
            db.close()
            raise
    return db
