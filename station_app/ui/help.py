"""``?``: the keys and what they do, on one sheet. One table says them all; a test holds it against what the window listens to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from ..model import MAY, Op, Role
from ..words import t
from .kit import KeyCap, Text
from .painting import cap_size

Keys = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
KEYS: Keys = (
    ("anywhere", (
        ("F2 – F8", "tally"), ("Ctrl+Z", "undo"), ("Ctrl+N", "new"), ("/", "find"), ("Alt+1 – 9", "pages"), ("F10", "emergency"),
        ("F11", "large"), ("F12", "weather"), ("Ctrl+L", "lock"), ("Ctrl+K", "kiosk"), ("Ctrl+Shift+S", "camera"),
        ("Esc", "escape"), ("F1", "handbook"), ("?", "help"),
    )),
    ("lists", (("↑ ↓", "rows"), ("Home End", "ends"), ("Enter", "act"), ("← →", "tabs"), ("Tab", "next"))),
    ("forms", (("Enter", "field"), ("Ctrl+Enter", "save"), ("Esc", "aside"))),
    ("desk", (
        ("1 – 9", "handout"), ("Shift+1 – 9", "given"), ("Ctrl+Alt+1 – 9", "all_the_same"), ("0", "give_back"), ("*", "thing"),
        ("F2 5", "group"),
        ("Shift+F2 – F8", "quick_card"), ("Ctrl+F2 – F8", "guest"), ("Enter", "enter"), ("Backspace", "backspace"),
        ("Ctrl+1 – 7", "amenity"), ("Ctrl+Shift+C", "copy"), ("F9", "open"),
    )),
    ("people", (("Ctrl+P", "card"), ("Ctrl+Shift+P", "print_room"),)),
    ("supplies", (("Enter", "count"), ("Ctrl+E", "table"))),
    ("requests", (("1 – 9", "deed"), ("F9", "box"), ("Alt+Enter", "next_slip"), ("Ctrl+E", "table"))),
    ("shift", (("Ctrl+Enter", "day"), ("Backspace Delete", "cell"))),
    ("reports", (
        ("Ctrl+1 – 7", "span"), ("Ctrl+C", "copy_report"), ("Ctrl+P", "pdf"), ("Ctrl+Alt+P", "printer"), ("Ctrl+E", "table"),
        ("Ctrl+B", "forms"),
    )),
    ("sync", (("Ctrl+E", "export"), ("Ctrl+I", "import"), ("Ctrl+R", "rules"), ("Ctrl+P", "rules_paper"))),
    ("trail", (("Enter", "step"), ("Ctrl+E", "table"), ("Ctrl+P", "paper"))),
)  # fmt: skip
"""Section (a page, or what is alike on all of them), then (keys, id of what they do)."""

NEEDS: Mapping[str, Op] = {
    "tally": Op.TALLY, "undo": Op.UNDO, "new": Op.ADD_REQUEST, "count": Op.COUNT_STOCK, "cell": Op.PAPER_SHEET,
    "deed": Op.REQUEST_STEP, "quick_card": Op.REGISTER, "kiosk": Op.TALLY, "guest": Op.CHANGE_VISIT, "emergency": Op.EMERGENCY,
    "weather": Op.SET_WEATHER, "all_the_same": Op.HANDOUT, "box": Op.OPEN_BOX, "next_slip": Op.OPEN_BOX, "give_back": Op.END_LOAN,
    "thing": Op.LEND,
}  # fmt: skip
"""What a key does that not everybody may do."""


def keys_for(keys: Keys, role: Role, absent: Callable[[str], bool]) -> Keys:
    """The keys that a role has a use for; ``absent`` says of a section that its page is not offered."""
    found = [
        (section, tuple((cap, word) for cap, word in parts if word not in NEEDS or NEEDS[word] in MAY[role]))
        for section, parts in keys
        if not absent(section)
    ]
    return tuple((section, parts) for section, parts in found if parts)


class KeyboardHelp(QWidget):
    """The keys by section, each cap beside what it does; ``pages`` are the digits of the pages and what those are called."""

    def __init__(self, keys: Keys = KEYS, pages: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        caps = max(cap_size(cap).width() for _section, parts in keys for cap, _word in parts)
        listed = t("terms.dot").join(f"{number} {name}" for number, name in pages)
        for section, parts in keys:
            column.addWidget(Text(t(f"window.keys_{section}"), "strong"))
            grid = QGridLayout()
            grid.setColumnMinimumWidth(0, caps)  # one edge for all sections
            grid.setColumnStretch(1, 1)
            grid.setHorizontalSpacing(14)
            grid.setVerticalSpacing(4)
            for row, (cap, word) in enumerate(parts):
                grid.addWidget(KeyCap(cap), row, 0)
                said = t("window.key_pages_are", pages=listed) if word == "pages" and listed else t(f"window.key_{word}")
                grid.addWidget(Text(said, wrap=True), row, 1)
            column.addLayout(grid)
        column.addStretch(1)
