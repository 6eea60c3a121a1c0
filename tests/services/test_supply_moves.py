"""What moves beside handing out: kits, transfers, voids, counts that are explained, barcodes, orders, campaigns, the weather."""

from __future__ import annotations

from pathlib import Path

import pytest

from station_app.db import Database
from station_app.errors import Refused, RuleRefused, UserMistake
from station_app.model import ItemKind, MovementKind, Occupation, WeatherLevel
from station_app.paper import order_slip
from station_app.services import audit, history, people, pictures, stations, supplies, weather
from station_app.services.supplies import barcodes, campaigns, kits, orders, photos, stocktakes, transfers, voids
from station_app.services.supplies.shelf import lots_of_all
from tests.conftest import Clock
from tests.pictures import phone

EAN = "6901234567892"


def add(db: Database, name: str, stock: int = 0, **more: object) -> str:
    made, _ = supplies.add_item(db, name, "份", ItemKind.OTHER, **more)
    if stock:
        supplies.receive(db, made.id, stock, lot="L1", expiry="2026-12-31")
    return made.id


def left(db: Database, *items: str) -> list[int]:
    return [supplies.get(db, one).balance for one in items]


# --- kits ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def kit(db: Database) -> tuple[str, str, str]:
    towel, water = add(db, "毛巾", 10), add(db, "矿泉水", 24)
    made = add(db, "防暑包")
    supplies.set_parts(db, made, {towel: 1, water: 2})
    return made, towel, water


def test_a_kit_handed_out_is_drawn_from_those_made_then_from_its_parts(db: Database, kit: tuple[str, str, str]) -> None:
    supplies.assemble(db, kit[0], 3)
    assert left(db, *kit) == [3, 7, 18]
    _, changes = supplies.hand_out(db, kit[0], 5)
    assert left(db, *kit) == [0, 5, 14]
    assert audit.check(db) == []
    history.undo(db, changes.operation)
    assert left(db, *kit) == [3, 7, 18]
    supplies.take_apart(db, kit[0], 2)
    assert left(db, *kit) == [1, 9, 22]
    assert audit.check(db) == []


def test_parts_that_do_not_reach_are_named_and_flagged_but_never_refused(db: Database, kit: tuple[str, str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        supplies.assemble(db, kit[0], 11)
    assert refusal.value.fields["name"] == "毛巾"
    given, _ = supplies.hand_out(db, kit[0], 11)
    assert given.short
    assert history.log(db, given.business_date)[0].details["missing"] == {kit[1]: 1}
    assert left(db, *kit) == [0, -1, 2]
    assert audit.check(db) == []


def test_what_a_kit_held_then_is_kept_when_it_changes(db: Database, kit: tuple[str, str, str]) -> None:
    supplies.hand_out(db, kit[0])
    supplies.set_parts(db, kit[0], {kit[2]: 1})
    assert supplies.get(db, kit[0]).kit
    assert kits.makes(supplies.parts_of(db, kit[0]), {one.id: one for one in supplies.items(db)}) == 22
    assert audit.check(db) == []
    with pytest.raises(UserMistake):
        supplies.set_parts(db, kit[1], {kit[0]: 1})
    supplies.set_parts(db, kit[0], {})
    assert not supplies.get(db, kit[0]).kit


def test_check_finds_an_assembly_that_does_not_match(db: Database, kit: tuple[str, str, str]) -> None:
    supplies.assemble(db, kit[0], 2)
    movement = db.scalar("SELECT id FROM movement WHERE assembly_id IS NOT NULL AND item_id = ?", (kit[1],))
    with db.transact(people.Op.COUNT_STOCK) as tx:
        tx.void("movement", movement, "lost")
    assert [problem.word for problem in audit.check(db)] == ["audit.kit_unmoved"]


# --- barcodes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "lot", "expiry"),
    [
        (EAN, EAN, "", ""),
        ("６９０１２３４５６７８９２", EAN, "", ""),
        ("]E0" + EAN, EAN, "", ""),
        ("036000291452", "0036000291452", "", ""),
        ("96385074", "96385074", "", ""),
        (f"(01)0{EAN}(17)260930(10)A-7", EAN, "A-7", "2026-09-30"),
        (f"]C1010{EAN}1726020010LOT9", EAN, "LOT9", "2026-02-28"),
        (f"010{EAN}10LOT9\x1d17261231", EAN, "LOT9", "2026-12-31"),
        (f"010{EAN}15261131", EAN, "", ""),
    ],
)
def test_barcodes_are_read(text: str, code: str, lot: str, expiry: str) -> None:
    assert barcodes.read(text) == barcodes.Scanned(code, lot, expiry)


@pytest.mark.parametrize("text", ["6901234567893", "123456", "藿香", "", "(01)06901234567893(10)A", "1234567890123456789012"])
def test_what_is_no_barcode_of_goods(text: str) -> None:
    assert barcodes.read(text) is None


def test_a_barcode_finds_its_item_and_belongs_to_one(db: Database) -> None:
    water = add(db, "矿泉水", barcode=EAN)
    found = supplies.scanned(db, f"(01)0{EAN}(10)B2")
    assert found is not None
    assert (found[0].id, found[1].lot) == (water, "B2")
    assert supplies.named(db, EAN).id == water
    with pytest.raises(UserMistake):
        add(db, "另一种水", barcode=EAN)
    with pytest.raises(UserMistake):
        add(db, "错码", barcode="6901234567893")
    supplies.change_item(db, water, barcode="")
    assert supplies.scanned(db, EAN) is None


def test_the_label_on_the_shelf_is_known_whatever_stands_on_the_package(db: Database) -> None:
    water, _tea = add(db, "矿泉水"), add(db, "凉茶")
    label = barcodes.label_code(supplies.get(db, water))
    assert label == barcodes.own_code(water)
    supplies.change_item(db, water, barcode=EAN)
    assert barcodes.label_code(supplies.get(db, water)) == EAN
    for code in (label, EAN):
        found = supplies.scanned(db, code)
        assert found is not None
        assert found[0].id == water
    assert supplies.scanned(db, barcodes.own_code("nobody's")) is None


# --- transfers, voids, returns, expiry -----------------------------------------------------------------------------------


def test_a_transfer_goes_out_by_lot_and_comes_in_once(db: Database, tmp_path: Path) -> None:
    water = add(db, "矿泉水", 10)
    out, _ = transfers.send(db, water, 4, "北街驿站")
    assert out.number == "YQ-A-D-2026-0001"
    assert [(lot.lot, lot.balance) for lot in transfers.lots_of(db, out.id)] == [("L1", 4)]
    assert transfers.send(db, water, 1, "北街驿站")[0].number == "YQ-A-D-2026-0002"
    with pytest.raises(UserMistake):
        transfers.send(db, water, 6, "北街驿站")
    came, changes = transfers.take(db, "bj-a-d-2026-0007", "矿泉水", 3, "北街驿站", lot="X")
    assert left(db, water) == [8]
    with pytest.raises(Refused):
        transfers.take(db, "BJ-A-D-2026-0007", "矿泉水", 3, "北街驿站")
    history.undo(db, changes.operation)
    transfers.take(db, came.number, "矿泉水", 3, "北街驿站")
    assert audit.check(db) == []
    station = stations.current(db)
    slip = tmp_path / "slip.pdf"
    assert order_slip.transfer_slip(out, transfers.lots_of(db, out.id), slip, station=station, printed_on=db.now().date()) == 1


def test_a_void_takes_out_all_that_belongs_together(db: Database, kit: tuple[str, str, str]) -> None:
    given, changes = supplies.hand_out(db, kit[0], 2)
    line = next(one for one in supplies.movements(db, kit[0]) if one.kind is MovementKind.HANDOUT)
    with pytest.raises(UserMistake):
        voids.void(db, line.id, " ")
    voids.void(db, line.id, "没有发出")
    assert left(db, *kit) == [0, 10, 24]
    assert supplies.handout(db, given.id).void_reason == "没有发出"
    with pytest.raises(Refused):
        voids.void(db, line.id, "再来")
    with pytest.raises(Refused):
        history.undo(db, changes.operation)
    _, counted = supplies.count_stock(db, kit[1], 7)
    voids.void(db, counted.rows["movement"][0], "点错了")
    assert left(db, *kit) == [0, 10, 24]
    assert stocktakes.listing(db, kit[1])[0].void_reason == "点错了"
    assert audit.check(db) == []


def test_returns_and_what_is_past_its_date(db: Database, clock: Clock) -> None:
    water = add(db, "矿泉水", 5)
    rider, _ = people.register(db, Occupation.RIDER)
    supplies.hand_out(db, water, 2, person_id=rider.id)
    supplies.give_back(db, water, 1, person_id=rider.id, reason="没打开")
    assert [(lot.lot, lot.balance) for lot in supplies.lots(db, water)] == [("L1", 4)]
    with pytest.raises(UserMistake):
        supplies.expire(db, water)
    clock.set("2027-01-01T09:00:00+08:00")
    assert supplies.expire(db, water)[0] == 4
    assert left(db, water) == [0]
    assert [lot.balance for lot in supplies.balance_on(db, water, "2026-07-17")] == [4]
    assert audit.check(db) == []


def test_a_difference_says_when_it_most_likely_arose(db: Database, clock: Clock) -> None:
    water = add(db, "矿泉水", 60)
    supplies.count_stock(db, water, 60)
    for hour, many in ((9, 2), (14, 7), (16, 3)):
        clock.set(f"2026-07-17T{hour:02d}:20:00+08:00")
        supplies.hand_out(db, water, many)
    clock.set("2026-07-17T17:30:00+08:00")
    supplies.count_stock(db, water, 36)
    why = stocktakes.explain(db, stocktakes.listing(db, water)[0])
    assert (why.begins, why.ends, why.basis) == ("2026-07-17T14:00:00+08:00", "2026-07-17T15:00:00+08:00", "handouts")
    assert round(why.share, 2) == 0.58
    clock.set("2026-07-18T10:05:00+08:00")
    supplies.hand_out(db, water, 2, given=True)
    clock.set("2026-07-18T11:05:00+08:00")
    supplies.hand_out(db, water, 3)
    supplies.count_stock(db, water, 20)
    why = stocktakes.explain(db, stocktakes.listing(db, water)[0])
    assert (why.begins[11:16], why.basis, why.flagged) == ("10:00", "flagged", 1)
    supplies.count_stock(db, water, 20)
    assert stocktakes.explain(db, stocktakes.listing(db, water)[0]).basis == "none"


# --- orders and campaigns ------------------------------------------------------------------------------------------------


def test_an_order_is_rows_of_one_number_and_a_slip(db: Database, tmp_path: Path) -> None:
    water, towel = add(db, "矿泉水", 4, low_level=10), add(db, "毛巾", 50)
    assert [(wish.item.id, wish.quantity) for wish in orders.suggested(db)] == [(water, 16)]
    number, changes = orders.place(db, [(water, 48), (towel, 5)], wanted_by="2026-07-20", note="请尽快")
    lines = orders.lines(db, number)
    assert [(line.item, line.quantity, line.balance, line.wanted_by) for line in lines] == [
        ("矿泉水", 48, 4, "2026-07-20"), ("毛巾", 5, 50, "2026-07-20"),
    ]  # fmt: skip
    target = tmp_path / "order.pdf"
    assert order_slip.order_slip(lines, target, station=stations.current(db), printed_on=db.now().date()) == 1
    assert target.read_bytes().startswith(b"%PDF")
    history.undo(db, changes.operation)
    assert orders.place(db, [(towel, 1)])[0] == "YQ-A-S-2026-0002"


def test_a_campaign_gives_each_one_share(db: Database, clock: Clock, tmp_path: Path) -> None:
    pack = add(db, "骑手礼包", 100)
    one, _ = campaigns.save(db, campaigns.Campaign("", "", "717 骑手节", "2026-07-17", "2026-07-18", {pack: 1}, most=3, badge_only=True))
    riders = [people.register(db, Occupation.RIDER)[0].id for _ in range(4)]
    supplies.hand_out(db, pack, person_id=riders[0])
    clock.forward(days=1)
    for person, word in ((riders[0], "supplies.campaign_taken"), (None, "supplies.badge_only")):
        with pytest.raises(RuleRefused) as refusal:
            supplies.hand_out(db, pack, person_id=person)
        assert refusal.value.word == word
    supplies.hand_out(db, pack, person_id=riders[0], given=True)
    supplies.hand_out(db, pack, person_id=riders[1])
    with pytest.raises(RuleRefused) as full:
        supplies.hand_out(db, pack, person_id=riders[2])
    assert full.value.word == "supplies.campaign_full"
    told = campaigns.recipients(db, one.id)
    assert [line.twice for line in told] == [False, True, False]
    figures = campaigns.result(db, one.id)
    assert (figures.given, figures.people, figures.refused, figures.overridden, figures.left) == ({"骑手礼包": 3}, 2, 3, 1, 0)
    sheet = tmp_path / "result.pdf"
    assert order_slip.result_sheet(figures, sheet, station=stations.current(db), printed_on=db.now().date()) == 1
    order_slip.result_csv(figures, tmp_path / "result.csv")
    assert "骑手礼包" in (tmp_path / "result.csv").read_text("utf-8-sig")
    campaigns.switch(db, one.id, on=False)
    supplies.hand_out(db, pack, person_id=riders[2])  # over: an ordinary item again
    assert audit.check(db) == []


# --- the weather ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("highs", "level"),
    [
        ((40,), WeatherLevel.HEAT_RED), ((37,), WeatherLevel.HEAT_ORANGE), ((39,), WeatherLevel.HEAT_ORANGE), ((36,), None),
        ((35, 35, 35), WeatherLevel.HEAT_YELLOW), ((35, 34, 35), None), ((35, None, 35), None), ((None,), None),
    ],
)  # fmt: skip
def test_heat(db: Database, clock: Clock, highs: tuple[int | None, ...], level: WeatherLevel | None) -> None:
    for place, high in enumerate(highs):
        clock.set(f"2026-07-{10 + place}T08:00:00+08:00")
        weather.tell(db, high=high)
    assert weather.today(db).level is level


@pytest.mark.parametrize(
    ("lows", "level"),
    [
        ((14, -2), WeatherLevel.COLD_RED), ((8, -4), WeatherLevel.COLD_ORANGE), ((12, 2), WeatherLevel.COLD_YELLOW),
        ((10, 7, 2), WeatherLevel.COLD_BLUE), ((10, 2), WeatherLevel.COLD_BLUE), ((20, 8), None), ((4, 1), None), ((2,), None),
    ],
)  # fmt: skip
def test_cold(db: Database, clock: Clock, lows: tuple[int, ...], level: WeatherLevel | None) -> None:
    for place, low in enumerate(lows):
        clock.set(f"2026-12-{10 + place}T08:00:00+08:00")
        weather.tell(db, low=low)
    assert weather.today(db).level is level


def test_a_warning_set_by_hand_counts_where_it_is_worse(db: Database) -> None:
    weather.tell(db, high=37, warning=WeatherLevel.HEAT_RED)
    assert weather.today(db).level is WeatherLevel.HEAT_RED
    _, changes = weather.tell(db, high=40, warning=WeatherLevel.HEAT_YELLOW)
    assert weather.today(db).level is WeatherLevel.HEAT_RED
    history.undo(db, changes.operation)
    assert weather.today(db).high == 37
    with pytest.raises(UserMistake):
        weather.tell(db, high=3, low=9)


def test_an_item_has_a_small_picture_without_anything_hidden(db: Database) -> None:
    water = add(db, "矿泉水")
    changes = photos.set_photo(db, water, pictures.prepare(phone(1200, 900)))
    found = photos.photo(db, water)
    assert found is not None
    assert len(found) <= photos.LARGEST
    assert b"Exif" not in found
    history.undo(db, changes.operation)
    assert photos.photo(db, water) is None
    with pytest.raises(UserMistake):
        photos.set_photo(db, water, None)


def test_all_items_at_once_are_each_item_by_itself(db: Database) -> None:
    """One query over everything against one for each: lots in their order, voids left out, quotas."""
    water, tea = add(db, "水", most_per_day=2), add(db, "茶")
    supplies.receive(db, water, 5, lot="B", expiry="2031-01-01")
    supplies.receive(db, water, 3)
    supplies.receive(db, water, 4, lot="A", expiry="2030-01-01")
    wrong = supplies.receive(db, tea, 7, lot="C").rows["movement"][0]
    voids.void(db, wrong, "写错了")
    supplies.hand_out(db, water, 2)
    found = {item.id: item for item in supplies.items(db)}
    assert found == {one: supplies.get(db, one) for one in (water, tea)}
    assert (found[water].balance, found[water].next_expiry, found[water].most_per_day) == (10, "2030-01-01", 2)
    assert found[tea].balance == 0
    assert lots_of_all(db)[water] == supplies.lots(db, water)
    assert tea not in lots_of_all(db)
