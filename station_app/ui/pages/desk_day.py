"""The day at a glance: person-times, handouts, new requests, bars by the hour; and the day as text for the chat group."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ...db import Database
from ...model import Amenity, Occupation, Report, Station
from ...services import keepers, stations
from ...words import label, t
from ..charts import HourBar, HourBars
from ..kit import BigFigure, Card, Row
from .desk_data import DeskView


class DayCard(Card):
    """Three figures and the bars from opening to closing."""

    def __init__(self) -> None:
        super().__init__(gap=6)
        self.visits = BigFigure("0", t("desk.visits_today"))
        self.given = BigFigure("0", t("desk.given_today"))
        self.requests = BigFigure("0", t("desk.requests_today"))
        self._bars = HourBars(76)
        row = Row(gap=8)
        for figure in (self.visits, self.given, self.requests):
            row.addWidget(figure, 1)
        self.body.addLayout(row)
        self.body.addWidget(self._bars)
        self._shown: tuple[object, ...] = ()

    def show_day(self, view: DeskView, station: Station) -> None:
        """Show the figures; the bars are painted anew only when one of them changed."""
        today = view.today
        self.visits.show_state(f"{today.person_times:,}")
        self.given.show_state(f"{today.handed_out:,}")
        self.requests.show_state(f"{today.new_requests:,}")
        hours = open_hours(station, today.by_hour)
        shown = (tuple(hours), dict(today.by_hour), view.hour)
        if shown == self._shown:
            return
        self._shown = shown
        labelled = {hours[0], hours[len(hours) // 2], hours[-1]}
        bars = [
            HourBar(
                t("desk.hour", hour=hour),
                today.by_hour.get(hour, 0),
                t("desk.hour", hour=hour) if hour in labelled else "",
            )
            for hour in hours
        ]
        self._bars.show_bars(
            bars, current=hours.index(view.hour) if view.hour in hours else -1, name=t("desk.visits_today")
        )


def open_hours(station: Station, by_hour: Mapping[int, int]) -> range:
    """The hours from opening to closing, and those outside in which somebody came."""
    first, last = int(station.opens[:2]), int(station.closes[:2])
    if station.closes[3:] == "00":
        last -= 1
    busy = [hour for hour, count in by_hour.items() if count]
    return range(min([first, *busy]), max([first, last, *busy]) + 1)


def summary(db: Database) -> str:
    """The day so far as text without names, for the chat group."""
    from ...services import reports

    business_date = db.stamp().business_date
    report = reports.period(db, business_date, business_date)
    return summary_text(report, keepers.day(db, business_date), stations.current(db), date.fromisoformat(business_date))


def summary_text(report: Report, day: keepers.StationDay, station: Station, today: date) -> str:
    """One line a part; parts without a figure are left out."""
    comma = t("terms.list")

    def listed(figures: list[tuple[str, int]]) -> str:
        return comma.join(t("desk.summary_part", what=what, n=n) for what, n in figures if n)

    who = [(label(one), report.by_occupation.get(one.value, 0)) for one in Occupation]
    used = [(label(one), report.by_amenity.get(one.value, 0)) for one in Amenity]
    lines = [
        t(
            "desk.summary_head",
            station=station.name,
            month=today.month,
            day=today.day,
            weekday=t(f"terms.Weekday.{today.weekday()}"),
        )
    ]
    if day.opened:
        hours = t("desk.summary_closed", time=day.closed[11:16]) if day.closed else ""
        lines.append(t("desk.summary_opened", time=day.opened[11:16]) + hours)
    lines.append(
        t("desk.summary_visits", n=report.person_times, registered=report.registered, anonymous=report.anonymous)
    )
    for sentence, figures in (
        (t("desk.summary_who"), who),
        (t("desk.summary_used"), used),
        (t("desk.summary_given"), list(report.handouts.items())),
    ):
        if text := listed(figures):
            lines.append(sentence + text)
    if asked := sum(report.requests.values()):
        lines.append(t("desk.summary_requests", n=asked))
    return "\n".join(lines)
