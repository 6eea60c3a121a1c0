"""Random weeks of a station and its district with withdrawals, undo, backups, restores and sticks: what is forgotten stays so.

The model knows every name, every text and every key that was ever made and whose it was. After each step none of those that
were forgotten stands in a live table of either side, the counts are what they were, and at the end neither file holds a
forgotten key on any page.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from station_app import backup, vault
from station_app.backup import Reason
from station_app.db import Database
from station_app.district import intake, store
from station_app.errors import Refused, StationError
from station_app.model import Changes, Consent, Occupation, RequestState, Verdict
from station_app.paths import DataFolder
from station_app.services import audit, backups, history, people, requests, retention, stations, visits
from station_app.sync import outbox
from station_app.sync.opening import Opener
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.district.conftest import introduced
from tests.pages import holds

OPENER: list[Opener] = []


@pytest.fixture(scope="module", autouse=True)
def opening(opener: Opener) -> None:
    OPENER[:] = [opener]


class House:
    """A station, its district, a stick; and what must not be readable any more."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.stick = folder / "stick"
        self.stick.mkdir()
        self.place = DataFolder(folder / "station")
        self.db, _ = stations.set_up(self.place.path, SAMPLE, "王敏", PASSWORD, clock=self.clock, cost=CHEAP)
        self.district = store.set_up(
            folder / "district", "990101", "云桥区", "", PASSWORD, clock=self.clock, cost=CHEAP
        )
        introduced(self.db, self.district, self.stick)
        self.keys: dict[str, bytes] = {}
        self.words: dict[str, str] = {}
        self.gone: set[str] = set()
        self.made = 0
        self.operations: list[tuple[Changes, str]] = []
        self.persons: list[str] = []
        self.asked: dict[str, tuple[str, bool]] = {}

    def close(self) -> None:
        self.db.close()
        self.district.close()

    # --- what can happen ----------------------------------------------------------------------------------------------

    def register(self) -> None:
        self.made += 1
        name = f"来客甲乙{self.made:03d}"
        person, changes = people.register(self.db, Occupation.RIDER, "", name, f"138{self.made:08d}", Consent.DISTRICT)
        self._new(person.id, name)
        self.persons.append(person.id)
        self.operations.append((changes, person.id))

    def ask(self, place: int, contact: bool) -> None:
        self.made += 1
        text = f"诉求内容{self.made:03d}"
        who = self.persons[place % len(self.persons)] if self.persons else None
        if who is not None and who in self.gone:
            who = None
        request, changes = requests.add(self.db, text, person_id=who, contact="13800000000" if contact else "")
        self._new(request.id, text)
        self.asked[request.id] = (who or "", contact)
        self.operations.append((changes, request.id))

    def answer(self, place: int) -> None:
        if not self.asked:
            return
        request = list(self.asked)[place % len(self.asked)]
        try:
            requests.step(self.db, request, RequestState.REPLIED, note="" if request in self.gone else "答复")
            requests.step(self.db, request, RequestState.TOLD, verdict=Verdict.FIXED)
        except StationError:
            return

    def come(self, place: int) -> None:
        self.clock.forward(hours=1)
        if self.persons and (who := self.persons[place % len(self.persons)]) not in self.gone:
            visits.check_in_person(self.db, who)
        else:
            visits.tally(self.db, Occupation.OTHER)

    def erase(self, place: int) -> None:
        if not self.persons or (who := self.persons[place % len(self.persons)]) in self.gone:
            return
        people.erase(self.db, who)
        self.gone.add(who)
        for request, (asker, contact) in self.asked.items():
            if asker == who and request not in self.gone and not (contact and self._open(request)):
                self.gone.add(request)

    def undo(self, place: int) -> None:
        if not self.operations:
            return
        changes, subject = self.operations.pop(place % len(self.operations))
        try:
            history.undo(self.db, changes.operation)
        except StationError:
            return
        self.gone.add(subject)
        self.asked.pop(subject, None)
        if subject in self.persons:
            self.persons.remove(subject)

    def tomorrow(self) -> None:
        self.clock.forward(days=1)
        visits.tally(self.db, Occupation.OTHER)
        retention.forget_due(self.db)
        for request, (asker, _) in self.asked.items():
            if asker in self.gone and not self._open(request):
                self.gone.add(request)

    def back_up(self) -> None:
        self.clock.forward(minutes=1)
        backup.make(self.db, Reason.MANUAL)

    def restore(self, place: int) -> None:
        """Back to an older state: what came after it is not known any more, what was forgotten since is."""
        found = backup.listing(backup.folder_of(self.db))
        if not found:
            return
        self.db.close()
        root, _ = vault.unlock(self.place.slots, PASSWORD)
        backups.restore(self.place, found[place % len(found)], self.place.slots, root, clock=self.clock)
        self.db = stations.open_station(self.place.path, PASSWORD, clock=self.clock)
        self.persons = [
            one
            for one in self.persons
            if self.db.one("SELECT 1 FROM person WHERE id = ? AND void_reason IS NULL", (one,))
        ]
        self.asked = {
            one: asked
            for one, asked in self.asked.items()
            if self.db.one("SELECT 1 FROM request WHERE id = ? AND void_reason IS NULL", (one,))
        }
        self.operations.clear()

    def carry(self) -> None:
        """To the district; what was withdrawn before is forgotten there too."""
        try:
            exported = outbox.export(self.db, self.stick)[0]
        except Refused as nothing:
            assert nothing.word == "sync_page.nothing_waits"
            return
        intake.receive(self.district, intake.open_file(self.district, exported.path, OPENER[0]))
        self.told = True
        assert self._keys(self.district).isdisjoint(self._gone_keys())

    # --- what must hold -----------------------------------------------------------------------------------------------

    def check(self) -> None:
        """No live table of the station holds a forgotten word or key; every count is that of its rows."""
        assert self._keys(self.db).isdisjoint(self._gone_keys())
        words = {self.words[subject] for subject in self.gone}
        for table in self.db.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"):
            if table["name"] in ("person_search",):  # has no content to ask for
                continue
            text = repr([tuple(row) for row in self.db.rows(f"SELECT * FROM {table['name']}")])
            assert not [word for word in words if word in text], table["name"]
        for subject in self.gone:
            if self.db.one("SELECT 1 FROM request WHERE id = ?", (subject,)):
                assert requests.get(self.db, subject).text == ""
            found = people.find(self.db, self.words[subject])  # may be others whose names are spelled nearly so
            assert [one for one in found if one.id == subject or one.name == self.words[subject]] == []
        assert audit.check(self.db) == []

    def check_files(self) -> None:
        for one in (self.db, self.district):
            assert holds(one.path, one.key, *self._gone_keys()) == set()

    def _new(self, subject: str, word: str) -> None:
        secret = self.db.scalar("SELECT secret FROM subject_key WHERE subject_id = ?", (subject,))
        self.keys[subject], self.words[subject] = secret, word

    def _gone_keys(self) -> set[bytes]:
        return {self.keys[subject] for subject in self.gone}

    def _keys(self, db: Database) -> set[bytes]:
        return {row["secret"] for row in db.rows("SELECT secret FROM subject_key")}

    def _open(self, request: str) -> bool:
        return requests.get(self.db, request).state in requests.OPEN


PLACE = st.integers(0, 7)


class Weeks(RuleBasedStateMachine):
    """Hypothesis chooses what happens."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.house = House(Path(self.folder.name))

    @rule()
    def register(self) -> None:
        self.house.register()

    @rule(place=PLACE, contact=st.booleans())
    def ask(self, place: int, contact: bool) -> None:
        self.house.ask(place, contact)

    @rule(what=st.sampled_from(["answer", "come", "erase", "undo", "restore"]), place=PLACE)
    def with_somebody(self, what: str, place: int) -> None:
        getattr(self.house, what)(place)

    @rule(what=st.sampled_from(["tomorrow", "back_up", "carry"]))
    def with_the_house(self, what: str) -> None:
        getattr(self.house, what)()

    @invariant()
    def what_is_forgotten_stays_so(self) -> None:
        if hasattr(self, "house"):
            self.house.check()

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.carry()
            self.house.check_files()
            self.house.close()
            self.folder.cleanup()


TestWeeks = Weeks.TestCase
TestWeeks.settings = settings(
    max_examples=5, stateful_step_count=20, suppress_health_check=list(HealthCheck)
)


# --- each protection taken away is noticed -------------------------------------------------------------------------------


def a_week(house: House) -> None:
    """One of everything, checked after each: what a mutant has to survive and cannot."""

    def then(act: Callable[..., None], *more: Any) -> None:
        act(*more)
        house.check()

    for _ in range(3):
        then(house.register)
    then(house.ask, 0, False)
    then(house.ask, 0, True)
    then(house.carry)
    then(house.back_up)
    then(house.come, 1)
    then(house.undo, 2)
    then(house.erase, 0)
    then(house.carry)
    then(house.answer, 1)
    then(house.tomorrow)
    then(house.restore, 0)
    then(house.carry)
    house.check_files()


def test_one_of_everything(tmp_path: Path) -> None:
    house = House(tmp_path)
    a_week(house)
    assert len(house.gone) == 4, "one undone, one withdrawn, and both their requests"
    house.close()


MUTANTS = {
    "the words of requests stay": (requests, "forget_of", lambda _tx, _person, _reason: 0),
    "undo keeps the key": (history, "_forget_unwanted", lambda _tx, _rows: None),
    "a restore forgets the erasures": (backups, "_erase_again", lambda _db, _rows: 0),
    "the district forgets nobody": (store, "forget_erased", lambda _tx: 0),
    "the log keeps old frames": (Database, "_rinse", lambda _db: None),
}


@pytest.mark.parametrize("mutant", list(MUTANTS))
def test_every_mutant_is_caught(mutant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path)
    monkeypatch.setattr(*MUTANTS[mutant])
    with pytest.raises(AssertionError):
        a_week(house)
    house.close()
