"""The sentences of the page 上报: kinds of records, sizes, places, what a pack brings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import PureWindowsPath

from ...model import Exchange
from ...services.exchange import REMIND_AFTER, BatchLine
from ...sync import beam
from ...sync.inbox import Applied
from ...sync.outbox import Exported
from ...words import t
from .. import when
from .sync_reads import Desk, Offer

KINDS = {
    "visit": "sync_desk.visits", "amenity_use": "sync_desk.visits", "handout": "sync_desk.handouts",
    "request": "sync_desk.requests", "request_step": "sync_desk.requests", "attachment": "sync_desk.requests", "person": "sync_desk.people",
    "identity": "sync_desk.people", "badge": "sync_desk.people", "item": "sync_desk.supplies",
    "movement": "sync_desk.supplies", "stocktake": "sync_desk.supplies", "quota": "sync_desk.supplies",
    "item_photo": "sync_desk.supplies", "kit_part": "sync_desk.supplies", "campaign": "sync_desk.supplies",
    "campaign_item": "sync_desk.supplies", "assembly": "sync_desk.supplies", "transfer": "sync_desk.supplies",
    "supply_order": "sync_desk.supplies",
}  # fmt: skip
"""Tables by the word a keeper has for them; all others are 其他."""
REASONS = {
    "other_store": "sync_desk.reason_other_store", "other_subject": "sync_desk.reason_other_subject",
    "other_side": "sync_desk.reason_other_side", "other_number": "sync_desk.reason_other_number",
    "day_twice": "sync_desk.reason_day_twice",
}  # fmt: skip
"""Why the district did not take a row, by its code (``district/guard.REASONS``)."""


def kinds(by_table: Mapping[str, int]) -> str:
    """来访 38 · 发放 14 · 诉求 3 · 其他 2."""
    total: dict[str, int] = dict.fromkeys([*dict.fromkeys(KINDS.values()), "sync_desk.others"], 0)
    for table, number in by_table.items():
        total[KINDS.get(table, "sync_desk.others")] += number
    return t("terms.dot").join(f"{t(word)} {number:,}" for word, number in total.items() if number)


def size(length: int) -> str:
    """48 KB, 1.2 MB."""
    return f"{length / 1_048_576:.1f} MB" if length >= 1_048_576 else f"{-(-length // 1024):,} KB"


def room(free: int) -> str:
    """14.2 GB, or MB below one."""
    return f"{free / 2**30:.1f} GB" if free >= 2**30 else f"{free // 2**20:,} MB"


def where(place: str) -> str:
    """The last name in a path of this or another system: KEEPER for /media/desk/KEEPER, E: for E:\\."""
    if place == beam.BY_LIGHT:
        return t("sync_desk.by_light")
    path = PureWindowsPath(place)  # takes both kinds of slashes apart
    return path.name or path.drive or place


def rows(line: BatchLine) -> str:
    """57 条 · 48 KB."""
    return t("terms.dot").join([t("sync_desk.rows", n=line.row_count), size(line.size)])


def state(line: BatchLine, today: date) -> tuple[str, str]:
    """What a batch's pill says, and its tone."""
    if line.state is Exchange.RECEIPTED:
        return t("sync_desk.receipted", day=when.date_only(line.receipted, today)), "good"
    return t("sync_desk.awaited"), "attention"


def offered(offer: Offer) -> str:
    """1 批回执 · 3 条答复 · 2 项规则."""
    parts = [
        t("sync_desk.brings_receipts", n=offer.receipted) if offer.receipted else "",
        t("sync_desk.brings_answers", n=offer.answers) if offer.answers else "",
        t("sync_desk.brings_supplies", n=offer.supplies) if offer.supplies else "",
        t("sync_desk.brings_notices", n=offer.notices) if offer.notices else "",
        t("sync_desk.brings_rules", n=offer.rules) if offer.rules else "",
        t("sync_desk.brings_campaigns", n=offer.campaigns) if offer.campaigns else "",
        t("sync_desk.brings_forms", n=offer.forms) if offer.forms else "",
        t("sync_desk.brings_regulars", n=offer.regulars) if offer.regulars else "",
        t("sync_desk.brings_refused", n=offer.refused) if offer.refused else "",
    ]
    return t("terms.dot").join(part for part in parts if part) or t("sync_desk.brings_nothing")


def applied(done: Applied, brings: str) -> str:
    """What a pack brought; that this store goes on under a new id; where the district's copy differs from ours."""
    parts = [t("sync_desk.taken", no=done.no, brings=brings)]
    if done.began:
        parts.append(t("sync_desk.began_anew"))
    if done.differs:
        named = dict.fromkeys(t(KINDS.get(table, "sync_desk.others")) for table in done.differs)
        parts.append(t("sync_desk.differs", kinds=t("terms.list").join(named)))
    return " ".join(parts)


def exported(done: Exported, *, stick: bool) -> str:
    """What was written where; how many files, when it is more than one."""
    if len(done.paths) > 1:
        return t("sync_desk.done_several", n=done.rows, files=len(done.paths))
    return t("sync_desk.done_stick", n=done.rows) if stick else t("sync_desk.done_folder", n=done.rows, file=done.path.name)


def missing(numbers: tuple[int, ...]) -> str:
    """区里还缺第 2、5 批, "" when none is missing."""
    named = t("terms.list").join(str(number) for number in numbers)
    return t("sync_desk.missing", numbers=named) if numbers else ""


def refusals(desk: Desk) -> str:
    """What the district did not take and why, "" when it took all."""
    if not desk.refused:
        return ""
    by_reason: dict[str, dict[str, int]] = {}
    for (table, reason), number in desk.refused.items():
        by_reason.setdefault(reason, {})[table] = number
    told = [
        t("sync_desk.refused_because", kinds=kinds(tables), reason=t(REASONS.get(reason, "sync_desk.reason_other")))
        for reason, tables in by_reason.items()
    ]
    return t("sync_desk.refused", n=sum(desk.refused.values())) + " ".join(told)


def reminder(desk: Desk) -> str:
    """How long no receipt came, "" while that is no reason to worry."""
    return t("sync_desk.long_ago", n=desk.silence) if desk.silence > REMIND_AFTER else ""
