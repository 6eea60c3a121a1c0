"""Light: the letters of a code, a file cut into codes and joined again, a day's totals that only their station can have signed."""

from __future__ import annotations

import zlib
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station_app.errors import Bug, Refused
from station_app.sync import envelope, identity, light
from tests.sync.made import STORE

OWN = identity.generate()
KEYS = {OWN.public.key_id: OWN.public.verify_key}
DAY = light.DaySheet(
    district="990101", station="YQ", store_id=STORE, business_date="2026-07-17", made="2026-07-17T21:02:00+08:00", sequence=412,
    chain="ab" * 32, person_times=187, people=81, registered=120, occupations={"rider": 100, "courier": 87},
    handouts={"防暑包": 12, "矿泉水": 40}, requests={"recorded": 3},
)  # fmt: skip


@given(st.binary(max_size=300))
def test_letters_give_the_bytes_again(data: bytes) -> None:
    assert light.from_base45(light.base45(data)) == data


def test_letters_are_those_of_the_standard() -> None:
    assert light.base45(b"Hello!!") == "%69 VD92EX0"  # RFC 9285, section 4.3
    assert light.from_base45("QED8WEX0") == b"ietf!"
    for wrong in ("GGW", ":::", "A", "ABCD", "Abc", "中", "::"):
        assert light.from_base45(wrong) is None


@given(st.binary(max_size=4 * light.PART_BYTES), st.randoms(use_true_random=False))
def test_a_file_is_whole_again_from_its_parts_in_any_order(data: bytes, random: object) -> None:
    parts = [light.read_part(text) for text in light.split(data)] if data else []
    if not data:
        return
    found = [part for part in parts if part is not None]
    assert len(found) == len(parts)
    random.shuffle(found)  # type: ignore[attr-defined]
    assert light.join([*found, found[0]]) == data
    if len(found) > 1:
        assert light.join(found[1:]) is None
    bent = replace(found[0], body=bytes([found[0].body[0] ^ 1]) + found[0].body[1:])
    assert light.join([bent, *found[1:]]) is None


def test_what_is_no_part_is_none() -> None:
    [text] = light.split(b"x")
    for wrong in ("", "HELLO", text[:-3], light.base45(b"SXP1" + bytes(11)), light.base45(b"SXP1" + bytes(8) + b"\0\2\0\2x")):
        assert light.read_part(wrong) is None


def test_too_much_for_codes_is_said() -> None:
    with pytest.raises(Refused) as told:
        light.split(bytes(light.MOST_PARTS * light.PART_BYTES + 1))
    assert told.value.fields == {"codes": light.MOST_PARTS + 1, "most": light.MOST_PARTS}


def test_a_day_sheet_is_what_was_signed() -> None:
    text = light.write_day(DAY, OWN.sign, OWN.public.verify_key)
    assert len(text) <= light.LARGEST_SHEET
    assert light.is_day(text)
    assert light.read_day(text, KEYS) == (DAY, OWN.public.key_id)


def test_the_longest_day_fits_one_code() -> None:
    names = {f"{'防暑降温物资礼包' * 2}{number:02d}号": 1_000 for number in range(60)}
    told = msgspec.structs.replace(DAY, handouts=light.most_given(names))
    assert len(told.handouts) == light.MOST_ITEMS + 1
    assert sum(told.handouts.values()) == 60_000
    assert len(light.write_day(told, OWN.sign, OWN.public.verify_key)) <= light.LARGEST_SHEET
    with pytest.raises(Bug):
        light.write_day(msgspec.structs.replace(DAY, handouts=names), OWN.sign, OWN.public.verify_key)


def test_only_the_station_signs_its_day() -> None:
    text = light.write_day(DAY, OWN.sign, OWN.public.verify_key)
    other = identity.generate()
    with pytest.raises(Refused) as told:
        light.read_day(text, {other.public.key_id: other.public.verify_key})
    assert told.value.word == "sync_files.unknown_station"
    with pytest.raises(Refused) as told:
        light.read_day(light.write_day(DAY, other.sign, OWN.public.verify_key), KEYS)
    assert told.value.word == "sync_files.bad_signature"
    batch = envelope.write_frame("batch", b"{}", b"", OWN.sign, OWN.public.verify_key)
    with pytest.raises(Refused) as told:
        light.read_day(light.base45(light.SHEET_MAGIC + zlib.compress(batch)), KEYS)
    assert told.value.word == "sync_files.bad_signature"


def test_every_bent_byte_of_a_day_sheet_is_refused() -> None:
    data = light.from_base45(light.write_day(DAY, OWN.sign, OWN.public.verify_key))
    assert data is not None
    for at in range(len(data)):
        with pytest.raises(Refused):
            light.read_day(light.base45(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]), KEYS)
        with pytest.raises(Refused):
            light.read_day(light.base45(data[:at]), KEYS)
    bomb = light.SHEET_MAGIC + zlib.compress(bytes(10_000_000))
    with pytest.raises(Refused):
        light.read_day(light.base45(bomb), KEYS)
