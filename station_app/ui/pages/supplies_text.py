"""How supplies are written: amounts, expiry, state, what a movement was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ...model import Item, ItemKind, Measure, MovementKind
from ...services import arrivals
from ...services.supplies.quotas import Rule
from ...words import label, t
from .. import when
from ..names import person_name
from .supplies_reads import Line, Shelf

SOON = 30
URGENT, SHORT = 7, 14
"""Days before it runs out from which an item is marked."""
"""Days before its expiry from which a lot is marked."""

TONES = {ItemKind.COOLING: "cooling", ItemKind.DRINK: "cooling", ItemKind.WARMING: "warming"}
PillText = tuple[str, str]


def amount(number: int, item: Item) -> str:
    """A number with its unit: 1,200 瓶."""
    return t("supplies_page.amount", number=f"{number:,}", unit=item.unit)


def expiry_pill(expiry: str, today: date) -> PillText | None:
    """How near a lot's expiry is, as (text, tone); None while it is far."""
    left = (date.fromisoformat(expiry) - today).days
    if left < 0:
        return t("supplies_page.expired"), "bad"
    if left == 0:
        return t("supplies_page.expires_today"), "bad"
    return (t("supplies_page.expires_in", n=left), "attention") if left <= SOON else None


def expiry_text(expiry: str | None, today: date) -> str:
    """An expiry in few characters: the day this year, the month later on, a dash for none."""
    if not expiry:
        return "—"
    day = date.fromisoformat(expiry)
    if day.year == today.year:
        return when.date_only(expiry, today)
    return t("supplies_page.month_of_year", year=day.year, month=day.month)


def is_low(item: Item) -> bool:
    """Whether it is time to get more: at or under its level, or nothing left of what has one."""
    return item.active and item.low_level > 0 and item.balance <= item.low_level


def state_pill(shelf: Shelf, today: date) -> PillText | None:
    """The one thing to know about an item, as (text, tone); None when all is well."""
    item = shelf.item
    if not item.active:
        return t("supplies_page.retired"), "neutral"
    if item.balance < 0:
        return t("supplies_page.count_please"), "attention"
    if shelf.from_month is not None:
        return t("supplies_page.from_month", month=t(f"terms.Month.{shelf.from_month}")), "neutral"
    if item.balance == 0:
        return t("supplies_page.none_left"), "bad" if item.low_level else "neutral"
    return forecast_pill(shelf, today)


def forecast_pill(shelf: Shelf, today: date) -> PillText:
    """When an item runs out, as far as its history tells: 8月2日 – 6日; honest where it is short."""
    told, low = shelf.forecast, is_low(shelf.item)
    if told is None or told.state != "date" or told.likely is None or told.early is None:
        if low:
            return t("supplies_page.low"), "bad"
        state = told.state if told is not None and told.state in ("beyond", "enough", "short_history") else "unused"
        return t(f"supplies_page.forecast_{state}"), "good" if state in ("beyond", "enough") else "neutral"
    ahead = (told.likely - today).days
    tone = "bad" if low or ahead < URGENT else "attention" if ahead < SHORT else "good"
    return span(told.early, told.late), tone


def span(early: date, late: date | None) -> str:
    """A range of days in few characters; forecasts reach half a year, so the year goes without saying."""
    first = when.date_only(early.isoformat(), early)
    if late is None:
        return t("supplies_page.after_day", day=first)
    if (late - early).days < 1:
        return first
    if (early.year, early.month) == (late.year, late.month):
        return t("supplies_page.days_of_month", first=first, last=late.day)
    return t("supplies_page.days", first=first, last=when.date_only(late.isoformat(), late))


def bar(shelf: Shelf) -> tuple[float, str]:
    """Balance as a share of the most there was lately, and the colour of the bar."""
    item = shelf.item
    return max(item.balance, 0) / max(shelf.most, 1), "bad" if is_low(item) else TONES.get(item.kind, "brand")


def rules(shelf: Shelf) -> str:
    """Kind, quota and season in one line."""
    item = shelf.item
    parts = [label(item.kind)]
    if item.most_per_day is not None:
        parts.append(t("supplies_page.quota_line", amount=amount(item.most_per_day, item)))
    parts += [rule_text(one, item) for one in shelf.rules]
    if (item.first_month, item.last_month) != (1, 12):
        first, last = t(f"terms.Month.{item.first_month}"), t(f"terms.Month.{item.last_month}")
        parts.append(t("supplies_page.months_line", first=first, last=last))
    if item.low_level:
        parts.append(t("supplies_page.level_line", amount=amount(item.low_level, item)))
    return t("terms.dot").join(parts)


def rule_text(rule: Rule, item: Item | None = None, names: Mapping[str, str] | None = None) -> str:
    """A rule in a few words: 每人每日 2 份（高温橙色以上）; with ``names`` also of which items."""
    span_of = t("supplies_page.rule_hours", n=rule.hours or 0) if rule.hours else label(rule.span)
    most = amount(rule.most, item) if item is not None else f"{rule.most:,}"
    word = "supplies_page.rule_choice" if rule.measure is Measure.CHOICE else "supplies_page.rule_line"
    text = t(word, who=label(rule.who), span=span_of, most=most)
    when_ = [label(one) for one in sorted(rule.occupations)]
    when_ += [t("supplies_page.rule_from_level", level=label(rule.level))] if rule.level else []
    when_ += [label(one) for one in sorted(rule.levels)]
    when_ += [label(rule.role)] if rule.role else []
    if rule.first_month and rule.last_month:
        when_.append(t("supplies_page.rule_months", first=t(f"terms.Month.{rule.first_month}"), last=t(f"terms.Month.{rule.last_month}")))
    when_ += [t("supplies_page.rule_of_district")] if rule.district else []
    if names is not None:
        about = [names.get(one, "") for one in sorted(rule.items)] + [label(kind) for kind in sorted(rule.kinds)]
        subject = " / ".join(one for one in about if one) or (label(rule.kind) if rule.kind else t("supplies_page.rule_everything"))
        text = f"{subject}{t('terms.dot')}{text}"
    return t("supplies_page.rule_when", rule=text, when=t("terms.list").join(when_)) if when_ else text


def most_likely(line: Line) -> str:
    """When a count's difference most likely arose: 多在 13–14 时."""
    why = line.explained
    if why is None or not why.begins:
        return ""
    day = "" if why.begins[:10] == line.movement.time[:10] else f"{int(why.begins[5:7])}/{int(why.begins[8:10])} "
    return t("supplies_page.most_likely", day=day, first=int(why.begins[11:13]), last=int(why.begins[11:13]) + 1)


def who(line: Line) -> str:
    """To whom something was handed out; anonymous when nobody was known."""
    if line.movement.kind is not MovementKind.HANDOUT:
        return ""
    return t("supplies_page.anonymous") if line.person is None else person_name(line.person)


def change(line: Line) -> str:
    """The number with its sign: +24, −1."""
    delta = line.movement.delta
    return f"+{delta:,}" if delta > 0 else f"−{-delta:,}"


def happened(line: Line) -> list[tuple[str, bool]]:
    """What a movement was, in parts of which names are bold: 发放 **赵丽** ×1."""
    movement, item = line.movement, line.item
    size = amount(abs(movement.delta), item)
    if movement.kind is MovementKind.HANDOUT:
        parts = [(t("supplies_page.handed"), False), (f" {who(line)} ", True), (t("supplies_page.times", n=-movement.delta), False)]
    elif movement.kind is MovementKind.COUNT:
        short = movement.delta < 0
        parts = [(t("supplies_page.count_less", amount=size) if short else t("supplies_page.count_more", amount=size), False)]
        parts += [(t("terms.dot") + told, False)] if (told := most_likely(line)) else []
    else:
        parts = [(f"{label(movement.kind)} {size}", False)]
    more = note(line)
    if more:
        parts.append((t("terms.dot") + more, False))
    if movement.void_reason is not None:
        parts.append((t("terms.dot") + t("supplies_page.undone"), False))
    return parts


def note(line: Line) -> str:
    """Where it came from or why it went, and its lot when it came in."""
    movement = line.movement
    lot = t("supplies_page.lot_no", lot=movement.lot) if movement.lot and movement.delta > 0 else ""
    source = "" if arrivals.is_allocation(movement.source) else movement.source
    return t("terms.dot").join(part for part in (lot, source) if part)

