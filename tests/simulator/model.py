"""What was acknowledged, in plain Python: it reads what the services said was done and knows no rule of the exchange."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from station_app.db import Database

Key = tuple[str, str]
"""Table and row id."""
Content = dict[str, Any]
"""A row without its empty columns."""


def content(row: Any) -> Content:
    """A row as it is compared: without empty columns."""
    return {name: part for name, part in dict(row).items() if part is not None}


@dataclass(frozen=True, eq=False, slots=True)
class Image:
    """One version of a row as some incarnation of a store acknowledged it; ``before`` is the one it was made of."""

    key: Key
    content: Content
    before: Image | None
    sequence: int

    @property
    def rank(self) -> tuple[int, str]:
        """Which of two stands (SYNC.md section 4, rule 3): the higher version, of equal ones the higher store.

        Copies that knew nothing of each other may make two of one rank; then either may stand.
        """
        return self.content["version"], self.content["store_id"]

    def ancestors(self) -> Iterator[Image]:
        """The versions this one was made of, the nearest first."""
        image = self.before
        while image is not None:
            yield image
            image = image.before


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """A closed batch: what it must bring."""

    store_id: str
    no: int
    hash: str
    images: tuple[Image, ...]


@dataclass(slots=True)
class Timeline:
    """What one store remembers; a copy of it goes with every copy of the store."""

    rows: dict[Key, Image] = field(default_factory=dict)
    open: list[Image] = field(default_factory=list)
    batches: tuple[Batch, ...] = ()
    batch_of: dict[Key, Batch] = field(default_factory=dict)
    confirmed: frozenset[str] = frozenset()
    receipt: tuple[int, int] = (0, 0)
    answers: dict[Key, Content] = field(default_factory=dict)
    erased: frozenset[str] = frozenset()
    sequence: int = 0
    trusting: bool = False
    word: tuple[int, int] = (0, 0)
    """Epoch and serial of the newest word of the district: a pack with an older one is refused."""
    rules: frozenset[str] = frozenset()

    def copy(self) -> Timeline:
        """The same past, from here on a different future."""
        return Timeline(
            dict(self.rows), list(self.open), self.batches, dict(self.batch_of), self.confirmed, self.receipt, dict(self.answers),
            self.erased, self.sequence, self.trusting, self.word, self.rules,
        )  # fmt: skip

    def note(self, db: Database) -> None:
        """What the station acknowledged since the last look."""
        found = db.rows(
            "SELECT sequence, table_name, row_id, after FROM change WHERE sequence > ? ORDER BY sequence",
            (self.sequence,),
        )
        for row in found:
            key = (row["table_name"], row["row_id"])
            image = Image(key, json.loads(row["after"]), self.rows.get(key), row["sequence"])
            self.rows[key] = image
            self.open.append(image)
            self.sequence = row["sequence"]
            if key[0] == "erasure":
                self.erased |= {image.content["subject_id"]}

    def close(self, store_id: str, row: Any) -> Batch:
        """A batch was closed (a row of ``batch``): it holds what was recorded in its span, a snapshot everything as it is."""
        last = row["last_sequence"]
        inside = {image.key: image for image in self.open if image.sequence <= last}
        self.open = [image for image in self.open if image.sequence > last]
        batch = Batch(store_id, row["no"], row["hash"], tuple((self.rows if row["snapshot"] else inside).values()))
        self.batches += (batch,)
        self.batch_of |= dict.fromkeys(inside, batch)
        return batch

    def take(self, told: dict[Key, Content]) -> None:
        """Steps that a pack brought, on requests of its own; of two versions the higher stands."""
        own = {row_id for table, row_id in self.rows if table == "request"}
        for key, row in told.items():
            here = self.answers.get(key)
            newer = here is None or (row["version"], row["store_id"]) >= (here["version"], here["store_id"])
            if row["request_id"] in own and key not in self.rows and newer:
                self.answers[key] = row

    @property
    def unconfirmed(self) -> list[Batch]:
        """What no receipt has listed."""
        return [batch for batch in self.batches if batch.hash not in self.confirmed]

    def state(self, key: Key) -> str:
        """The one state of a row."""
        if any(image.key == key for image in self.open):
            return "local"
        return "receipted" if self.batch_of[key].hash in self.confirmed else "packed"


@dataclass(frozen=True, slots=True)
class Letter:
    """A pack: what the district knew when it was written, whose computers it is sealed to, which versions of rules it brings."""

    station: str
    names: frozenset[str]
    epoch: int
    serial: int
    no: int
    have: frozenset[str]
    answers: dict[Key, Content]
    rules: frozenset[str] = frozenset()


class Version(NamedTuple):
    """A version of rules as the district switched it on: the tuple of the first three orders those of a kind."""

    epoch: int
    no: int
    id: str
    kind: str
    starts_on: str


@dataclass(slots=True)
class Holdings:
    """What the district was given, and what it said; a copy of it goes with every copy of its store."""

    taken: dict[str, Batch] = field(default_factory=dict)
    answers: dict[Key, Content] = field(default_factory=dict)
    enrolled: frozenset[str] = frozenset()
    revoked: frozenset[str] = frozenset()
    suspects: frozenset[str] = frozenset()
    """Whose keys are revoked, and whose ever were: what they signed with those lies in quarantine."""
    rules: frozenset[Version] = frozenset()

    def copy(self) -> Holdings:
        """The same past, from here on a different future."""
        return Holdings(dict(self.taken), dict(self.answers), self.enrolled, self.revoked, self.suspects, self.rules)

    def carried(self, today: str) -> frozenset[str]:
        """The versions that a pack of this day brings: of each kind the one in force and those to come."""
        found = set()
        for kind in {version.kind for version in self.rules}:
            known = sorted(version for version in self.rules if version.kind == kind)
            now = [version for version in known if version.starts_on <= today]
            found |= {version.id for version in known[known.index(now[-1]) if now else 0 :]}
        return frozenset(found)

    def told_elsewhere(self) -> dict[Key, Content]:
        """What one station said of another's request: handed on to that other with every pack."""
        return {
            key: first.content
            for key, (first, _) in self.expected().items()
            if key[0] == "request_step" and first.content["side"] == "elsewhere"
        }

    def expected(self) -> dict[Key, tuple[Image, list[Image]]]:
        """By row: the image that stands, and those made beside it that have to stay visible."""
        return standing(image for batch in self.taken.values() for image in batch.images)


def standing(images: Iterable[Image]) -> dict[Key, tuple[Image, list[Image]]]:
    """Of each row the image that stands, and the others that no image here was made of."""
    by_key: dict[Key, dict[int, Image]] = {}
    for image in images:
        by_key.setdefault(image.key, {})[id(image)] = image
    found = {}
    for key, known in by_key.items():
        older = {id(before) for image in known.values() for before in image.ancestors()} if len(known) > 1 else set()
        heads = [image for image in known.values() if id(image) not in older]
        first = max(heads, key=lambda image: image.rank)
        found[key] = (first, [image for image in heads if image is not first and image.content != first.content])
    return found
