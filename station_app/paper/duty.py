"""The words of the duty log and of the handover card, as the records of a day tell them; screen, command line and paper say the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from ..model import Amenity, CheckPart, Station
from ..services.shifts import Draft, DutyLog, Hours, Matters
from ..services.weather import Weather
from ..words import label, t

MOST = 6
"""Things named one by one in a line; the rest is counted."""


@dataclass(frozen=True, slots=True)
class DutyText:
    """A duty log in words, to be read, changed and confirmed."""

    shift_name: str
    weather: str
    events: str
    matters: str
    handed_by: str
    handed_to: str

    def fields(self) -> dict[str, str]:
        """The texts by the names that ``shifts.confirm`` takes."""
        return asdict(self)


def usual_points(part: CheckPart) -> list[str]:
    """The points of a check before the station made a list of its own."""
    if part is CheckPart.OPENING:
        return [
            t("duty.check_doors"), t("duty.check_water"), t("duty.check_microwave"), t("duty.check_charging"), t("duty.check_cooling"),
            t("duty.check_first_aid"), t("duty.check_toilet"), t("duty.check_supplies"),
        ]  # fmt: skip
    return [
        t("duty.safe_extinguisher"), t("duty.safe_wiring"), t("duty.safe_gas"), t("duty.safe_exits"), t("duty.safe_chargers"),
        t("duty.safe_floor"), t("duty.safe_water"), t("duty.safe_microwave"), t("duty.safe_toilet"), t("duty.safe_rubbish"),
    ]  # fmt: skip


# --- what is open --------------------------------------------------------------------------------------------------------


def matters_lines(matters: Matters, today: date) -> list[str]:
    """What the next keeper has to know, a line for each kind of thing; no names, for it may be read by anybody at the desk."""
    lines = []
    if matters.overdue:
        lines.append(t("duty.overdue", n=len(matters.overdue), names=_some([loan.title for loan in matters.overdue])))
    if matters.out:
        lines.append(t("duty.out", n=len(matters.out), names=_some([loan.title for loan in matters.out])))
    if matters.to_tell:
        lines.append(t("duty.to_tell", n=len(matters.to_tell), names=_some([short(one.number) for one in matters.to_tell])))
    late = [one for one in matters.due if one.due[:10] < today.isoformat()]
    soon = [one for one in matters.due if one.due[:10] >= today.isoformat()]
    if late:
        lines.append(t("duty.late", n=len(late), names=_some([short(one.number) for one in late])))
    if soon:
        lines.append(t("duty.due", n=len(soon), names=_some([short(one.number) for one in soon])))
    if matters.short:
        names = [t("duty.left", name=item.name, left=item.balance, unit=item.unit) for item in matters.short]
        lines.append(t("duty.short", n=len(names), names=_some(names)))
    if matters.repairs:
        names = [t("duty.repair", name=one.equipment, state=label(one.state)) for one in matters.repairs]
        lines.append(t("duty.repairs", n=len(names), names=_some(names)))
    if matters.checks:
        lines.append(t("duty.checks", n=len(matters.checks), names=_some([one.name for one in matters.checks])))
    if matters.medicines:
        lines.append(t("duty.medicines", n=len(matters.medicines), names=_some([one.name for one in matters.medicines])))
    return lines


def short(number: str) -> str:
    """A request's number as its own desk says it: ``2026-0112``."""
    return "-".join(number.split("-")[-2:])


def _some(names: list[str]) -> str:
    counted: dict[str, int] = {}
    for name in names:
        counted[name] = counted.get(name, 0) + 1
    told = [name if count == 1 else t("duty.times", name=name, count=count) for name, count in counted.items()]
    text = t("terms.list").join(told[:MOST])
    return text + t("duty.and_more", count=len(told) - MOST) if len(told) > MOST else text


# --- the duty log ----------------------------------------------------------------------------------------------------------


def drafted(draft: Draft, station: Station, today: date) -> DutyText:
    """A day's duty log in words, drafted from its records; what was confirmed already stays as it was confirmed."""
    if draft.log is not None:
        log = draft.log
        return DutyText(log.shift_name, log.weather, log.events, log.matters, log.handed_by, log.handed_to)
    names = list(dict.fromkeys(shift.keeper for shift in draft.shifts if shift.keeper))
    last = draft.handovers[-1] if draft.handovers else None
    by, to = (last.from_name, last.to_name) if last else (names[0] if names else "", names[-1] if len(names) > 1 else "")
    return DutyText(
        shift_name=f"{station.opens}-{station.closes}" if station.opens and station.closes else "", weather=told_weather(draft.weather),
        events="\n".join(_events(draft)), matters="\n".join(matters_lines(draft.matters, today)) if draft.matters else "",
        handed_by=by, handed_to=to,
    )  # fmt: skip


def told_weather(found: Weather) -> str:
    """A day's weather in words: the level that follows from warning and forecast, then the forecast; "" where nothing was told."""
    parts = [label(found.level)] if found.level is not None else []
    parts += [t("duty.high", high=found.high)] if found.high is not None else []
    parts += [t("duty.low", low=found.low)] if found.low is not None else []
    return t("terms.dot").join(parts)


def _events(draft: Draft) -> list[str]:
    dot, day, figures = t("terms.dot"), draft.day, draft.figures
    lines = [t("duty.visits", n=figures.person_times)]
    if draft.amenities:
        used = [t("duty.used", name=label(Amenity(code)), count=n) for code, n in draft.amenities.items()]
        lines[0] += t("duty.stop") + t("duty.services", names=t("terms.list").join(used))
    if draft.handouts:
        given = [t("duty.given", name=name, count=n, unit=unit) for name, (n, unit) in draft.handouts.items()]
        lines.append(t("duty.handed_out", names=_some(given)))
    loans = draft.loans
    if loans.lent or loans.returned or loans.damaged or loans.lost:
        parts = [t("duty.lent", count=loans.lent), t("duty.returned", count=loans.returned + loans.damaged)]
        if loans.damaged:
            parts.append(t("duty.damaged", count=loans.damaged))
        if loans.lost:
            parts.append(t("duty.lost", count=loans.lost))
        lines.append(t("duty.loans", parts=dot.join(parts)))
    if draft.requests:
        lines.append(t("duty.requests", n=draft.requests))
    if day.opened:
        lines.append(t("duty.opening_well") if day.all_well else t("duty.opening_with", text=day.exceptions.replace("\n", " ")))
    for check in draft.checks:
        lines.append(t("duty.house_well") if check.all_well else t("duty.house_with", text=check.exceptions.replace("\n", " ")))
    if draft.emergencies:
        lines.append(t("duty.emergencies", n=draft.emergencies))
    if draft.found:
        lines.append(t("duty.found", n=draft.found))
    if day.note:
        lines.append(day.note.replace("\n", " "))
    return lines


def log_text(log: DutyLog | DutyText) -> str:
    """A duty log as text for the terminal or the clipboard."""
    parts = (
        (t("duty.shift_name"), log.shift_name), (t("duty.weather"), log.weather), (t("duty.events"), log.events),
        (t("duty.matters"), log.matters), (t("duty.handed_by"), log.handed_by), (t("duty.handed_to"), log.handed_to),
    )  # fmt: skip
    return "\n".join(f"{name}: {text}" if "\n" not in text else f"{name}:\n{text}" for name, text in parts if text)


# --- hours -------------------------------------------------------------------------------------------------------------------


def hours_line(found: Hours) -> str:
    """Hours kept against hours posted in a sentence."""
    told = t("duty.hours", to_open=found.to_open, opened=found.opened, closed=found.closed, missed=found.missed)
    if not found.posted:
        return told
    kept = t("duty.kept", kept=hours_of(found.kept), posted=hours_of(found.posted), share=share(found))
    guessed = t("duty.stop") + t("duty.guessed", n=found.guessed) if found.guessed else ""
    return told + t("duty.stop") + kept + guessed


def share(found: Hours) -> str:
    """What part of the hours posted was kept, in whole percent."""
    return f"{round(100 * found.kept / found.posted)}%" if found.posted else "—"


def hours_of(minutes: int) -> str:
    """Minutes as hours to one place."""
    return f"{minutes / 60:.1f}"
