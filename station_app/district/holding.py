"""What the district holds of a station, computed from its batches: gaps, forks, a past written anew, whole snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..db import Row

MOST_GAPS = 500
"""How many a receipt tells: a pack has a bound, and who sends more has other worries."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the district holds of one station: batches, gaps, forks, the newest, whether digests agree (None: cannot tell).

    ``rewritten`` are (store, number) of batches that tell another past than the batch before them did; ``by_store`` the hashes
    by the store that closed them.
    """

    batches: int
    newest_no: int
    newest_closed: str
    last_taken_in: str
    missing: tuple[tuple[str, int], ...]
    forks: tuple[tuple[str, int, tuple[str, ...]], ...]
    agrees: bool | None
    hashes: tuple[str, ...]
    rewritten: tuple[tuple[str, int], ...] = ()
    by_store: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def gathered(rows: Sequence[Row]) -> Held:
    """What these batches (rows of ``store.INTAKE``, by store, number and arrival) come to."""
    by_store: dict[str, dict[int, list[Row]]] = {}
    for row in rows:
        by_store.setdefault(row["store_id"], {}).setdefault(row["no"], []).append(row)
    missing = tuple((store, no) for store, numbers in by_store.items() for no in _missing(rows, numbers))
    forks = tuple(
        (store, no, tuple(row["hash"] for row in found))
        for store, numbers in by_store.items()
        for no, found in numbers.items()
        if len(found) > 1 or _broken(numbers, no)
    )
    newest = max(rows, key=lambda row: (row["closed"], row["no"]), default=None)
    agrees = None if newest is None or newest["agrees"] is None else bool(newest["agrees"])
    return Held(
        batches=len(rows), newest_no=newest["no"] if newest else 0, newest_closed=newest["closed"] if newest else "",
        last_taken_in=max((row["taken_in"] for row in rows), default=""), missing=missing, forks=forks, agrees=agrees,
        hashes=tuple(row["hash"] for row in rows), rewritten=_rewritten(rows),
        by_store={
            store: tuple(row["hash"] for found in numbers.values() for row in found) for store, numbers in by_store.items()
        },
    )  # fmt: skip


def _rewritten(rows: Sequence[Row]) -> tuple[tuple[str, int], ...]:
    """The batches whose station shows another link where the batch before had told its newest (``manifest.Link``)."""
    told = {row["hash"]: row["chain"] for row in rows}
    return tuple((row["store_id"], row["no"]) for row in rows if told.get(row["previous"]) and told[row["previous"]] != row["witnessed"])


def _repaired(numbers: Mapping[int, Sequence[Row]]) -> int:
    """The number below which nothing is missing: that of the newest whole snapshot, whose rows speak for all before; 0 without."""
    for no in sorted(numbers, reverse=True):
        for row in numbers[no]:
            first = no - (row["parts"] or 0) + 1
            if row["part"] and row["part"] == row["parts"] and all(
                any(one["parts"] == row["parts"] and one["part"] == at - first + 1 for one in numbers.get(at, ()))
                for at in range(first, no + 1)
            ):  # fmt: skip
                return first
    return 0


def _broken(numbers: Mapping[int, Sequence[Row]], no: int) -> bool:
    """Whether a batch names another before it than the one we hold: its station's past was written anew."""
    before = {row["hash"] for row in numbers.get(no - 1, ())} or ({""} if no == 1 else set())
    told = {row["previous"] or "" for row in numbers[no]}
    return bool(before) and not told <= before


def _begins(rows: Sequence[Row], numbers: Mapping[int, Sequence[Row]]) -> int:
    """The number a store's batches begin with: a restored one goes on counting after the batch it names as its parent."""
    first = min(numbers)
    parent = str(numbers[first][0]["parent"] or "").partition("/")[2]
    if not parent:
        return 1
    return next((row["no"] + 1 for row in rows if row["hash"] == parent), first)


def _missing(rows: Sequence[Row], numbers: Mapping[int, Sequence[Row]]) -> Iterator[int]:
    """The numbers not seen from where a store begins, or from its newest whole snapshot."""
    first = max(_begins(rows, numbers), _repaired(numbers))
    return _gaps([no for no in numbers if no >= first], first)


def _gaps(numbers: Iterable[int], first: int) -> Iterator[int]:
    """The numbers missing from ``first`` to the highest, ``MOST_GAPS`` at most: a station may number its batches as it likes."""
    left, expected = MOST_GAPS, first
    for no in sorted(numbers):
        for gap in range(expected, min(no, expected + left)):
            left -= 1
            yield gap
        expected = no + 1
