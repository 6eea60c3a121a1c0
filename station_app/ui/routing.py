"""A file dropped anywhere on the station's window goes where it belongs, by what it is, not by where it fell.

::

    kind_of(path) -> Kind             looks inside; any thread but the window's
    Router(window)  .take([path])     tells the page that has a use for it, or says in one sentence why nobody has
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from ..errors import StationError
from ..model import MAY, Op
from ..services import updates
from ..words import t
from .aside import Aside
from .pictures import ENDINGS

if TYPE_CHECKING:
    from .main_window import MainWindow

LISTS = frozenset({".csv", ".tsv", ".txt", ".xls", ".xlsx", ".ods"})
SURE = 3
"""Cells of a sheet that a form's headings explain before it counts as a form."""


class Kind(StrEnum):
    """What a dropped file is."""

    PICTURE = "picture"
    ROSTER = "roster"
    ITEMS = "items"
    FORM = "form"
    PACK = "pack"
    TRUST = "trust"
    BATCH = "batch"
    UPDATE = "update"
    UNKNOWN = "unknown"


def kind_of(path: Path) -> Kind:
    """What a file or folder is: by its ending where that says it, else by the headings in it."""
    ending, name = path.suffix.lower(), path.name.lower()
    if path.is_dir() or ending == ".zip":
        return Kind.UPDATE if updates.looks_like(path) else Kind.UNKNOWN
    if ending in ENDINGS:
        return Kind.PICTURE
    if ending in (".pack", ".batch"):
        return Kind.PACK if ending == ".pack" else Kind.BATCH
    if ending == ".json" and name.startswith("trust-"):
        return Kind.TRUST
    return _listed(path) if ending in LISTS else Kind.UNKNOWN


def _listed(path: Path) -> Kind:
    """A district's form, a list of people or one of supplies."""
    from ..paper import form_hints, forms
    from ..services.rosters import ITEMS, PEOPLE, ItemField, PersonField, map_columns, read_sheet

    if path.suffix.lower() == ".xlsx":
        try:
            if len(form_hints.suggest(forms.look(path)).cells) >= SURE:
                return Kind.FORM
        except StationError:
            pass
    found: dict[Kind, set[str]] = {}
    for kind, fields in ((Kind.ROSTER, PEOPLE), (Kind.ITEMS, ITEMS)):
        try:
            found[kind] = {str(name) for name in map_columns(read_sheet(path, fields), fields).places}
        except StationError:
            continue
    people, items = found.get(Kind.ROSTER, set()), found.get(Kind.ITEMS, set())
    if not people & {PersonField.NAME, PersonField.PHONE} and ItemField.NAME not in items:
        return Kind.UNKNOWN
    return Kind.ITEMS if len(items) > len(people) else Kind.ROSTER


class Router(QObject):
    """Takes what was dropped, looks at it beside the desk, and hands it to its page."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._aside = Aside(self)
        self._aside.broken.connect(window._broken)

    @property
    def idle(self) -> bool:
        """Whether everything dropped was handed on."""
        return self._aside.idle

    def close(self) -> None:
        """Take nothing more."""
        self._aside.close()

    def take(self, places: Sequence[Path]) -> None:
        """One file or folder; of several nobody could say which comes first."""
        if len(places) != 1:
            self._window.tell(t("drop.one_by_one"), bad=True)
            return
        path = places[0]
        self._aside.do(lambda: kind_of(path), lambda kind: self._hand_on(kind, path))

    def _hand_on(self, kind: Kind, path: Path) -> None:
        window = self._window
        if window.locked:
            return
        if kind is Kind.PICTURE:
            window.read_picture(path)
        elif kind is Kind.UPDATE:
            window.update_from(path)
        elif kind is Kind.BATCH:
            window.tell(t("drop.batch", name=path.name), bad=True)
        elif kind is Kind.UNKNOWN:
            window.tell(t("drop.unknown", name=path.name), bad=True)
        else:
            page, method, op = PLACES[kind]
            if not window.offers(page) or op not in MAY[window.role]:
                window.tell(t("drop.not_yours", name=path.name), bad=True)
                return
            window.go(page)
            getattr(window.page(page), method)(path)


PLACES = {
    Kind.ROSTER: ("people", "open_list", Op.IMPORT_PEOPLE), Kind.ITEMS: ("supplies", "open_list", Op.IMPORT_ITEMS),
    Kind.FORM: ("reports", "take_form", Op.BIND_FORM), Kind.PACK: ("sync", "look", Op.APPLY_PACK),
    Kind.TRUST: ("sync", "read_trust", Op.ENROL),
}  # fmt: skip
"""The page that has a use for it, what takes it there, and the right it takes."""
