"""Keys: what only the right one opens, and what a badge's digits promise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station_app import vault
from station_app.errors import Refused

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
