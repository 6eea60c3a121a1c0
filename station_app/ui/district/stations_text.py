"""The sentences of the district's stations: how a station stands, what its files brought, why a file was not taken."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from ...district.desk import Dossier, Intake, Overview, Standing
from ...district.many import Outcome, Summary
from ...words import t
from .. import when
from ..feedback import sentence
from ..kit import Step
from ..pages import sync_text

SHOWN = 5
"""Batches in a station's card."""


def state(line: Standing) -> tuple[str, str]:
    """What a station's pill says, and its tone: what has to be looked at first outranks the rest."""
    held = line.held
    if line.station.revoked:
        return t("district_desk.is_revoked"), "neutral"
    if held.forks:
        return t("district_desk.forked", no=held.forks[0][1]), "bad"
    if held.rewritten:
        return t("district_desk.rewritten", no=held.rewritten[0][1]), "bad"
    if held.agrees is False:
        return t("district_desk.disagrees"), "bad"
    if line.overdue:
        return t("district_desk.silent", n=line.silent), "bad"
    if held.missing:
        numbers = [no for _store, no in held.missing]
        return (
            t("district_desk.gap", no=numbers[0]) if len(numbers) == 1 else t("district_desk.gaps", n=len(numbers))
        ), "attention"
    if line.turned_down:
        return t("district_desk.turned_down", n=line.turned_down), "attention"
    if not held.batches:
        return t("district_desk.nothing_yet"), "neutral"
    return (t("district_desk.agrees"), "good") if held.agrees else (t("district_desk.unchecked"), "neutral")


def last(line: Standing, today: date) -> str:
    """When something of a station was taken in last."""
    return when.moment(line.held.last_taken_in, today) if line.held.last_taken_in else t("district_desk.never")


def called(line: Standing, today: date) -> str:
    """When it was called last and what was said."""
    if line.called is None:
        return ""
    return " ".join(part for part in (when.moment(line.called.time, today), line.called.note) if part)


def chase(overview: Overview) -> list[tuple[str, str, str, int, str]]:
    """The stations not heard from, for paper and tables: name, phone, heard from last, days of silence, the last call."""
    today = overview.now.date()
    return [
        (line.station.name, line.station.phone, last(line, today), line.silent, called(line, today))
        for line in overview.overdue
    ]


def explained(line: Standing) -> list[str]:
    """What the pill means and what becomes of it, a sentence for each thing."""
    held = line.held
    told = []
    if held.forks:
        told.append(t("district_desk.why_forked", no=held.forks[0][1]))
    if held.rewritten:
        told.append(t("district_desk.why_rewritten", no=held.rewritten[0][1]))
    if held.missing:
        told.append(t("district_desk.why_gap", numbers=ranges([no for _store, no in held.missing])))
    if held.agrees is False:
        told.append(t("district_desk.why_disagrees"))
    if line.overdue:
        told.append(t("district_desk.why_silent", n=line.silent))
    if not held.batches:
        told.append(t("district_desk.why_nothing"))
    return told or [t("district_desk.why_fine") if held.agrees else t("district_desk.why_unchecked")]


def ranges(numbers: list[int]) -> str:
    """2、5-7: numbers that follow each other as one."""
    parts = []
    for _key, run in groupby(enumerate(sorted(set(numbers))), key=lambda pair: pair[1] - pair[0]):
        found = [number for _place, number in run]
        parts.append(str(found[0]) if len(found) == 1 else f"{found[0]}-{found[-1]}")
    return t("terms.list").join(parts)


def timeline(dossier: Dossier, today: date) -> list[Step]:
    """The newest batches, those that are missing among them."""
    missing = {no for _store, no in dossier.standing.held.missing}
    steps = [_intake(one, today) for one in dossier.intakes]
    numbered: list[tuple[int, Step]] = [(one.no, step) for one, step in zip(dossier.intakes, steps, strict=True)]
    for no in missing:
        place = next((at for at, (number, _step) in enumerate(numbered) if number < no), len(numbered))
        numbered.insert(place, (no, Step("", t("district_desk.batch_missing", no=no), "attention")))
    return [step for _no, step in numbered[:SHOWN]]


def _intake(one: Intake, today: date) -> Step:
    day = when.date_only(one.closed, today) if one.closed else ""
    parts = [t("district_desk.batch", no=one.no), day, t("district_desk.rows", n=one.rows)]
    tone = "brand"
    if one.forked:
        parts.append(t("district_desk.batch_forked"))
        tone = "bad"
    elif one.agrees is False:
        parts.append(t("district_desk.batch_disagrees"))
        tone = "bad"
    else:
        parts.append(t("district_desk.batch_in"))
    return Step("", t("terms.dot").join(part for part in parts if part), tone)


REASONS = {
    "other_store": "district_desk.reason_other_store", "other_number": "district_desk.reason_other_number",
    "other_side": "district_desk.reason_other_side", "other_subject": "district_desk.reason_other_subject",
    "day_twice": "district_desk.reason_day_twice",
}  # fmt: skip
"""Why a row was not taken, by the code of ``guard``."""


def used(dossier: Dossier) -> list[str]:
    """How the station was used in its newest days: hours kept, person-times an hour, what ran out, what is not back or not mended."""
    found = dossier.used
    if found is None:
        return []
    span = t("district_desk.used_span", first=found.first[5:], last=found.last[5:])
    if found.recorded_days:
        hours = t("district_desk.used_hours", n=found.recorded_days, hours=f"{found.open_minutes / 60:,.0f}")
        kept = t("district_desk.used_kept", share=f"{found.kept:.0%}") if found.kept is not None else ""
        rate = t("district_desk.used_rate", n=f"{found.per_hour:.1f}") if found.per_hour is not None else ""
        told = [t("terms.dot").join(part for part in (span, hours, kept, rate) if part)]
    else:
        told = [t("terms.dot").join((span, t("district_desk.used_unknown")))]
    if found.stock_out:
        out = sorted(found.stock_out.items(), key=lambda one: (-one[1], one[0]))[:4]
        items = t("terms.list").join(t("district_desk.used_out_item", name=name, n=n) for name, n in out)
        told.append(t("district_desk.used_out", items=items))
    house = [
        t(f"district_desk.used_{code}", n=n) for code, n in (("still_out", found.still_out), ("repairs_open", found.repairs_open)) if n
    ]
    if house:
        told.append(t("terms.dot").join(house))
    return told


def refusals(dossier: Dossier) -> list[str]:
    """What was not taken from a station, by reason."""
    by_reason: dict[str, dict[str, int]] = {}
    for (table, reason), number in dossier.refused.items():
        by_reason.setdefault(reason, {})[table] = number
    return [
        t(
            "district_desk.refused_because",
            kinds=sync_text.kinds(tables),
            reason=t(REASONS.get(reason, "district_desk.reason_other")),
        )
        for reason, tables in by_reason.items()
    ]


# --- files taken in -----------------------------------------------------------------------------------------------------


def outcome(one: Outcome) -> tuple[str, str]:
    """What a file's pill says, and its tone."""
    if one.received is None:
        return t("district_desk.file_refused"), "bad"
    if one.received.quarantined:
        return t("district_desk.file_quarantined"), "attention"
    if one.received.turned_down:
        return t("district_desk.file_partly"), "attention"
    return (t("district_desk.file_new"), "good") if one.received.fresh else (t("district_desk.file_known"), "neutral")


def brought(one: Outcome) -> str:
    """What a file brought, or why it was not taken."""
    if one.error is not None:
        return sentence(one.error)
    found = one.received
    if found is None:
        return ""
    if found.quarantined:
        return t("district_desk.brought_quarantined", station=found.station, n=found.quarantined)
    if not found.fresh:
        return t("district_desk.brought_nothing", station=found.station)
    parts = [t("district_desk.brought", station=found.station, batches=found.fresh, n=found.rows)]
    if found.turned_down:
        parts.append(t("district_desk.turned_down", n=found.turned_down))
    return t("terms.dot").join(parts)


def whole(total: Summary, *, stopped: bool = False) -> str:
    """What many files brought, in one sentence."""
    parts = [t("district_desk.sum_files", n=total.files)]
    if total.fresh:
        parts.append(t("district_desk.sum_new", n=total.fresh, stations=total.stations, rows=f"{total.rows:,}"))
    if total.known:
        parts.append(t("district_desk.sum_known", n=total.known))
    if total.quarantined:
        parts.append(t("district_desk.sum_quarantined", n=total.quarantined))
    if total.refused:
        parts.append(t("district_desk.sum_refused", n=total.refused))
    if total.turned_down:
        parts.append(t("district_desk.sum_turned_down", n=total.turned_down))
    told = t("district_desk.comma").join(parts)
    return t("district_desk.sum_stopped", done=told) if stopped else t("district_desk.sum_done", done=told)
