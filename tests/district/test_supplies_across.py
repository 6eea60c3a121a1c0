"""Supplies over several stations: one share of a campaign for each, order slips, transfers whose two sides meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from station_app.db import Database
from station_app.district import answer, intake, store
from station_app.errors import RuleRefused
from station_app.model import Consent, ItemKind, Occupation
from station_app.services import audit, badges, ledgers, people, stations, supplies, visits
from station_app.services.supplies import campaigns, orders, plans, transfers
from station_app.sync import inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.district.conftest import introduced


@pytest.fixture
def other(tmp_path: Path, district: Database, clock: Clock, stick: Path) -> Iterator[Database]:
    """A second station of the district."""
    made, _ = stations.set_up(
        tmp_path / "other", replace(SAMPLE, code="BJ", name="北街驿站"), "赵丽", PASSWORD, clock=clock, cost=CHEAP
    )
    yield introduced(made, district, stick)
    made.close()


def up(db: Database, district: Database, stick: Path, opener: Opener) -> None:
    exported, _ = outbox.export(db, stick)
    intake.receive(district, intake.open_file(district, exported.path, opener))


def down(db: Database, code: str, district: Database, stick: Path, opener: Opener) -> None:
    written, _ = answer.pack(district, code, stick)
    pack, _ = inbox.look(db, written.path, opener)
    inbox.apply(db, pack)


def test_a_share_taken_at_one_station_is_known_at_the_other_and_no_name_travels(
    station: Database, other: Database, district: Database, stick: Path, opener: Opener
) -> None:
    plan, _ = plans.make(
        district, "717 骑手节", "2026-07-17", "2026-07-18", "骑手礼包", "份", ItemKind.GIFT,
        allotted={store.by_code(district, "YQ").station_id: 60, store.by_code(district, "BJ").station_id: 40},
    )  # fmt: skip
    for db, code in ((station, "YQ"), (other, "BJ")):
        up(db, district, stick, opener)
        down(db, code, district, stick, opener)
    pack = supplies.by_name(station, "骑手礼包")
    assert pack is not None
    assert campaigns.listing(station)[0].most == 60
    assert campaigns.listing(other)[0].most == 40
    rider, _ = people.register(station, Occupation.RIDER, "美团", "李志强", "19911000000", Consent.DISTRICT)
    supplies.hand_out(station, pack.id, person_id=rider.id)
    up(station, district, stick, opener)
    down(other, "BJ", district, stick, opener)
    assert other.scalar("SELECT count(*) FROM campaign_taken") >= 1
    came, _ = visits.check_in(other, badges.of_person(station, rider.id)[0].code)
    there = supplies.by_name(other, "骑手礼包")
    assert there is not None
    with pytest.raises(RuleRefused) as refusal:
        supplies.hand_out(other, there.id, person_id=came.visit.person_id)
    assert (refusal.value.rule, refusal.value.last) == ("campaign_elsewhere", "2026-07-17")
    assert refusal.value.fields["station"] == SAMPLE.name
    supplies.hand_out(other, there.id, person_id=came.visit.person_id, given=True)
    up(other, district, stick, opener)
    assert plans.listing(district)[0].given == {"YQ": 1, "BJ": 1}
    told = "".join(str(tuple(row)) for row in other.rows("SELECT * FROM campaign_taken"))
    assert rider.id not in told
    assert "李志强" not in told
    twice = plans.twice(district)
    assert [(one.campaign, [share.station for share in one.shares]) for one in twice] == [("717 骑手节", [SAMPLE.name, "北街驿站"])]
    assert twice[0].card_number == rider.card_number
    figures = plans.outcome(district, plan)
    assert (figures.given, figures.people, figures.anonymous, figures.overridden) == (2, 1, 0, 1)
    assert [(one.station, one.card_number) for one in plans.recipients(district, plan)] == [
        ("北街驿站", rider.card_number), (SAMPLE.name, rider.card_number)
    ]  # fmt: skip
    plans.withdraw(district, plan)
    down(station, "YQ", district, stick, opener)
    assert not campaigns.listing(station)[0].active
    for db in (station, other):
        assert audit.check(db) == []


def test_orders_and_both_sides_of_a_transfer_meet_at_the_district(
    station: Database, other: Database, district: Database, stick: Path, opener: Opener
) -> None:
    for db in (station, other):
        water, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK, low_level=5)
        supplies.receive(db, water.id, 20)
    water = supplies.named(station, "矿泉水")
    number, _ = orders.place(station, [(water.id, 48)], wanted_by="2026-07-20")
    out, _ = transfers.send(station, water.id, 8, "北街驿站")
    up(station, district, stick, opener)
    assert [(one.number, one.item, one.quantity, one.wanted_by) for one in plans.wanted(district)] == [
        (number, "矿泉水", 48, "2026-07-20")
    ]
    assert [one.state for one in plans.crossings(district)] == ["under_way"]
    transfers.take(other, out.number, "矿泉水", 7, SAMPLE.name)
    up(other, district, stick, opener)
    found = plans.crossings(district)
    assert [(one.sent, one.taken, one.state, one.receiver) for one in found] == [(8, 7, "differs", "北街驿站")]


def test_every_ledger_of_one_station_or_of_all_is_read_at_the_district(
    station: Database, other: Database, district: Database, stick: Path, opener: Opener
) -> None:
    for db, count in ((station, 2), (other, 3)):
        visits.tally(db, Occupation.RIDER, count)
        up(db, district, stick, opener)
    day = district.stamp().business_date
    for ledger in ledgers.all_ledgers():
        whole = ledgers.lines(district, ledger.name, day, day)
        parts = [
            ledgers.lines(district, ledger.name, day, day, stores=store.stores_of(district, store.by_code(district, code).station_id))
            for code in ("YQ", "BJ")
        ]
        assert sum(map(len, parts)) == len(whole), ledger.name
    place = [column.code for column in ledgers.get("visits").columns].index("person_times")
    assert sorted(line[place] for line in ledgers.lines(district, "visits", day, day)) == [2, 3]  # type: ignore[type-var]
