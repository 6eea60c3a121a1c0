"""Keepers, PINs, shifts, and the day's opening and closing."""

from __future__ import annotations

from pathlib import Path

import pytest

from station_app import vault
from station_app.db import Database
from station_app.errors import EnvironmentFault, Refused, StationError, UserMistake
from station_app.model import Keeper, Role, Station
from station_app.paths import DataFolder
from station_app.services import audit, history, keepers, stations
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock


def test_a_second_keeper_opens_the_station_with_their_own_password(db: Database, clock: Clock) -> None:
    folder = db.path.parent
    root, _ = vault.unlock(DataFolder(folder).slots, PASSWORD)
    added, _ = keepers.add(db, folder, root, "赵丽", Role.KEEPER, "another-password", "1357", cost=CHEAP)
    db.close()
    again = stations.open_station(folder, "another-password", clock=clock)
    assert again.acting == added.id
    assert [k.name for k in keepers.listing(again)] == ["王敏", "赵丽"]
    again.close()


def test_a_wrong_password_opens_nothing(db: Database) -> None:
    folder = db.path.parent
    db.close()
    with pytest.raises(Refused) as refusal:
        stations.open_station(folder, "not the password")
    assert refusal.value.word == "vault.wrong_password"


def test_a_slot_that_was_altered_opens_nothing(db: Database) -> None:
    slots = DataFolder(db.path.parent).slots
    db.close()
    slots.write_text(slots.read_text("utf-8").replace('"passes": 1', '"passes": 2'), "utf-8")
    with pytest.raises(Refused):
        vault.unlock(slots, PASSWORD)
    slots.write_text("{}", "utf-8")
    with pytest.raises(Refused) as refusal:
        vault.unlock(slots, PASSWORD)
    assert refusal.value.word == "vault.damaged"


def test_no_password_stands_in_the_folder(db: Database) -> None:
    for file in db.path.parent.iterdir():
        assert PASSWORD.encode() not in file.read_bytes()


def test_the_pin_brings_the_screen_back_and_wrong_ones_have_to_wait(db: Database, clock: Clock) -> None:
    keeper = keepers.listing(db)[0]
    assert keepers.unlock_screen(db, keeper.id, PIN) == keeper
    for _ in range(keepers.FREE_PIN_TRIES):
        with pytest.raises(Refused) as refusal:
            keepers.unlock_screen(db, keeper.id, "0000")
        assert refusal.value.word == "keepers.wrong_pin"
    with pytest.raises(Refused) as refusal:
        keepers.unlock_screen(db, keeper.id, PIN)
    assert refusal.value.word == "keepers.pin_waits"
    clock.forward(seconds=31)
    assert keepers.unlock_screen(db, keeper.id, PIN) == keeper


def test_nobody_waits_for_what_a_wrong_clock_noted(db: Database, clock: Clock) -> None:
    """The computer's clock stood ten years ahead when the PINs were wrong, and was set right since."""
    keeper, right = keepers.listing(db)[0], clock.moment
    clock.forward(days=3650)
    for _ in range(keepers.FREE_PIN_TRIES):
        with pytest.raises(Refused):
            keepers.unlock_screen(db, keeper.id, "0000")
    clock.moment = right
    assert keepers.unlock_screen(db, keeper.id, PIN) == keeper


def test_however_often_the_wait_is_an_hour_at_most(db: Database, clock: Clock) -> None:
    keeper = keepers.listing(db)[0]
    for _ in range(keepers.FREE_PIN_TRIES + 12):
        with pytest.raises(Refused) as refusal:
            keepers.unlock_screen(db, keeper.id, "0000")
        assert refusal.value.word == "keepers.wrong_pin"
        clock.forward(hours=1)
    assert keepers.unlock_screen(db, keeper.id, PIN) == keeper


def test_closing_the_program_does_not_shorten_the_wait(db: Database, clock: Clock) -> None:
    keeper = keepers.listing(db)[0]
    for _ in range(keepers.FREE_PIN_TRIES + 1):
        with pytest.raises(Refused):
            keepers.unlock_screen(db, keeper.id, "0000")
        clock.forward(minutes=1)
    clock.forward(minutes=-1)
    db.close()
    again = stations.open_station(db.path.parent, PASSWORD, clock=clock)
    with pytest.raises(Refused) as refusal:
        keepers.unlock_screen(again, keeper.id, PIN)
    assert refusal.value.word == "keepers.pin_waits"
    clock.forward(minutes=1)
    assert keepers.unlock_screen(again, keeper.id, PIN) == keeper
    again.close()


@pytest.mark.parametrize("pin", ["123", "1234567", "12a4", "１２３４", ""])
def test_a_pin_is_four_to_six_digits(db: Database, pin: str) -> None:
    with pytest.raises(UserMistake):
        keepers.set_pin(db, keepers.listing(db)[0].id, pin)


def test_whoever_begins_relieves_whoever_was_there(db: Database, clock: Clock) -> None:
    keepers.begin_shift(db)
    clock.forward(hours=4)
    keepers.begin_shift(db)
    first, second = keepers.shifts_of(db, "2026-07-17")
    assert (first.finished, second.finished) == ("2026-07-17T12:00:00+08:00", "")
    keepers.end_shift(db)
    assert keepers.on_duty(db) is None
    with pytest.raises(UserMistake):
        keepers.end_shift(db)


def test_opened_once_closed_once_and_undo_opens_again(db: Database, clock: Clock) -> None:
    keepers.open_station(db, high=37)
    with pytest.raises(UserMistake):
        keepers.open_station(db)
    clock.forward(hours=9)
    closing = keepers.close_station(db, "伞还差一把")
    day = keepers.day(db, "2026-07-17")
    assert (day.opened[11:16], day.closed[11:16], day.all_well, day.high, day.note) == (
        "08:00", "17:00", True, 37, "伞还差一把",
    )  # fmt: skip
    history.undo(db, closing.operation)
    assert keepers.day(db, "2026-07-17").closed == ""


def test_an_opening_taken_back_can_be_done_again(db: Database) -> None:
    opening = keepers.open_station(db, "饮水机不出热水")
    assert not keepers.day(db, "2026-07-17").all_well
    history.undo(db, opening.operation)
    assert keepers.day(db, "2026-07-17").opened == ""
    keepers.open_station(db)
    assert keepers.day(db, "2026-07-17").all_well


def test_the_station_is_not_closed_before_it_opened(db: Database) -> None:
    with pytest.raises(UserMistake):
        keepers.close_station(db)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "}, {"code": "yq"}, {"code": "Y"}, {"letter": "AB"}, {"district_code": "9901"}, {"opens": "8:30"},
        {"closes": "25:00"}, {"zone": "Mars/Base"},
    ],
)  # fmt: skip
def test_a_station_that_cannot_be_leaves_no_folder_behind(tmp_path: Path, wrong: dict[str, str]) -> None:
    facts = {name: getattr(SAMPLE, name) for name in SAMPLE.__dataclass_fields__} | wrong
    with pytest.raises(UserMistake):
        stations.set_up(tmp_path / "new", Station(**facts), "王敏", PASSWORD, cost=CHEAP)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("keeper", "password", "pin"), [("", PASSWORD, ""), ("王敏", "short", ""), ("王敏", PASSWORD, "12")]
)
def test_a_first_keeper_that_cannot_be_leaves_no_folder_behind(
    tmp_path: Path, keeper: str, password: str, pin: str
) -> None:
    with pytest.raises(StationError):
        stations.set_up(tmp_path / "new", SAMPLE, keeper, password, pin, cost=CHEAP)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_taken_is_left_alone(db: Database) -> None:
    with pytest.raises(EnvironmentFault) as fault:
        stations.set_up(db.path.parent, SAMPLE, "赵丽", PASSWORD, cost=CHEAP)
    assert fault.value.word == "stations.exists"
    assert [k.name for k in keepers.listing(db)] == ["王敏"]


# --- passwords, the recovery key and start cards --------------------------------------------------------------------------


@pytest.fixture
def root(db: Database) -> vault.Root:
    return vault.unlock(DataFolder(db.path.parent).slots, PASSWORD)[0]


@pytest.fixture
def second(db: Database, root: vault.Root) -> Keeper:
    return keepers.add(db, db.path.parent, root, "赵丽", Role.KEEPER, "another-password", "1357", cost=CHEAP)[0]


def opens(folder: Path, password: str) -> bool:
    try:
        vault.unlock(DataFolder(folder).slots, password)
    except Refused:
        return False
    return True


def test_a_keeper_who_leaves_opens_nothing_and_keeps_their_name(db: Database, second: Keeper) -> None:
    folder = db.path.parent
    keepers.remove(db, folder, second.id)
    assert not opens(folder, "another-password")
    assert opens(folder, PASSWORD)
    assert [keeper.name for keeper in keepers.listing(db)] == ["王敏"]
    left = keepers.keeper(db, second.id)
    assert left is not None
    assert (left.name, left.active) == ("赵丽", False)
    assert not keepers.has_pin(db, second.id)
    with pytest.raises(UserMistake):
        keepers.remove(db, folder, second.id)
    assert audit.check(db) == []


def test_the_last_supervisor_stays(db: Database, second: Keeper) -> None:
    with pytest.raises(Refused) as refusal:
        keepers.remove(db, db.path.parent, db.acting)
    assert refusal.value.word == "vault.last_supervisor"
    assert opens(db.path.parent, PASSWORD)


def test_a_refused_change_leaves_slots_and_log_alone(db: Database, second: Keeper) -> None:
    folder = db.path.parent
    slots, operations = DataFolder(folder).slots.read_bytes(), db.rows("SELECT id FROM operation")
    for call in (
        lambda: keepers.change_password(db, folder, second.id, PASSWORD, "new-password", cost=CHEAP),
        lambda: keepers.change_password(db, folder, second.id, "another-password", "short", cost=CHEAP),
        lambda: keepers.revoke_start_card(db, folder, "0" * 16),
    ):
        with pytest.raises(StationError):
            call()
    assert DataFolder(folder).slots.read_bytes() == slots
    assert [row["id"] for row in db.rows("SELECT id FROM operation")] == [row["id"] for row in operations]


def test_a_password_is_changed_and_who_changed_it_is_in_the_log(db: Database, second: Keeper) -> None:
    folder = db.path.parent
    keepers.change_password(db, folder, second.id, "another-password", "changed-password", cost=CHEAP)
    assert opens(folder, "changed-password")
    assert not opens(folder, "another-password")
    row = db.one("SELECT op, details FROM operation ORDER BY sequence DESC LIMIT 1")
    assert row is not None
    assert row["op"] == "change_keeper"
    assert second.id in row["details"]
    assert "changed-password" not in row["details"]


def test_a_forgotten_password_by_the_recovery_sheet(db: Database, root: vault.Root, second: Keeper) -> None:
    folder = db.path.parent
    assert keepers.recovery_key_made(db, folder) is None
    key, _ = keepers.make_recovery_key(db, folder, root)
    assert keepers.recovery_key_made(db, folder) == db.stamp().time
    found = vault.unlock_with_recovery(DataFolder(folder).slots, key.groups)
    keepers.reset_password(db, folder, found.root, second.id, "remembered-now", cost=CHEAP)
    assert opens(folder, "remembered-now")
    assert not opens(folder, "another-password")
    with pytest.raises(Refused):
        keepers.reset_password(db, folder, found.root, "nobody", "some-password", cost=CHEAP)


def test_start_cards_are_listed_with_day_and_maker_until_revoked(db: Database, root: vault.Root, clock: Clock) -> None:
    folder = db.path.parent
    assert keepers.start_cards(db, folder) == []
    first, _ = keepers.make_start_card(db, folder, root)
    clock.forward(days=1)
    second, _ = keepers.make_start_card(db, folder, root)
    assert keepers.start_cards(db, folder) == [
        keepers.Card(first.slot_id, first.number, "2026-07-17T08:00:00+08:00", "王敏"),
        keepers.Card(second.slot_id, second.number, "2026-07-18T08:00:00+08:00", "王敏"),
    ]
    keepers.revoke_start_card(db, folder, first.slot_id)
    assert [card.slot_id for card in keepers.start_cards(db, folder)] == [second.slot_id]
    with pytest.raises(Refused):
        vault.unlock_with_start_card(DataFolder(folder).slots, first.digits)


def test_the_secrets_that_are_printed_are_kept_nowhere(db: Database, root: vault.Root) -> None:
    folder = db.path.parent
    key, _ = keepers.make_recovery_key(db, folder, root)
    card, _ = keepers.make_start_card(db, folder, root)
    for row in db.rows("SELECT details FROM operation"):
        assert key.digits not in row["details"]
        assert card.digits not in row["details"]
    assert [found.slot_id for found in keepers.start_cards(db, folder)] == [card.slot_id]
