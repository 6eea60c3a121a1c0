"""Keys, fingerprints and the two introductions."""

from __future__ import annotations

import dataclasses
import json
from datetime import date

import msgspec
import pytest

from station_app.errors import Bug
from station_app.sync import identity
from tests.sync.made import DAY, STORE, Sides, refusal


def enrolment(who: identity.Identity) -> identity.Enrolment:
    return identity.Enrolment(
        verify_key=who.public.verify_key.hex(), made=f"{DAY}T08:00:00+08:00", district="990101", station_id=STORE,
        code="YQ", letter="A", name="云桥驿站", phone="024-0000", store_id=STORE, recipient=who.public.recipient,
    )  # fmt: skip


def trust(who: identity.Identity) -> identity.Trust:
    return identity.Trust(
        verify_key=who.public.verify_key.hex(), made=f"{DAY}T08:00:00+08:00", district="990101", name="云桥区",
        recipients=[who.public.recipient], signers=[who.public.verify_key.hex()],
    )  # fmt: skip


def test_an_identity_is_stored_and_comes_back(sides: Sides):
    stored = sides.station.to_bytes()
    assert all(isinstance(secret, bytes) for secret in stored.values())
    assert identity.from_bytes(stored) == sides.station
    assert identity.from_bytes(stored).sign(b"x") == sides.station.sign(b"x") != sides.district.sign(b"x")


@pytest.mark.parametrize(
    "bent", [{}, {"signing_seed": b"short"}, {"age_identity": b"AGE-SECRET-KEY-1NO"}, {"age_identity": b"\xff"}]
)
def test_a_bent_store_is_a_bug(sides: Sides, bent):
    with pytest.raises(Bug):
        identity.from_bytes(sides.station.to_bytes() | bent if bent else {})


def test_secrets_do_not_show_in_a_repr(sides: Sides):
    shown = repr(sides.station)
    assert "AGE-SECRET" not in shown
    assert repr(sides.station.seed) not in shown


def test_fingerprints_are_read_aloud_and_differ(sides: Sides):
    shown = sides.station.public.fingerprint
    assert [len(group) for group in shown.split("-")] == [5] * 6
    assert shown.replace("-", "").isdigit()
    assert shown != sides.district.public.fingerprint
    # 66687aadf862bd77...0d5f2925, the SHA-256 of 32 zero bytes, modulo 10**30
    assert identity.fingerprint(b"\0" * 32) == "31479-19918-10382-90276-65309-30981"


def test_introductions_come_back(sides: Sides):
    sent = identity.write_introduction(enrolment(sides.station), sides.station)
    got = identity.read_enrolment(sent)
    assert msgspec.structs.replace(got, signature="") == enrolment(sides.station)
    assert got.public == sides.station.public
    assert got.fingerprint == sides.station.public.fingerprint
    assert json.loads(sent)["type"] == "enrol"
    down = identity.read_trust(identity.write_introduction(trust(sides.district), sides.district))
    assert down.recipients == [sides.district.public.recipient]


def test_every_flipped_bit_of_an_introduction_is_refused(sides: Sides):
    sent = identity.write_introduction(enrolment(sides.station), sides.station)
    for bit in range(8 * len(sent)):
        mutant = bytearray(sent)
        mutant[bit // 8] ^= 1 << bit % 8
        assert refusal(lambda data=bytes(mutant): identity.read_enrolment(data))


def test_control_without_the_signature_flipped_bits_get_through(sides: Sides, monkeypatch):
    monkeypatch.setattr(identity, "_check", lambda *_: None)
    sent = identity.write_introduction(enrolment(sides.station), sides.station)
    assert identity.read_enrolment(sent.replace(b"024-0000", b"024-0001")).phone == "024-0001"


def test_another_key_cannot_introduce_itself_under_this_signature(sides: Sides):
    sent = identity.write_introduction(enrolment(sides.station), sides.station)
    swapped = sent.replace(
        sides.station.public.verify_key.hex().encode(), sides.district.public.verify_key.hex().encode()
    )
    assert refusal(lambda: identity.read_enrolment(swapped)) == "sync_files.bad_signature"
    with pytest.raises(Bug):
        identity.write_introduction(enrolment(sides.station), sides.district)


def test_the_wrong_file_says_so(sides: Sides):
    sent = identity.write_introduction(trust(sides.district), sides.district)
    assert refusal(lambda: identity.read_enrolment(sent)) == "sync_files.wrong_kind"
    for data in (b"", b"{}", b"\x89PNG\r\n", sent[:-1], b" " + sent):
        assert refusal(lambda data=data: identity.read_trust(data)) == "sync_files.bad_introduction"
    assert refusal(lambda: identity.read_trust(b"{" + b" " * 300_000 + b"\n")) == "sync_files.too_big"
    assert refusal(lambda: identity.read_trust(b'{"a":1,"a":2}\n')) == "sync_files.bad_json"


def test_file_names_are_plain_ascii():
    assert identity.enrolment_name("YQ") == "enrol-YQ.json"
    assert identity.trust_name("990101") == "trust-990101.json"
    assert identity.batch_name("YQ", date(2026, 7, 17), 12) == "YQ-20260717-0012.batch"
    assert identity.pack_name("990101", "YQ", 3) == "990101-YQ-0003.pack"
    for bad in ("云桥", "a/b", "..", "", "yq"):
        with pytest.raises(Bug):
            identity.enrolment_name(bad)


def test_an_identity_is_frozen(sides: Sides):
    with pytest.raises(dataclasses.FrozenInstanceError):
        sides.station.seed = b""  # type: ignore[misc]
