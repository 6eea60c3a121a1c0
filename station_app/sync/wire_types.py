"""What all rows that cross share: bounded texts and numbers, days, a row's own columns. Sees only ``strict``."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from .strict import LARGEST

_UUID = r"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z"
DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"

Id = Annotated[str, Meta(pattern=_UUID)]
StoreId = Annotated[str, Meta(pattern=r"\A[0-9a-f-]{32,36}\Z")]
Time = Annotated[str, Meta(pattern=rf"\A{DAY}T{CLOCK}(:[0-5][0-9](\.[0-9]{{1,6}})?)?(Z|[+-]{CLOCK})\Z")]
Day = Annotated[str, Meta(pattern=rf"\A{DAY}\Z")]
Clock = Annotated[str, Meta(pattern=rf"\A{CLOCK}\Z")]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Name = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=4000)]
Sealed = Annotated[str, Meta(max_length=32_000, pattern=r"\A[A-Za-z0-9+/]*={0,2}\Z")]
Digits = Annotated[str, Meta(pattern=r"\A[0-9]{1,32}\Z")]
District = Annotated[str, Meta(pattern=r"\A[0-9]{6}\Z")]
StationCode = Annotated[str, Meta(pattern=r"\A[A-Z0-9]{1,16}\Z")]
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Flag = Annotated[int, Meta(ge=0, le=1)]
Month = Annotated[int, Meta(ge=1, le=12)]
Celsius = Annotated[int, Meta(ge=-100, le=100)]
Hour = Annotated[int, Meta(ge=0, le=23)]
Round = Annotated[int, Meta(ge=1, le=1000)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Change = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]
Number = Annotated[int, Meta(ge=0, le=LARGEST)]

Expiry = Annotated[str, Meta(pattern=rf"\A({DAY})?\Z")]

Occupation = Literal["rider", "courier", "ride_hail_driver", "truck_driver", "sanitation_worker", "resident", "other"]
RequestState = Literal["recorded", "accepted", "transferred", "replied", "told", "closed", "reopened", "withdrawn"]


DATES = frozenset(
    {
        "time", "business_date", "finished", "opened", "closed", "registered_on", "issued", "starts_on", "ends_on", "expiry", "due",
        "bought", "next_check", "done", "accepted", "ended", "runs_out", "wanted_by",
    }
)  # fmt: skip
"""The columns that hold a day or a moment; patterns alone would let days through that no calendar has."""


@cache
def _dates(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if name in DATES)


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, gc=False):
    """What every ledger row has; ``void_reason`` is None while the row counts."""

    id: Id
    version: Annotated[int, Meta(ge=1, le=LARGEST)]
    store_id: StoreId
    void_reason: Name | None = None

    def __post_init__(self) -> None:
        """ValueError for a 31st of February: it would stop every report that meets it (msgspec makes it a ValidationError)."""
        for column in _dates(type(self)):
            told = getattr(self, column)
            if told:
                datetime.fromisoformat(told)


class Dated(Row, frozen=True, kw_only=True, gc=False):
    """A row of a moment, with the station's local day."""

    time: Time
    business_date: Day
