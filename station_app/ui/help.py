"""F1: the keys and what they do, on one sheet."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from ..words import t
from .kit import KeyCap, Text
from .painting import cap_size

Keys = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
KEYS: Keys = (
    ("anywhere", (
        ("F2 – F8", "tally"), ("Ctrl+Z", "undo"), ("Ctrl+L", "lock"), ("F11", "large"), ("/", "find"), ("Ctrl+N", "new"),
        ("Alt+1 – 8", "pages"), ("Esc", "escape"), ("F1", "help"),
    )),
    ("desk", (
        ("1 – 9", "handout"), ("Shift+1 – 9", "given"), ("F2 5", "group"), ("Backspace", "backspace"), ("Enter", "enter"),
        ("Ctrl+1 – 7", "amenity"), ("Ctrl+Shift+C", "copy"), ("F9", "open"),
    )),
    ("elsewhere", (("Ctrl+E", "export"), ("Ctrl+I", "import"))),
)  # fmt: skip
"""Section, then (keys, id of what they do)."""


class KeyboardHelp(QWidget):
    """The keys by section, each cap beside what it does."""

    def __init__(self, keys: Keys = KEYS) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        caps = max(cap_size(cap).width() for _section, parts in keys for cap, _word in parts)
        for section, parts in keys:
            column.addWidget(Text(t(f"window.keys_{section}"), "strong"))
            grid = QGridLayout()
            grid.setColumnMinimumWidth(0, caps)  # one edge for all sections
            grid.setColumnStretch(1, 1)
            grid.setHorizontalSpacing(14)
            for row, (cap, word) in enumerate(parts):
                grid.addWidget(KeyCap(cap), row, 0)
                grid.addWidget(Text(t(f"window.key_{word}"), wrap=True), row, 1)
            column.addLayout(grid)
        column.addStretch(1)
