"""What a pack means for this station: plan first, then act. Pure; sees only model, errors, rulebook and the pack's own types."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import Refused
from ..rulebook import RuleSet
from . import envelope, identity
from .campaigns import Told
from .envelope import OpenPack
from .manifest import Allocation, Average, Form, Holding, Notice, TurnedDown, Waiting
from .regulars import Roster
from .wire import RequestStep


@dataclass(frozen=True, slots=True)
class Local:
    """What the station knows before it looks at a pack.

    ``root`` is the key of the district it trusts, ``serial`` the newest change of that district's keys it knows, ``fingerprints``
    are those of its own keys, the present one and those before it.
    """

    district: str
    station: str
    fingerprints: frozenset[str]
    root: bytes
    serial: int
    epoch: int
    newest: tuple[int, int]
    own_hashes: frozenset[str]
    own_requests: frozenset[str]
    store_id: str
    own_steps: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: batches to confirm, rows the district refused, steps to take, batches it misses, and all notices, promised
    supplies and rules that hold from now on.

    ``foreign`` are batches under our own store's id that were not made here, ``forked`` numbers of it that the district has
    twice: somebody else goes on as us, so this store begins anew. ``trust`` is what the district says of its keys, None where
    its root key signed the pack itself. ``holding`` is what it has of this store, ``snapshot`` whether it asks for every row.
    """

    epoch: int
    no: int
    confirm: tuple[str, ...]
    refused: tuple[TurnedDown, ...]
    steps: tuple[RequestStep, ...]
    missing: tuple[int, ...]
    foreign: tuple[str, ...]
    forked: tuple[int, ...] = ()
    trust: identity.Trust | None = None
    holding: Holding | None = None
    snapshot: bool = False
    notices: tuple[Notice, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    attachments: tuple[str, ...] = ()
    rules: tuple[RuleSet, ...] = ()
    regulars: Roster = field(default_factory=Roster)
    waiting: Waiting | None = None
    campaigns: Told | None = None
    averages: tuple[Average, ...] = ()
    forms: tuple[Form, ...] = ()


def plan(local: Local, incoming: OpenPack) -> Plan:
    """What ``incoming`` means for ``local``.

    Refused when it is for another station or district, or older than what was applied (numbers rise within an epoch,
    epochs only rise: SYNC.md section 4, rules 2 and 6).
    """
    head, pack = incoming.manifest, incoming.pack
    if head.district != local.district:
        raise Refused("sync_page.other_district", theirs=head.district, ours=local.district)
    if head.station != local.station or not local.fingerprints.intersection(head.recipients):
        raise Refused("sync_page.other_station", station=head.station)
    trust = _trust(local, incoming)
    if (head.epoch, head.no) <= local.newest or head.epoch < local.epoch:
        raise Refused("sync_page.old_pack", no=head.no)
    have = [entry for one in pack.receipt.stores for entry in one.have]
    # the other computers of this station are told too: ours are our own store and those it goes on from
    ours = [
        one for one in pack.receipt.stores if one.store_id == local.store_id or local.own_hashes.intersection(one.have)
    ]
    own = next((one for one in ours if one.store_id == local.store_id), None)
    return Plan(
        epoch=head.epoch,
        no=head.no,
        confirm=tuple(entry for entry in have if entry in local.own_hashes),
        refused=tuple(pack.receipt.refused),
        steps=tuple(step for step in pack.steps if _is_anothers(local, step)),
        missing=tuple(no for one in ours for no in one.missing),
        foreign=tuple(entry for entry in own.have if entry not in local.own_hashes) if own else (),
        forked=tuple(fork.no for fork in own.forks) if own else (),
        trust=trust,
        holding=own,
        snapshot=any(one.snapshot for one in ours),
        notices=tuple(pack.notices),
        allocations=tuple(pack.allocations),
        attachments=tuple(pack.receipt.attachments),
        rules=tuple(pack.rules),
        regulars=pack.regulars,
        waiting=pack.waiting,
        campaigns=pack.campaigns,
        averages=tuple(pack.averages),
        forms=tuple(pack.forms),
    )


def _trust(local: Local, incoming: OpenPack) -> identity.Trust | None:
    """What the district's root key says of its keys: the epoch is believed from the root key alone, and no older word is."""
    if not incoming.introduced:
        if incoming.key_id != envelope.key_id(local.root):
            raise Refused("sync_files.unknown_station")
        return None
    trust = identity.read_trust(incoming.introduced)
    if bytes.fromhex(trust.verify_key) != local.root or incoming.key_id not in identity.signers((incoming.introduced,), {b"": local.root}):
        raise Refused("sync_files.unknown_station")
    older = (trust.epoch, trust.serial) < (local.epoch, local.serial)  # restored, it may have lost keys that it had taken since
    if older or trust.epoch != incoming.manifest.epoch:
        raise Refused("sync_page.old_pack", no=incoming.manifest.no)
    return trust


def _is_anothers(local: Local, step: RequestStep) -> bool:
    """Whether a step is the district's or another station's to take: on a request of ours, in its own name, not in the place of
    one we took."""
    if step.side not in ("district", "elsewhere") or step.store_id == local.store_id:
        return False
    return step.request_id in local.own_requests and step.id not in local.own_steps
