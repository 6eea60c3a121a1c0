"""The computers of a schedule: opened, closed, let die, each with its own clock; what they acknowledge is told to the model."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import pytest

from station_app import db as database
from station_app import model as codes
from station_app.db import Database, Tx
from station_app.errors import StationError
from station_app.paths import DataFolder
from station_app.schema import DISTRICT, STATION
from station_app.services import incarnation
from station_app.sync import carry, closing, outbox
from tests.conftest import Clock
from tests.simulator.house import (
    OFFICE,
    START,
    Copy,
    File,
    House,
    Machine,
    Pack,
    Template,
    Violation,
    known_ids,
    workplace,
)
from tests.simulator.model import Batch, Holdings, Timeline, Version
from tests.simulator.sticks import Crash, Memory


class Scene:
    """A schedule's computers and sticks, all fresh, and who sits where; use it as a context."""

    def __init__(self, house: House, cast: Sequence[str], sticks: Memory | None = None) -> None:
        self.house = house
        self.cast = cast
        self.sticks = sticks or Memory()
        self.folder = workplace()
        self.dice = random.Random(0)
        self.machines: list[Machine] = []
        self.gone: list[Machine] = []
        self.copies: list[Copy] = []
        self.files: list[File] = []
        self.quarantine: list[File] = []
        self.packs: list[Pack] = []
        self.slips: dict[str, str] = {}
        """The slips that people took home, and the ids of their requests."""
        self.cards: list[str] = []
        """The digits of the cards that people carry, also of those they lost."""
        self.old_offices: list[tuple[dict[str, bytes], Holdings]] = []
        self.office: Database | None = None
        self.office_clock = Clock(START)
        self.office_number = OFFICE
        self.holdings = Holdings(enrolled=frozenset("ABC"))
        self.numbers: dict[tuple[str, int], list[tuple[Batch, bool]]] = {}
        self.names = 0
        self.versions: dict[str, Version] = {}
        """Every version of rules that a district ever switched on, by its id."""
        self.violations: list[Violation] = []
        self.doubled: set[str] = set()
        self.rekeyed: set[str] = set()
        """Which stores went on from a copy, which took new keys: one that did both may have been left behind."""
        self.blindness = False
        """Whether any store was ever copied so that nobody there could tell."""
        self._now = self.office_clock
        self._here = ""
        self._patch = pytest.MonkeyPatch()
        self._ids = ExitStack()

    def __enter__(self) -> Self:
        self._patch.setattr(carry, "write_file", self.sticks.write)
        self._patch.setattr(carry, "read_file", self.sticks.read)
        self._patch.setattr(incarnation, "here", lambda: self._here)
        self._ids.enter_context(known_ids(lambda: self._now.moment, self.dice))  # the clock of the computer at work
        for name in self.cast:
            template = self.house.stations[name]
            self.machines.append(self.settled(name, template, template.timeline.copy()))
        shutil.copytree(self.house.district.folder, self.folder / "district")
        return self

    def __exit__(self, *_: object) -> None:
        for machine in [*self.machines, *self.gone]:
            self.shut(machine)
        self.shut_office()
        self._ids.close()
        self._patch.undo()
        shutil.rmtree(self.folder, ignore_errors=True)

    def settled(self, name: str, template: Template, timeline: Timeline) -> Machine:
        """A computer with a copy of a founded station."""
        folder = self.folder / name
        shutil.copytree(template.folder, folder)
        return Machine(name, template, folder, Clock(START), f"computer {name}", timeline)

    def broken(self, kind: str, detail: str) -> None:
        """A promise did not hold."""
        self.violations.append(Violation(kind, detail))

    def small_files(self) -> None:
        """Batches are small and each has a file of its own: what is too much for one stick comes in parts, in any order."""
        self._patch.setattr(outbox, "MOST_BATCHES", 1)
        self._patch.setattr(closing, "MOST_ROWS", 5)

    @property
    def in_memory(self) -> bool:
        """Whether sticks are bytes here, and no files."""
        return type(self.sticks) is Memory

    # --- opening and closing ---------------------------------------------------------------------------------------------

    def at(self, machine: Machine) -> Database:
        """The machine's open store, somewhat later than before; ids and time are this computer's now."""
        self._sits_at(machine)
        machine.clock.forward(minutes=self.dice.randint(1, 40))
        if machine.db is None:
            place = DataFolder(machine.folder)
            machine.db = database.open(place.database, machine.template.key, STATION, clock=machine.clock)
            machine.db._writer.execute("PRAGMA synchronous=OFF")  # power cuts are another suite's
            incarnation.settle(machine.db)
            machine.db.acting = machine.template.acting
        return machine.db

    def _sits_at(self, machine: Machine) -> None:
        self._now, self._here = machine.clock, machine.number
        codes._uuid_last = machine.ids  # each computer is a process of its own

    def left(self, machine: Machine) -> None:
        """The machine's turn is over: what it acknowledged and closed is told to the model."""
        machine.ids = codes._uuid_last
        if machine.db is None:
            return
        machine.timeline.note(machine.db)
        known = {batch.hash for batch in machine.timeline.batches}
        for row in machine.db.rows("SELECT no, hash, last_sequence, snapshot FROM batch ORDER BY no"):
            if row["hash"] not in known:
                self.numbered(machine, machine.timeline.close(machine.db.store_id, row))

    @property
    def closed(self) -> dict[str, Batch]:
        """Every batch that anybody ever closed, by its hash."""
        return {batch.hash: batch for found in self.numbers.values() for batch, _ in found}

    def numbered(self, machine: Machine, batch: Batch) -> None:
        """Whoever could know better gives no number of a store a second time."""
        known = self.numbers.setdefault((batch.store_id, batch.no), [])
        if known and not machine.blind and not any(blind for _, blind in known):
            self.broken("fork made", f"{machine.name}: number {batch.no} of its store was given before")
        known.append((batch, machine.blind))

    def shut(self, machine: Machine) -> None:
        """Close the program on a machine."""
        if machine.db is not None:
            machine.db.close()
            machine.db = None

    def at_office(self) -> Database:
        """The district's open store."""
        self._now, self._here = self.office_clock, self.office_number
        self.office_clock.forward(minutes=self.dice.randint(1, 40))
        if self.office is None:
            place = DataFolder(self.folder / "district", "district")
            self.office = database.open(place.database, self.house.district.key, DISTRICT, clock=self.office_clock)
            self.office._writer.execute("PRAGMA synchronous=OFF")
            incarnation.settle(self.office)
            self.office.acting = self.house.district.acting
        return self.office

    def shut_office(self) -> None:
        """Close the district's program."""
        if self.office is not None:
            self.office.close()
            self.office = None

    def work(self, machine: Machine, what: Callable[[Database], Any], *, may_refuse: bool = False) -> Any:
        """One thing at a desk. The desk's work is never refused, but by a rule of its own (``may_refuse``)."""
        db = self.at(machine)
        try:
            return what(db)
        except StationError as error:
            if not may_refuse:
                self.broken("stopped", f"{machine.name}: {error.word}")
            return None
        finally:
            self.left(machine)

    @contextmanager
    def dying(self, after: int) -> Iterator[None]:
        """Let the program die when it has written ``after`` times more."""
        left = after
        write, run = Tx._write, Tx.run

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def writing(*given: Any) -> Any:
                nonlocal left
                left -= 1
                if left < 0:
                    raise Crash
                return real(*given)

            return writing

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Tx, "_write", counted(write))
            patch.setattr(Tx, "run", counted(run))
            yield
