"""What the page 上报 looks at: the outbox, the sticks, what a pack would bring. Nothing here is Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ... import settings
from ...db import Database
from ...errors import EnvironmentFault
from ...model import Exchange, RuleKind
from ...paths import Volume
from ...services import arrivals, attachments, credentials, exchange, kept_forms, preferences, requests, rules, stations
from ...services.exchange import BatchLine, Status
from ...services.supplies import campaigns
from ...sync import carry, identity, inbox, outbox
from ...sync.envelope import OpenPack
from ...sync.opening import Opener

ALL = 1_000_000
"""More batches than a station ever closes."""
Stamp = tuple[Path, int, int]
"""A file as it stood: path, time of change in ns, length in bytes."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The station's side: whom it trusts, what waits, what was sent, what came back.

    ``refused`` counts rows by (table, reason code); ``silence`` are the days without a receipt.
    ``fingerprint`` is "" until the station has keys. ``folder`` is the remembered one.
    """

    district: outbox.District | None
    status: Status
    batches: tuple[BatchLine, ...]
    refused: Mapping[tuple[str, str], int]
    silence: int
    folder: Path | None
    fingerprint: str
    today: date
    code: str
    district_code: str
    pictures: int = 0


def read_desk(db: Database) -> Desk:
    """The station's side now."""
    batches = exchange.batches(db, ALL)
    folder = preferences.get(db, settings.LAST_FOLDER)
    station = stations.current(db)
    return Desk(
        district=outbox.district(db), status=exchange.status(db), batches=tuple(batches),
        refused=Counter((row["table_name"], row["reason"]) for row in exchange.refused_rows(db)),
        silence=exchange.silence(db), folder=Path(folder) if folder else None,
        fingerprint=fingerprint(db), today=db.now().date(), code=station.code, district_code=station.district_code,
        pictures=len(attachments.waiting(db)),
    )  # fmt: skip


def fingerprint(db: Database) -> str:
    """This station's fingerprint, "" until it has keys."""
    kept = credentials.stored(db)
    return identity.from_bytes(kept).public.fingerprint if kept else ""


# --- sticks and folders ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Around:
    """What is plugged in, the newest pack for this station on it, the district's introduction."""

    volumes: tuple[Volume, ...]
    pack: Stamp | None
    trust: Stamp | None


def look_around(volumes: Callable[[], Iterable[Volume]], folder: Path | None, code: str, district_code: str) -> Around:
    """Look at every stick and the remembered folder; a place that cannot be read counts as empty."""
    plugged = tuple(volumes())
    packs: list[Path] = []
    trusts: list[Path] = []
    for place in [volume.path for volume in plugged] + ([folder] if folder is not None else []):
        try:
            packs += carry.find_packs(place, code)
        except EnvironmentFault:
            continue
        trusts.append(place / identity.trust_name(district_code))
    newest = max(packs, key=lambda path: int(path.stem.rpartition("-")[2]), default=None)
    return Around(plugged, stamp(newest), next((found for found in map(stamp, trusts) if found is not None), None))


def stamp(path: Path | None) -> Stamp | None:
    """A file as it stands now, None when it is not there."""
    if path is None:
        return None
    try:
        state = path.stat()
    except OSError:
        return None
    return path, state.st_mtime_ns, state.st_size


# --- what a pack would bring ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """A pack that was opened: what it would newly confirm, answer, refuse, send, say, rule and plan, how many badges of other stations
    it tells of, and which batches the district misses."""

    path: Path
    pack: OpenPack
    no: int
    receipted: int
    answers: int
    refused: int
    missing: tuple[int, ...]
    supplies: int = 0
    notices: int = 0
    rules: int = 0
    campaigns: int = 0
    regulars: int = 0
    forms: int = 0


def look_inside(db: Database, path: Path, opener: Opener) -> Offer:
    """Open a pack and count what is new in it; nothing changes. Raises as ``inbox.look``."""
    pack, plan = inbox.look(db, path, opener)
    open_batches = {line.hash for line in exchange.batches(db, ALL) if line.state is Exchange.PACKED}
    known = {step.id for asked in {step.request_id for step in plan.steps} for step in requests.get(db, asked).steps}
    return Offer(
        path, pack, plan.no, len(open_batches.intersection(plan.confirm)), sum(step.id not in known for step in plan.steps),
        len(plan.refused), plan.missing, _new(plan.allocations, arrivals.due(db)), _new(plan.notices, arrivals.notices(db)),
        _new(plan.rules, [one for kind in RuleKind for one in rules.versions(db, kind)]),
        len({one.code for one in plan.campaigns.campaigns} - {one.code for one in campaigns.listing(db)}) if plan.campaigns else 0,
        len(plan.regulars.entries), _new(plan.forms, kept_forms.listing(db)),
    )  # fmt: skip


def _new(brought: Iterable[Any], here: Iterable[Any]) -> int:
    known = {one.id for one in here}
    return sum(one.id not in known for one in brought)
