"""Everything a keeper does that writes, each as a deed that can be done again and again on a copy of the same small station.

The suites of power cuts, failing disks and migration share them: ``prepared`` makes the station once, a ``World`` is a copy of
it, a ``Deed`` one thing done there, and ``found`` says what a store holds the morning after, as counts that must be those of
before the deed or of after it.
"""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from station_app import backup, vault
from station_app import db as database
from station_app.backup import Reason
from station_app.db import Database
from station_app.district import answer, intake, store
from station_app.errors import EnvironmentFault, StationError, UserMistake
from station_app.model import Consent, ItemKind, Occupation, RequestState, Role, Verdict
from station_app.paths import DataFolder
from station_app.schema import STATION
from station_app.services import (
    attachments,
    audit,
    backups,
    history,
    keepers,
    people,
    preferences,
    requests,
    rosters,
    stations,
    supplies,
    visits,
)
from station_app.sync import inbox, opening, outbox
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock

if TYPE_CHECKING:
    import sqlite_utils

ANOTHER = "another-password"
NAME, PHONE = "李志强", "13912345678"
ROSTER = "姓名,职业,单位,电话\n赵丽,外卖骑手,美团,13800000001\n钱伟,快递员,顺丰,13800000002\n孙强,环卫工人,,\n"
ITEMS = "物资名称,单位,数量\n毛巾,条,5\n雨衣,件,3\n"
MOMENT = datetime.fromisoformat("2026-07-17T15:00:00+08:00")


def next_schema(db: sqlite_utils.Database) -> None:
    """A version 2 as it may come one day: a column more, a table more with content, and a table built anew."""
    db.table("visit").add_column("note", str)
    db.table("errand").create({"id": str, "item_id": str, "back": str}, pk="id", not_null={"item_id"}, strict=True)
    db.execute("CREATE INDEX loan_item ON errand(item_id)")
    db.execute("INSERT INTO errand(id, item_id) SELECT m.id, m.item_id FROM movement m")
    db.table("batch").transform(rename={"carried_to": "taken_to"})


NEXT = (*STATION, next_schema)
"""The migrations of a program one version newer."""


# --- the station ---------------------------------------------------------------------------------------------------------


def prepared(home: Path) -> Path:
    """A station at work for a day: enrolled, an answer of the district at hand, a backup beside it and none elsewhere."""
    return Path(shutil.copytree(_template(), home))


@cache
def _template() -> Path:
    """It is made once in a process."""
    place = tempfile.mkdtemp(prefix="station-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return _prepared(Path(place) / "home")


def _prepared(home: Path) -> Path:
    for name in ("stick", "second", "lists"):
        (home / name).mkdir(parents=True)
    clock = Clock("2026-07-17T08:30:00+08:00")
    db, _ = stations.set_up(home / "station", SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
    root, _ = vault.unlock(DataFolder(db.path.parent).slots, PASSWORD)
    keepers.add(db, db.path.parent, root, "刘洋", Role.KEEPER, "password-of-liu", cost=CHEAP)
    keepers.make_start_card(db, db.path.parent, root)
    keepers.open_station(db)
    named, _ = people.register(db, Occupation.RIDER, "美团", NAME, PHONE, Consent.DISTRICT)
    people.register(db, Occupation.COURIER)
    visits.check_in(db, named.badge_code)
    item, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK, most_per_day=3)
    supplies.receive(db, item.id, 48, lot="A", expiry="2027-01-01")
    supplies.hand_out(db, item.id, person_id=named.id)
    requests.add(db, "充电口不足，晚上排不上", person_id=named.id, contact=PHONE)
    _exchange(home, db, clock)
    clock.forward(hours=1)
    visits.tally(db, Occupation.SANITATION_WORKER, 4)
    backup.make(db, Reason.MANUAL)
    clock.forward(hours=1)
    visits.tally(db, Occupation.COURIER, 3)
    people.register(db, Occupation.TRUCK_DRIVER, "货拉拉", "周梅", "13700000000", Consent.STATION)
    db.close()
    (home / "lists" / "roster.csv").write_text(ROSTER, "utf-8-sig")
    (home / "lists" / "items.csv").write_text(ITEMS, "utf-8-sig")
    return home


def _exchange(home: Path, db: Database, clock: Clock) -> None:
    """A batch to the district and its answer, kept as ``answer.pack`` beside the others."""
    folder = home.parent / f"{home.name}-district"
    district = store.set_up(folder, "990101", "云桥区", "", PASSWORD, clock=clock, cost=CHEAP)
    store.enrol(district, outbox.enrol(db, home / "lists").path)
    outbox.trust(db, outbox.read_trust(store.introduce(district, home / "lists").path))
    sent, _ = outbox.export(db, home / "lists")
    intake.receive(district, intake.open_file(district, sent.path, _opener()))
    made = answer.pack(district, "YQ", home / "lists")[0].path
    made.rename(home / "lists" / "answer.pack")
    sent.path.unlink()
    district.close()


@dataclass(slots=True)
class World:
    """A copy of the prepared station; ``db`` is open unless the deed opens it."""

    home: Path
    db: Database
    clock: Clock

    @property
    def folder(self) -> Path:
        return self.home / "station"

    @property
    def place(self) -> DataFolder:
        return DataFolder(self.folder)

    @property
    def root(self) -> vault.Root:
        return vault.unlock(self.place.slots, PASSWORD)[0]

    def one(self, sql: str) -> str:
        return str(self.db.scalar(sql))

    @property
    def person(self) -> str:
        return people.find(self.db, NAME)[0].id

    @property
    def item(self) -> str:
        return supplies.named(self.db, "矿泉水").id


def enter(home: Path) -> World:
    """Open the copy at ``home`` in the afternoon."""
    clock = Clock()
    clock.moment = MOMENT
    return World(home, stations.open_station(home / "station", PASSWORD, clock=clock), clock)


# --- deeds ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done. ``closed``: the store is shut before, and opened by the deed.

    ``ready`` gets what the deed needs before anything can fail (a looked-at pack, a planned list); the deed gets it.
    ``steps``: counts that may have gone ahead when the rest of it was stopped, each thing whole by itself (a batch closed but
    not yet carried). ``last``: whole and in place, it may still be told as failed: its folder could not be synced after.
    ``more``: counts that a second try may add to once more, harmlessly.
    """

    act: Callable[[World, Any], Any]
    ready: Callable[[World], Any] = lambda _w: None
    closed: bool = False
    steps: tuple[str, ...] = ()
    last: bool = False
    more: tuple[str, ...] = ()


def _pack(w: World) -> Any:
    return inbox.look(w.db, w.home / "lists" / "answer.pack", _opener())[0]


@cache
def _opener() -> opening.Opener:
    """One worker for all deeds of this process; it ends with it."""
    opener = opening.Opener()
    atexit.register(opener.close)
    return opener


def _jpeg(colour: str) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(out, "JPEG")
    return out.getvalue()


def _roster(w: World) -> Any:
    sheet = rosters.read_sheet(w.home / "lists" / "roster.csv", rosters.PEOPLE)
    return rosters.plan_people(sheet, rosters.map_columns(sheet, rosters.PEOPLE))


def _items(w: World) -> Any:
    sheet = rosters.read_sheet(w.home / "lists" / "items.csv", rosters.ITEMS)
    return rosters.plan_items(sheet, rosters.map_columns(sheet, rosters.ITEMS))


def _newest(w: World) -> backup.Backup:
    return backup.listing(backup.folder_of(w.db))[0]


def _set_up(w: World, _: Any) -> Database:
    return stations.set_up(w.home / "new", replace(SAMPLE, code="LT"), "陈洁", PASSWORD, PIN, clock=w.clock, cost=CHEAP)[0]


def _restore(w: World, ready: tuple[backup.Backup, vault.Root]) -> None:
    backups.restore(w.place, ready[0], w.place.slots, ready[1], clock=w.clock)


def _migrate(w: World, root: vault.Root) -> Database:
    return database.open(w.place.database, root.database_key(), NEXT, clock=w.clock, before_migration=lambda db: stations._back_up(db))


def _liu(w: World) -> str:
    return w.one("SELECT id FROM keeper WHERE name = '刘洋'")


def _card(w: World) -> str:
    return next(way.id for way in vault.ways(w.place.slots) if way.kind == "start_card")


DEEDS: dict[str, Deed] = {
    "check in": Deed(lambda w, code: visits.check_in(w.db, code), lambda w: w.one("SELECT code FROM badge ORDER BY id DESC LIMIT 1")),
    "tally": Deed(lambda w, _: visits.tally(w.db, Occupation.RIDER, 3)),
    "hand out": Deed(lambda w, item: supplies.hand_out(w.db, item, 2, person_id=w.person), lambda w: w.item),
    "register": Deed(lambda w, _: people.register(w.db, Occupation.RIDER, "美团", "吴敏", "13600000000", Consent.DISTRICT)),
    "change": Deed(lambda w, who: people.change(w.db, who, platform="饿了么"), lambda w: w.person),
    "request": Deed(lambda w, _: requests.add(w.db, "灯不亮", place="北门", contact="136")),
    "step": Deed(
        lambda w, which: requests.step(w.db, which, RequestState.TRANSFERRED, note="已转", verdict=Verdict.FIXED),
        lambda w: w.one("SELECT id FROM request LIMIT 1"),
    ),
    "pictures": Deed(
        lambda w, which: attachments.add(w.db, which, [_jpeg("red"), _jpeg("blue")]),
        lambda w: w.one("SELECT id FROM request LIMIT 1"),
    ),
    "undo": Deed(
        lambda w, which: history.undo(w.db, which),
        lambda w: w.one("SELECT id FROM operation WHERE op = 'tally' ORDER BY sequence DESC LIMIT 1"),
    ),
    "list of people": Deed(lambda w, plan: people.import_roster(w.db, plan), _roster),
    "list of items": Deed(lambda w, plan: supplies.import_items(w.db, plan), _items),
    "erase": Deed(lambda w, who: people.erase(w.db, who), lambda w: w.person),
    "setting": Deed(lambda w, _: preferences.change(w.db, "idle_lock_minutes", "7")),
    "close station": Deed(lambda w, _: keepers.close_station(w.db, "一切如常")),
    "backup": Deed(lambda w, _: backup.make(w.db, Reason.CLOSE), last=True, more=("backups",)),
    "carry": Deed(lambda w, chosen: backup.carry(chosen, w.home / "second" / "copies", w.db.now()), _newest, last=True),
    "rehearse": Deed(lambda w, _: backups.rehearse(w.db)),
    "close batch": Deed(lambda w, _: outbox.close_batch(w.db), steps=("batch", "operation")),  # the anchor comes after
    "export": Deed(lambda w, _: outbox.export(w.db, w.home / "stick"), steps=("batch", "operation", "stick")),
    "receipt": Deed(lambda w, pack: inbox.apply(w.db, pack), _pack),
    "keeper added": Deed(
        lambda w, root: keepers.add(w.db, w.folder, root, "何静", Role.KEEPER, "password-of-he", cost=CHEAP), lambda w: w.root
    ),
    "keeper removed": Deed(lambda w, who: keepers.remove(w.db, w.folder, who), _liu),
    "password": Deed(
        lambda w, who: keepers.change_password(w.db, w.folder, who, "password-of-liu", ANOTHER, cost=CHEAP), _liu
    ),
    "recovery key": Deed(lambda w, root: keepers.make_recovery_key(w.db, w.folder, root), lambda w: w.root),
    "start card revoked": Deed(lambda w, card: keepers.revoke_start_card(w.db, w.folder, card), _card),
    "restore": Deed(_restore, lambda w: (_newest(w), w.root), closed=True, steps=("operation",), last=True),
    "migration": Deed(_migrate, lambda w: w.root, closed=True, steps=("backups",), last=True, more=("backups",)),
    "set-up": Deed(_set_up, closed=True, last=True),
}  # fmt: skip


# --- the morning after ---------------------------------------------------------------------------------------------------

State = dict[str, Any]


def found(home: Path) -> tuple[State, list[str]]:
    """What a folder holds, as comparable counts, and what is wrong with it. Nothing of it may be open."""
    problems: list[str] = []
    state: State = {"new": _station(home / "new", problems), **(_station(home / "station", problems) or {})}
    for name, folder in (("backups", home / "station" / "backups"), ("carried", home / "second" / "copies")):
        listed = backup.listing(folder)
        state[name] = len(listed)
        problems += [f"{name}: {one.path.name} is not whole" for one in listed if not backup._whole(one)]
        if listed:
            problems += _ill(lambda folder=folder: vault.ways(backup.slots_in(folder)))
    state["stick"] = len(list((home / "stick").glob("*.batch")))
    state["liu"] = _opens(home, "password-of-liu") + 2 * _opens(home, ANOTHER)
    return state, problems


def _ill(look: Callable[[], object]) -> list[str]:
    try:
        look()
    except StationError as error:
        return [str(error)]
    return []


def differs(state: State, *wanted: State, steps: tuple[str, ...] = ()) -> list[str]:
    """Why ``state`` is none of those wanted, "steps" apart, which may be any of theirs or a count between: [] when it is one."""
    keys = sorted({key for one in (state, *wanted) for key in one})
    strange = [key for key in keys if key in steps and not _between(state.get(key), [one.get(key) for one in wanted])]
    rest = [key for key in keys if key not in steps]
    apart = [[key for key in rest if state.get(key) != one.get(key)] for one in wanted]
    nearest = min(apart, key=len)
    return [f"{key} is {state.get(key)}, not {' or '.join(str(one.get(key)) for one in wanted)}" for key in strange + nearest]


def _between(count: Any, ends: list[Any]) -> bool:
    if count in ends:
        return True
    return isinstance(count, int) and all(isinstance(end, int) for end in ends) and min(ends) <= count <= max(ends)


def _opens(home: Path, password: str) -> bool:
    try:
        return bool(vault.unlock(DataFolder(home / "station").slots, password))
    except StationError:
        return False


def _station(folder: Path, problems: list[str]) -> State | None:
    """The rows of every table, the shape, the ways in and what stands outside; None where nobody was set up."""
    place = DataFolder(folder)
    try:
        db = stations.open_station(folder, PASSWORD, clock=lambda: MOMENT + timedelta(hours=1))
    except UserMistake as error:
        if folder.name == "station":
            problems.append(str(error))
        return None
    except EnvironmentFault as error:
        if error.word != "db.too_new":
            problems.append(f"{folder.name}: {error}")
            return None
        db = database.open(place.database, vault.unlock(place.slots, PASSWORD)[0].database_key(), NEXT)
    except StationError as error:
        problems.append(f"{folder.name}: {error}")
        return None
    with closing(db):
        state: State = {}
        try:
            problems += [f"{folder.name}: {one.word} {one.fields}" for one in audit.check(db)]
            state |= db.figures().rows
            state["schema"] = db.scalar("PRAGMA user_version")
            state["incarnation"] = bool(db.meta("parent"))
            state["ways"] = sorted(way.kind for way in vault.ways(place.slots))
        except StationError as error:
            problems.append(f"{folder.name}: {error}")
    return state
