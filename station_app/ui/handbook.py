"""F1: the handbook inside the program, at the page one was wondering about; found in, read and left with keys alone.

::

    Handbook()              .show_page("desk")  .show_page("district", "收发");  .left (Esc), .keys_asked (?)
    pages() -> [Leaf]       every page of the language spoken, in the order of its index
    slug(heading) -> str    what a link after # says of a heading

The pages are the Markdown files of docs/handbook, which the program brings along.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPalette, QTextBlockFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QTextBrowser, QWidget

from ..paths import handbook
from ..words import language, t
from .kit import Button, Column, Row, Text
from .theme import tokens

INDEX = "index"
ORDER = (
    INDEX, "first-day", "weekly", "desk", "people", "supplies", "requests", "shift", "reports", "sync", "settings", "trail", "print",
    "kiosk", "trouble", "news", "district", "admin", "privacy-notice", "impact-assessment",
)  # fmt: skip
"""Every page of the handbook, in the order it is read."""
_MARKS = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`>|#]")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of the handbook: its name, heading, and its words without marks, as they are searched."""

    name: str
    title: str
    words: str


def pages() -> list[Leaf]:
    """Every page in the language spoken."""
    found = []
    for name in ORDER:
        text = (handbook(language()) / f"{name}.md").read_text("utf-8")
        found.append(Leaf(name, text.partition("\n")[0].lstrip("# "), _MARKS.sub(r"\1", text)))
    return found


def slug(heading: str) -> str:
    """The part of a link after # that names this heading, as the sites that show Markdown make it."""
    return "-".join(re.sub(r"[^\w\s-]", "", heading.lower()).split())


class Reader(QTextBrowser):
    """One page; links lead to others, pictures are never wider than the page."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setObjectName("handbook")
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.document().setDocumentMargin(18)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Pictures as wide as fits."""
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return super().loadResource(kind, name)
        path = Path(self.source().toLocalFile()).parent / QUrl(name).toString()
        picture = QImage(str(path))
        most = max(self.viewport().width() - 48, 200)
        if picture.width() > most:
            picture = picture.scaledToWidth(most, Qt.TransformationMode.SmoothTransformation)
        return picture

    def at_heading(self, wanted: str) -> bool:
        """Bring the heading of this slug to the top; False when there is none."""
        block = self.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and slug(block.text()) == wanted:
                place = self.document().documentLayout().blockBoundingRect(block).top()
                self.verticalScrollBar().setValue(int(place))
                return True
            block = block.next()
        return False


class Handbook(QWidget):
    """The list of pages with a search above it, and the page. ``left`` when Esc leaves it."""

    left = Signal()
    keys_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("ground", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._leaves = pages()
        self.shown = ""
        self._back: list[str] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText(t("handbook.search"))
        self.search.setAccessibleName(t("handbook.search"))
        self.search.textChanged.connect(self._narrow)
        self.search.returnPressed.connect(self.find_next)
        self.search.installEventFilter(self)
        self.contents = QListWidget()
        self.contents.setAccessibleName(t("handbook.contents"))
        self.contents.currentItemChanged.connect(self._chosen)
        self.contents.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.contents.setFixedWidth(tokens().px(230))
        self.search.setFixedWidth(tokens().px(230))
        self.reader = Reader()
        self.reader.setAccessibleName(t("handbook.page"))
        self.reader.anchorClicked.connect(self._follow)
        self.leave = Button(t("kit.close"), key="Esc")
        self.leave.clicked.connect(self.left)
        self.keys = Button(t("window.help"), icon="keyboard", key="?")
        self.keys.clicked.connect(self.keys_asked)
        self.none = Text(t("handbook.nothing"), "muted", wrap=True)
        self.none.hide()
        whole = Row(gap=16)
        whole.setContentsMargins(20, 16, 20, 16)
        whole.addLayout(Column(self.search, self.none, self.contents, gap=10))
        whole.addLayout(Column(Row(Text(t("handbook.title"), "title"), None, self.keys, self.leave, gap=8), self.reader, gap=10), 1)
        self.setLayout(whole)
        self._dress()
        self._narrow("")

    # --- what is shown -------------------------------------------------------------------------------------------

    def show_page(self, name: str, heading: str = "") -> None:
        """Show a page, at one of its headings when given."""
        if name not in ORDER:
            name = INDEX
        if self.shown and self.shown != name:
            self._back.append(self.shown)
        self.shown = name
        self.reader.setSource(
            QUrl.fromLocalFile(str(handbook(language()) / f"{name}.md")), QTextDocument.ResourceType.MarkdownResource
        )
        self._space()
        for row in range(self.contents.count()):
            if self.contents.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self.contents.blockSignals(True)
                self.contents.setCurrentRow(row)
                self.contents.blockSignals(False)
        if heading:
            self.reader.at_heading(slug(heading))
        if self.search.text():
            self._mark()

    def settle(self) -> None:
        """Begin at the page: arrows scroll it, typing looks something up."""
        self.reader.setFocus(Qt.FocusReason.OtherFocusReason)

    def look_up(self) -> None:
        """``/``: into the search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def find_next(self) -> None:
        """Enter: the next place on the page where it stands, or the next page that has it."""
        wanted = self.search.text().strip()
        if not wanted or not self.contents.count():
            return
        if self.shown not in self._listed():
            self.show_page(self._listed()[0])
        elif not self.reader.find(wanted):
            at = (self._listed().index(self.shown) + 1) % self.contents.count()
            self.show_page(self._listed()[at])

    def _listed(self) -> list[str]:
        return [str(self.contents.item(row).data(Qt.ItemDataRole.UserRole)) for row in range(self.contents.count())]

    def _narrow(self, text: str) -> None:
        wanted = text.strip().casefold()
        self.contents.blockSignals(True)
        self.contents.clear()
        for leaf in self._leaves:
            if wanted in leaf.words.casefold():
                item = QListWidgetItem(leaf.title)
                item.setData(Qt.ItemDataRole.UserRole, leaf.name)
                self.contents.addItem(item)
                if leaf.name == self.shown:
                    self.contents.setCurrentItem(item)
        self.contents.blockSignals(False)
        self.none.setVisible(not self.contents.count())

    def _mark(self) -> None:
        self.reader.moveCursor(QTextCursor.MoveOperation.Start)
        self.reader.find(self.search.text().strip())

    def _chosen(self, item: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if item is not None:
            self.show_page(str(item.data(Qt.ItemDataRole.UserRole)))

    def _follow(self, link: QUrl) -> None:
        """Only pages of the handbook: a program that works offline leads nowhere else."""
        name, _, heading = link.toString().rpartition("/")[2].partition("#")
        page = name.removesuffix(".md") or self.shown
        if page in ORDER:
            self.show_page(page, QUrl.fromPercentEncoding(heading.encode()))

    def _space(self) -> None:
        """Air between the lines; Markdown brings none."""
        cursor = QTextCursor(self.reader.document())
        cursor.select(QTextCursor.SelectionType.Document)
        form = QTextBlockFormat()
        form.setLineHeight(140, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.mergeBlockFormat(form)

    def _dress(self) -> None:
        worn = tokens()
        palette = self.reader.palette()
        for role, colour in (
            (QPalette.ColorRole.Base, worn.card), (QPalette.ColorRole.Text, worn.ink), (QPalette.ColorRole.Link, worn.brand),
            (QPalette.ColorRole.LinkVisited, worn.brand),
        ):  # fmt: skip
            palette.setColor(role, colour)
        self.reader.setPalette(palette)

    # --- keys ------------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down from the search goes into the list of pages."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Down:
            self.contents.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc empties the search, then leaves; Backspace goes back a page."""
        if event.key() == Qt.Key.Key_Escape:
            if self.search.text():
                self.search.clear()
                self.settle()
            else:
                self.left.emit()
        elif event.key() == Qt.Key.Key_Backspace and self._back:
            before = self._back.pop()
            self.shown = ""
            self.show_page(before)
        else:
            super().keyPressEvent(event)
