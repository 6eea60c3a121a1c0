"""The parts of the reports page: six figures, the course of the visits, who came and what for, and how it is counted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from ...model import Amenity, Mood, Occupation, RequestState
from ...paper.figure_words import figure_name
from ...services.figures import weekdays
from ...words import label, t
from ..charts import DayBar, DayBars, HeatMap, HourBar, HourBars, Legend, Share, ShareBars
from ..forms import DateField
from ..kit import BigFigure, Card, Column, Scroll, Text
from ..painting import brush, focus_ring, plain_tip
from ..theme import tokens
from .reports_reads import View
from .reports_text import (
    FIGURES,
    average,
    closed_share,
    compared,
    district_average,
    explained,
    lasting,
    number,
    percent,
    yearly,
)

Parts = dict[str, tuple[str, ...]]
"""What a figure is narrowed to."""
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


class FigureTile(Card):
    """A big figure in a card that opens the rows behind it, by a press or by Enter."""

    pressed = Signal()

    def __init__(self, name: str) -> None:
        self.figure, self.note, self.more = BigFigure("", name), Text("", "small"), Text("", "small")
        super().__init__(self.figure, self.note, self.more, None, gap=0)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_state(self, number: str, note: str, more: str) -> None:
        """The figure, what it is compared with, and what else; a line for each, so that six stand side by side in any language."""
        self.figure.show_state(number)
        for line, text in ((self.note, note), (self.more, more)):
            line.set(text)
            line.setVisible(bool(text))
        told = t("terms.dot").join(part for part in (note, more) if part)
        self.setToolTip(plain_tip(told))
        self.setAccessibleName(self.figure.accessibleName())
        self.setAccessibleDescription(told)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open what is behind it."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space open what is behind it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The card, and the ring while it has the focus."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            brush(painter)
            focus_ring(painter, QRectF(self.rect()).adjusted(1, 1, -1, -1), 11)


class Figures(QWidget):
    """The six big figures, in as few rows as there is room for. ``asked`` names the figure whose rows are wanted."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        names = (
            ("person_times", t("reports_page.person_times")), ("average", t("reports_page.average")),
            ("unique_people", t("reports_page.people")), ("handed_out", t("reports_page.handed_out")),
            ("requests", t("reports_page.requests")), ("requests_closed", t("reports_page.closed_in")),
        )  # fmt: skip
        self.tiles = {code: FigureTile(name) for code, name in names}
        for code, tile in self.tiles.items():
            tile.pressed.connect(lambda code=code: self.asked.emit("person_times" if code == "average" else code))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(12)
        self._columns = 0
        self._fit()

    def _fit(self) -> None:
        least = max(tile.minimumSizeHint().width() for tile in self.tiles.values()) + self._grid.spacing()
        room = self.width() + self._grid.spacing()
        columns = next((count for count in ((3, 2) if tokens().large else (6, 3, 2)) if count * least <= room), 1)
        if columns != self._columns:
            self._columns = columns
            for place, card in enumerate(self.tiles.values()):
                self._grid.addWidget(card, place // columns, place % columns)
            for column in range(6):
                self._grid.setColumnStretch(column, int(column < columns))
        self.setMinimumHeight(self.minimumSizeHint().height())  # writing that wraps lets a grid ask for less than it needs

    def minimumSizeHint(self) -> QSize:
        """Room for the widest alone, and for the rows there are."""
        rows = -(-len(self.tiles) // max(self._columns, 1))
        tiles = [tile.minimumSizeHint() for tile in self.tiles.values()]
        high = max(tile.height() for tile in tiles) * rows + self._grid.spacing() * (rows - 1)
        return QSize(max(tile.width() for tile in tiles), high)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More room, or less."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._fit()

    def show_view(self, view: View) -> None:
        """The figures of a span; under each what it is compared with."""
        report, before, year = view.report, view.before, view.last_year
        given, asked = sum(before.handouts.values()), sum(before.requests.values())
        shown = (
            (
                number(report.person_times), compared(view, report.person_times, before.person_times),
                yearly(report.person_times, year.person_times),
            ),
            (average(view), t("reports_page.open_days", n=report.open_days), district_average(view)),
            (number(report.unique_people), t("reports_page.with_badge"), yearly(report.unique_people, year.unique_people)),
            (number(view.handed_out), compared(view, view.handed_out, given), yearly(view.handed_out, sum(year.handouts.values()))),
            (number(view.asked), compared(view, view.asked, asked), yearly(view.asked, sum(year.requests.values()))),
            (
                lasting(view.upkeep.closed_in), t("reports_page.closed_share", share=closed_share(view)) if view.asked else "", "",
            ),
        )  # fmt: skip
        for tile, (text, note, more) in zip(self.tiles.values(), shown, strict=True):
            tile.show_state(text, note, more)
        self._fit()


class Course(Card):
    """Visits by day and by weekday and hour; by hour alone when the span is one day. ``asked`` has the parts that were pressed."""

    asked = Signal(object)

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
        self._parts_of: dict[str, list[Parts]] = {"days": [], "hours": [], "heat": []}
        for name, chart in (("days", self.days), ("hours", self.hours), ("heat", self.heat)):
            chart.pickable()
            chart.clicked.connect(lambda place, name=name: self.asked.emit(self._parts_of[name][place]))

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
        self._parts_of["hours"] = [{"hour": (str(int(name)),)} for name, _count, _registered in view.bars]
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
        self._parts_of["days"] = list(view.bar_parts())
        self.days.show_days(bars if view.report.person_times else [], current=current, name=title, parts=self._parts)

    def _show_heat(self, view: View) -> None:
        grid = view.report.by_weekday_hour
        first = min([HOURS[0], *(hour for _day, hour in grid)])
        last = max([HOURS[1], *(hour for _day, hour in grid)])
        hours = range(first, last + 1)
        cells = [[grid.get((day, hour), 0) for hour in hours] for day in range(7)]
        names = [t(f"terms.Weekday.{day}") for day in range(7)]
        report = view.report
        self._parts_of["heat"] = [
            {"day": weekdays(report.first, report.last, day), "hour": (str(hour),)} for day in range(7) for hour in hours
        ]
        self.heat.show_grid(cells, names, [str(hour) for hour in hours], name=t("reports_page.heat"))


class Shares(Card):
    """Lists of bars, each under its title; scrolled where they do not fit. ``asked`` has (figure, parts) of the line pressed."""

    asked = Signal(str, object)

    def __init__(self, *titles: str) -> None:
        self.bars = [ShareBars() for _title in titles]
        self._lines: list[list[tuple[str, Parts]]] = [[] for _title in titles]
        self._heads = [Text(title, "heading") for title in titles]
        inside, column = QWidget(), Column(gap=8)
        for number_, (head, bars) in enumerate(zip(self._heads, self.bars, strict=True)):
            column.addWidget(head)
            column.addWidget(bars)
            column.addSpacing(6)
            bars.pickable()
            bars.clicked.connect(lambda place, number_=number_: self._pressed(number_, place))
        column.addStretch(1)
        inside.setLayout(column)
        self._inside, self._scroll, self._whole = inside, Scroll(inside), False
        super().__init__(self._scroll, gap=0)

    def stand_whole(self, on: bool) -> None:
        """As high as the lists are, where the page is what is scrolled; otherwise scrolled here."""
        self._whole = on
        self._scroll.setMinimumHeight(self._inside.sizeHint().height() if on else 0)

    def _pressed(self, number_: int, place: int) -> None:
        figure, parts = self._lines[number_][place]
        if figure:
            self.asked.emit(figure, parts)

    def show_lines(self, number_: int, lines: Sequence[tuple[Share, str, Parts]], name: str, *, always: bool = True) -> None:
        """Show a list: each line with the figure and the parts behind it; without any it is not there unless ``always``."""
        self._lines[number_] = [(figure, parts) for _share, figure, parts in lines]
        self.bars[number_].show_shares([share for share, _figure, _parts in lines], name=name)
        for part in (self._heads[number_], self.bars[number_]):
            part.setVisible(always or bool(lines))
        self.stand_whole(self._whole)


class Visitors(Shares):
    """Who came, by occupation and by employer, and which services were used."""

    def __init__(self) -> None:
        super().__init__(t("reports_page.occupations"), t("reports_page.amenities"), t("reports_page.platforms"))

    def show_view(self, view: View) -> None:
        """Those of a span; what did not occur is left out."""
        report = view.report
        total = report.person_times or 1
        came = [(occupation, report.by_occupation.get(occupation, 0)) for occupation in Occupation]
        shares: list[tuple[Share, str, Parts]] = [
            (
                Share(label(who), count / total, f"{number(count)} · {count * 100 / total:.0f}%"), "person_times",
                {"occupation": (who.value,)},
            )
            for who, count in came
            if count
        ]  # fmt: skip
        self.show_lines(0, shares, t("reports_page.occupations"))
        used = [(amenity, report.by_amenity.get(amenity, 0)) for amenity in Amenity]
        most = max((count for _amenity, count in used), default=0) or 1
        services: list[tuple[Share, str, Parts]] = [
            (Share(label(amenity), count / most, number(count), "cooling"), "amenities_used", {"amenity": (amenity.value,)})
            for amenity, count in used
            if count
        ]
        pressed = sum(report.by_mood.values()) or 1
        services += [
            (Share(t("reports_page.mood_is", mood=label(mood)), n / pressed, number(n), "neutral"), "", {})
            for mood in Mood
            if (n := report.by_mood.get(mood, 0))
        ]
        self.show_lines(1, services, t("reports_page.amenities"))
        self._show_platforms(view)

    def _show_platforms(self, view: View) -> None:
        """Of those with a badge; the ones of few visits share a line."""
        known = sorted(view.report.by_platform.items(), key=lambda pair: (-pair[1], pair[0]))
        top = known[0][1] if known else 1
        lines: list[tuple[Share, str, Parts]] = [
            (Share(name or t("figures.unknown"), count / top, number(count)), "registered", {"platform": (name,)})
            for name, count in known[:MOST_ITEMS]
        ]
        if rest := known[MOST_ITEMS:]:
            count = sum(n for _name, n in rest)
            others = Share(t("reports_page.other_items", n=len(rest)), count / top, number(count), "neutral")
            lines.append((others, "registered", {"platform": tuple(name for name, _n in rest)}))
        self.show_lines(2, lines, t("reports_page.platforms"), always=False)


class Supplies(Shares):
    """What was handed out and what is left, where the requests stand, and how the station was kept."""

    def __init__(self) -> None:
        super().__init__(t("reports_page.supplies"), t("reports_page.requests_by_state"), t("reports_page.kept"))

    def show_view(self, view: View) -> None:
        """Those of a span; the balances are those at its end."""
        report = view.report
        most = max(report.handouts.values(), default=0) or 1
        items: list[tuple[Share, str, Parts]] = [
            (
                Share(name, given / most, t("reports_page.given_left", given=number(given), left=number(report.balances.get(name, 0)))),
                "handed_out", {"item": (name,)},
            )
            for name, given in report.handouts.items()
        ]  # fmt: skip
        if len(items) > MOST_ITEMS:
            rest = list(report.handouts.items())[MOST_ITEMS - 1 :]
            count = sum(given for _name, given in rest)
            others = Share(t("reports_page.other_items", n=len(rest)), count / most, number(count), "neutral")
            items = [*items[: MOST_ITEMS - 1], (others, "handed_out", {"item": tuple(name for name, _given in rest)})]
        self.show_lines(0, items, t("reports_page.supplies"))
        states = [(state, report.requests.get(state, 0)) for state in RequestState]
        top = max((count for _state, count in states), default=0) or 1
        lines: list[tuple[Share, str, Parts]] = [
            (Share(label(state), count / top, number(count), STATE_TONES.get(state, "brand")), "requests", {"state": (state.value,)})
            for state, count in states
            if count
        ]
        self.show_lines(1, lines, t("reports_page.requests_by_state"))
        self._show_kept(view)

    def _show_kept(self, view: View) -> None:
        """Hours, visits by open hour, shelves that stood empty: what a station can do something about."""
        kept = view.upkeep
        lines: list[tuple[Share, str, Parts]] = []
        if kept.kept is not None:
            hours = t("reports_page.hours", open=f"{kept.open_minutes / 60:,.0f}", posted=f"{kept.posted_minutes / 60:,.0f}")
            lines.append((Share(t("reports_page.hours_kept"), 0, f"{hours} · {percent(kept.kept)}"), "", {}))
        if kept.estimated:
            lines.append((Share(t("reports_page.estimated"), 0, t("reports_page.days", n=kept.estimated)), "", {}))
        if kept.per_hour is not None:
            lines.append((Share(t("reports_page.per_hour"), 0, f"{kept.per_hour:,.1f}"), "", {}))
        lines += [
            (Share(t("reports_page.stock_out", name=name), n / view.days, t("reports_page.days", n=n), "attention"), "balance",
             {"item": (name,)})
            for name, n in sorted(kept.stock_out.items())[:MOST_ITEMS]
        ]  # fmt: skip
        lines += [
            (Share(figure_name(name), 0, number(n), "brand" if name == "lent" else "attention"), name, {})
            for name, n in kept.house.items()
            if n
        ]
        self.show_lines(2, lines, t("reports_page.kept"), always=False)


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
