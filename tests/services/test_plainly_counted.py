"""Every figure of every report once more, by plain Python over the log of changes: three stations over the turn of a year.

Nothing here asks the program's queries: the log is replayed into rows, and the rows are counted as the definitions say. The stations
have slips taken back, entries typed in late for days long gone, people found to be one and parted again, requests closed and
reopened, days without a closing, supplies that ran out.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from itertools import groupby
from random import Random
from typing import Any

import pytest

from station_app.db import Database
from station_app.district import averages as told_averages
from station_app.district import store
from station_app.errors import Refused, StationError
from station_app.model import (
    AssetKind,
    ItemKind,
    LoanOutcome,
    Mood,
    MovementKind,
    Occupation,
    Op,
    RepairState,
    RequestState,
    Urgency,
    Verdict,
)
from station_app.schema import LEDGERS
from station_app.services import (
    bindings,
    demo,
    duplicates,
    equipment,
    feedback,
    figures,
    history,
    keepers,
    loans,
    reports,
    request_figures,
    requests,
    stations,
    supplies,
    upkeep,
    visits,
    voices,
)
from station_app.services.figures import Wanted
from tests.conftest import CHEAP, PASSWORD, Clock

UNTIL = date(2026, 1, 20)
SPANS = (
    ("2025-12-01", "2025-12-31"), ("2026-01-01", "2026-01-31"), ("2025-10-01", "2025-12-31"), ("2025-12-29", "2026-01-04"),
    ("2025-12-31", "2025-12-31"), ("2025-01-01", "2025-12-31"), ("2025-12-15", "2026-01-20"), ("2027-01-01", "2027-01-31"),
)  # fmt: skip
Rows = dict[str, dict[str, dict[str, Any]]]


# --- the stations ---------------------------------------------------------------------------------------------------------


def trouble(db: Database, seed: int) -> tuple[int, int]:
    """What goes wrong at a desk, in an order drawn from ``seed``; what was out and waited to be mended before its own loans."""
    draw = Random(seed)
    lines = [line for day in ("2025-12-20", "2025-12-31", "2026-01-01", "2026-01-10") for line in history.log(db, day, 200)]
    slips = [line for line in lines if line.undoable and not line.undone]
    visitors = [line for line in slips if line.op in (Op.CHECK_IN, Op.TALLY)]
    for line in [*draw.sample(visitors, 12), *draw.sample([line for line in slips if line not in visitors], 12)]:
        try:
            history.undo(db, line.operation)
        except Refused:  # something later hangs on it
            continue
    for n in range(12):
        late = datetime.fromisoformat(f"{date(2025, 12, 25) + timedelta(draw.randrange(14))}T{draw.randrange(9, 19):02d}:10:00+08:00")
        visits.tally(db, draw.choice(list(Occupation)), draw.randrange(1, 9), at=late + timedelta(seconds=n))
    people = [row["id"] for row in db.rows("SELECT id FROM person WHERE void_reason IS NULL ORDER BY id")]
    draw.shuffle(people)
    done = []
    for kept, merged in zip(people[:6:2], people[1:6:2], strict=True):
        try:
            done.append(duplicates.merge(db, kept, merged)[1].operation)
        except StationError:
            continue
    assert done
    history.undo(db, done[-1])
    for request in requests.listing(db)[:12]:
        whole = requests.get(db, request.id)
        if whole.state is RequestState.RECORDED and draw.random() < 0.7:
            at = datetime.fromisoformat(whole.time) + timedelta(minutes=draw.randrange(20, 9000))
            requests.step(db, whole.id, RequestState.CLOSED, verdict=Verdict.FIXED, at=at)
            if draw.random() < 0.4:
                requests.step(db, whole.id, RequestState.REOPENED, at=at + timedelta(hours=3))
    scarce, _ = supplies.add_item(db, f"雨衣 {seed}", "件", ItemKind.OTHER)
    supplies.receive(db, scarce.id, 3, MovementKind.BOUGHT, at=datetime.fromisoformat("2025-12-22T09:00:00+08:00"))
    supplies.hand_out(db, scarce.id, 3, given=True, at=datetime.fromisoformat("2025-12-28T09:00:00+08:00"))
    supplies.receive(db, scarce.id, 5, MovementKind.DONATED, at=datetime.fromisoformat("2026-01-03T09:00:00+08:00"))
    supplies.hand_out(db, scarce.id, 5, given=True, at=datetime.fromisoformat("2026-01-18T09:00:00+08:00"))
    before = Plain((replayed(db),), "", "9999")
    lend_and_break(db)
    ask_and_say(db, people[-1])
    keepers.open_station(db, at=datetime.fromisoformat("2026-01-21T08:50:00+08:00"))  # open, and nobody came; never closed
    return sum(before.still_out().values()), len(before.broken())


def ask_and_say(db: Database, person_id: str) -> None:
    """A request that was answered and is open again, one that nobody took up and another joined, one typed in by mistake; faces pressed."""

    def on(day: str, hour: int) -> datetime:
        return datetime.fromisoformat(f"{day}T{hour:02d}:20:00+08:00")

    again, _ = requests.add(db, "路灯不亮", person_id=person_id, urgency=Urgency.URGENT, at=on("2025-12-30", 10))
    requests.step(db, again.id, RequestState.TRANSFERRED, unit="区城管局", at=on("2025-12-30", 15))
    requests.step(db, again.id, RequestState.REPLIED, at=on("2025-12-31", 9))
    requests.step(db, again.id, RequestState.TOLD, verdict=Verdict.NOT, at=on("2026-01-02", 11))
    waits, _ = requests.add(db, "井盖松了", urgency=Urgency.EMERGENCY, at=on("2026-01-05", 16))
    voices.add(db, waits.id, person_id=person_id, at=on("2026-01-06", 9))
    _, slip = requests.add(db, "记错了", at=on("2026-01-06", 10))
    history.undo(db, slip.operation)
    for day, mood in (("2025-12-31", Mood.GOOD), ("2026-01-01", Mood.GOOD), ("2026-01-01", Mood.POOR)):
        feedback.add(db, mood, at=on(day, 14))


def lend_and_break(db: Database) -> None:
    """Umbrellas and cables lent over the turn of the year: back, half back, lost, taken back; a microwave that breaks twice.

    Two cables stay out, one repair stays open.
    """

    def on(day: str) -> datetime:
        return datetime.fromisoformat(f"{day}T10:00:00+08:00")

    umbrella = loans.add(db, "雨伞", AssetKind.UMBRELLA, at=on("2025-12-10"))[0][0]
    cables = loans.add(db, "充电线", AssetKind.CABLE, 9, pooled=True, at=on("2025-12-10"))[0][0]
    first, _ = loans.lend(db, umbrella.id, occupation=Occupation.COURIER, at=on("2025-12-30"))
    loans.end(db, first.id, at=on("2026-01-02"))
    half, _ = loans.lend(db, cables.id, quantity=3, at=on("2025-12-31"))
    loans.end(db, half.id, quantity=1, at=on("2026-01-03"))
    _, back = loans.end(db, half.id, quantity=1, at=on("2026-01-04"))
    history.undo(db, back.operation)
    lost, _ = loans.lend(db, cables.id, quantity=2, at=on("2026-01-05"))
    loans.end(db, lost.id, quantity=2, outcome=LoanOutcome.LOST, at=on("2026-01-06"))
    _, slip = loans.lend(db, cables.id, quantity=4, at=on("2026-01-07"))
    history.undo(db, slip.operation)
    oven = equipment.add(db, "微波炉", at=on("2025-12-10"))[0]
    broken, _ = equipment.report(db, oven.id, "不加热", at=on("2025-12-29"))
    for state in (RepairState.UNDER_WAY, RepairState.DONE, RepairState.ACCEPTED):
        equipment.repair(db, broken.id, state, at=on("2026-01-08"))
    again, _ = equipment.report(db, oven.id, "门关不上", at=on("2026-01-09"))
    equipment.repair(db, again.id, RepairState.UNDER_WAY, at=on("2026-01-10"))


@dataclass(frozen=True)
class Trio:
    """Three stations, their rows as the log tells them, and a district that holds the rows of all."""

    stations: tuple[Database, ...]
    plain: tuple[Rows, ...]
    district: Database
    stores: tuple[str, ...]
    brought: tuple[tuple[int, int], ...]
    """What the demo of each had lent and not mended, before this test's own loans."""


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trio]:
    folder = tmp_path_factory.mktemp("trio")
    clock = Clock("2026-01-21T20:00:00+08:00")
    with ExitStack() as open_:
        found, brought = [], []
        for seed in (3, 5, 9):
            demo.make(folder / str(seed), days=38, visits_per_day=9, seed=seed, until=UNTIL, clock=clock, cost=CHEAP)
            db = stations.open_station(folder / str(seed), demo.PASSWORD, clock=clock)
            open_.callback(db.close)
            db.acting = ""
            brought.append(trouble(db, seed))
            found.append(db)
        district = store.set_up(folder / "district", "990101", "云桥区", "社会工作部", PASSWORD, clock=clock, cost=CHEAP)
        open_.callback(district.close)
        plain = tuple(replayed(db) for db in found)
        with district.transact(Op.TAKE_IN) as tx:
            for number, (db, rows) in enumerate(zip(found, plain, strict=True)):
                tx.run("INSERT INTO store(store_id, station_id) VALUES(?, ?)", (db.store_id, f"station-{number}"))
                for table in LEDGERS:
                    tx.take(table, rows.get(table, {}).values())
            from station_app.services import aliases

            aliases.rebuild(tx)
        yield Trio(tuple(found), plain, district, tuple(db.store_id for db in found), tuple(brought))


def replayed(db: Database) -> Rows:
    """The ledgers as the log of changes leaves them: each row's newest image."""
    rows: Rows = {}
    for change in db.rows("SELECT table_name, row_id, after FROM change ORDER BY sequence"):
        rows.setdefault(change["table_name"], {})[change["row_id"]] = json.loads(change["after"])
    return rows


# --- counting plainly -----------------------------------------------------------------------------------------------------


class Plain:
    """The figures of a span by the definitions, over rows of one station or of several."""

    def __init__(self, parts: tuple[Rows, ...], first: str, last: str) -> None:
        self.rows = {table: {key: row for part in parts for key, row in part.get(table, {}).items()} for table in LEDGERS}
        self.first, self.last = first, last
        self.visits = self.within("visit")
        self.person = self.merged()

    def standing(self, table: str) -> list[dict[str, Any]]:
        return [row for row in self.rows[table].values() if not row.get("void_reason")]

    def within(self, table: str) -> list[dict[str, Any]]:
        return [row for row in self.standing(table) if self.first <= row["business_date"] <= self.last]

    def merged(self) -> Callable[[str], str]:
        """Whom an id means: people joined by the merges that stand, by their smallest id."""
        above: dict[str, str] = {}

        def top(one: str) -> str:
            while one in above:
                one = above[one]
            return one

        for row in self.standing("person_merge"):
            high, low = sorted((top(row["kept_id"]), top(row["merged_id"])))
            if high != low:
                above[low] = high
        return top

    def kept(self, person: str) -> str:
        """The record that stands for a person: the one kept."""
        for row in sorted(self.standing("person_merge"), key=lambda row: (row["time"], row["id"])):
            if row["merged_id"] == person:
                return self.kept(row["kept_id"])
        return person

    def times(self, key: Callable[[Mapping[str, Any]], Any] = lambda _row: "all", only: str = "") -> Counter[Any]:
        counted: Counter[Any] = Counter()
        for row in self.visits:
            if not only or (row.get("person_id") is not None) == (only == "registered"):
                counted[key(row)] += row["person_times"]
        return counted

    def open_days(self) -> set[str]:
        opened = {row["business_date"] for row in self.within("station_day") if row.get("opened")}
        return opened | {row["business_date"] for row in self.visits}

    def state(self, request: str) -> str:
        life = ["reopened", *(state.value for state in RequestState if state is not RequestState.REOPENED)]
        steps = [row for row in self.standing("request_step") if row["request_id"] == request and not row.get("voice_id")]
        newest = max(steps, key=lambda row: (row["round"], life.index(row["state"]), row["time"], row["id"]), default=None)
        return str(newest["state"]) if newest else "recorded"

    def closed_at(self, request: str) -> str:
        steps = [row for row in self.standing("request_step") if row["request_id"] == request and row["state"] == "closed"]
        return str(max(steps, key=lambda row: (row["round"], row["time"], row["id"]))["time"])

    def still_out(self) -> dict[str, int]:
        """What of each loan up to the last day is not back, by its id."""
        back: Counter[str] = Counter()
        for row in self.standing("loan_end"):
            back[row["loan_id"]] += row["quantity"]
        until = [row for row in self.standing("loan") if row["business_date"] <= self.last]
        return {row["id"]: row["quantity"] - back[row["id"]] for row in until if row["quantity"] > back[row["id"]]}

    def broken(self) -> list[dict[str, Any]]:
        """The repairs told up to the last day that nobody accepted or dropped."""
        told = [row for row in self.standing("repair") if row["business_date"] <= self.last]
        return [row for row in told if row["state"] not in ("accepted", "dropped")]

    def items(self, table: str, column: str, *, to_date: bool = False) -> Counter[str]:
        counted: Counter[str] = Counter()
        names = {key: row["name"] for key, row in self.rows["item"].items()}
        for row in self.standing(table):
            if row["business_date"] <= self.last and (to_date or row["business_date"] >= self.first):
                counted[names[row["item_id"]]] += row[column]
        return counted


def report_of(plain: Plain) -> dict[str, Any]:
    """A report by the names of its fields."""
    people = {plain.person(row["person_id"]) for row in plain.visits if row.get("person_id")}
    platform: Counter[str] = Counter()
    for row in plain.visits:
        if row.get("person_id"):
            platform[plain.rows["person"][plain.kept(row["person_id"])].get("platform") or ""] += row["person_times"]
    return {
        "person_times": plain.times().total(), "unique_people": len(people), "registered": plain.times(only="registered").total(),
        "anonymous": plain.times(only="anonymous").total(), "open_days": len(plain.open_days()),
        "by_day": plain.times(lambda row: row["business_date"]), "by_hour": plain.times(lambda row: row["hour"]),
        "by_occupation": plain.times(lambda row: row["occupation"]), "by_platform": platform,
        "by_amenity": Counter(row["amenity"] for row in plain.within("amenity_use")), "handouts": plain.items("handout", "quantity"),
        "balances": plain.items("movement", "delta", to_date=True),
        "requests": Counter(plain.state(row["id"]) for row in plain.within("request")),
        "by_weekday_hour": plain.times(lambda row: (date.fromisoformat(row["business_date"]).weekday(), row["hour"])),
        "registered_by_day": plain.times(lambda row: row["business_date"], "registered"),
        "by_mood": Counter(row["mood"] for row in plain.within("feedback")),
    }  # fmt: skip


def same(found: Any, expected: dict[str, Any]) -> None:
    """Every figure that is told has its twin, and they agree."""
    assert {one.name for one in fields(found)} == expected.keys() | {"first", "last"}
    for name, value in expected.items():
        told = getattr(found, name)
        assert (dict(told) == dict(value)) if isinstance(value, Counter) else told == value, name


# --- every report ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_every_figure_of_every_report(trio: Trio, first: str, last: str) -> None:
    for db, rows in zip(trio.stations, trio.plain, strict=True):
        expected = report_of(Plain((rows,), first, last))
        found = reports.period(db, first, last)
        same(found, expected)
        assert (first >= "2027") == (found.person_times == 0)


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_the_same_definitions_at_the_district_for_any_stations(trio: Trio, first: str, last: str) -> None:
    parts = {f"station-{number}": [store_id] for number, store_id in enumerate(trio.stores)}
    whole, each = reports.across(trio.district, first, last, parts)
    days = sum(len(Plain((rows,), first, last).open_days()) for rows in trio.plain)  # of each station, as a column adds up
    same(whole, report_of(Plain(trio.plain, first, last)) | {"open_days": days})
    for number, rows in enumerate(trio.plain):
        expected = report_of(Plain((rows,), first, last))
        same(each[f"station-{number}"], expected)
        same(reports.period(trio.district, first, last, [trio.stores[number]]), expected)
    two = Plain(trio.plain[:2], first, last)
    same(reports.period(trio.district, first, last, trio.stores[:2]), report_of(two))
    for store_id, db in zip(trio.stores, trio.stations, strict=True):
        assert upkeep.upkeep(trio.district, first, last, [store_id]) == upkeep.upkeep(db, first, last)


Counted = list[tuple[dict[str, Any], Any]]
"""Rows, each with what it adds: a number, or whom it is of."""


def of(table: str, column: str = "", only: Callable[[Plain, dict[str, Any]], bool] = lambda *_: True) -> Callable[[Plain], Counted]:
    """The rows of a span, each adding what stands in a column, or one."""
    return lambda plain: [(row, row[column] if column else 1) for row in plain.within(table) if only(plain, row)]


TWINS: dict[str, Callable[[Plain], Counted]] = {
    "person_times": of("visit", "person_times"),
    "registered": of("visit", "person_times", lambda _, row: bool(row.get("person_id"))),
    "anonymous": of("visit", "person_times", lambda _, row: not row.get("person_id")),
    "unique_people": lambda plain: [(row, plain.person(row["person_id"])) for row in plain.visits if row.get("person_id")],
    "amenities_used": of("amenity_use"),
    "handed_out": of("handout", "quantity"),
    "times_handed_out": of("handout"),
    "received": of("movement", "delta", lambda _, row: row["kind"] in ("opening", "bought", "allocated", "donated")),
    "balance": lambda plain: [(row, row["delta"]) for row in plain.standing("movement") if row["business_date"] <= plain.last],
    "requests": of("request"),
    "requests_closed": of("request", "", lambda plain, row: plain.state(row["id"]) == "closed"),
    "requests_open": of("request", "", lambda plain, row: plain.state(row["id"]) not in ("closed", "withdrawn")),
    "lent": of("loan", "quantity"),
    "still_out": lambda plain: [(plain.rows["loan"][loan], n) for loan, n in plain.still_out().items()],
    "repairs": of("repair"),
    "repairs_open": lambda plain: [(row, 1) for row in plain.broken()],
}


def kin(table: str, column: str, told: str) -> Callable[[Plain, dict[str, Any]], str]:
    """What the row that another names in a column tells, "" where none is named; of a person, the record that stands for them."""

    def found(plain: Plain, row: dict[str, Any]) -> str:
        if not row.get(column):
            return ""
        return str(plain.rows[table][plain.kept(row[column]) if table == "person" else row[column]].get(told) or "")

    return found


def own(column: str) -> Callable[[Plain, dict[str, Any]], str]:
    """What the row itself tells, "" for nothing."""
    return lambda _plain, row: str(row[column]) if row.get(column) is not None else ""


PARTS: dict[str, dict[str, Callable[[Plain, dict[str, Any]], str]]] = {
    "visit": {
        "occupation": own("occupation"), "hour": own("hour"), "recorded": own("recorded"),
        "platform": kin("person", "person_id", "platform"),
    },
    "amenity_use": {"amenity": own("amenity"), "occupation": kin("visit", "visit_id", "occupation")},
    "handout": {"occupation": own("occupation"), "item": kin("item", "item_id", "name"), "kind": kin("item", "item_id", "kind")},
    "movement": {"item": kin("item", "item_id", "name"), "kind": kin("item", "item_id", "kind"), "movement": own("kind")},
    "request": {
        "occupation": kin("person", "person_id", "occupation"), "state": lambda plain, row: plain.state(row["id"]),
        "request_kind": own("kind"), "category": own("category"), "channel": own("channel"),
    },
    "loan": {"occupation": own("occupation"), "asset": kin("asset", "asset_id", "name"), "asset_kind": kin("asset", "asset_id", "kind")},
    "repair": {"equipment": kin("equipment", "equipment_id", "name"), "repair_state": own("state")},
}  # fmt: skip


def total(counted: Counted, figure: str) -> int:
    """What rows add up to: their numbers, or how many different people they are of."""
    return len({whom for _row, whom in counted}) if figure == "unique_people" else sum(n for _row, n in counted)


def test_no_figure_and_no_part_is_without_its_twin() -> None:
    """A figure that is added must be counted here a second time."""
    assert TWINS.keys() == figures.BY_NAME.keys()
    for figure in figures.ALL:
        assert PARTS[figure.table].keys() | {"day"} >= set(figure.parts), figure.name


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_every_figure_for_forms_and_every_part_of_it(trio: Trio, first: str, last: str) -> None:
    """At each station, and at the district for all of them and for two; what stands behind a figure adds up to it."""
    asked = [(db, None, (rows,)) for db, rows in zip(trio.stations, trio.plain, strict=True)]
    asked += [(trio.district, trio.stores, trio.plain), (trio.district, trio.stores[:2], trio.plain[:2])]  # type: ignore[list-item]
    for db, stores, rows in asked:
        plain = Plain(rows, first, last)
        for name, figure in figures.BY_NAME.items():
            counted, wanted = TWINS[name](plain), Wanted(name, first, last)
            assert figures.count(db, wanted, stores) == total(counted, name), name
            assert set(figures.ids(db, wanted, stores)) == {row["id"] for row, _n in counted}, name
            for part in figure.parts:
                told: dict[str, Counted] = {}
                for row, n in counted:
                    told.setdefault(row["business_date"] if part == "day" else PARTS[figure.table][part](plain, row), []).append((row, n))
                expected = {key: total(some, name) for key, some in told.items()}
                assert figures.split(db, wanted, part, stores) == expected, (name, part)
                for key, n in list(expected.items())[:2]:
                    assert figures.count(db, Wanted(name, first, last, {part: (key,)}), stores) == n, (name, part, key)


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_days_open_and_the_average_of_a_form(trio: Trio, first: str, last: str) -> None:
    names = ("open_days", "average")
    assert names == bindings.DERIVED
    cells = tuple(bindings.Bound("S", f"A{place}", name) for place, name in enumerate(names))
    for db, rows in zip(trio.stations, trio.plain, strict=True):
        plain = Plain((rows,), first, last)
        days, times = len(plain.open_days()), plain.times().total()
        told = bindings.values(db, bindings.Binding("F", "", cells), first, last, "")
        assert told == {("S", "A0"): days, ("S", "A1"): round(times / days, 1) if days else 0}


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_figures_of_requests(trio: Trio, first: str, last: str) -> None:
    """How many of what, how long it took until each step, by whole hours and nearest rank."""
    for db, rows in zip(trio.stations, trio.plain, strict=True):
        same(request_figures.period(db, first, last), requests_of(Plain((rows,), first, last), "2026-01-21T20:00:00+08:00"))


def requests_of(plain: Plain, now: str) -> dict[str, Any]:
    """The figures of requests by the names of their fields."""
    asked = plain.within("request")
    steps: dict[str, list[dict[str, Any]]] = {row["id"]: [] for row in asked}
    for step in plain.standing("request_step"):
        steps.get(step["request_id"], []).append(step)
    moment = datetime.fromisoformat

    def first(request: str, *states: str) -> datetime | None:
        own = [row for row in steps[request] if row["state"] in states and not (states == ("told",) and row.get("voice_id"))]
        return min((moment(row["time"]) for row in own), default=None)

    def newest(request: str, state: str, told: str) -> str:
        own = [row for row in steps[request] if row["state"] == state and not (state == "told" and row.get("voice_id"))]
        return str(max(own, key=lambda row: (row["round"], row["time"], row["id"]))[told] or "") if own else ""

    def spread(*pairs: tuple[datetime | None, datetime | None]) -> request_figures.Spread:
        hours = sorted(max(int((end - begin).total_seconds() // 3600), 0) for begin, end in pairs if begin and end)
        return request_figures.Spread(len(hours), *(hours[math.ceil(len(hours) * n / 100) - 1] if hours else 0 for n in (50, 90)))

    waits = ("recorded", "accepted", "transferred", "reopened")
    return {
        "total": len(asked), "voices": sum(row["request_id"] in steps for row in plain.standing("request_voice")),
        "by_kind": Counter(row["kind"] for row in asked), "by_category": Counter(row["category"] for row in asked),
        "by_channel": Counter(row["channel"] for row in asked), "by_state": Counter(plain.state(row["id"]) for row in asked),
        "by_unit": Counter(newest(row["id"], "transferred", "unit") for row in asked),
        "accept": spread(*((moment(row["time"]), first(row["id"], "accepted", "transferred")) for row in asked)),
        "reply": spread(*((moment(row["time"]), first(row["id"], "replied")) for row in asked)),
        "tell": spread(*((first(row["id"], "replied"), first(row["id"], "told")) for row in asked)),
        "told": Counter(verdict for row in asked if (verdict := newest(row["id"], "told", "verdict"))),
        "reopened": sum(any(step["state"] == "reopened" for step in steps[row["id"]]) for row in asked),
        "overdue": sum(plain.state(row["id"]) in waits and moment(row["due"]) < moment(now) for row in asked),
    }  # fmt: skip


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_how_the_station_was_kept(trio: Trio, first: str, last: str) -> None:
    for db, rows in zip(trio.stations, trio.plain, strict=True):
        plain, found = Plain((rows,), first, last), upkeep.upkeep(db, first, last)
        (station,) = plain.standing("station")
        posted = kept = estimated = 0
        today = "2026-01-21"
        days = [row for row in plain.within("station_day") if row.get("opened") and (row.get("closed") or row["business_date"] != today)]
        for row in days:
            opens, closes = (minutes(station[name]) for name in ("opens", "closes"))
            begin = minutes(row["opened"][11:16])
            until = closes if not row.get("closed") else minutes(row["closed"][11:16])
            posted += closes - opens
            kept += max(min(until, closes) - max(begin, opens), 0)
            estimated += not row.get("closed")
        opened = {row["business_date"] for row in days}
        by_day = plain.times(lambda row: row["business_date"])
        took = sorted(
            max(int((datetime.fromisoformat(plain.closed_at(row["id"])) - datetime.fromisoformat(row["time"])).total_seconds() // 60), 0)
            for row in plain.within("request")
            if plain.state(row["id"]) == "closed"
        )
        expected = {
            "posted_minutes": posted, "open_minutes": kept, "recorded_days": len(days), "estimated": estimated,
            "times_while_open": sum(n for day, n in by_day.items() if day in opened), "requests": len(plain.within("request")),
            "requests_closed": len(took), "closed_in": took[math.ceil(len(took) / 2) - 1] if took else None,
            "stock_out": stock_out(plain, min(last, "2026-01-21")), "streak": streak(by_day),
            "lent": total(TWINS["lent"](plain), "lent"), "still_out": sum(plain.still_out().values()), "repairs_open": len(plain.broken()),
        }  # fmt: skip
        same(found, expected)


def test_what_is_out_and_broken_is_what_was_lent_and_broke(trio: Trio) -> None:
    """Two cables more than before, one repair more; what each row behind a figure is said to add comes to the figure."""
    for db, rows, brought in zip(trio.stations, trio.plain, trio.brought, strict=True):
        plain = Plain((rows,), "2025-12-15", "2026-01-31")
        assert (sum(plain.still_out().values()), len(plain.broken())) == (brought[0] + 2, brought[1] + 1)
        for name, figure in figures.BY_NAME.items():
            ids = [row["id"] for row, _n in TWINS[name](plain)]
            if name != "unique_people":
                some = ids[:400]
                lines = figures.lines(db, figure.table, some, figure.adds)
                told = {row["id"]: n for row, n in TWINS[name](plain)}
                assert [(line.id, line.n) for line in lines] == [(one, told[one]) for one in some]


def streak(by_day: Counter[str]) -> upkeep.Streak | None:
    """The longest run of one number on days that anybody came, where counting gives one so long less often than once in a hundred."""
    counts = sorted(item for item in by_day.items() if item[1])
    runs = [list(run) for _n, run in groupby(counts, key=lambda item: item[1])]
    longest = max(runs, key=len, default=[])
    if len(longest) < 3:
        return None
    mean = sum(n for _day, n in counts) / len(counts)
    alike = sum(math.exp(2 * (n * math.log(mean) - mean - math.lgamma(n + 1))) for n in range(1000))
    if len(counts) * alike ** (len(longest) - 1) >= 0.01:
        return None
    return upkeep.Streak(longest[0][0], longest[-1][0], len(longest), longest[0][1])


def minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:5])


def stock_out(plain: Plain, newest: str) -> dict[str, int]:
    """Day by day: what was left at its end of every supply there had been."""
    out: Counter[str] = Counter()
    day, end = date.fromisoformat(plain.first), date.fromisoformat(newest)
    while day <= end:
        for item in plain.standing("item"):
            moves = [row for row in plain.standing("movement") if row["item_id"] == item["id"] and row["business_date"] <= str(day)]
            if item["active"] and moves and sum(row["delta"] for row in moves) <= 0:
                out[item["name"]] += 1
        day += timedelta(1)
    return dict(out)


def test_the_stations_had_everything_that_goes_wrong(trio: Trio) -> None:
    """A negative control: were it not there, the comparisons above would prove little."""
    for rows in trio.plain:
        plain = Plain((rows,), "2025-01-01", "2026-12-31")
        assert sum(1 for row in rows["visit"].values() if row.get("void_reason")) > 3
        assert len(plain.standing("person_merge")) >= 1
        assert any(row.get("void_reason") for row in rows["person_merge"].values())
        assert {plain.state(row["id"]) for row in plain.standing("request")} >= {"closed"}
        assert [name for name, counted in TWINS.items() if not counted(plain)] == []
        assert len(report_of(plain)["by_mood"]) == 2
        asked = requests_of(plain, "2026-01-21T20:00:00+08:00")
        assert [name for name in ("voices", "by_unit", "tell", "told", "reopened", "overdue") if not asked[name]] == []
        assert stock_out(plain, "2026-01-21")
        mutant = {**rows, "visit": {key: row | {"void_reason": None} for key, row in rows["visit"].items()}}
        assert report_of(Plain((mutant,), "2025-12-01", "2025-12-31")) != report_of(Plain((rows,), "2025-12-01", "2025-12-31"))


def test_the_districts_average_is_that_of_all_its_stations(trio: Trio) -> None:
    with trio.district.transact(Op.APPLY_PACK, station="YQ") as tx:
        told = {one.month: one for one in told_averages.for_pack(tx)}
    assert set(told) == {"2025-12", "2026-01"}
    for month, first, last in (("2025-12", "2025-12-01", "2025-12-31"), ("2026-01", "2026-01-01", "2026-01-31")):
        each = [report_of(Plain((rows,), first, last)) for rows in trio.plain]
        found = told[month]
        assert (found.stations, found.person_times) == (3, sum(one["person_times"] for one in each))
        assert found.open_days == sum(one["open_days"] for one in each)


# --- numbers that look made up --------------------------------------------------------------------------------------------


def days(*counts: int) -> dict[str, int]:
    return {(date(2026, 7, 1) + timedelta(n)).isoformat(): count for n, count in enumerate(counts)}


def test_a_run_of_equal_days_is_told_only_when_chance_hardly_gives_it() -> None:
    draw = Random(7)
    streak = upkeep.made_up(days(*(30 for _ in range(6)), 31, 28, 35))
    assert streak is not None
    assert (streak.days, streak.n, streak.first, streak.last) == (6, 30, "2026-07-01", "2026-07-06")
    assert upkeep.made_up(days(30, 30, 30, 25, 33, 41, 28, 30, 36)) is None
    assert upkeep.made_up(days(1, 1, 1, 1, 2, 1, 1)) is None  # one or two a day are often the same
    assert upkeep.made_up({}) is None

    def poisson(mean: float) -> int:
        n, chance, bound = 0, draw.random(), math.exp(-mean)
        while chance > bound:
            chance *= draw.random()
            n += 1
        return n

    told = sum(upkeep.made_up(days(*(poisson(mean) for _ in range(31)))) is not None for mean in (2, 4, 9, 15, 35) for _ in range(200))
    assert told <= 20  # of a thousand honest months; a hundredth of each would be ten
