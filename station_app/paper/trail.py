"""The operation log as a table: its words, as CSV for a spreadsheet and as PDF; nothing in it a formula, nobody's data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from .. import settings
from ..model import Amenity, Category, Occupation, Op, RequestState
from ..services import slots
from ..services.audit import Verification
from ..services.trail import Step
from ..words import label, t
from . import fonts
from .pdf import A4_LANDSCAPE, BRAND, INK, MUTED, POINT, SOFT, Sheet
from .table import write_table

# --- words ---------------------------------------------------------------------------------------------------------------


def what(step: Step) -> str:
    """What was done, or that it was tried."""
    return t("trail.tried") if step.denied else label(step.op)


def who(step: Step) -> str:
    """The keeper, or that the program did it unasked."""
    return step.keeper or t("trail.by_itself")


def about(step: Step) -> str:
    """What it was about, as codes and recorded names tell: an item, a number, an occupation, a setting; nobody's data."""
    told = step.details
    parts = [step.subject]
    for name, kind in (("occupation", Occupation), ("amenity", Amenity), ("category", Category), ("state", RequestState)):
        if name in told:
            parts.append(label(kind(told[name])))
    for name in ("quantity", "count"):
        if name in told:
            parts.append(t("trail.times", n=int(told[name])))
    if "undone" in told:
        parts.append(label(Op(told["undone"])))
    if step.op is Op.SETTING:
        parts.append(setting(str(told.get("name", ""))))
    return t("terms.dot").join(part for part in parts if part)


def setting(name: str) -> str:
    """What a change of settings was about, "" for what has no word."""
    words = {
        "station": "trail.set_station", "rehearsal": "trail.set_rehearsal", "restored": "trail.set_restored",
        "pin_tried": "trail.set_pin_tried", "verification": "trail.set_verification", "recovery_key": "trail.set_recovery",
        "slots_cleared": "trail.set_slots_cleared",
        "start_card": "trail.set_start_card", "start_card_revoked": "trail.set_card_revoked",
        "large_type": "settings.large_type", "dark": "settings.dark",
        "language": "settings.language", "idle_lock_minutes": "settings.idle_lock_minutes",
        "double_scan_minutes": "settings.double_scan_minutes", "backup_place": "settings.second_place",
        "last_folder": "trail.set_last_folder", "ledger_span": "trail.set_ledger_span",
        "full_check": "settings.full_check", "salt": "trail.set_salt",
        "incarnation": "trail.set_incarnation", "logo": "trail.set_logo",
    }  # fmt: skip
    if name in words:
        return t(words[name])
    return t(f"settings.{name}") if name in settings.BY_NAME else ""


def mark(step: Step) -> str:
    """What became of a step, in words: refused, taken back, or nothing to say."""
    if step.denied == slots.DENIED:
        return t("trail.slot_gone")
    if step.denied:
        known = {op.value: label(op) for op in Op} | {"trail": t("trail.reading")}
        return t("trail.denied", what=known.get(step.denied, "") or t("trail.data"))
    return t("trail.undone") if step.undone else ""


def span_line(first: str, last: str, count: int) -> str:
    """Which days, and how many operations."""
    return t("trail.span", first=first, last=last, n=count)


def verified_line(found: Verification | None) -> str:
    """The outcome of the last verification in a sentence."""
    if found is None:
        return t("trail.never_verified")
    moment = found.time[:16].replace("T", " ")
    if not found.problems:
        return t("trail.verified", time=moment, n=found.steps)
    return t("trail.verified_bad", time=moment, n=found.problems, first=t(found.word, **found.fields))


# --- CSV -----------------------------------------------------------------------------------------------------------------


def trail_csv(steps: Sequence[Step], target: Path) -> int:
    """Write the steps to ``target`` and return how many; EnvironmentFault ("paper.cannot_write") when the disk refuses."""
    heads = (
        t("trail.no"), t("trail.recorded"), t("trail.time"), t("trail.keeper"), t("trail.what"), t("trail.about"), t("trail.mark"),
        t("trail.operation"), t("trail.chain"),
    )  # fmt: skip
    rows = [
        (str(step.no), step.recorded, step.time, who(step), what(step), about(step), mark(step), step.operation, step.chain)
        for step in steps
    ]
    write_table([heads, *rows], target)
    return len(steps)


# --- PDF -----------------------------------------------------------------------------------------------------------------

EDGE, TOP, ROW = 14.0, 36.0, 6.0
ROWS = 25
"""Steps on a page."""
WIDTHS = (16.0, 35.0, 38.0, 68.0, 30.0, 52.0, 30.0)
"""Millimetres of the columns: number, recorded, what, about, keeper, remark, the beginning of the link."""
LINK = 12
"""Characters of a link that are printed: enough to find it again, the CSV holds it whole."""


def trail_pdf(
    steps: Sequence[Step],
    target: Path,
    *,
    place: str,
    span: str,
    verified: str,
    printed_on: date,
    sample: bool = False,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Write the steps of ``place`` to the PDF ``target`` and return its pages; ``span`` and ``verified`` are sentences.

    Raises what ``tell`` raises, Refused ("paper.missing_glyph") and EnvironmentFault ("paper.cannot_write").
    """
    title = t("trail.paper_title", place=place)
    sheet = Sheet(title, A4_LANDSCAPE)
    pages = max(1, -(-len(steps) // ROWS))
    for page in range(pages):
        tell(page, pages)
        if page:
            sheet.next_page()
        _head(sheet, title, f"{span}{t('paper.separator')}{verified}", sample)
        for line, step in enumerate(steps[page * ROWS : (page + 1) * ROWS]):
            _line(sheet, TOP + 6 + (line + 1) * ROW, step)
        right, y = A4_LANDSCAPE[0] - EDGE, A4_LANDSCAPE[1] - 9
        sheet.text(EDGE, y, t("paper.printed_on", day=printed_on.isoformat()), 8, colour=MUTED)
        sheet.text(right, y, t("paper.page", page=page + 1, pages=pages), 8, colour=MUTED, anchor="right")
    return sheet.save(target)


def _head(sheet: Sheet, title: str, below: str, sample: bool) -> None:
    right = A4_LANDSCAPE[0] - EDGE
    taken = sheet.sample_mark(sample, right, 18)
    sheet.fitted(EDGE, 18, title, 15, right - EDGE - taken, bold=True, colour=BRAND)
    sheet.fitted(EDGE, 25.5, below, 9.5, right - EDGE, colour=MUTED)
    sheet.box(EDGE, TOP - 2, right - EDGE, 7, fill=SOFT)
    heads = (
        t("trail.no"), t("trail.recorded"), t("trail.what"), t("trail.about"), t("trail.keeper"), t("trail.mark"), t("trail.chain"),
    )  # fmt: skip
    for x, wide, text in _places(heads):
        sheet.fitted(x, TOP + 2.8, text, 9.5, wide - 2, bold=True)


def _line(sheet: Sheet, y: float, step: Step) -> None:
    recorded = step.recorded[:19].replace("T", " ")
    cells = (str(step.no), recorded, what(step), about(step), who(step), mark(step), step.chain[:LINK])
    for x, wide, text in _places(cells):
        sheet.text(x, y - 1.8, _cut(text, wide - 2), 8.5, colour=INK)
    sheet.line(EDGE, y, A4_LANDSCAPE[0] - EDGE, y, points=0.25)


def _places(texts: Sequence[str]) -> list[tuple[float, float, str]]:
    return [(EDGE + 1 + sum(WIDTHS[:number]), WIDTHS[number], text) for number, text in enumerate(texts)]


def _cut(text: str, most: float) -> str:
    """``text`` as far as it goes in ``most`` mm; the CSV holds all of it."""
    shown = text
    while shown and fonts.width(shown, fonts.REGULAR, 8.5) * POINT > most:
        shown = shown[:-1]
    return text if shown == text else f"{shown[:-1]}…"
