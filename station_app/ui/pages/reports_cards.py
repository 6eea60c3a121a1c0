"""The parts of the reports page: five figures, the course of the visits, who came and what for, and how it is counted."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from ...model import Amenity, Mood, Occupation, RequestState
from ...words import label, t
from ..charts import DayBar, DayBars, HeatMap, HourBar, HourBars, Legend, Share, ShareBars
from ..forms import DateField
from ..kit import BigFigure, Card, Column, Scroll, Text
from ..theme import tokens
from .reports_reads import View
from .reports_text import FIGURES, average, closed_share, compared, explained, number

HOURS = (8, 20)
"""The hours the heat map always has; it grows when there is a visit outside them."""
MOST_ITEMS = 8
"""Items shown by name; the least given share one line beyond that."""
STATE_TONES = {
    RequestState.RECORDED: "attention", RequestState.CLOSED: "good", RequestState.REOPENED: "bad", RequestState.WITHDRAWN: "neutral",
}  # fmt: skip


class Day(DateField):
    """One end of the span: a date without a label above it, for it stands in the page's head."""

    def __init__(self, name: str, label: str) -> None:
        super().__init__(name, label, required=True)
        self._label.hide()
        self._fit()

    def _fit(self) -> None:
        self.setFixedWidth(tokens().px(116))

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._fit()


class Figures(QWidget):
    """The five big figures, in one row, in large type in two."""

    def __init__(self) -> None:
        super().__init__()
        names = (
            t("reports_page.person_times"), t("reports_page.average"), t("reports_page.people"), t("reports_page.handed_out"),
            t("reports_page.requests"),
        )  # fmt: skip
        self.figures = [BigFigure("", name) for name in names]
        self._cards = [Card(figure) for figure in self.figures]
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(12)
        self._columns = 0
        self._fit()

    def _fit(self) -> None:
        columns = 3 if tokens().large else 5
        if columns != self._columns:
            self._columns = columns
            for place, card in enumerate(self._cards):
                self._grid.addWidget(card, place // columns, place % columns)
            for column in range(5):
                self._grid.setColumnStretch(column, int(column < columns))

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._fit()

    def show_view(self, view: View) -> None:
        """The figures of a span."""
        report, before = view.report, view.before
        shown = (
            (number(report.person_times), compared(view, report.person_times, before.person_times)),
            (average(view), t("reports_page.open_days", n=report.open_days)),
            (number(report.unique_people), t("reports_page.with_badge")),
            (number(view.handed_out), compared(view, view.handed_out, sum(before.handouts.values()))),
            (number(view.asked), t("reports_page.closed_share", share=closed_share(view)) if view.asked else ""),
        )
        for figure, (text, note) in zip(self.figures, shown, strict=True):
            figure.show_state(text, note=note)
            figure.setToolTip(note)


class Course(Card):
    """Visits by day and by weekday and hour; by hour alone when the span is one day."""

    def __init__(self) -> None:
        self.title, self.days, self.hours = Text("", "heading"), DayBars(170), HourBars(300)
        self.heat_title, self.heat = Text(t("reports_page.heat"), "heading"), HeatMap(170)
        self._parts = (t("reports_page.registered"), t("reports_page.tally"))
        self._legend = Legend([(self._parts[0], "brand"), (self._parts[1], "bar_soft")])
        super().__init__(self.days, self.hours, self.heat_title, self.heat, gap=8)
        self.head.addWidget(self.title)
        self.head.addStretch(1)
        self.head.addWidget(self._legend)
        self.body.insertLayout(0, self.head)

    def show_view(self, view: View) -> None:
        """The course of a span."""
        one = view.days == 1
        for part in (self.days, self.heat_title, self.heat, self._legend):
            part.setVisible(not one)
        self.hours.setVisible(one)
        if one:
            self._show_hours(view)
        else:
            self._show_days(view)
            self._show_heat(view)

    def _show_hours(self, view: View) -> None:
        self.title.set(t("reports_page.by_hour"))
        bars = [
            HourBar(t("reports_page.hour", hour=int(name)), count, str(int(name)) if place % 2 == 0 else "")
            for place, (name, count, _registered) in enumerate(view.bars)
        ]
        self.hours.show_bars(bars if view.report.person_times else [], name=t("reports_page.by_hour"))

    def _show_days(self, view: View) -> None:
        months = len(view.bars) != view.days
        title = t("reports_page.by_month") if months else t("reports_page.by_day")
        self.title.set(title)
        every = -(-len(view.bars) // 8)
        bars = [
            DayBar(name, registered, count - registered, name if place % every == 0 else "")
            for place, (name, count, registered) in enumerate(view.bars)
        ]
        today = view.today.strftime("%Y-%m") if months else f"{view.today.month}/{view.today.day}"
        current = next((place for place, bar in enumerate(bars) if bar.name == today and view.report.last == view.today.isoformat()), -1)
        self.days.show_days(bars if view.report.person_times else [], current=current, name=title, parts=self._parts)

    def _show_heat(self, view: View) -> None:
        grid = view.report.by_weekday_hour
        first = min([HOURS[0], *(hour for _day, hour in grid)])
        last = max([HOURS[1], *(hour for _day, hour in grid)])
        hours = range(first, last + 1)
        cells = [[grid.get((day, hour), 0) for hour in hours] for day in range(7)]
        names = [t(f"terms.Weekday.{day}") for day in range(7)]
        self.heat.show_grid(cells, names, [str(hour) for hour in hours], name=t("reports_page.heat"))


class Shares(Card):
    """Two lists of bars, each under its title; scrolled where they do not fit."""

    def __init__(self, *titles: str) -> None:
        self.bars = [ShareBars() for _title in titles]
        inside, column = QWidget(), Column(gap=8)
        for title, bars in zip(titles, self.bars, strict=True):
            column.addWidget(Text(title, "heading"))
            column.addWidget(bars)
            column.addSpacing(6)
        column.addStretch(1)
        inside.setLayout(column)
        super().__init__(Scroll(inside), gap=0)


class Visitors(Shares):
    """Who came, and which services were used."""

    def __init__(self) -> None:
        super().__init__(t("reports_page.occupations"), t("reports_page.amenities"))

    def show_view(self, view: View) -> None:
        """Those of a span; what did not occur is left out."""
        report = view.report
        total = report.person_times or 1
        came = [(occupation, report.by_occupation.get(occupation, 0)) for occupation in Occupation]
        shares = [
            Share(label(who), count / total, f"{number(count)} · {count * 100 / total:.0f}%") for who, count in came if count
        ]
        self.bars[0].show_shares(shares, name=t("reports_page.occupations"))
        used = [(amenity, report.by_amenity.get(amenity, 0)) for amenity in Amenity]
        most = max((count for _amenity, count in used), default=0) or 1
        services = [Share(label(amenity), count / most, number(count), "cooling") for amenity, count in used if count]
        pressed = sum(report.by_mood.values()) or 1
        services += [
            Share(t("reports_page.mood_is", mood=label(mood)), n / pressed, number(n), "neutral")
            for mood in Mood if (n := report.by_mood.get(mood, 0))
        ]  # fmt: skip
        self.bars[1].show_shares(services, name=t("reports_page.amenities"))


class Supplies(Shares):
    """What was handed out and what is left, and where the requests stand."""

    def __init__(self) -> None:
        super().__init__(t("reports_page.supplies"), t("reports_page.requests_by_state"))

    def show_view(self, view: View) -> None:
        """Those of a span; the balances are those at its end."""
        report = view.report
        most = max(report.handouts.values(), default=0) or 1
        items = [
            Share(name, given / most, t("reports_page.given_left", given=number(given), left=number(report.balances.get(name, 0))))
            for name, given in report.handouts.items()
        ]  # fmt: skip
        if len(items) > MOST_ITEMS:
            rest = list(report.handouts.values())[MOST_ITEMS - 1 :]
            others = Share(t("reports_page.other_items", n=len(rest)), sum(rest) / most, number(sum(rest)), "neutral")
            items = [*items[: MOST_ITEMS - 1], others]
        self.bars[0].show_shares(items, name=t("reports_page.supplies"))
        states = [(state, report.requests.get(state, 0)) for state in RequestState]
        top = max((count for _state, count in states), default=0) or 1
        lines = [
            Share(label(state), count / top, number(count), STATE_TONES.get(state, "brand")) for state, count in states if count
        ]
        self.bars[1].show_shares(lines, name=t("reports_page.requests_by_state"))


class Explanation(QWidget):
    """怎么算的: every figure with its definition."""

    def __init__(self) -> None:
        super().__init__()
        column = Column(gap=4)
        for name in FIGURES:
            title, text = explained(name)
            column.addWidget(Text(title, "strong", wrap=True))
            column.addWidget(Text(text, "muted", wrap=True))
            column.addSpacing(8)
        column.addStretch(1)
        self.setLayout(column)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
