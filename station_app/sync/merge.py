"""What a pack means for this station: plan first, then act. Pure; sees only model, errors and the pack's own types."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Refused
from .envelope import OpenPack
from .manifest import TurnedDown
from .wire import RequestStep


@dataclass(frozen=True, slots=True)
class Local:
    """What the station knows before it looks at a pack."""

    district: str
    station: str
    fingerprint: str
    epoch: int
    newest: tuple[int, int]
    own_hashes: frozenset[str]
    own_requests: frozenset[str]
    store_id: str
    own_steps: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: batches to confirm, rows the district refused, steps to take, batches it misses, hashes never made here."""

    epoch: int
    no: int
    confirm: tuple[str, ...]
    refused: tuple[TurnedDown, ...]
    steps: tuple[RequestStep, ...]
    missing: tuple[int, ...]
    foreign: tuple[str, ...]


def plan(local: Local, incoming: OpenPack) -> Plan:
    """What ``incoming`` means for ``local``.

    Refused when it is for another station or district, or older than what was applied (numbers rise within an epoch,
    epochs only rise: SYNC.md section 4, rules 2 and 6).
    """
    head, pack = incoming.manifest, incoming.pack
    if head.district != local.district:
        raise Refused("sync_page.other_district", theirs=head.district, ours=local.district)
    if head.station != local.station or head.recipient != local.fingerprint:
        raise Refused("sync_page.other_station", station=head.station)
    if (head.epoch, head.no) <= local.newest or head.epoch < local.epoch:
        raise Refused("sync_page.old_pack", no=head.no)
    have = pack.receipt.have
    return Plan(
        epoch=head.epoch,
        no=head.no,
        confirm=tuple(entry for entry in have if entry in local.own_hashes),
        refused=tuple(pack.receipt.refused),
        steps=tuple(step for step in pack.steps if _is_districts(local, step)),
        missing=tuple(entry.no for entry in pack.receipt.missing),
        foreign=tuple(entry for entry in have if entry not in local.own_hashes),
    )


def _is_districts(local: Local, step: RequestStep) -> bool:
    """Whether a step is the district's to take: on a request of ours, in its own name, not in the place of one we took."""
    if step.side != "district" or step.store_id == local.store_id:
        return False
    return step.request_id in local.own_requests and step.id not in local.own_steps
