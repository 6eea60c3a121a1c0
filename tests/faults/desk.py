"""A desk at work that may be killed at any moment: run as a program of its own by the kill and power tests.

``python -m tests.faults.desk FOLDER STICK '{"seed": 1, ...}'`` opens the station and does one thing of the day after
another. Standard output is the screen: a line ``{"begin": kind}`` before each, and once the service returned a line
``{"saved": kind, ...}`` with what it then calls saved. It works until it is killed or ``most`` things are done.

``kill`` = ["statement", n] or ["commit", n] lets it kill itself as the writer is about to run its n-th statement or its
n-th COMMIT; ["step", n] does so amid a statement, after n times fifty steps of SQLite's machine. ``mutant`` names a
protection that is taken out, which the tests then have to notice.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from station_app import db as database
from station_app import vault
from station_app.db import Database
from station_app.district import intake, store, watch
from station_app.errors import StationError
from station_app.model import Amenity, Changes, Consent, ItemKind, Occupation, RequestState, Verdict
from station_app.services import (
    exchange,
    history,
    keepers,
    people,
    pictures,
    requests,
    rosters,
    stations,
    supplies,
    visits,
)
from station_app.sync import carry, inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE
from tests.faults import mutants
from tests.pictures import phone

ROSTER = Path(__file__).parents[1] / "data" / "roster_utf8.csv"
START = datetime(2026, 7, 17, tzinfo=UTC)


def say(**told: Any) -> None:
    """One line on the screen, out of this process at once."""
    print(json.dumps(told, ensure_ascii=False), flush=True)


@cache
def shot() -> bytes:
    """A picture, made ready."""
    return pictures.prepare(phone(64, 48))


class Desk:
    """The station at work; each method is one thing a keeper does and returns what the screen then calls saved."""

    def __init__(self, db: Database, stick: Path, chance: random.Random) -> None:
        self.db = db
        self.stick = stick
        self.chance = chance

    def work(self, most: int, wanted: list[str]) -> None:
        """The day: each kind in ``wanted`` first, then whatever comes."""
        usual = {
            self.register: 3, self.check_in: 8, self.tally: 5, self.set_count: 2, self.use_amenity: 4, self.hand_out: 5,
            self.receive: 1, self.add_request: 3, self.step: 2, self.undo: 3, self.shift: 1, self.change: 1,
        }  # fmt: skip
        kinds: list[Callable[[], Any]] = [getattr(self, name) for name in wanted]
        for _ in range(most):
            kind = kinds.pop(0) if kinds else self.chance.choices(list(usual), list(usual.values()))[0]
            say(begin=kind.__name__)
            try:
                told = kind()
            except StationError as error:
                say(refused=error.word)
                continue
            if told is None:
                say(refused="nothing to do")
            elif isinstance(told, Changes):
                say(saved=kind.__name__, operation=told.operation, rows=dict(told.rows))
            else:
                say(saved=kind.__name__, **told)

    # --- the day -----------------------------------------------------------------------------------------------------

    def register(self) -> Changes:
        serial = self.chance.randrange(10**8)
        name, phone = f"李{chr(0x4E00 + serial % 5000)}", f"199{serial:08d}"
        return people.register(self.db, self.chance.choice(list(Occupation)), "美团", name, phone, Consent.DISTRICT)[1]

    def _somebody(self) -> str | None:
        known = people.ids(self.db)
        return self.chance.choice(known) if known else None

    def check_in(self) -> Changes | None:
        somebody = self._somebody()
        if somebody is None:
            return None
        badge = people.get(self.db, somebody).badge_code
        return visits.check_in(self.db, badge)[1] if badge else None

    def change(self) -> Changes | None:
        somebody = self._somebody()
        return people.change(self.db, somebody, platform="饿了么")[1] if somebody else None

    def tally(self) -> Changes:
        return visits.tally(self.db, self.chance.choice(list(Occupation)), self.chance.randint(1, 9))[1]

    def _visits(self) -> list[Any]:
        today = self.db.stamp().business_date
        return [visit for visit in visits.listing(self.db, today, today, 30) if not visit.void_reason]

    def set_count(self) -> Changes | None:
        tallies = [visit for visit in self._visits() if visit.person_id is None]
        if not tallies:
            return None
        return visits.set_count(self.db, self.chance.choice(tallies).id, self.chance.randint(1, 9))[1]

    def use_amenity(self) -> Changes | None:
        found = self._visits()
        if not found:
            return None
        return visits.use_amenity(self.db, self.chance.choice(found).id, self.chance.choice(list(Amenity)))

    def _item(self) -> str:
        found = supplies.by_name(self.db, "矿泉水")
        if found is None:
            found, _ = supplies.add_item(self.db, "矿泉水", "瓶", ItemKind.DRINK, most_per_day=2)
        return found.id

    def receive(self) -> Changes:
        return supplies.receive(self.db, self._item(), self.chance.randint(1, 48), lot="A", expiry="2027-01-01")

    def hand_out(self) -> Changes:
        given = self.chance.random() < 0.3
        return supplies.hand_out(self.db, self._item(), self.chance.randint(1, 2), person_id=self._somebody(), given=given)[1]

    def add_request(self) -> Changes:
        shots = [shot()] * self.chance.choice((0, 1, 2))
        return requests.add(self.db, "充电口不足，晚上排不上", person_id=self._somebody(), place="北门", pictures=shots)[1]

    def step(self) -> Changes | None:
        open_ones = requests.listing(self.db)[:20]
        if not open_ones:
            return None
        state = self.chance.choice(list(RequestState))
        return requests.step(self.db, self.chance.choice(open_ones).id, state, note="已转", verdict=Verdict.FIXED)[1]

    def undo(self) -> Changes | None:
        done = history.undo_last(self.db)
        return None if done is None else done[1]

    def shift(self) -> Changes:
        return keepers.begin_shift(self.db)

    # --- files -------------------------------------------------------------------------------------------------------

    def roster(self) -> Changes:
        sheet = rosters.read_sheet(ROSTER, rosters.PEOPLE)
        plan = rosters.plan_people(sheet, rosters.map_columns(sheet, rosters.PEOPLE))
        return people.import_roster(self.db, plan)[1]

    def close_batch(self) -> dict[str, Any] | None:
        no, changes = outbox.close_batch(self.db)
        return None if changes is None else {"operation": changes.operation, "rows": {}, "batches": [no]}

    def export(self) -> dict[str, Any]:
        done, changes = outbox.export(self.db, self.stick)
        bytes_there = hashlib.sha256(done.path.read_bytes()).hexdigest()
        return {"operation": changes.operation, "rows": {}, "batches": done.batches, "file": done.path.name, "hash": bytes_there}

    def receipt(self) -> dict[str, Any] | None:
        station = stations.current(self.db)
        newest = exchange.newest_receipt(self.db)[1]
        fresh = [path for path in carry.find_packs(self.stick, station.code) if int(path.stem.rpartition("-")[2]) > newest]
        if not fresh:
            return None
        with Opener() as opener:
            pack, _ = inbox.look(self.db, fresh[-1], opener)
        done, changes = inbox.apply(self.db, pack)
        return {"operation": changes.operation, "rows": {}, "receipt": done.no}


# --- death ---------------------------------------------------------------------------------------------------------------


def die_at(db: Database, what: str, number: int) -> None:
    """Let this process kill itself at a point of the writer's work, with no chance to tidy up."""
    seen = 0

    def count() -> None:
        nonlocal seen
        seen += 1
        if seen >= number:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(sql: str) -> None:
        if what == "statement" or sql == "COMMIT":
            count()

    if what == "step":
        db._writer.set_progress_handler(count, 50)
    else:
        db._writer.set_trace_callback(statement)


def take_in(folder: Path, stick: Path, told: dict[str, Any]) -> None:
    """The district takes in every file on the stick."""
    db = store.open_district(folder, PASSWORD)
    if told.get("kill"):
        die_at(db, *told["kill"])
    say(opened=True)
    with Opener() as opener:
        for path in carry.find_batches(stick):
            done, changes = intake.receive(db, intake.open_file(db, path, opener))
            say(saved="intake", operation=changes.operation, rows=dict(changes.rows), fresh=done.fresh)
    db.close()
    say(closed=True)


def look_in(folder: Path, incoming: Path, told: dict[str, Any]) -> None:
    """The district watches a folder, unattended, and leaves answers in another: one look."""
    db = store.open_district(folder, PASSWORD)
    if told.get("kill"):
        die_at(db, *told["kill"])
    say(opened=True)
    with Opener() as opener:
        for outcome in watch.look(db, incoming, Path(told["answers"]), opener):
            say(seen=outcome.file.name, answer=outcome.answer.name if outcome.answer else "")
    db.close()
    say(closed=True)


def found(folder: Path, told: dict[str, Any]) -> None:
    """A station is set up, with death waiting at the n-th statement of whichever connection or beside its slot file."""
    connect, seen = database._connect, 0

    def statement(_: str) -> None:
        nonlocal seen
        seen += 1
        if seen >= told["kill"][1]:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(path: Path, key: str) -> Any:
        statement("")
        connection = connect(path, key)
        connection.set_trace_callback(statement)
        return connection

    def written(file: Path, slots: list[vault.Slot]) -> None:
        statement("")
        write(file, slots)
        statement("")

    write, vault._write = vault._write, written
    database._connect = watched
    db, keeper = stations.set_up(folder, SAMPLE, "王敏", PASSWORD, PIN, cost=CHEAP)
    say(saved="found", keeper=keeper.id)
    db.close()
    say(closed=True)


def main(folder: str, stick: str, orders: str) -> int:
    """Open the station and work, or do what ``side`` says instead; the exit code."""
    told = json.loads(orders)
    if told.get("mutant"):
        mutants.MUTANTS[told["mutant"]]()
    if told.get("side") == "district":
        take_in(Path(folder), Path(stick), told)
        return 0
    if told.get("side") == "watch":
        look_in(Path(folder), Path(stick), told)
        return 0
    if told.get("side") == "found":
        found(Path(folder), told)
        return 0
    moment = START + timedelta(minutes=told.get("minutes", 0))

    def clock() -> datetime:
        nonlocal moment
        moment += timedelta(seconds=17)
        return moment

    db = stations.open_station(Path(folder), PASSWORD, clock=clock)
    if told.get("kill"):
        die_at(db, *told["kill"])
    say(opened=True)
    Desk(db, Path(stick), random.Random(told["seed"])).work(told.get("most", 400), told.get("wanted", []))
    db.close()
    say(closed=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
