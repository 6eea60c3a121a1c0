"""An enrolled station that lies, a district that lies: what neither can do to the other, nor to a third.

The liar holds real keys: every forged file below is signed and whole, so only what it says can be turned down.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from station_app.db import Database
from station_app.district import answer, desk, holding, intake, store
from station_app.errors import Bug, Refused
from station_app.model import Consent, Exchange, Occupation, RequestState, Verdict, uuid7
from station_app.services import audit, exchange, people, requests, stations, visits
from station_app.sync import carrier, envelope, identity, inbox, manifest, opening, outbox, wire
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.district.conftest import introduced

NOON = {"time": "2026-07-17T12:00:00+08:00", "business_date": "2026-07-17"}


@pytest.fixture
def liar(tmp_path: Path, clock: Clock, district: Database, stick: Path) -> Iterator[Database]:
    """Another station, enrolled like any."""
    code = replace(SAMPLE, code="LT", name="龙潭驿站")
    opened, _ = stations.set_up(tmp_path / "liar", code, "陈军", PASSWORD, clock=clock, cost=CHEAP)
    yield introduced(opened, district, stick)
    opened.close()


def row(by: Database, **columns: Any) -> dict[str, Any]:
    return {"id": uuid7(), "version": 1, "store_id": by.store_id, **columns}


def told(
    by: Database,
    district: Database,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    keys: Mapping[str, bytes] | None = None,
    **fields: Any,
) -> intake.Received:
    """The district takes in a batch that ``by`` signed, of whatever rows, keys and claims."""
    own, here = outbox.own_identity(by), stations.current(by)
    said: dict[str, Any] = {
        "district": "990101", "recipient": store.own_identity(district).public.fingerprint, "station": here.code,
        "store_id": by.store_id, "no": 1, "prev": "", "first": 1, "last": 1, "closed": NOON["time"],
    }  # fmt: skip
    batch = envelope.write_batch(manifest.BatchFields(**said | fields), tables, own.sign, own.public.verify_key)
    data = carrier.write_carrier([batch.data], keys or {}, {}, own.sign, own.public.verify_key)
    return intake.receive(district, opening.read_batches(data, store.verify_keys(district)))[0]


def honest(by: Database, district: Database) -> None:
    """The district takes in what ``by`` really has to say."""
    outbox.close_batch(by)
    data, _ = outbox.carrier_of(by, [body for _, body in exchange.unconfirmed(by)])
    intake.receive(district, opening.read_batches(data, store.verify_keys(district)))


def reasons(district: Database) -> set[str]:
    return {found["reason"] for found in district.rows("SELECT reason FROM turned_down")}


def somebody(db: Database) -> tuple[str, str]:
    """A named person and a request of theirs, by id."""
    person, _ = people.register(db, Occupation.RIDER, "美团", "李志强", "19911000000", Consent.DISTRICT)
    request, _ = requests.add(db, "充电口不足", person_id=person.id)
    return person.id, request.id


def step(by: Database, request_id: str, state: str, side: str = "station", **more: Any) -> dict[str, Any]:
    return row(by, **NOON, request_id=request_id, round=1, state=state, side=side, **more)


# --- a station that lies ---------------------------------------------------------------------------------------------------


def test_a_station_cannot_write_the_districts_answers(station: Database, liar: Database, district: Database) -> None:
    _, request_id = somebody(station)
    honest(station, district)
    own = requests.add(liar, "自己的")[0].id
    honest(liar, district)
    done = told(
        liar,
        district,
        {"request_step": [step(liar, own, "replied", "district"), step(liar, request_id, "closed")]},
        no=2,
    )
    assert (done.rows, done.turned_down) == (0, 2)
    assert reasons(district) == {"other_side", "other_subject"}
    assert {request.state for request in answer.inbox(district)} == {RequestState.RECORDED}
    assert store.answers_for(district, store.stores_of(district, stations.current(liar).id)) == []


def test_a_station_cannot_make_the_district_forget_anothers_people(
    station: Database, liar: Database, district: Database
) -> None:
    person_id, request_id = somebody(station)
    honest(station, district)
    kept = district.rows("SELECT * FROM subject_key ORDER BY subject_id")
    assert len(kept) == 2
    told(liar, district, {"erasure": [row(liar, **NOON, subject_id=subject) for subject in (person_id, request_id)]})
    assert district.rows("SELECT * FROM subject_key ORDER BY subject_id") == kept
    assert reasons(district) == {"other_subject"}


def test_an_erasure_said_before_the_person_came_forgets_only_ones_own(
    station: Database, liar: Database, district: Database
) -> None:
    person_id, _ = somebody(station)
    told(liar, district, {"erasure": [row(liar, **NOON, subject_id=person_id)]})
    honest(station, district)
    assert district.scalar("SELECT 1 FROM subject_key WHERE subject_id = ?", (person_id,)) == 1


def test_a_key_cannot_be_replaced_by_way_of_a_request_under_anothers_id(
    station: Database, liar: Database, district: Database
) -> None:
    person_id, request_id = somebody(station)
    honest(station, district)
    kept = district.rows("SELECT * FROM subject_key ORDER BY subject_id")
    asked = row(
        liar, **NOON, number="LT-A-2026-0001", kind="help", category="other", channel="desk", urgency="ordinary",
        due=NOON["time"],
    )  # fmt: skip
    someone = row(liar, occupation="rider", consent="none", registered_on="2026-07-17")
    tables = {
        "request": [asked | {"id": person_id}], "person": [someone | {"id": request_id}],
        "identity": [row(liar, name_sealed="") | {"id": person_id}],
        "badge": [row(liar, person_id=person_id, code="1", card_number="1", state="active", issued="2026-07-17")],
    }  # fmt: skip
    done = told(liar, district, tables, {person_id: b"x" * 32, request_id: b"x" * 32})
    assert done.turned_down == 4
    assert district.rows("SELECT * FROM subject_key ORDER BY subject_id") == kept
    assert answer.inbox(district)[0].text == "充电口不足"


def test_a_request_cannot_take_anothers_number(station: Database, liar: Database, district: Database) -> None:
    somebody(station)
    honest(station, district)
    asked = row(
        liar, **NOON, number="YQ-A-2026-0001", kind="help", category="other", channel="desk", urgency="ordinary",
        due=NOON["time"],
    )  # fmt: skip
    told(liar, district, {"request": [asked]})
    assert reasons(district) == {"other_number"}
    assert answer.by_number(district, "YQ-A-2026-0001").text == "充电口不足"


def test_rows_of_another_station_stay_as_they_are(station: Database, liar: Database, district: Database) -> None:
    visit, _ = visits.tally(station, Occupation.RIDER, 3)
    honest(station, district)
    mine = dict(district.rows("SELECT * FROM visit")[0])
    named = dict(station.rows("SELECT * FROM station")[0])
    told(
        liar, district,
        {
            "visit": [mine | {"version": 2**53 - 1, "person_times": 999}, mine | {"version": 9, "store_id": liar.store_id}],
            "station": [named | {"name": "改名", "version": 9, "store_id": liar.store_id}],
        },
    )  # fmt: skip
    assert [dict(found) for found in district.rows("SELECT * FROM visit")] == [mine]
    assert district.scalar("SELECT name FROM station WHERE id = ?", (named["id"],)) == SAMPLE.name
    assert reasons(district) == {"other_store"}
    assert visit.person_times == 3


@pytest.mark.parametrize("claim", ["store", "code"])
def test_a_batch_in_anothers_name_is_refused(station: Database, liar: Database, district: Database, claim: str) -> None:
    lie = {"store_id": station.store_id} if claim == "store" else {"station": "YQ"}
    with pytest.raises(Refused) as refusal:
        told(liar, district, {}, **lie)
    assert refusal.value.word == "district.wrong_sender"
    assert district.rows("SELECT * FROM intake") == []


def test_a_day_no_calendar_has_is_refused_and_reports_go_on(liar: Database, district: Database) -> None:
    visit = row(liar, **NOON, hour=12, occupation="rider", person_times=1, recorded="tally")
    for column, day in (
        ("business_date", "2026-02-31"),
        ("time", "2026-02-30T12:00:00+08:00"),
        ("business_date", "0000-01-01"),
    ):
        with pytest.raises(Bug):
            told(liar, district, {"visit": [visit | {column: day}]})
        spelled = wire.line(wire.typed("visit", visit)).replace(str(visit[column]).encode(), day.encode(), 1)
        with pytest.raises(Refused) as refusal:
            list(wire.decode("visit", [spelled]))
        assert refusal.value.word == "sync_files.bad_row"
    assert desk.report(district, "0001-01-01", "9999-12-31")[0].person_times == 0


def test_a_huge_number_of_a_batch_costs_no_time_and_no_room(liar: Database, district: Database, stick: Path) -> None:
    for no in (2, 2**53 - 1):
        told(liar, district, {}, no=no, first=no)
    missing = desk.status(district)[0].held.missing
    assert missing[:2] == ((liar.store_id, 1), (liar.store_id, 3))
    assert len(missing) == holding.MOST_GAPS
    answer.pack(district, "LT", stick)


def test_a_receipt_names_a_bounded_number_of_rows_turned_down(liar: Database, district: Database, stick: Path) -> None:
    visit = row(liar, **NOON, hour=12, occupation="rider", person_times=1, recorded="tally", store_id=district.store_id)
    told(liar, district, {"visit": [visit | {"id": uuid7()} for _ in range(store.MOST_TURNED_DOWN + 10)]})
    assert district.scalar("SELECT count(*) FROM turned_down") == store.MOST_TURNED_DOWN + 10
    assert len(store.turned_down(district, stations.current(liar).id)) == store.MOST_TURNED_DOWN
    answer.pack(district, "LT", stick)


def test_a_station_has_a_bounded_number_of_stores_and_never_ours_or_anothers(
    station: Database, liar: Database, district: Database, stick: Path
) -> None:
    visit = row(liar, **NOON, hour=12, occupation="rider", person_times=1, recorded="tally")
    claimed = [district.store_id, station.store_id, *(uuid7() for _ in range(intake.MOST_STORES + 5))]
    done = told(liar, district, {"visit": [visit | {"id": uuid7(), "store_id": store_id} for store_id in claimed]})
    assert (done.rows, done.turned_down) == (intake.MOST_STORES - 1, 2 + 6)  # its own store is one of them
    assert store.owner_of(district, station.store_id) == stations.current(station).id
    assert store.owner_of(district, district.store_id) is None
    answer.pack(district, "LT", stick)


def test_one_day_twice_is_turned_down_and_the_rest_is_taken(liar: Database, district: Database) -> None:
    days = [row(liar, business_date="2026-07-17"), row(liar, business_date="2026-07-17")]
    done = told(liar, district, {"station_day": days})
    assert (done.rows, done.turned_down, reasons(district)) == (1, 1, {"day_twice"})


def test_a_fork_is_kept_and_shown_and_neither_side_of_it_is_lost(liar: Database, district: Database) -> None:
    visit = row(liar, **NOON, hour=12, occupation="rider", person_times=1, recorded="tally")
    told(liar, district, {"visit": [visit]})
    told(liar, district, {"visit": [visit | {"person_times": 5}, visit | {"id": uuid7()}]})
    held = desk.status(district)[0].held
    assert [(no, len(hashes)) for _, no, hashes in held.forks] == [(1, 2)]
    assert district.scalar("SELECT count(*) FROM visit") == 2
    assert district.scalar("SELECT count(*) FROM superseded") == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["older first", "older last"])
def test_in_a_fork_an_older_version_stays_visible_whichever_side_comes_first(
    order: tuple[int, int], liar: Database, district: Database
) -> None:
    """Two go on under one store id: one counts once more, the other twice. The higher version was not made of the lower."""
    visit = row(liar, **NOON, hour=12, occupation="rider", person_times=1, recorded="tally")
    once, twice = visit | {"version": 2, "person_times": 67}, visit | {"version": 3, "person_times": 4}
    for image in [(once, twice)[side] for side in order]:
        told(liar, district, {"visit": [image]})
    assert district.scalar("SELECT person_times FROM visit") == 4
    assert [json.loads(one["image"])["person_times"] for one in district.rows("SELECT image FROM superseded")] == [67]


def test_without_a_fork_an_older_version_is_the_past_of_the_newer(liar: Database, district: Database) -> None:
    visit = row(liar, **NOON, hour=12, occupation="rider", person_times=1, recorded="tally")
    told(liar, district, {"visit": [visit]})
    before = district.scalar("SELECT hash FROM intake")
    told(liar, district, {"visit": [visit | {"version": 2, "person_times": 4}]}, no=2, prev=before, first=2, last=2)
    assert district.rows("SELECT 1 FROM superseded") == []


# --- a district that lies --------------------------------------------------------------------------------------------------


def packed(
    by: Database, to: Database, content: manifest.Pack, no: int = 1, epoch: int = 1, **fields: Any
) -> envelope.OpenPack:
    """A pack that the district signed, of whatever content."""
    own = store.own_identity(by)
    said: dict[str, Any] = {
        "district": "990101", "station": stations.current(to).code, "made": NOON["time"], "epoch": epoch, "no": no,
        "recipients": [outbox.own_identity(to).public.fingerprint],
    }  # fmt: skip
    return envelope.write_pack(manifest.PackFields(**said | fields), content, own.sign, own.public.verify_key)


def districts_step(by: Database, request_id: str, state: str, **more: Any) -> wire.RequestStep:
    made = wire.typed("request_step", step(by, request_id, state, **{"side": "district", **more}))
    assert isinstance(made, wire.RequestStep)
    return made


def test_a_district_writes_only_steps_of_its_own_on_requests_of_ours(
    station: Database, liar: Database, district: Database
) -> None:
    _, mine = somebody(station)
    first = requests.get(station, mine).steps[0].id
    steps = [
        districts_step(district, somebody(liar)[1], "replied"),  # another station's request
        districts_step(district, mine, "closed", side="station"),  # in our name
        districts_step(district, mine, "closed", store_id=station.store_id),  # from our store
        districts_step(district, mine, "closed", id=first, version=99),  # in the place of our own step
        districts_step(district, mine, "replied"),
    ]
    applied, _ = inbox.apply(station, packed(district, station, manifest.Pack(steps=steps)))
    assert applied.steps == 1
    now = requests.get(station, mine)
    assert [(one.state, one.side) for one in now.steps] == [
        (RequestState.RECORDED, "station"), (RequestState.REPLIED, "district"),
    ]  # fmt: skip
    assert audit.check(station) == []


def test_a_receipt_confirms_nothing_that_is_not_ours_and_refuses_only_the_version_it_names(
    station: Database, district: Database
) -> None:
    visit, _ = visits.tally(station, Occupation.RIDER, 3)
    outbox.close_batch(station)
    refused = [
        manifest.TurnedDown(table="no_such_table", id=uuid7(), version=1, reason="x"),
        manifest.TurnedDown(table="visit", id=visit.id, version=1, reason="other_store"),
    ]
    elsewhere = manifest.Holding(store_id=uuid7(), have=["0" * 64])
    receipt = manifest.Receipt(stores=[elsewhere], refused=refused)
    applied, _ = inbox.apply(station, packed(district, station, manifest.Pack(receipt=receipt)))
    assert applied.receipted == 0
    assert exchange.states(station, "visit", [visit.id]) == {visit.id: Exchange.REFUSED}
    assert exchange.status(station).refused == 1
    visits.set_count(station, visit.id, 4)  # corrected: the new version is a row like any other
    outbox.close_batch(station)
    assert exchange.states(station, "visit", [visit.id]) == {visit.id: Exchange.PACKED}
    assert exchange.status(station).refused == 0


def test_a_restored_district_counts_anew_and_is_offered_what_it_lost(station: Database, district: Database) -> None:
    visits.tally(station, Occupation.RIDER, 3)
    no, _ = outbox.close_batch(station)
    hashes = list(exchange.own_hashes(station))
    confirmed = manifest.Pack(receipt=manifest.Receipt(stores=[manifest.Holding(store_id=station.store_id, have=hashes)]))
    inbox.apply(station, packed(district, station, confirmed, no=1))
    assert exchange.unconfirmed(station) == []
    inbox.apply(station, packed(district, station, manifest.Pack(), no=1, epoch=2))
    assert [waiting for waiting, _ in exchange.unconfirmed(station)] == [no]
    assert exchange.status(station).receipted == 0
    for epoch in (1, 2):
        with pytest.raises(Refused) as refusal:
            inbox.apply(station, packed(district, station, confirmed, no=1, epoch=epoch))
        assert refusal.value.word == "sync_page.old_pack"
    assert inbox.apply(station, packed(district, station, confirmed, no=2, epoch=2))[0].receipted == 1


def owed(by: Database, to: Database) -> list[wire.RequestStep]:
    """The steps that the district would send."""
    found = [wire.typed("request_step", dict(one)) for one in store.answers_for(by, [to.store_id])]
    return [one for one in found if isinstance(one, wire.RequestStep)]


# --- clocks, orders, repeats -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "district_clock", ["1970-01-02T00:00:00+08:00", "2026-07-16T08:00:00+08:00", "2036-01-01T00:00:00+08:00"]
)
def test_an_answer_stands_whatever_the_districts_clock_says(
    station: Database, district: Database, clock: Clock, district_clock: str
) -> None:
    number = requests.add(station, "充电口不足")[0].number
    honest(station, district)
    here = clock.moment.isoformat()
    clock.set(district_clock)
    answer.reply(district, number, RequestState.TRANSFERRED, unit="综合行政执法局")
    assert answer.reply(district, number, RequestState.REPLIED, "加装 8 个")[0].state is RequestState.REPLIED
    clock.set(here)
    steps = owed(district, station)
    for no, order in enumerate(
        (steps[1:], steps, steps[::-1], steps), start=1
    ):  # the second part first, then again and again
        inbox.apply(station, packed(district, station, manifest.Pack(steps=order), no=no))
        assert requests.by_number(station, number).state is RequestState.REPLIED
    assert [one.number for one in requests.to_tell(station)] == [number]
    assert [one.state.value for one in requests.by_number(station, number).steps] == [
        "recorded",
        "transferred",
        "replied",
    ]
    requests_told = requests.step(station, requests.to_tell(station)[0].id, RequestState.TOLD, verdict=Verdict.NOT)[0]
    assert requests_told.state is RequestState.REOPENED
    honest(station, district)
    assert answer.by_number(district, number).state is RequestState.REOPENED
    assert answer.reply(district, number, RequestState.REPLIED, "已加装")[0].state is RequestState.REPLIED


def test_both_sides_step_on_at_once_and_say_the_same_afterwards(
    station: Database, district: Database, clock: Clock
) -> None:
    request = requests.add(station, "充电口不足")[0]
    honest(station, district)
    requests.step(station, request.id, RequestState.ACCEPTED)
    answer.reply(district, request.number, RequestState.REPLIED, "加装 8 个")
    clock.forward(days=1)
    requests.step(station, request.id, RequestState.TRANSFERRED)  # later, and not knowing of the answer
    honest(station, district)
    inbox.apply(station, packed(district, station, manifest.Pack(steps=owed(district, station))))
    assert (
        requests.get(station, request.id).state
        is answer.by_number(district, request.number).state
        is RequestState.REPLIED
    )


def test_one_key_or_store_is_one_station(liar: Database, station: Database, district: Database, stick: Path) -> None:
    own = outbox.own_identity(liar)
    for store_id in (uuid7(), station.store_id):
        said = identity.Enrolment(
            verify_key=own.public.verify_key.hex(), made=NOON["time"], district="990101", station_id=uuid7(), code="XX", letter="A",
            name="第二个", store_id=store_id, recipient=own.public.recipient,
        )  # fmt: skip
        (stick / "enrol-XX.json").write_bytes(identity.write_introduction(said, own))
        with pytest.raises(Refused) as refusal:
            store.enrol(district, stick / "enrol-XX.json")
        assert refusal.value.word == "district.taken"
    assert [known.code for known in store.stations(district)] == ["LT", "YQ"]


def test_a_past_written_anew_is_shown(liar: Database, district: Database) -> None:
    for no, previous in ((1, ""), (2, "0" * 64)):
        told(liar, district, {}, no=no, prev=previous, first=no)
    assert [no for _, no, _ in desk.status(district)[0].held.forks] == [2]


def test_a_note_that_could_not_be_sealed_is_not_dropped_in_silence(station: Database, district: Database) -> None:
    number = requests.add(station, "充电口不足")[0].number
    asked = [dict(found) for found in station.rows("SELECT * FROM request")]
    told(station, district, {"request": asked})  # without its key
    with pytest.raises(Refused) as refusal:
        answer.reply(district, number, RequestState.REPLIED, "加装 8 个")
    assert refusal.value.word == "requests.no_key"
    assert answer.reply(district, number, RequestState.REPLIED)[0].state is RequestState.REPLIED


def test_a_row_that_was_turned_down_and_taken_after_all_is_not_told_as_refused_any_more(
    station: Database, district: Database
) -> None:
    visit = {**row(station), **NOON, "hour": 12, "occupation": "rider", "person_times": 1, "recorded": "tally"}
    told(station, district, {"visit": [{**visit, "store_id": district.store_id}]}, no=1)
    mine = store.by_code(district, "YQ").station_id
    assert [found["reason"] for found in store.turned_down(district, mine)] == ["other_store"]
    told(station, district, {"visit": [visit]}, no=2)
    assert store.turned_down(district, mine) == []
