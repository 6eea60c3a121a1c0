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
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
    MovementKind,
    Occupation,
    Op,
    RepairState,
    RequestState,
    Verdict,
)
from station_app.schema import LEDGERS
from station_app.services import (
    demo,
    duplicates,
    equipment,
    figures,
    history,
    keepers,
    loans,
    reports,
    requests,
    stations,
    supplies,
    upkeep,
    visits,
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
    keepers.open_station(db, at=datetime.fromisoformat("2026-01-21T08:50:00+08:00"))  # open, and nobody came; never closed
    return sum(before.still_out().values()), len(before.broken())


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
    }  # fmt: skip


def same(found: Any, expected: dict[str, Any]) -> None:
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


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_figures_for_forms_and_their_parts(trio: Trio, first: str, last: str) -> None:
    for db, rows in zip(trio.stations, trio.plain, strict=True):
        plain = Plain((rows,), first, last)

        def split(figure: str, part: str, db: Database = db) -> dict[str, int]:
            return {key: n for key, n in figures.split(db, Wanted(figure, first, last), part).items() if n}

        for who in ("registered", "anonymous"):
            assert split(who, "occupation") == dict(plain.times(lambda row: row["occupation"], who))
        given: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        for row in plain.within("handout"):
            given[row.get("occupation") or ""] += row["quantity"]
            kinds[plain.rows["item"][row["item_id"]]["kind"]] += row["quantity"]
        assert (split("handed_out", "occupation"), split("handed_out", "kind")) == (dict(given), dict(kinds))
        asked: Counter[str] = Counter()
        closed: Counter[str] = Counter()
        for row in plain.within("request"):
            occupation = plain.rows["person"][plain.kept(row["person_id"])]["occupation"] if row.get("person_id") else ""
            asked[occupation] += 1
            closed[occupation] += plain.state(row["id"]) == "closed"
        assert split("requests", "occupation") == dict(asked)
        assert split("requests_closed", "occupation") == {key: n for key, n in closed.items() if n}
        came = Counter(row["kind"] for row in plain.within("movement") for _ in range(row["delta"]) if row["kind"] in figures.RECEIVED)
        assert split("received", "movement") == dict(came)
        for who in Occupation:
            ids = {plain.person(row["person_id"]) for row in plain.visits if row.get("person_id") and row["occupation"] == who}
            assert figures.count(db, Wanted("unique_people", first, last, {"occupation": (who.value,)})) == len(ids)


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
        assert (found.posted_minutes, found.open_minutes, found.recorded_days, found.estimated) == (posted, kept, len(days), estimated)
        opened = {row["business_date"] for row in days}
        assert found.times_while_open == sum(n for day, n in plain.times(lambda row: row["business_date"]).items() if day in opened)
        took = sorted(
            max(int((datetime.fromisoformat(plain.closed_at(row["id"])) - datetime.fromisoformat(row["time"])).total_seconds() // 60), 0)
            for row in plain.within("request")
            if plain.state(row["id"]) == "closed"
        )
        assert (found.requests, found.requests_closed) == (len(plain.within("request")), len(took))
        assert found.closed_in == (took[math.ceil(len(took) / 2) - 1] if took else None)
        assert found.stock_out == stock_out(plain, min(last, "2026-01-21"))


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_loans_and_repairs(trio: Trio, first: str, last: str) -> None:
    """What was lent, what of it is still out, what waits to be mended; each figure is the sum of its rows and of its parts."""
    for db, rows, brought in zip(trio.stations, trio.plain, trio.brought, strict=True):
        plain = Plain((rows,), first, last)
        expected = {
            "lent": sum(row["quantity"] for row in plain.within("loan")), "still_out": sum(plain.still_out().values()),
            "repairs": len(plain.within("repair")), "repairs_open": len(plain.broken()),
        }  # fmt: skip
        kept = upkeep.upkeep(db, first, last)
        assert kept.house == {name: expected[name] for name in ("lent", "still_out", "repairs_open")}
        for name, n in expected.items():
            wanted, figure = Wanted(name, first, last), figures.known(name)
            assert figures.count(db, wanted) == n
            assert sum(line.n for line in figures.lines(db, figure.table, figures.ids(db, wanted), figure.adds)) == n
            for part in figure.parts:
                assert sum(figures.split(db, wanted, part).values()) == n
        if last >= "2026-01-31":
            assert (expected["still_out"], expected["repairs_open"]) == (brought[0] + 2, brought[1] + 1)


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
