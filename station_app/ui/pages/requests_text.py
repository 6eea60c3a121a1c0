"""How requests are written: number, first line, pills, the steps of the timeline."""

from __future__ import annotations

import re
from datetime import date, timedelta

from ...model import Channel, Exchange, Request, RequestState, RequestStep, Station, Verdict
from ...services.exchange import BatchLine
from ...words import label, t
from .. import when
from ..kit import Step
from ..names import person_name
from .requests_reads import ANSWERED, Line, Whole

TITLE = 26
"""Characters of a title before it is cut."""
ENDS = "。！？!?；;"
"""Where a first sentence ends."""
VERDICT_TONES = {Verdict.FIXED: "good", Verdict.PARTLY: "attention", Verdict.NOT: "bad"}


def short_number(number: str, station: Station) -> str:
    """A number without what all of this desk have in common: 2026-0112."""
    return number.removeprefix(f"{station.code}-{station.letter}-")


def spoken_number(number: str) -> str:
    """What is said at this desk this year: 112."""
    return str(int(number.rpartition("-")[2]))


def title(request: Request) -> str:
    """The first sentence of a request, cut where it is long."""
    first = re.split(f"[\n{ENDS}]", request.text.strip(), maxsplit=1)[0].strip()
    if not first and request.sealed:
        return t("requests_page.locked")
    if not first:
        return t("requests_page.forgotten") if request.forgotten else t("requests_page.no_words")
    return first if len(first) <= TITLE else first[: TITLE - 1] + "…"


def is_whole(headline: str, request: Request) -> bool:
    """Whether a title says all there is, so that the words need not stand below it once more."""
    return request.text.strip().rstrip(ENDS) == headline


def who(line: Line) -> str:
    """The person's name, or that nobody is named."""
    return t("requests_page.anonymous") if line.person is None else person_name(line.person)


def sub_line(line: Line, today: date) -> str:
    """Category, person, channel and day in one line."""
    request = line.request
    parts = [label(request.category), who(line), label(request.channel), when.moment(request.time, today)]
    if request.voices:
        parts.append(t("requests_page.voices", n=request.voices))
    if line.pictures:
        parts.append(t("requests_page.pictures", n=line.pictures))
    return t("terms.dot").join(parts)


def box_text(box: Channel, days: int | None) -> str:
    """How long a box was not opened."""
    if days is None:
        return t("box_page.never", box=label(box))
    return t("box_page.today", box=label(box)) if not days else t("box_page.days", box=label(box), n=days)


def late_text(late: timedelta) -> str:
    """How long a time limit is past."""
    hours = int(late.total_seconds() // 3600)
    return t("requests_page.late_days", n=hours // 24) if hours >= 24 else t("requests_page.late_hours", n=max(hours, 1))


def state_pill(line: Line) -> tuple[str, str]:
    """Where a request stands, as (text, tone); overdue outranks everything."""
    request = line.request
    state = label(request.state)
    if line.late is not None:
        working = state if request.state is not RequestState.RECORDED else t("requests_page.open")
        return t("terms.dot").join((working, late_text(line.late))), "bad"
    if request.state in ANSWERED:
        return t("requests_page.replied_to_tell"), "attention"
    if request.state is RequestState.CLOSED and request.verdict is not None:
        return t("terms.dot").join((state, label(request.verdict))), VERDICT_TONES[request.verdict]
    tone = {RequestState.CLOSED: "good", RequestState.WITHDRAWN: "neutral"}.get(request.state, "cooling")
    return state, tone


def exchange_text(request: Request) -> str:
    """Whether the district has it; nothing says "sent" before its receipt is back."""
    return label(request.exchange)


# --- the timeline ------------------------------------------------------------------------------------------------------


def timeline(whole: Whole) -> list[Step]:
    """What happened, the oldest first, and what is to be done next."""
    today = whole.now.date()
    steps: list[tuple[str, Step]] = []
    last: RequestStep | None = None
    for step in whole.row.request.steps:
        if not _follows_from(step, last):
            steps.append((step.time, Step(when.moment(step.time, today), said(step, whole))))
        last = step
    if whole.batch is not None:
        closed = whole.batch.closed
        place = next((number for number, (time, _step) in enumerate(steps) if time > closed), len(steps))
        steps.insert(place, (closed, Step(when.moment(closed, today), carried(whole.batch))))
    waiting = pending(whole)
    return [step for _time, step in steps] + ([waiting] if waiting is not None else [])


def _follows_from(step: RequestStep, last: RequestStep | None) -> bool:
    """Closing or reopening that the person's verdict brought along is no step of its own on the screen."""
    return last is not None and last.state is RequestState.TOLD and step.time == last.time and step.verdict == last.verdict


def said(step: RequestStep, whole: Whole) -> str:
    """One step: who did what, and what was said."""
    actor = _actor(step, whole)
    if step.state is RequestState.RECORDED:
        text = t("requests_page.step_recorded", who=actor, channel=label(whole.row.request.channel))
    elif step.state is RequestState.ACCEPTED:
        text = t("requests_page.step_accepted", who=actor)
    elif step.state is RequestState.TRANSFERRED:
        text = t("requests_page.step_transferred", who=actor, unit=step.unit or t("requests_page.some_unit"))
    elif step.state is RequestState.REPLIED:
        text = t("requests_page.step_replied", who=step.unit or actor)
    elif step.state is RequestState.TOLD and step.voice_id:
        text = t("requests_page.step_told_voice", who=actor, verdict=label(step.verdict or Verdict.FIXED))
    elif step.state is RequestState.TOLD:
        text = t("requests_page.step_told", who=actor, verdict=label(step.verdict or Verdict.FIXED))
    elif step.state is RequestState.CLOSED:
        text = t("requests_page.step_closed", who=actor)
    elif step.state is RequestState.REOPENED:
        text = t("requests_page.step_reopened", who=actor)
    else:
        text = t("requests_page.step_withdrawn", who=actor)
    return t("requests_page.step_note", step=text, note=step.note) if step.note else text


def _actor(step: RequestStep, whole: Whole) -> str:
    """The keeper at the desk; at the district its unit, else its name."""
    if step.side == "elsewhere":
        return step.unit or t("requests_page.elsewhere")
    if step.side == "district":
        accepted_by = step.unit if step.state is RequestState.ACCEPTED else ""
        return accepted_by or whole.district or t("requests_page.district")
    return step.keeper or t("requests_page.desk")


def carried(batch: BatchLine) -> str:
    """The batch a request left in; "reported" only once its receipt is here."""
    if batch.state is Exchange.RECEIPTED:
        return t("requests_page.step_reported", no=batch.no)
    return t("requests_page.step_exported", no=batch.no)


def pending(whole: Whole) -> Step | None:
    """What is to be done next; None for what is over."""
    line, today = whole.row, whole.now.date()
    todo = t("requests_page.todo")
    if line.late is not None:
        return Step(todo, t("requests_page.todo_late", due=when.moment(line.request.due, today), late=late_text(line.late)), "bad")
    if line.request.state in ANSWERED:
        name = t("requests_page.the_person") if line.person is None else person_name(line.person)
        return Step(todo, t("requests_page.todo_tell", name=name), "attention")
    if line.request.state in (RequestState.CLOSED, RequestState.WITHDRAWN):
        return None
    return Step(todo, t("requests_page.todo_answer", due=when.moment(line.request.due, today)), "attention")
