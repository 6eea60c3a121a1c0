"""Today's log on the desk: what was done, by whom for whom, the newest first, each line with its way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ...model import Amenity, Category, Exchange, LoanOutcome, LogLine, Occupation, Op, RequestState
from ...words import label, t
from .. import icons
from ..painting import LEFT, RIGHT, brush, focus_ring, plain_tip, width, write
from ..theme import face, tokens
from .desk_card import short_number

Index = QModelIndex | QPersistentModelIndex
Parts = tuple[tuple[str, bool], ...]
MARKS = {Exchange.LOCAL: "clock", Exchange.PACKED: "export", Exchange.RECEIPTED: "check", Exchange.REFUSED: "warning"}
WAY = (Exchange.REFUSED, Exchange.LOCAL, Exchange.PACKED, Exchange.RECEIPTED)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line: ``parts`` are (text, bold); ``operations`` what taking it back takes back, the newest first."""

    operations: tuple[str, ...]
    time: str
    parts: Parts
    mark: Exchange
    undone: bool
    undoable: bool
    request: str = ""

    @property
    def key(self) -> str:
        """The operation that made the line."""
        return self.operations[-1]

    @property
    def text(self) -> str:
        """All parts."""
        return "".join(text for text, _bold in self.parts)

    @property
    def action(self) -> str:
        """The word at its end."""
        if self.undone:
            return t("desk.undone")
        if self.request:
            return t("desk.open")
        return t("desk.undo") if self.undoable else ""


# --- lines into entries --------------------------------------------------------------------------------------------------


def entries(lines: Sequence[LogLine], names: Mapping[str, str], items: Mapping[str, str]) -> list[Entry]:
    """The log as it is shown: services used and a changed count stand in the line of their visit, not in lines of their own."""
    bases = {
        str(line.details["visit"]): line for line in lines if line.op in (Op.CHECK_IN, Op.TALLY) and not line.undone
    }
    folded: dict[str, list[LogLine]] = {}
    shown: list[Entry] = []
    for line in lines:
        visit = str(line.details.get("visit") or "")
        if line.op in (Op.USE_AMENITY, Op.SET_COUNT) and visit in bases:
            if not line.undone:
                folded.setdefault(visit, []).append(line)
            continue
        more = folded.get(visit, []) if bases.get(visit) is line else []
        shown.append(_entry(line, more, names, items))
    return shown


def _entry(line: LogLine, more: Sequence[LogLine], names: Mapping[str, str], items: Mapping[str, str]) -> Entry:
    """A line with what was folded into it (``more``, the newest first)."""
    return Entry(
        operations=(*(other.operation for other in more), line.operation),
        time=line.time[11:16],
        parts=_parts(line, more, names, items),
        mark=min((other.exchange for other in (line, *more)), key=WAY.index),
        undone=line.undone,
        undoable=line.undoable,
        request=str(line.details.get("request", "")),
    )


def _parts(line: LogLine, more: Sequence[LogLine], names: Mapping[str, str], items: Mapping[str, str]) -> Parts:
    details = line.details
    person = names.get(str(details.get("person") or ""), t("desk.visitor"))
    item = items.get(str(details.get("item") or ""), "")
    if line.op is Op.CHECK_IN:
        return (person, True), (t("desk.log_check_in") + _used(more), False)
    if line.op in (Op.TALLY, Op.SET_COUNT):
        count = next((other.details["count"] for other in more if other.op is Op.SET_COUNT), details["count"])
        word = t("desk.log_tally", n=count) if line.op is Op.TALLY else t("desk.log_set_count", n=count)
        return (label(Occupation(details["occupation"])), False), (word + _used(more), False)
    if line.op is Op.HANDOUT:
        who = (person, True) if details.get("person") else (t("desk.anonymous"), False)
        given = t("desk.log_handout", item=item, n=details["quantity"])
        flags = (
            t("desk.flag_given") if details.get("already_given") else "",
            t("desk.flag_short") if details.get("short") else "",
        )
        return who, (given + "".join(flags), False)
    if line.op in (Op.LEND, Op.END_LOAN):
        who = (person, True) if details.get("person") else (t("desk.anonymous"), False)
        outcome = LoanOutcome(details["outcome"]) if "outcome" in details else None
        word = label(line.op) if outcome in (None, LoanOutcome.RETURNED) else label(outcome)
        many = t("desk.log_quantity", n=details["quantity"]) if details["quantity"] > 1 else ""
        return who, (f" {word} {details['item_name']}{many}", False)
    if line.op is Op.REFUSE:
        if "item" not in details:
            return ((person, True) if details.get("person") else (t("desk.visitor"), False)), (t("desk.log_card_refused"), False)
        who = (person, True) if details.get("person") else (t("desk.anonymous"), False)
        return who, (t("desk.log_refused", item=item), False)
    if line.op is Op.USE_AMENITY:
        who = (person, True) if details.get("person") else (t("desk.anonymous"), False)
        word = label(Amenity(details["amenity"]))
        return who, (t("desk.log_used", what=word) if details["used"] else t("desk.log_not_used", what=word), False)
    if line.op in (Op.ADD_REQUEST, Op.REQUEST_STEP, Op.ADD_PICTURES, Op.REMOVE_PICTURE, Op.COVER_PICTURE):
        return _request_parts(line, names)
    about = str(
        details.get("item_name") or item or (person if details.get("person") else "") or details.get("name") or ""
    )
    word = label(line.op) + (t("desk.log_quantity", n=details["quantity"]) if "quantity" in details else "")
    return ((about + " ", True), (word, False)) if about else ((word, False),)


def _request_parts(line: LogLine, names: Mapping[str, str]) -> Parts:
    details, dot = line.details, t("terms.dot")
    number = (short_number(str(details["number"])), True)
    if line.op is Op.REQUEST_STEP:
        return (t("desk.log_request"), False), number, (" " + label(RequestState(details["state"])), False)
    if line.op is not Op.ADD_REQUEST:
        return (t("desk.log_request"), False), number, (" " + label(line.op), False)
    who = names.get(str(details.get("person") or ""), t("desk.anonymous"))
    return (t("desk.log_request"), False), number, (" " + label(Category(details["category"])) + dot + who, False)


def _used(more: Sequence[LogLine]) -> str:
    """The services that stand noted, in the order of the chips."""
    used: set[Amenity] = set()
    for line in reversed(more):
        if line.op is Op.USE_AMENITY:
            amenity = Amenity(line.details["amenity"])
            used = used | {amenity} if line.details["used"] else used - {amenity}
    return t("terms.dot") + t("terms.list").join(label(amenity) for amenity in Amenity if amenity in used) if used else ""


# --- the list ------------------------------------------------------------------------------------------------------------


class _Model(QAbstractListModel):
    """Entries; only rows that are new or differ are told to the list."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def show_entries(self, fresh: list[Entry]) -> None:
        """Show these."""
        old = self.entries
        added = len(fresh) - len(old)
        if added < 0 or [entry.key for entry in fresh[added:]] != [entry.key for entry in old]:
            self.beginResetModel()
            self.entries = fresh
            self.endResetModel()
            return
        if added:
            self.beginInsertRows(QModelIndex(), 0, added - 1)
            self.entries = fresh[:added] + old
            self.endInsertRows()
        self.entries = fresh
        for row, (before, now) in enumerate(zip(old, fresh[added:], strict=True), start=added):
            if before != now:
                self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index | None = None) -> int:
        """How many lines."""
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The line as text; read aloud with its state and action."""
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{entry.time} {entry.text}"
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            said = " ".join(part for part in (entry.time, entry.text, label(entry.mark), entry.action) if part)
            return plain_tip(said) if role == Qt.ItemDataRole.ToolTipRole else said
        return None


class _Delegate(QStyledItemDelegate):
    """Paints a line: time, what happened, the mark of its way to the district, the action."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """36 px, more in large type."""
        return QSize(0, tokens().px(36))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The line."""
        model = index.model()
        if not isinstance(model, _Model):
            return
        worn, entry = tokens(), model.entries[index.row()]
        rect = QRectF(option.rect)
        state = option.state
        painter.save()
        brush(painter)
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), worn.line)
        font = face(worn.body)
        write(painter, rect.adjusted(2, 0, 0, 0), entry.time, font, worn.muted, LEFT)
        action = action_rect(rect, entry)
        write(
            painter, action.adjusted(0, 0, -4, 0), entry.action, font, worn.muted if entry.undone else worn.brand, RIGHT
        )
        size = worn.px(14)
        spot = QRectF(action.left() - size - 2, rect.center().y() - size / 2, size, size)
        icons.paint(painter, MARKS[entry.mark], worn.muted, spot)
        self._write_parts(painter, entry, rect.adjusted(worn.px(50), 0, spot.left() - rect.right() - 6, 0))
        if state & QStyle.StateFlag.State_HasFocus:
            focus_ring(painter, rect.adjusted(0, 1, 0, -2), 6)
        painter.restore()

    def _write_parts(self, painter: QPainter, entry: Entry, room: QRectF) -> None:
        worn, left = tokens(), room.left()
        for text, bold in entry.parts:
            font = face(worn.body, bold=bold)
            font.setStrikeOut(entry.undone)
            place = QRectF(left, room.top(), room.right() - left, room.height())
            if place.width() < 8:
                return
            write(painter, place, text, font, worn.muted if entry.undone else worn.ink, LEFT)
            left += width(font, text)


def action_rect(rect: QRectF, entry: Entry) -> QRectF:
    """Where the action of a line can be pressed."""
    wide = width(face(tokens().body), entry.action) + 12.0 if entry.action else 0.0
    return QRectF(rect.right() - wide, rect.top(), wide, rect.height())


class LogList(QListView):
    """Today's lines; a press on the action or Enter acts on a line, Esc leaves."""

    acted = Signal(object)
    left = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Model()
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(self))
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.viewport().setAutoFillBackground(False)

    def sizeHint(self) -> QSize:
        """Two lines; it takes all that is left below the day's figures, and the page need not be moved for it."""
        return QSize(super().sizeHint().width(), 2 * tokens().px(36))

    def show_entries(self, fresh: list[Entry]) -> None:
        """Show these lines."""
        self._model.show_entries(fresh)

    def entries(self) -> list[Entry]:
        """The lines shown now."""
        return self._model.entries

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter acts, Esc leaves; what is typed is the page's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._act(self.currentIndex())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.text().isprintable() and event.text():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A press on the word at the end of a line acts."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            spot = action_rect(QRectF(self.visualRect(index)), self._model.entries[index.row()])
            if spot.contains(QPointF(event.position())):
                self._act(index)

    def _act(self, index: QModelIndex) -> None:
        if index.isValid():
            entry = self._model.entries[index.row()]
            if entry.action and not entry.undone:
                self.acted.emit(entry)
