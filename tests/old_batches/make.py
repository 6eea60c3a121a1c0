"""Write the files of the format's present version: ``python -m tests.old_batches.make``. Never over those of a released one.

``v<version>/`` holds a day's batches, a pack, both introductions, the keys (made for this and used for nothing else) and what
has to be read out of them, as plain JSON.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec

from station_app import rulebook
from station_app.sync import carrier, envelope, identity, manifest, wire
from tests.sync.made import DAY, ITEM, PERSON, REQUEST, STORE, Sides, day, moment, row

HERE = Path(__file__).parent
MADE = f"{DAY}T08:00:00+08:00"
RELEASED = 0
"""The newest version of the format that desks have; files of it and of those before are never written again."""


def main() -> None:
    """Write ``v<FORMAT>`` anew; refuses where it was released."""
    folder = HERE / f"v{manifest.FORMAT}"
    if manifest.FORMAT <= RELEASED:
        sys.exit(f"{folder.name} was released: a reader has to read it as it is")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    sides = Sides(identity.generate(), identity.generate())
    renewed = identity.generate()
    keys = {
        "station": [_secret(sides.station), _secret(renewed)], "district": [_secret(sides.district)],
    }  # fmt: skip
    enrol, renewal, trust = introductions(sides, renewed)
    batches = [sides.batch(), later(sides)]
    frames = [renewal, *(batch.data for batch in batches)]
    attachments = {"0198f3a2-7c00-7000-8000-0000000000b1": b"sealed picture"}
    up = carrier.write_carrier(frames, {PERSON: b"P" * 32, REQUEST: b"R" * 32}, attachments, renewed.sign, renewed.public.verify_key)
    pack = sides.pack(answer(batches[0].hash), no=7, epoch=2, recipients=[sides.station.public.fingerprint])
    own = sides.district
    down = carrier.write_carrier([trust, bytes(pack.data)], {}, {}, own.sign, own.public.verify_key)
    files = {
        "enrol-YQ.json": enrol, "trust-990101.json": trust, "YQA-20260717-0002.batch": carrier.seal(up, [own.public.recipient]),
        "990101-YQ-0007.pack": carrier.seal(down, [sides.station.public.recipient]),
    }  # fmt: skip
    for name, data in files.items():
        (folder / name).write_bytes(data)
    expected = {
        "manifests": [msgspec.to_builtins(batch.manifest) for batch in batches], "hashes": [batch.hash for batch in batches],
        "rows": [{table: [wire.line(wire.typed(table, one)).decode() for one in rows] for table, rows in told.items()} for told in (day(), {
            "visit": [voided()]})],
        "pack": msgspec.to_builtins(pack.pack), "pack_manifest": msgspec.to_builtins(pack.manifest),
    }  # fmt: skip
    (folder / "keys.json").write_text(json.dumps(keys, indent=1), "utf-8")
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")


def introductions(sides: Sides, renewed: identity.Identity) -> tuple[bytes, bytes, bytes]:
    """A station's, that of its next key, and its district's."""
    station, district = sides.station, sides.district
    told: dict[str, Any] = {
        "made": MADE, "district": "990101", "station_id": STORE, "code": "YQ", "letter": "A", "name": "云桥驿站", "phone": "024-0000",
        "store_id": STORE,
    }  # fmt: skip
    first = identity.Enrolment(verify_key=station.public.verify_key.hex(), recipient=station.public.recipient, **told)
    then = identity.Enrolment(
        verify_key=renewed.public.verify_key.hex(), recipient=renewed.public.recipient, previous=station.public.verify_key.hex(), **told
    )
    trust = identity.Trust(
        verify_key=district.public.verify_key.hex(), made=MADE, district="990101", name="云桥区",
        recipients=[district.public.recipient], signers=[district.public.verify_key.hex()], serial=3, epoch=2, roster=5,
    )  # fmt: skip
    return (
        identity.write_introduction(first, station), identity.write_introduction(then, renewed, station),
        identity.write_introduction(trust, district),
    )  # fmt: skip


def voided() -> dict[str, Any]:
    """A visit of the first batch, taken back."""
    return {**day()["visit"][0], "version": 2, "void_reason": "undo"}


def later(sides: Sides) -> envelope.Batch:
    """The batch after the sample day: one visit taken back, as part of a snapshot."""
    return sides.batch(
        {"visit": [voided()]}, no=2, prev=sides.batch().hash, parent=f"{STORE}/{'a' * 64}", first=31, last=31, totals=None,
        snapshot=manifest.Part(part=1, parts=1), digests={"visit": wire.digest("visit", [voided()])},
        chain=manifest.Link(operation=9, hash="b" * 64), witnessed=manifest.Link(operation=4, hash="c" * 64),
    )  # fmt: skip


def answer(batch_hash: str) -> manifest.Pack:
    """A pack with something of everything."""
    step = row(
        41, **moment(15, 0), request_id=REQUEST, round=1, state="replied", side="district", unit="交通局", note_sealed="Zm9v",
    )  # fmt: skip
    replied = wire.typed("request_step", step)
    assert isinstance(replied, wire.RequestStep)
    holding = manifest.Holding(
        store_id=STORE, have=[batch_hash], missing=[3], forks=[manifest.Fork(no=4, hashes=["d" * 64, "e" * 64])], snapshot=True,
        digests={"visit": wire.digest("visit", day()["visit"])}, totals=manifest.Totals(person_times=18),
    )  # fmt: skip
    return manifest.Pack(
        receipt=manifest.Receipt(
            stores=[holding], refused=[manifest.TurnedDown(table="visit", id=PERSON, version=1, reason="other_store")],
            attachments=["f" * 64],
        ),
        steps=[replied],
        notices=[manifest.Notice(id=PERSON, time=f"{DAY}T16:00:00+08:00", title="高温橙色预警", text="请备足饮水", until=DAY)],
        allocations=[
            manifest.Allocation(id=ITEM, time=f"{DAY}T16:00:00+08:00", item_name="矿泉水", unit="瓶", kind="drink", quantity=240)
        ],
        averages=[manifest.Average(month=DAY[:7], stations=4, person_times=4380, open_days=118)],
        rules=[
            rulebook.RuleSet(
                id=ITEM, epoch=2, no=3, starts_on=DAY, made=f"{DAY}T16:00:00+08:00", author="社会工作部", note="高温期间每人两瓶",
                body=rulebook.Quotas(rules=(rulebook.QuotaRule(name="饮用水", kinds=("drink",), most=2, levels=("heat_orange",)),)),
            )
        ],
    )  # fmt: skip


def _secret(own: identity.Identity) -> dict[str, str]:
    return {"signing_seed": own.seed.hex(), "age_identity": own.opener}


if __name__ == "__main__":
    main()
