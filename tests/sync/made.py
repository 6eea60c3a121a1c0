"""A small day as it crosses, made here, and the two sides between which it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from station_app.errors import Refused
from station_app.sync import carrier, envelope, identity, manifest, opening
from tests.faults.table import scale

STORE = "0198f3a2-7c00-7000-8000-0000000000a1"
PERSON = "0198f3a2-7c00-7000-8000-000000000001"
ITEM = "0198f3a2-7c00-7000-8000-000000000002"
REQUEST = "0198f3a2-7c00-7000-8000-000000000003"
DAY = "2026-07-17"


def share(full: int) -> int:
    """How many of a catalogue figure to run: all of them in a full run, a fifth in a quick one, else a tenth."""
    return scale(full, least=1)


def row(serial: int, /, **columns: Any) -> dict[str, Any]:
    """A row with its own id."""
    return {
        "id": f"0198f3a2-7c00-7000-9000-{serial:012x}",
        "version": 1,
        "store_id": STORE,
        "void_reason": None,
        **columns,
    }


def moment(hour: int, minute: int) -> dict[str, Any]:
    """The time columns of the sample day."""
    return {"time": f"{DAY}T{hour:02d}:{minute:02d}:00+08:00", "business_date": DAY}


def visits(count: int) -> Iterable[dict[str, Any]]:
    """Visits, every third one anonymous."""
    for number in range(count):
        hour = 8 + number % 10
        known = {"person_id": PERSON, "recorded": "scan"} if number % 3 else {"recorded": "tally"}
        yield row(
            100 + number,
            **moment(hour, number % 60),
            hour=hour,
            occupation="rider",
            person_times=1 + number % 2,
            **known,
        )


def day() -> dict[str, list[dict[str, Any]]]:
    """A day of every kind of row a desk writes most."""
    return {
        "request_step": [row(31, **moment(10, 5), request_id=REQUEST, round=1, state="recorded", side="station")],
        "person": [
            row(1, occupation="rider", consent="station", registered_on=DAY, platform="蓝骑士·云桥站") | {"id": PERSON}
        ],
        "identity": [row(1, name_sealed="b64Ciphertext+/==", phone_sealed="") | {"id": PERSON}],
        "visit": list(visits(12)),
        "item": [
            row(
                2, name="藿香正气水", unit="支", kind="cooling", rank=1, low_level=10, alcohol=1, first_month=6,
                last_month=9, active=1,
            )
            | {"id": ITEM}
        ],
        "movement": [row(11, **moment(9, 0), item_id=ITEM, delta=-2, kind="handout")],
        "handout": [row(21, **moment(9, 0), item_id=ITEM, quantity=2, short=0, already_given=0, void_reason="undo")],
        "request": [
            row(
                3, **moment(10, 5), number="YQ-A-2026-0001", kind="help", category="facilities", channel="desk",
                urgency="ordinary", due="2026-07-24T10:05:00+08:00", person_id=PERSON, text_sealed="Zm9v",
            )
            | {"id": REQUEST}
        ],
    }  # fmt: skip


@dataclass(frozen=True)
class Sides:
    """A station and its district, each with its keys."""

    station: identity.Identity
    district: identity.Identity

    @property
    def stations(self) -> dict[bytes, bytes]:
        """What the district knows."""
        return {self.station.public.key_id: self.station.public.verify_key}

    @property
    def districts(self) -> dict[bytes, bytes]:
        """What the station knows."""
        return {self.district.public.key_id: self.district.public.verify_key}

    def fields(self, **changes: Any) -> manifest.BatchFields:
        """What a station says about its first batch."""
        told: dict[str, Any] = {
            "district": "990101", "recipient": self.district.public.fingerprint, "station": "YQ", "store_id": STORE,
            "no": 1, "prev": "", "first": 1, "last": 30, "closed": f"{DAY}T17:30:00+08:00",
            "totals": manifest.Totals(person_times=18, handouts={ITEM: 2}, requests={"recorded": 1}),
        }  # fmt: skip
        return manifest.BatchFields(**(told | changes))

    def batch(self, tables: dict[str, Any] | None = None, **changes: Any) -> envelope.Batch:
        """A signed batch, of the sample day unless told otherwise."""
        told = day() if tables is None else tables
        return envelope.write_batch(self.fields(**changes), told, self.station.sign, self.station.public.verify_key)

    def pack(self, content: manifest.Pack | None = None, **changes: Any) -> envelope.OpenPack:
        """A signed pack."""
        told: dict[str, Any] = {
            "district": "990101", "station": "YQ", "recipients": [self.station.public.fingerprint], "epoch": 1, "no": 1,
            "made": f"{DAY}T20:00:00+08:00",
        }  # fmt: skip
        fields = manifest.PackFields(**(told | changes))
        return envelope.write_pack(
            fields, content or manifest.Pack(), self.district.sign, self.district.public.verify_key
        )

    def up(self, *batches: envelope.Batch) -> bytes:
        """The station's carrier, not sealed yet: batches, two subject keys, an attachment."""
        keys = {PERSON: b"P" * 32, REQUEST: b"R" * 32}
        frames = [batch.data for batch in batches or (self.batch(),)]
        return carrier.write_carrier(
            frames, keys, {"a1.jpg": b"photo"}, self.station.sign, self.station.public.verify_key
        )

    def down(self, pack: envelope.OpenPack | None = None) -> bytes:
        """The district's carrier, not sealed yet."""
        frames = [(pack or self.pack()).data]
        return carrier.write_carrier(frames, {}, {}, self.district.sign, self.district.public.verify_key)

    def sealed_up(self, data: bytes | None = None) -> bytes:
        """Sealed to the district."""
        return carrier.seal(data or self.up(), [self.district.public.recipient])

    def read_all(self, data: bytes) -> Any:
        """Everything an unsealed carrier says, as comparable values; reads every row."""
        opened = opening.read_batches(data, self.stations)
        rows = [[(table, list(found)) for table, found in batch.rows()] for batch in opened.batches]
        told = [batch.manifest for batch in opened.batches]
        return told, rows, dict(opened.keys), {name: bytes(part) for name, part in opened.attachments.items()}


def refusal(step: Callable[[], object]) -> str:
    """The sentence id ``step`` is refused with, "" when it is not; any other exception is a failure of the test."""
    try:
        step()
    except Refused as error:
        return error.word
    return ""
