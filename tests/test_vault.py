"""Keys: what only the right one opens, and what a badge's digits promise."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station_app import vault
from station_app.errors import EnvironmentFault, Refused, UserMistake
from tests.conftest import CHEAP

DIGITS = st.text("0123456789", min_size=6, max_size=6)


@given(text=st.text(min_size=1, max_size=200).filter(lambda text: text.isprintable()), place=st.text(max_size=30))
def test_sealed_text_opens_at_its_place_with_its_key(text: str, place: str) -> None:
    key = vault.new_subject_key()
    sealed = vault.seal_text(key, place, text)
    assert vault.open_text(key, place, sealed) == text
    assert text not in sealed or len(text) < 3
    for wrong in ((vault.new_subject_key(), place), (key, place + "x")):
        with pytest.raises(Refused):
            vault.open_text(*wrong, sealed)


def test_every_bent_bit_of_sealed_text_is_noticed() -> None:
    key = vault.new_subject_key()
    sealed = vault.seal_text(key, "identity.name/1", "李志强")
    for place in range(len(sealed)):
        bent = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        try:
            assert vault.open_text(key, "identity.name/1", bent) == "李志强"  # the last base64 digit has spare bits
            assert place >= len(sealed.rstrip("=")) - 1
        except Refused:
            pass


def test_without_its_key_it_is_simply_not_there() -> None:
    assert vault.open_text(None, "x", vault.seal_text(vault.new_subject_key(), "x", "李志强")) == ""
    assert vault.seal_text(vault.new_subject_key(), "x", "") == ""


def test_the_root_gives_another_key_for_every_purpose_and_the_database_key_is_64_hex_digits() -> None:
    root = vault.Root(b"\x07" * 32)
    assert root.derive("database") != root.derive("blobs")
    assert len(root.database_key()) == 64
    assert set(root.database_key()) <= set("0123456789abcdef")
    assert vault.Root(b"\x08" * 32).database_key() != root.database_key()


@given(district=DIGITS)
def test_a_badge_is_22_digits_that_read_back_and_are_genuine(district: str) -> None:
    key = b"k" * 32
    badge = vault.new_badge(key, "0", district)
    assert len(badge.digits) == vault.BADGE_DIGITS
    assert vault.read_badge(badge.digits) == badge
    assert badge.genuine({"0": key})
    assert not badge.genuine({"1": key})
    assert not badge.genuine({"0": b"x" * 32})


@given(place=st.integers(0, 21), step=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(place: int, step: int) -> None:
    digits = vault.new_badge(b"k" * 32, "1", "520304").digits
    wrong = digits[:place] + str((int(digits[place]) + step) % 10) + digits[place + 1 :]
    assert vault.read_badge(wrong) is None


@given(place=st.integers(0, 5), step=st.integers(1, 9))
def test_one_wrong_digit_of_a_card_number_is_always_noticed(place: int, step: int) -> None:
    number = vault.new_card_number()
    assert vault.is_card_number(number)
    assert not vault.is_card_number(number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :])


@pytest.mark.parametrize("text", ["", "123", "12345a", "１２３４５６", "1" * 23, "०१२३४५"])
def test_what_is_no_badge_is_none(text: str) -> None:
    assert vault.read_badge(text) is None
    assert not vault.is_card_number(text)


def test_a_pin_is_kept_as_a_hash() -> None:
    hashed = vault.hash_pin("2468")
    assert "2468" not in hashed
    assert vault.pin_matches(hashed, "2468")
    assert not vault.pin_matches(hashed, "2469")


@pytest.mark.parametrize("pin", ["", "123", "1234567", "12a4", "１２３４", "-123"])
def test_what_is_no_pin_is_never_kept(pin: str) -> None:
    with pytest.raises(UserMistake) as mistake:
        vault.hash_pin(pin)
    assert mistake.value.word == "vault.bad_pin"


def test_a_digest_tells_apart_what_it_was_made_of_and_only_with_its_key() -> None:
    assert vault.digest(b"k", "a", 1) == vault.digest(b"k", "a", "1")
    others = {vault.digest(b"k", "a1"), vault.digest(b"k", "a", "1", ""), vault.digest(b"x", "a", 1), vault.digest(b"k", 1, "a")}
    assert vault.digest(b"k", "a", 1) not in others
    assert len(others) == 4


# --- slots ---------------------------------------------------------------------------------------------------------------

MIN_PASSWORD, LI_PASSWORD = "min-password", "li-password"


@pytest.fixture
def slots(tmp_path: Path) -> Path:
    return tmp_path / "station.slots"


@pytest.fixture
def root(slots: Path) -> vault.Root:
    """A station's root; 王敏 ("min") and 李强 ("li") have passwords."""
    made = vault.create(slots, "min", MIN_PASSWORD, cost=CHEAP)
    vault.add(slots, made, "li", LI_PASSWORD, cost=CHEAP)
    return made


def same(root: vault.Root, other: vault.Root) -> bool:
    return root.database_key() == other.database_key()


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as told:
        call()
    return told.value.word


def test_each_way_in_reaches_the_same_root_and_says_which_it_is(slots: Path, root: vault.Root) -> None:
    key, card = vault.add_recovery(slots, root), vault.add_start_card(slots, root)
    by_password, keeper_id = vault.unlock(slots, LI_PASSWORD)
    by_sheet = vault.unlock_with_recovery(slots, key.groups)
    by_card = vault.unlock_with_start_card(slots, card.digits)
    assert keeper_id == "li"
    assert all(same(root, found) for found in (by_password, by_sheet.root, by_card.root))
    assert (by_sheet.kind, by_card.kind) == ("recovery", "start_card")
    assert (by_sheet.slot_id, by_card.slot_id) == (key.slot_id, card.slot_id)
    assert [(way.kind, way.keeper_id) for way in vault.ways(slots)] == [
        ("password", "min"), ("password", "li"), ("recovery", ""), ("start_card", ""),
    ]  # fmt: skip


def test_no_secret_stands_in_the_file(slots: Path, root: vault.Root) -> None:
    key, card = vault.add_recovery(slots, root), vault.add_start_card(slots, root)
    text = slots.read_text("utf-8")
    assert not any(secret in text for secret in (MIN_PASSWORD, key.digits, card.digits, *key.groups))
    assert root.database_key() not in text


def test_a_secret_opens_only_slots_of_its_own_kind(slots: Path, root: vault.Root) -> None:
    key, card = vault.add_recovery(slots, root), vault.add_start_card(slots, root)
    assert refusal(lambda: vault.unlock(slots, key.digits)) == "vault.wrong_password"
    assert refusal(lambda: vault.unlock(slots, card.digits)) == "vault.wrong_password"
    assert refusal(lambda: vault.unlock_with_start_card(slots, key.digits)) == "vault.wrong_start_card"
    assert refusal(lambda: vault.unlock_with_start_card(slots, MIN_PASSWORD)) == "vault.wrong_start_card"


def test_a_start_card_cannot_be_dressed_up_as_a_recovery_key(slots: Path, root: vault.Root) -> None:
    card = vault.add_start_card(slots, root)
    assert same(vault._opened(slots, "start_card", card.digits).root, root)
    slots.write_text(slots.read_text("utf-8").replace('"start_card"', '"recovery"'), "utf-8")
    assert vault.ways(slots)[-1].kind == "recovery"  # well formed: only the seal tells
    assert refusal(lambda: vault._opened(slots, "recovery", card.digits)) == "vault.wrong_recovery"


def test_what_fails_does_not_tell_whether_there_is_such_a_slot(slots: Path, root: vault.Root, tmp_path: Path) -> None:
    other = tmp_path / "other.slots"
    foreign = vault.create(other, "x", "x-password", cost=CHEAP)
    key, card = vault.add_recovery(other, foreign), vault.add_start_card(other, foreign)
    without = [
        refusal(lambda: vault.unlock_with_recovery(slots, key.groups)),
        refusal(lambda: vault.unlock_with_start_card(slots, card.digits)),
    ]
    vault.add_recovery(slots, root)
    vault.add_start_card(slots, root)
    assert without == [
        refusal(lambda: vault.unlock_with_recovery(slots, key.groups)),
        refusal(lambda: vault.unlock_with_start_card(slots, card.digits)),
    ]


def test_changing_a_password_leaves_the_other_ways_in(slots: Path, root: vault.Root) -> None:
    key = vault.add_recovery(slots, root)
    vault.change_password(slots, "min", MIN_PASSWORD, "min-new-password", cost=CHEAP)
    assert refusal(lambda: vault.unlock(slots, MIN_PASSWORD)) == "vault.wrong_password"
    assert vault.unlock(slots, "min-new-password")[1] == "min"
    assert vault.unlock(slots, LI_PASSWORD)[1] == "li"
    assert same(vault.unlock_with_recovery(slots, key.groups).root, root)


def test_a_password_is_changed_by_its_own_keeper_only(slots: Path, root: vault.Root) -> None:
    before = slots.read_bytes()
    for keeper_id, old in (("min", LI_PASSWORD), ("nobody", MIN_PASSWORD), ("min", "wrong-password")):
        change = partial(vault.change_password, slots, keeper_id, old, "another-password", cost=CHEAP)
        assert refusal(change) == "vault.wrong_password"
    with pytest.raises(UserMistake):
        vault.change_password(slots, "min", MIN_PASSWORD, "short", cost=CHEAP)
    assert slots.read_bytes() == before


def test_a_forgotten_password_is_replaced_by_the_recovery_key(slots: Path, root: vault.Root) -> None:
    key = vault.add_recovery(slots, root)
    found = vault.unlock_with_recovery(slots, key.groups)
    vault.add(slots, found.root, "min", "remember-this", cost=CHEAP)
    opened, keeper_id = vault.unlock(slots, "remember-this")
    assert keeper_id == "min"
    assert same(opened, root)
    assert refusal(lambda: vault.unlock(slots, MIN_PASSWORD)) == "vault.wrong_password"


def test_a_keeper_who_left_opens_nothing_and_the_last_password_stays(slots: Path, root: vault.Root) -> None:
    vault.add_recovery(slots, root)
    vault.add_start_card(slots, root)
    vault.remove(slots, "li")
    assert refusal(lambda: vault.unlock(slots, LI_PASSWORD)) == "vault.wrong_password"
    assert refusal(lambda: vault.remove(slots, "min")) == "vault.last_slot"
    assert vault.unlock(slots, MIN_PASSWORD)[1] == "min"
    assert [way.kind for way in vault.ways(slots)] == ["password", "recovery", "start_card"]


def test_a_new_recovery_key_makes_the_old_one_worthless(slots: Path, root: vault.Root) -> None:
    old, new = vault.add_recovery(slots, root), vault.add_recovery(slots, root)
    assert refusal(lambda: vault.unlock_with_recovery(slots, old.groups)) == "vault.wrong_recovery"
    assert same(vault.unlock_with_recovery(slots, new.groups).root, root)
    assert [way.kind for way in vault.ways(slots)].count("recovery") == 1


def test_a_revoked_start_card_opens_nothing_and_its_neighbour_still_does(slots: Path, root: vault.Root) -> None:
    lost, kept = vault.add_start_card(slots, root), vault.add_start_card(slots, root)
    assert vault.is_start_card(lost.digits)
    vault.revoke(slots, lost.slot_id)
    assert refusal(lambda: vault.unlock_with_start_card(slots, lost.digits)) == "vault.wrong_start_card"
    assert same(vault.unlock_with_start_card(slots, kept.digits).root, root)
    password = vault.ways(slots)[0].id
    for gone in (lost.slot_id, password, "0" * 16):
        with pytest.raises(UserMistake) as mistake:
            vault.revoke(slots, gone)
        assert mistake.value.word == "vault.no_slot"
    assert vault.unlock(slots, MIN_PASSWORD)[1] == "min"


# --- the recovery key's groups -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> vault.RecoveryKey:
    file = tmp_path_factory.mktemp("sheet") / "station.slots"
    return vault.add_recovery(file, vault.create(file, "min", MIN_PASSWORD, cost=CHEAP))


def test_a_recovery_key_is_twelve_groups_of_five_digits(printed: vault.RecoveryKey) -> None:
    assert len(printed.groups) == 12
    assert all(len(group) == 5 and group.isdigit() for group in printed.groups)
    assert vault.recovery_groups(printed.digits) == printed.groups
    assert vault.wrong_groups(printed.groups) == []


@given(group=st.integers(0, 11), place=st.integers(0, 4), step=st.integers(1, 9))
def test_one_wrong_digit_names_its_group(printed: vault.RecoveryKey, group: int, place: int, step: int) -> None:
    typed = list(printed.groups)
    digit = str((int(typed[group][place]) + step) % 10)
    typed[group] = typed[group][:place] + digit + typed[group][place + 1 :]
    assert vault.wrong_groups(typed) == [group + 1]
    with pytest.raises(UserMistake) as mistake:
        vault.unlock_with_recovery(Path("nowhere"), typed)  # noticed before any file is looked at
    assert (mistake.value.word, mistake.value.fields) == ("vault.wrong_group", {"place": group + 1})


def test_a_group_in_another_place_is_found_four_times_in_five() -> None:
    parts = [f"{number:04d}" for number in range(0, 10_000, 37)]
    for place in range(1, 13):
        for other in {*range(1, 13)} - {place}:
            passed = [part for part in parts if vault._group_holds(other, part + vault._group_check(place, part))]
            assert len(passed) <= len(parts) * 0.2


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda groups: groups[:11], [12]),
        (lambda groups: groups[:3], list(range(4, 13))),
        (lambda groups: (*groups, "12345"), [13]),
        (lambda groups: ("1234", *groups[1:]), [1]),
        (lambda groups: (*groups[:4], "abcde", *groups[5:]), [5]),
        (lambda groups: (), list(range(1, 13))),
    ],
)
def test_missing_and_surplus_groups_are_named(
    printed: vault.RecoveryKey, change: Callable[[tuple[str, ...]], tuple[str, ...]], wrong: list[int]
) -> None:
    assert vault.wrong_groups(change(printed.groups)) == wrong


def test_groups_may_be_typed_as_a_chinese_keyboard_gives_them(slots: Path, root: vault.Root) -> None:
    key = vault.add_recovery(slots, root)
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    assert same(vault.unlock_with_recovery(slots, [f" {group.translate(wide)} " for group in key.groups]).root, root)
    assert vault.recovery_groups("　".join(key.groups).translate(wide)) == key.groups
    assert vault.recovery_groups("-".join(key.groups)) == key.groups


@given(place=st.integers(0, 39), step=st.integers(1, 9))
def test_a_misread_start_card_is_noticed_before_it_is_tried(place: int, step: int) -> None:
    from stdnum.iso7064 import mod_11_10

    body = "7" * 39
    digits = body + str(mod_11_10.calc_check_digit(body))
    assert vault.is_start_card(digits)
    assert not vault.is_start_card(digits[:place] + str((int(digits[place]) + step) % 10) + digits[place + 1 :])


def test_a_start_card_is_no_badge_and_no_card_number(slots: Path, root: vault.Root) -> None:
    digits = vault.add_start_card(slots, root).digits
    assert vault.read_badge(digits) is None
    assert not vault.is_card_number(digits)
    assert not vault.is_start_card(vault.add_recovery(slots, root).digits)


# --- the slot file -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path, str, vault.RecoveryKey, vault.StartCard]:
    """A file with one slot of each kind, a place to write changed ones, and what opens them."""
    file = tmp_path_factory.mktemp("altered") / "station.slots"
    root = vault.create(file, "min", MIN_PASSWORD, cost=vault.Cost(1, 8))
    key, card = vault.add_recovery(file, root), vault.add_start_card(file, root)
    return file.read_bytes(), file, root.database_key(), key, card


def openings(file: Path, key: vault.RecoveryKey, card: vault.StartCard) -> list[str]:
    """The kinds of slots that still open, or why the file is refused."""
    tries: dict[str, Callable[[], vault.Root]] = {
        "password": lambda: vault.unlock(file, MIN_PASSWORD)[0],
        "recovery": lambda: vault.unlock_with_recovery(file, key.groups).root,
        "start_card": lambda: vault.unlock_with_start_card(file, card.digits).root,
    }
    found = []
    for kind, attempt in tries.items():
        try:
            attempt()
            found.append(kind)
        except (Refused, EnvironmentFault) as told:
            if told.word in ("vault.damaged", "vault.too_new"):
                return [told.word]
    return found


def slot_at(data: bytes, place: int) -> str:
    """The kind of the slot that the byte at ``place`` stands in, "" outside."""
    start = data.rfind(b"{", 1, place + 1)
    end = data.find(b"}", start)
    if start < 0 or place > end:
        return ""
    return next(kind for kind in ("password", "recovery", "start_card") if f'"{kind}"'.encode() in data[start:end])


@settings(max_examples=400)
@given(data=st.data())
def test_an_altered_byte_opens_nothing_or_is_called_damage(
    data: st.DataObject, sealed: tuple[bytes, Path, str, vault.RecoveryKey, vault.StartCard]
) -> None:
    whole, file, _, key, card = sealed
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    file.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
    found = openings(file, key, card)
    if found not in (["vault.damaged"], ["vault.too_new"]):
        touched = slot_at(whole, place)
        assert touched  # outside the slots nothing may differ unnoticed
        assert touched not in found
        assert len(found) == 2  # one bent slot does not lock the others out


def test_the_file_as_it_was_opens_with_all_three(
    sealed: tuple[bytes, Path, str, vault.RecoveryKey, vault.StartCard],
) -> None:
    whole, file, root, key, card = sealed
    for data in (whole, whole.replace(b"\n", b"\r\n")):  # an earlier version wrote text files as the system does
        file.write_bytes(data)
        assert openings(file, key, card) == ["password", "recovery", "start_card"]
    assert vault.unlock_with_recovery(file, key.groups).root.database_key() == root


def test_without_the_sealed_header_a_start_card_would_pass_for_a_recovery_key(
    slots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the tests above: what they rest on is that a slot's kind and cost are authenticated."""
    monkeypatch.setattr(vault.Slot, "header", lambda slot: b"")
    root = vault.create(slots, "min", MIN_PASSWORD, cost=CHEAP)
    card = vault.add_start_card(slots, root)
    slots.write_text(slots.read_text("utf-8").replace('"start_card"', '"recovery"'), "utf-8")
    assert same(vault._opened(slots, "recovery", card.digits).root, root)


def test_a_root_of_another_length_is_none() -> None:
    for size in (0, 31, 33):
        with pytest.raises(ValueError, match="32 bytes"):
            vault.Root(b"k" * size)


def test_a_station_that_is_there_is_never_set_up_again(slots: Path, root: vault.Root) -> None:
    before = slots.read_bytes()
    with pytest.raises(EnvironmentFault) as fault:
        vault.create(slots, "other", "other-password", cost=CHEAP)
    assert fault.value.word == "vault.exists"
    assert slots.read_bytes() == before
    assert same(vault.unlock(slots, MIN_PASSWORD)[0], root)


def test_a_file_that_cannot_be_read_is_not_called_damaged(slots: Path) -> None:
    slots.mkdir()
    with pytest.raises(EnvironmentFault) as fault:
        vault.unlock(slots, MIN_PASSWORD)
    assert fault.value.word == "vault.unreadable"
    assert fault.value.fields["reason"]


@pytest.mark.parametrize(
    ("written", "altered"),
    [
        ('"passes": 1', '"passes": 1.0'), ('"passes": 1', '"passes": true'), ('"memory": 8192', '"memory": "8192"'),
        ('"kind": "password"', '"kind": "master"'), ('"salt": "', '"salt": "AAAA'), ('"nonce": "', '"nonce": "AAAA'),
        ('"format": 1', '"format":1'), ('"sealed": "', '"sealed": "AAAA'), ('"memory": 0', '"memory": 1'),
        ('"kind": "recovery"', '"kind": "password"'),
    ],
)  # fmt: skip
def test_a_slot_whose_parts_are_not_as_we_write_them_is_damage(slots: Path, root: vault.Root, written: str, altered: str) -> None:
    vault.add_recovery(slots, root)
    text = slots.read_text("utf-8")
    assert written in text
    slots.write_text(text.replace(written, altered, 1), "utf-8")
    assert refusal(lambda: vault.unlock(slots, MIN_PASSWORD)) == "vault.damaged"


def test_a_sheet_and_a_card_bear_the_mark_of_their_slot(slots: Path, root: vault.Root) -> None:
    sheet, card = vault.add_recovery(slots, root), vault.add_start_card(slots, root)
    assert sheet.number == sheet.slot_id[:4].upper() != card.number == card.slot_id[:4].upper()
    assert refusal(lambda: vault.unlock_with_start_card(slots, card.number)) == "vault.wrong_start_card", "it opens nothing"


def test_where_the_system_opens_no_folders_a_small_file_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows: a folder cannot be opened there, and a rename needs no further step."""
    opened = vault.os.open

    def as_windows(path: str | Path, *how: int) -> int:
        if os.path.isdir(path):  # noqa: PTH112 (a Path cannot be made while the system is called another)
            raise PermissionError(13, "Permission denied")
        return opened(path, *how)

    place = tmp_path / "small"
    monkeypatch.setattr(vault.os, "open", as_windows)
    with pytest.raises(PermissionError):
        vault.sync_folder(tmp_path)
    with monkeypatch.context() as windows:
        windows.setattr(vault.os, "name", "nt")
        vault.write_whole(place, b"whole")
    assert place.read_bytes() == b"whole"


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_cut_file_is_damaged_and_a_missing_one_is_no_station(slots: Path, root: vault.Root, cut: int) -> None:
    slots.write_bytes(slots.read_bytes()[:cut])
    assert refusal(lambda: vault.unlock(slots, MIN_PASSWORD)) == "vault.damaged"
    slots.unlink()
    with pytest.raises(UserMistake):
        vault.unlock(slots, MIN_PASSWORD)


def test_a_file_of_a_newer_program_is_not_called_damaged(slots: Path, root: vault.Root) -> None:
    slots.write_text(slots.read_text("utf-8").replace('"format": 1', '"format": 2'), "utf-8")
    with pytest.raises(EnvironmentFault) as fault:
        vault.unlock(slots, MIN_PASSWORD)
    assert fault.value.word == "vault.too_new"


def test_a_slot_that_asks_for_a_machine_full_of_memory_is_refused(slots: Path, root: vault.Root) -> None:
    slots.write_text(slots.read_text("utf-8").replace('"memory": 8192', '"memory": 99998192', 1), "utf-8")
    assert refusal(lambda: vault.unlock(slots, MIN_PASSWORD)) == "vault.damaged"


def test_a_failed_write_leaves_the_old_file(slots: Path, root: vault.Root, monkeypatch: pytest.MonkeyPatch) -> None:
    before = slots.read_bytes()

    def refuse(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vault.os, "fsync", refuse)
    with pytest.raises(EnvironmentFault) as fault:
        vault.add_start_card(slots, root)
    assert fault.value.word == "vault.unwritable"
    assert slots.read_bytes() == before
