"""Looking at a window as a keeper does: is anything written cut, too small to hit, without a name, without a focus to be seen?

``rooms`` goes through every page and every sheet that a page's buttons open.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QRect, QSize, Qt
from PySide6.QtGui import QDesktopServices, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QTableView,
    QWidget,
)

from station_app.ui import painting
from station_app.ui.buttons import Press
from station_app.ui.hands import Hands
from station_app.ui.kit import LogRow
from station_app.ui.page import Page
from station_app.ui.window import Window

LEAST = 44
"""Pixels a target has at least in its height and its width."""
ROW = 36
"""Pixels a row of a table has at least."""
OWN = ("quit", "lock")


class Metrics(QFontMetrics):
    """The measures of a font that remember what had to be cut."""

    cut: list[str] = []  # noqa: RUF012 (emptied by whoever looks)

    def elidedText(self, text: str, mode: Qt.TextElideMode, wide: int, flags: int = 0) -> str:
        shown = super().elidedText(text, mode, wide, flags)
        caller = sys._getframe(2)
        # a cell of a table and a line of a log hold what people wrote, however long, and say all of it when pointed at
        lines = caller.f_code.co_filename.endswith(("tables.py", "desk_log.py")) or isinstance(caller.f_locals.get("self"), LogRow)
        if shown != text and not lines:
            self.cut.append(text)
        return shown


@contextmanager
def noticing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is painted with an ellipsis while this is open."""
    with monkeypatch.context() as patch:
        patch.setattr(painting, "QFontMetrics", Metrics)
        Metrics.cut.clear()
        yield Metrics.cut


def seen(window: QWidget) -> list[QWidget]:
    """Every widget of which at least a part is seen."""
    return [one for one in window.findChildren(QWidget) if one.isVisible() and not one.visibleRegion().isEmpty()]


def scrolled(widget: QWidget) -> bool:
    """Whether it lies in something that scrolls, where a part may wait below."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QAbstractScrollArea):
            return True
        above = above.parentWidget()
    return False


def writing_cut(window: QWidget) -> list[str]:
    """What is written and does not fit where it stands, told by class and text."""
    found = []
    for one in seen(window):
        if isinstance(one, QLabel) and one.text() and one.pixmap().isNull():
            found += [f"label {one.text()!r} {why}" for why in _label(one)]
        elif isinstance(one, QLineEdit) and not one.text() and one.placeholderText():
            margins = one.textMargins()
            room = one.width() - 24 - margins.left() - margins.right()
            need = one.fontMetrics().horizontalAdvance(one.placeholderText())
            if need > room:
                found.append(f"hint {one.placeholderText()!r} {need} > {room}")
        elif isinstance(one, QComboBox):
            room, need = one.width() - 30, one.fontMetrics().horizontalAdvance(one.currentText())
            if need > room:
                found.append(f"choice {one.currentText()!r} {need} > {room}")
        elif isinstance(one, QHeaderView) and one.orientation() == Qt.Orientation.Horizontal:
            found += _header(one)
        elif isinstance(one, QScrollArea) and one.horizontalScrollBar().maximum() > 0:
            found.append(f"sideways: {type(one.widget()).__name__} {one.horizontalScrollBar().maximum()} px in {one.width()}")
        elif isinstance(one, QTableView) and one.horizontalHeader().length() > one.viewport().width() + 1:
            found.append(f"sideways: columns of {_told(one)!r} {one.horizontalHeader().length()} px in {one.viewport().width()}")
        if not scrolled(one) and one.visibleRegion().boundingRect().size() != one.size() and not one.isWindow():
            hidden = _covered(one, window)
            if hidden:
                found.append(f"behind the edge: {type(one).__name__} {_told(one)!r} {hidden}")
    return found


def twice_scrolled(window: QWidget) -> list[str]:
    """What is moved up and down inside something that is itself moved up and down: two bars beside each other."""
    moved = [one for one in seen(window) if isinstance(one, QAbstractScrollArea) and one.verticalScrollBar().maximum() > 0]
    return [
        f"{type(inner).__name__} {inner.accessibleName()!r} within {type(outer).__name__} {outer.verticalScrollBar().maximum()} px"
        for outer in moved for inner in moved
        if inner is not outer and outer.isAncestorOf(inner) and not isinstance(inner, QPlainTextEdit)
    ]  # fmt: skip


def _label(one: QLabel) -> Iterator[str]:
    room = one.contentsRect()
    if one.wordWrap():
        need = one.fontMetrics().boundingRect(QRect(0, 0, room.width(), 10_000), Qt.TextFlag.TextWordWrap, one.text())
        if need.height() > room.height() + 2:
            yield f"needs {need.height()} of {room.height()} px"
        return
    lines = one.text().splitlines()
    need_wide = max(one.fontMetrics().horizontalAdvance(line) for line in lines) if lines else 0
    if need_wide > room.width() + 1:
        yield f"{need_wide} > {room.width()} px"
    if one.fontMetrics().height() * len(lines) > room.height() + 4:
        yield f"{one.fontMetrics().height() * len(lines)} > {room.height()} px high"


def _header(header: QHeaderView) -> Iterator[str]:
    model = header.model()
    if model is None or header.isHidden():
        return
    for place in range(header.count()):
        text = str(model.headerData(place, Qt.Orientation.Horizontal) or "")
        need = header.fontMetrics().horizontalAdvance(text)
        if text and not header.isSectionHidden(place) and need > header.sectionSize(place) - 8:
            yield f"heading {text!r} {need} > {header.sectionSize(place) - 8}"


def _covered(one: QWidget, window: QWidget) -> str:
    """How much of it lies beyond one of its parents, where it can never be seen."""
    place = QRect(one.mapTo(window, one.rect().topLeft()), one.size())
    above = one.parentWidget()
    while above is not None and above is not window.parentWidget():
        inside = QRect(above.mapTo(window, above.rect().topLeft()), above.size())
        if not inside.contains(place):
            return f"{place.getRect()} in {type(above).__name__} {inside.getRect()}"
        above = above.parentWidget()
    return ""


def _told(one: QWidget) -> str:
    return one.accessibleName() or (one.text() if isinstance(one, QLabel | QAbstractButton) else "")


def controls(window: QWidget) -> list[QWidget]:
    """What is pressed, chosen or filled in."""
    kinds = (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, QTableView)
    return [one for one in seen(window) if isinstance(one, kinds) and not _inner(one)]


def _inner(one: QWidget) -> bool:
    """A part of a control of Qt's."""
    above = one.parentWidget()
    return isinstance(above, QComboBox | QTableView | QScrollBar) or (
        isinstance(one, QAbstractButton) and isinstance(above, QTableView | QLineEdit)
    )


def small(window: QWidget) -> list[str]:
    """Targets that are hard to hit."""
    found = []
    for one in controls(window):
        if isinstance(one, QTableView):
            if one.verticalHeader().defaultSectionSize() < ROW:
                found.append(f"rows of {_told(one)!r}: {one.verticalHeader().defaultSectionSize()}")
        elif not one.isEnabled() or (isinstance(one, QLineEdit) and one.isReadOnly()):
            continue
        elif isinstance(one.parentWidget(), LogRow) and min(one.height() + LEAST - ROW, one.width()) >= LEAST:
            continue  # as high as its row
        elif min(one.height(), one.width()) < LEAST:
            found.append(f"{type(one).__name__} {_told(one)!r} {one.width()} x {one.height()}")
    return found


def nameless(window: QWidget) -> list[str]:
    """Controls that a screen reader has no name for."""
    told = (one for one in controls(window) if one.focusPolicy() != Qt.FocusPolicy.NoFocus or isinstance(one, QAbstractButton))
    return [f"{type(one).__name__} in {type(one.parentWidget()).__name__}" for one in told if not _told(one).strip()]


@contextmanager
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing that a button starts leaves the window: no dialog of the system, no other program."""
    with monkeypatch.context() as patch:
        for kind in (QDialog, QFileDialog):
            for name in ("exec", "open", "show"):
                patch.setattr(kind, name, lambda *_args, **_named: 0)
        patch.setattr(QDesktopServices, "openUrl", lambda *_args: True)
        yield


def rooms(window: Window, hands: Hands, names: tuple[str, ...]) -> Iterator[tuple[str, QWidget]]:
    """Every page in front, each of its tabs, then every sheet that a button there opens; it stands while it is looked at."""
    for name in names:
        hands_to(window, hands, name)
        page = window.page(name)
        yield name, page
        tried: set[str] = set()
        tabs = [""] + [tab.accessibleName() for tab in page.findChildren(Press) if type(tab).__name__ == "_Tab" and tab.isVisible()]
        for tab in tabs:
            _to_tab(page, hands, tab)
            yield f"{name}, {tab}", page
            while (button := _next(page, tried)) is not None:
                told = _told(button)
                tried.add(told)
                button.click()
                hands.settle()
                if window._sheet.is_open():
                    yield f"{name}, {tab}: {told}", window._sheet
                    window.close_sheet()
                hands_to(window, hands, name)
                _to_tab(page, hands, tab)


def hands_to(window: Window, hands: Hands, name: str) -> None:
    """Another page in front."""
    window.go(name)
    hands.settle()
    for _round in range(3):  # what was answered last may still be on its way through the layouts
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)


def _to_tab(page: QWidget, hands: Hands, told: str) -> None:
    for tab in page.findChildren(Press):
        if told and type(tab).__name__ == "_Tab" and tab.accessibleName() == told and tab.isVisible():
            tab.click()
            hands.settle()
            return


def _next(page: QWidget, tried: set[str]) -> Press | None:
    for one in page.findChildren(Press):
        if one.isVisible() and one.isEnabled() and not one.isCheckable() and _told(one) not in tried and type(one).__name__ != "_Tab":
            return one
    return None


def focus_shown(widget: QWidget) -> bool:
    """Whether the widget, or what surrounds it, looks different with the focus on it."""
    around = widget.window()
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea) and above.widget().isAncestorOf(widget):
            above.ensureWidgetVisible(widget)
        above = above.parentWidget()
    QApplication.sendPostedEvents()
    rect = QRect(widget.mapTo(around, widget.rect().topLeft()), widget.size()).adjusted(-6, -6, 6, 6)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    with_focus = around.grab(rect).toImage()
    widget.clearFocus()
    return bool(with_focus != around.grab(rect).toImage())


Look = Callable[[QWidget], list[Any]]
SIZES = {
    "1366 x 768": QSize(1366, 768), "1366 x 768 at 125 %": QSize(1093, 614), "1366 x 768 at 150 %": QSize(911, 512),
    "1920 x 1080": QSize(1920, 1080), "1920 x 1080 at 125 %": QSize(1536, 864), "1920 x 1080 at 150 %": QSize(1280, 720),
}  # fmt: skip
"""Screens, and what a window on them has of pixels of its own: a scale makes a pixel larger, and leaves fewer of them."""


def tabbed_through(page: Page) -> tuple[list[str], list[str]]:
    """What Tab does not reach on a page that has the keys, and what shows no focus there."""
    met: list[QWidget] = []
    page.settle()
    focus = QApplication.focusWidget()
    assert focus is not None
    while focus is not None and focus not in met:
        met.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
    wanted = [
        one for one in controls(page)
        if one.isEnabled() and one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.focusProxy() is None
    ]  # fmt: skip
    missed = [_told(one) for one in wanted if one not in met]
    return missed, [_told(one) for one in met if page.isAncestorOf(one) and not focus_shown(one)]


def sheets_looked_at(window: Window, hands: Hands, name: str) -> None:
    """Every sheet that a page opens has names and targets, and cuts nothing."""
    for told, sheet in rooms(window, hands, (name,)):
        if sheet is window.page(name):
            continue
        assert small(sheet) == [], told
        assert nameless(sheet) == [], told
        assert [one for one in writing_cut(sheet) if not one.startswith("hint")] == [], told
