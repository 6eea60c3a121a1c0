"""The words of the reports page: spans, changes, and the summary for a chat group, which holds no names of people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ...model import Amenity, Mood, Occupation, RequestState, Station
from ...services.exported import measures
from ...services.figures import Wanted
from ...words import label, t
from .reports_reads import View

FIGURES = (
    "person_times", "average", "people", "handed_out", "requests", "closed_in", "change", "district", "chart", "heat", "amenities",
    "balances", "kept", "house", "made_up", "why",
)  # fmt: skip
"""What the panel 怎么算的 explains, in its order."""


def number(count: int) -> str:
    """1,284."""
    return f"{count:,}"


def average(view: View) -> str:
    """Person-times by open day with one decimal, a dash without open days."""
    report = view.report
    return f"{report.person_times / report.open_days:,.1f}" if report.open_days else "—"


def change(now: int, then: int) -> str:
    """+12%, -3%, ±0%; a dash when there was nothing before."""
    if not then:
        return "—"
    percent = round((now - then) * 100 / then)
    return f"{percent:+d}%" if percent else "±0%"


def compared(view: View, now: int, then: int) -> str:
    """The change and what it is measured against; empty when both are nothing."""
    if not now and not then:
        return ""
    if not then:
        return t("reports_page.nothing_before", n=view.days)
    return t("reports_page.compared", n=view.days, change=change(now, then))


def yearly(now: int, then: int) -> str:
    """The change against the same days a year before; empty when nothing was recorded then."""
    return t("reports_page.year_before", change=change(now, then)) if then else ""


def district_average(view: View) -> str:
    """What the stations of the district have by open day, empty where no pack told."""
    return t("reports_page.district_average", average=f"{view.district.a_day:,.1f}") if view.district is not None else ""


def lasting(minutes: int | None) -> str:
    """How long something took, in its largest fitting unit: 40 分钟, 5.5 小时, 3.6 天; a dash for nothing."""
    if minutes is None:
        return "—"
    if minutes < 60:
        return t("reports_page.minutes", n=minutes)
    if minutes < 48 * 60:
        return t("reports_page.in_hours", time=f"{minutes / 60:.1f}")
    return t("reports_page.in_days", time=f"{minutes / 1440:.1f}")


def percent(share: float) -> str:
    """96%."""
    return f"{share * 100:.0f}%"


def moment(text: str) -> str:
    """An ISO 8601 time as people read it, to the minute; a day stays a day."""
    return text[:16].replace("T", " ")


def facts(view: View, wanted: Wanted, n: int) -> list[tuple[str, str]]:
    """What a figure is compared with: as many days before, a year before, the district; only what the report tells."""
    told = [(t("reports_page.this_span"), number(n))]
    key = (wanted.figure, tuple((part, values[0]) for part, values in wanted.parts.items() if len(values) == 1))
    if len(key[1]) == len(wanted.parts) and "day" not in wanted.parts:
        for name, report in ((t("reports_page.span_before"), view.before), (t("reports_page.same_last_year"), view.last_year)):
            then = measures(report).get(key, 0)
            if then:
                told.append((name, f"{number(then)} · {change(n, then)}"))
    if wanted.figure == "person_times" and not wanted.parts:
        told.append((t("reports_page.average"), average(view)))
        if view.district is not None:
            average_ = f"{view.district.a_day:,.1f}"
            told.append((t("reports_page.district"), t("reports_page.of_stations", average=average_, n=view.district.stations)))
    return told


def closed_share(view: View) -> str:
    """How many of the requests are closed: 91%, a dash without any."""
    return f"{round(view.closed * 100 / view.asked)}%" if view.asked else "—"


def days(first: str, last: str) -> str:
    """2026-07-01 — 2026-07-17, or the one day with its weekday."""
    if first == last:
        return f"{first} {t(f'terms.Weekday.{date.fromisoformat(first).weekday()}')}"
    return f"{first} — {last}"


def explained(name: str) -> tuple[str, str]:
    """A figure's name and how it is counted."""
    sentences = {
        "person_times": (t("reports_page.person_times"), t("reports_page.how_person_times")),
        "average": (t("reports_page.average"), t("reports_page.how_average")),
        "people": (t("reports_page.people"), t("reports_page.how_people")),
        "handed_out": (t("reports_page.handed_out"), t("reports_page.how_handed_out")),
        "requests": (t("reports_page.requests"), t("reports_page.how_requests")),
        "closed_in": (t("reports_page.closed_in"), t("reports_page.how_closed_in")),
        "district": (t("reports_page.district"), t("reports_page.how_district")),
        "kept": (t("reports_page.kept"), t("reports_page.how_kept")),
        "house": (t("reports_page.house"), t("reports_page.how_house")),
        "made_up": (t("reports_page.made_up_title"), t("reports_page.how_made_up")),
        "why": (t("reports_page.why"), t("reports_page.how_why")),
        "change": (t("reports_page.change"), t("reports_page.how_change")),
        "chart": (t("reports_page.by_day"), t("reports_page.how_chart")),
        "heat": (t("reports_page.heat"), t("reports_page.how_heat")),
        "amenities": (t("reports_page.amenities"), t("reports_page.how_amenities")),
        "balances": (t("reports_page.supplies"), t("reports_page.how_balances")),
    }
    return sentences[name]


def _list(parts: Iterable[tuple[str, int]]) -> str:
    return t("terms.list").join(f"{name} {number(count)}" for name, count in parts if count)


def summary(view: View, station: Station) -> str:
    """The figures as text for a chat group, one line each."""
    report = view.report
    name = station.name + (t("reports_page.sample") if station.sample else "")
    lines = [t("reports_page.sum_title", station=name, span=days(report.first, report.last))]
    lines.append(
        t("reports_page.sum_visits", n=report.person_times, total=number(report.person_times),
          registered=number(report.registered), anonymous=number(report.anonymous))
    )  # fmt: skip
    if report.first != report.last and report.open_days:
        lines.append(t("reports_page.sum_average", n=report.open_days, average=average(view)))
    parts = (
        (t("reports_page.occupations"), [(label(o), report.by_occupation.get(o, 0)) for o in Occupation]),
        (t("reports_page.amenities"), [(label(a), report.by_amenity.get(a, 0)) for a in Amenity]),
        (t("reports_page.moods"), [(label(mood), report.by_mood.get(mood, 0)) for mood in Mood]),
    )
    lines += [t("reports_page.sum_part", name=title, parts=_list(counts)) for title, counts in parts if _list(counts)]
    if view.handed_out:
        lines.append(
            t("reports_page.sum_handed_out", n=view.handed_out, total=number(view.handed_out), parts=_list(report.handouts.items()))
        )
    if view.asked:
        states = _list((label(state), report.requests.get(state, 0)) for state in RequestState)
        lines.append(t("reports_page.sum_requests", n=view.asked, total=number(view.asked), parts=states))
    return "\n".join(lines)
