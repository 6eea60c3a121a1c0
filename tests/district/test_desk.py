"""What the desk knows of all stations at once: who stands how, whom to call, months that are closed, promises, notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from station_app import vault
from station_app.db import Database
from station_app.district import answer, books, desk, intake, many, months, promises, store
from station_app.errors import Cancelled, EnvironmentFault, Refused, UserMistake
from station_app.model import Consent, Exchange, ItemKind, MovementKind, Occupation, Op, RequestState
from station_app.services import (
    arrivals,
    history,
    keepers,
    people,
    preferences,
    reports,
    requests,
    stations,
    supplies,
    visits,
)
from station_app.sync import inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.district.conftest import introduced


@pytest.fixture
def second(tmp_path: Path, clock: Clock, district: Database, stick: Path) -> Iterator[Database]:
    """Another station of the district."""
    other = replace(SAMPLE, code="LT", name="龙潭驿站", phone="0851-2")
    opened, _ = stations.set_up(tmp_path / "second", other, "陈军", PASSWORD, clock=clock, cost=CHEAP)
    yield introduced(opened, district, stick)
    opened.close()


def take(district: Database, db: Database, stick: Path, opener: Opener) -> many.Outcome:
    return many.take(district, outbox.export(db, stick)[0].path, opener)


def answered(db: Database, district: Database, code: str, stick: Path, opener: Opener) -> None:
    written, _ = answer.pack(district, code, stick)
    inbox.apply(db, inbox.look(db, written.path, opener)[0])


def line(district: Database, code: str) -> desk.Standing:
    return next(one for one in desk.overview(district).lines if one.station.code == code)


# --- stations at a glance -----------------------------------------------------------------------------------------------


def test_a_station_stands_by_what_it_sent(
    station: Database, second: Database, district: Database, stick: Path, opener: Opener
) -> None:
    visits.tally(station, Occupation.RIDER, 7)
    requests.add(station, "充电口不足")
    assert take(district, station, stick, opener).error is None
    overview = desk.overview(district)
    first, other = overview.lines[1], overview.lines[0]
    assert (first.station.code, first.person_times, first.unanswered, first.held.newest_no) == ("YQ", 7, 1, 1)
    assert (first.held.agrees, first.troubled, first.overdue, first.silent) == (True, False, False, 0)
    assert (other.station.code, other.held.batches, other.person_times) == ("LT", 0, 0)
    assert (overview.person_times, overview.unanswered, overview.late) == (7, 1, 0)
    number = answer.inbox(district)[0].number
    answer.reply(district, number, RequestState.REPLIED, "已加装")
    assert line(district, "YQ").unanswered == 0


def test_what_waits_too_long_is_late(
    station: Database, district: Database, stick: Path, opener: Opener, clock: Clock
) -> None:
    requests.add(station, "充电口不足")
    take(district, station, stick, opener)
    clock.forward(days=8)
    assert desk.overview(district).late == 1


def test_silence_is_counted_from_the_last_file_and_the_setting_says_how_much_is_too_much(
    station: Database, second: Database, district: Database, stick: Path, opener: Opener, clock: Clock
) -> None:
    visits.tally(station, Occupation.RIDER, 1)
    clock.forward(days=5)
    take(district, station, stick, opener)
    clock.forward(days=7)
    assert [(one.station.code, one.silent) for one in desk.overview(district).overdue] == [("LT", 12)]
    clock.forward(days=1)
    assert [(one.station.code, one.silent) for one in desk.overview(district).overdue] == [("LT", 13), ("YQ", 8)]
    preferences.change(district, "overdue_days", "12")
    assert [one.station.code for one in desk.overview(district).overdue] == ["LT"]


def test_a_missing_batch_is_trouble_until_it_comes(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    from station_app.services import exchange

    visits.tally(station, Occupation.RIDER, 1)
    outbox.close_batch(station)
    first = exchange.unconfirmed(station)[0][1]
    visits.tally(station, Occupation.RIDER, 2)
    outbox.close_batch(station)
    second = exchange.unconfirmed(station)[1][1]
    for body in (second, first):
        own = store.own_identity(district)
        data, _ = outbox.carrier_of(station, [body])[:2]
        from station_app.sync import carrier

        file = stick / "YQA-20260717-0009.batch"
        file.write_bytes(carrier.seal(data, [own.public.recipient]))
        assert many.take(district, file, opener).error is None
        standing = line(district, "YQ")
        assert standing.troubled is (body is second)
    assert [one.no for one in desk.dossier(district, standing).intakes] == [2, 1]


def test_a_call_is_noted_and_can_be_forgotten(station: Database, district: Database) -> None:
    call, changes = desk.note_call(district, "yq", "周五前报上来")
    assert changes.tables == {"called"}
    called = line(district, "YQ").called
    assert called is not None
    assert (called.officer, called.note) == ("社会工作部", "周五前报上来")
    desk.forget_call(district, call)
    assert line(district, "YQ").called is None
    with pytest.raises(UserMistake):
        desk.note_call(district, "YQ", "长" * 501)


def test_the_officers_are_not_the_keepers_of_stations(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    visits.tally(station, Occupation.RIDER, 1)
    take(district, station, stick, opener)
    assert "王敏" in [one.name for one in keepers.listing(district)]
    assert [one.name for one in books.officers(district)] == ["社会工作部"]


def test_a_change_of_keys_that_was_interrupted_is_ended_when_the_district_opens(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "home"
    db = store.set_up(folder, "990101", "云桥区", "陈立", PASSWORD, clock=clock, cost=CHEAP)
    file = db.path.with_suffix(".slots")
    root, _ = vault.unlock(file, PASSWORD)
    db.close()
    before = file.read_bytes()
    vault.before(file).write_bytes(before)
    vault.add(file, root, "nobody-in-the-ledger", "another password", cost=CHEAP)  # and here the power went
    store.open_district(folder, PASSWORD, clock=clock).close()
    assert file.read_bytes() == before
    with pytest.raises(Refused):
        store.open_district(folder, "another password", clock=clock)


def test_ctrl_z_takes_back_the_districts_own_step_and_never_what_a_station_sent(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    number = requests.add(station, "充电口不足")[0].number
    take(district, station, stick, opener)
    assert desk.undo_last(district) is None
    answer.reply(district, number, RequestState.REPLIED, "写错了")
    answered(station, district, "YQ", stick, opener)
    found = desk.undo_last(district)
    assert found is not None
    assert found[0].op is Op.REQUEST_STEP
    assert answer.by_number(district, number).state is RequestState.RECORDED
    assert desk.undo_last(district) is None
    answered(station, district, "YQ", stick, opener)  # the void travels too
    assert requests.by_number(station, number).state is RequestState.RECORDED


# --- many files, many packs -----------------------------------------------------------------------------------------------


def test_hundreds_are_found_below_a_folder_and_each_has_its_outcome(
    station: Database, second: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path
) -> None:
    for db in (station, second):
        visits.tally(db, Occupation.RIDER, 3)
        deep = stick / "七月" / stations.current(db).code
        deep.mkdir(parents=True)
        outbox.export(db, deep)
    (stick / "notes.txt").write_text("nothing of ours")
    (stick / "LTA-20260717-0007.batch").write_bytes(b"age-encryption.org/v1 broken")
    found = many.look([stick])
    assert len(found.batches) == 3
    assert sorted(file.name for file in found.introductions) == ["enrol-LT.json", "enrol-YQ.json"]
    outcomes = [many.take(district, file, opener) for file in found.batches]
    total = many.summary(outcomes)
    assert (total.files, total.fresh, total.known, total.refused, total.stations) == (3, 2, 0, 1, 2)
    again = many.summary([many.take(district, file, opener) for file in found.batches])
    assert (again.fresh, again.known, again.refused, again.rows) == (0, 2, 1, 0)
    assert many.look([tmp_path / "missing.batch"]).batches == (tmp_path / "missing.batch",)
    assert many.take(district, tmp_path / "missing.batch", opener).error is not None


def test_packs_for_all_go_onto_one_stick_or_into_a_folder_each(
    station: Database, second: Database, district: Database, stick: Path, opener: Opener
) -> None:
    seen: list[tuple[int, int]] = []
    done = many.send(district, [], stick, progress=lambda n, total: seen.append((n, total)))
    assert [sent.station.code for sent in done.sent] == ["LT", "YQ"]
    assert seen == [(0, 2), (1, 2), (2, 2)]
    assert {sent.file.path.parent for sent in done.sent} == {stick}
    own = many.send(district, [], stick, own_folders=True)
    assert [sent.file.path.parent.name for sent in own.sent] == ["LT", "YQ"]
    inbox.apply(station, inbox.look(station, own.sent[1].file.path, opener)[0])


def test_a_round_that_is_stopped_keeps_what_was_written_and_names_the_rest(
    station: Database, second: Database, district: Database, stick: Path
) -> None:
    def stop(done: int, _total: int) -> None:
        if done == 1:
            raise Cancelled("kit.cancelled")

    stopped = many.send(district, [], stick, progress=stop)
    assert ([sent.station.code for sent in stopped.sent], stopped.left) == (["LT"], ("YQ",))
    assert isinstance(stopped.error, Cancelled)
    assert len(list(stick.glob("*.pack"))) == 1
    gone = many.send(district, [], stick / "pulled out")
    assert isinstance(gone.error, EnvironmentFault)
    assert gone.left == ("LT", "YQ")
    with pytest.raises(UserMistake):
        many.send(district, ["YQ", "ZZ"], stick)


# --- months ---------------------------------------------------------------------------------------------------------------


def a_little(db: Database, times: int) -> None:
    rider, _ = people.register(db, Occupation.RIDER, "美团", "李志强", f"1991100000{times}", Consent.DISTRICT)
    keepers.open_station(db)
    visits.check_in(db, rider.badge_code)
    visits.tally(db, Occupation.COURIER, times)
    water = supplies.by_name(db, "矿泉水") or supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)[0]
    supplies.receive(db, water.id, 10)
    supplies.hand_out(db, water.id, person_id=rider.id)
    requests.add(db, "充电口不足", person_id=rider.id)


def test_all_parts_at_once_say_what_each_says_alone(
    station: Database, second: Database, district: Database, stick: Path, opener: Opener, clock: Clock
) -> None:
    for days, (db, times) in enumerate(((station, 4), (second, 9))):
        a_little(db, times)
        clock.forward(days=days, hours=3)
        visits.tally(db, Occupation.OTHER, 2)
        take(district, db, stick, opener)
    span = ("2026-07-01", "2026-07-31")
    parts = {
        "one": store.stores_of(district, stations.current(station).id),
        "both": [station.store_id, second.store_id],
        "none": [],
    }
    together, each = reports.across(district, *span, {name: parts[name] for name in ("both", "none")})
    assert together == each["both"] == reports.period(district, *span, parts["both"])
    assert each["none"] == reports.period(district, *span, [])
    whole, apart = reports.across(district, *span, {"one": parts["one"], "other": [second.store_id]})
    assert whole == replace(together, open_days=apart["one"].open_days + apart["other"].open_days), "of each station, one"
    assert apart["one"] == reports.period(district, *span, parts["one"])
    with pytest.raises(UserMistake):
        reports.across(district, "2026-08-01", "2026-07-01", {})


def test_a_closed_month_stays_and_what_changes_later_stands_beside_it(
    station: Database, second: Database, district: Database, stick: Path, opener: Opener, clock: Clock
) -> None:
    a_little(station, 4)
    _late, changes = visits.tally(station, Occupation.RIDER, 6)
    take(district, station, stick, opener)
    with pytest.raises(Refused) as early:
        months.close(district, "2026-07")
    assert early.value.word == "district.month_runs"
    clock.set("2026-08-03T09:00:00+08:00")
    closed, _ = months.close(district, "2026-07")
    assert (closed.whole.person_times, closed.officer, closed.corrections) == (11, "社会工作部", ())
    assert months.listing(district) == [("2026-07", True)]
    with pytest.raises(Refused) as twice:
        months.close(district, "2026-07")
    assert twice.value.word == "district.month_closed"

    history.undo(station, changes.operation)
    visits.tally(second, Occupation.RIDER, 3, clock().replace(month=7, day=20))
    for db in (station, second):
        take(district, db, stick, opener)
    again = months.month(district, "2026-07")
    assert again.whole == closed.whole, "what was reported is printed as it was"
    assert again.each == closed.each
    told = {(one.station, one.figure): (one.then, one.now) for one in again.corrections}
    assert told["", "person_times"] == (11, 8)
    assert told["YQ", "person_times"] == (11, 5)
    assert told["LT", "person_times"] == (0, 3)
    assert told["LT", "open_days"] == (0, 1)
    assert ("YQ", "handed_out") not in told


def test_the_figures_of_a_closed_month_come_back_as_they_were(
    station: Database, district: Database, stick: Path, opener: Opener, clock: Clock
) -> None:
    a_little(station, 4)
    take(district, station, stick, opener)
    before, each = desk.report(district, "2026-07-01", "2026-07-31")
    clock.set("2026-08-01T00:00:01+08:00")
    found, _ = months.close(district, "2026-07")
    assert found.whole == before
    assert [(code, own) for code, _name, own in found.each] == [(one.code, own) for one, own in each]
    kept = district.scalar("SELECT figures FROM closing WHERE station_id = ''")
    assert json.loads(kept)["person_times"] == before.person_times
    with pytest.raises(UserMistake):
        months.month(district, "2026-13")


# --- supplies -------------------------------------------------------------------------------------------------------------


def test_supplies_are_promised_received_by_one_key_and_confirmed_by_the_movement(
    station: Database, second: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_little(station, 1)
    take(district, station, stick, opener)
    shelf = promises.shelves(district)[0]
    assert (shelf.name, shelf.unit, shelf.balances, shelf.total) == ("矿泉水", "瓶", {"YQ": 9}, 9)
    promises.allocate(district, "防暑包", "份", ItemKind.COOLING, {"YQ": 60, "LT": 0}, "高温慰问")
    promises.allocate(district, "矿泉水", "瓶", ItemKind.DRINK, {"YQ": 24})
    answered(station, district, "YQ", stick, opener)
    due = arrivals.due(station)
    assert [(one.item, one.quantity, one.note) for one in due] == [("防暑包", 60, "高温慰问"), ("矿泉水", 24, "")]
    for one in due:
        arrivals.receive(station, one.id)
    fresh = supplies.by_name(station, "防暑包")
    assert fresh is not None
    assert (fresh.balance, fresh.unit, fresh.kind) == (60, "份", ItemKind.COOLING)
    water = supplies.by_name(station, "矿泉水")
    assert water is not None
    assert water.balance == 33
    assert supplies.movements(station, water.id)[0].kind is MovementKind.ALLOCATED
    assert arrivals.due(station) == []
    with pytest.raises(Refused):
        arrivals.receive(station, due[0].id)
    assert [one.received for one in promises.allocations(district)] == ["", ""]
    take(district, station, stick, opener)
    assert all(one.received for one in promises.allocations(district))
    answered(station, district, "YQ", stick, opener)
    assert arrivals.due(station) == []
    with pytest.raises(Refused):
        promises.withdraw_allocations(district, [due[0].id])


def test_what_a_station_lacks_counts_what_is_on_its_way(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    supplies.add_item(station, "绿豆汤", "份", ItemKind.COOLING, low_level=20)
    supplies.receive(station, supplies.by_name(station, "绿豆汤").id, 4)  # type: ignore[union-attr]
    take(district, station, stick, opener)
    (shelf,) = [one for one in promises.shelves(district) if one.name == "绿豆汤"]
    assert (shelf.balances, shelf.low, shelf.lacks) == ({"YQ": 4}, {"YQ"}, {"YQ": 16})
    ids, _ = promises.allocate(district, "绿豆汤", "份", ItemKind.COOLING, {"YQ": 10})
    assert promises.shelves(district)[0].lacks == {"YQ": 6}
    promises.withdraw_allocations(district, ids)
    assert promises.shelves(district)[0].lacks == {"YQ": 16}


def test_a_receipt_that_is_undone_is_due_again(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    promises.allocate(district, "防暑包", "份", ItemKind.COOLING, {"YQ": 60})
    answered(station, district, "YQ", stick, opener)
    one = arrivals.due(station)[0]
    _found, changes = arrivals.receive(station, one.id)
    history.undo(station, changes.operation)
    assert arrivals.due(station) == [one]
    take(district, station, stick, opener)
    assert promises.allocations(district)[0].received == ""


def test_what_is_withdrawn_is_due_no_more_after_the_next_pack(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    made, _ = promises.allocate(district, "防暑包", "份", ItemKind.COOLING, {"YQ": 60})
    answered(station, district, "YQ", stick, opener)
    promises.withdraw_allocations(district, made)
    answered(station, district, "YQ", stick, opener)
    assert arrivals.due(station) == []
    with pytest.raises(UserMistake):
        arrivals.receive(station, made[0])
    with pytest.raises(Refused):
        promises.withdraw_allocations(district, made)


def test_another_station_cannot_say_that_it_received_what_was_not_for_it(
    station: Database, second: Database, district: Database, stick: Path, opener: Opener
) -> None:
    made, _ = promises.allocate(district, "防暑包", "份", ItemKind.COOLING, {"YQ": 60})
    item, _ = supplies.add_item(second, "防暑包", "份", ItemKind.COOLING)
    supplies.receive(second, item.id, 60, source=made[0])
    take(district, second, stick, opener)
    assert promises.allocations(district)[0].received == ""


@pytest.mark.parametrize(
    ("item", "unit", "quantities"),
    [
        ("", "份", {"YQ": 1}),
        ("防暑包", "", {"YQ": 1}),
        ("防暑包", "份", {"ZZ": 1}),
        ("防暑包", "份", {"YQ": 0}),
        ("防暑包", "份", {"YQ": -1}),
    ],
)
def test_what_cannot_be_promised_is_not(
    station: Database, district: Database, item: str, unit: str, quantities: dict[str, int]
) -> None:
    with pytest.raises(UserMistake):
        promises.allocate(district, item, unit, ItemKind.COOLING, quantities)
    assert promises.allocations(district) == []


# --- notices --------------------------------------------------------------------------------------------------------------


def test_a_notice_is_shown_at_its_stations_until_its_last_day(
    station: Database, second: Database, district: Database, stick: Path, opener: Opener, clock: Clock
) -> None:
    all_of_them, _ = promises.post_notice(district, "高温橙色预警", "请备足饮水", "2026-07-20")
    promises.post_notice(district, "来取防暑包", "", "2026-07-18", "YQ")
    for db, code in ((station, "YQ"), (second, "LT")):
        answered(db, district, code, stick, opener)
    assert [one.title for one in arrivals.notices(station)] == ["来取防暑包", "高温橙色预警"]
    assert [one.title for one in arrivals.notices(second)] == ["高温橙色预警"]
    clock.forward(days=2)
    assert [one.title for one in arrivals.notices(station)] == ["高温橙色预警"]
    promises.withdraw_notice(district, all_of_them)
    answered(station, district, "YQ", stick, opener)
    assert arrivals.notices(station) == []
    with pytest.raises(UserMistake):
        promises.withdraw_notice(district, all_of_them)


@pytest.mark.parametrize(
    ("title", "text", "until"),
    [("", "", "2026-07-20"), ("题", "长" * 1001, "2026-07-20"), ("题", "", "2026-07-16"), ("题", "", "2026-02-30")],
)
def test_a_notice_that_cannot_be_is_not_posted(district: Database, title: str, text: str, until: str) -> None:
    with pytest.raises(UserMistake):
        promises.post_notice(district, title, text, until)
    assert promises.notices(district) == []


def test_a_request_of_a_station_comes_with_its_station(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    requests.add(station, "充电口不足")
    take(district, station, stick, opener)
    (row,) = books.requests_with_station(district, 10)
    assert (row["station_code"], row["station_name"]) == ("YQ", "云桥暖心驿站")
    assert requests.record(row, (), Exchange.RECEIPTED).text == "充电口不足"


def test_intake_of_a_known_file_keeps_the_books(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    visits.tally(station, Occupation.RIDER, 1)
    file = outbox.export(station, stick)[0].path
    intake.receive(district, intake.open_file(district, file, opener))
    assert many.take(district, file, opener).received == intake.Received("YQ", 0, 1, 0, 0)
