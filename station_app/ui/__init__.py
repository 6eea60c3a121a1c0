"""The window: pages, widgets, scanning; it calls services through jobs and actions and knows no SQL."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module


def _read_no_sources() -> None:
    """PySide does not look through the source of each module that is imported.

    It searches for its own name, to know where its switchable features (``from __feature__ import ...``) may be in use, and keeps
    every line it read. Nothing here uses them; a tenth of the start and 7 MB went there. A built program has no sources to read.
    """
    import_module("PySide6.QtCore")
    with suppress(ImportError, AttributeError):
        feature = import_module("shibokensupport.feature")
        if callable(feature._mod_uses_pyside):  # else a later PySide does it otherwise: slower, not wrong
            setattr(feature, "_mod_uses_pyside", lambda _module: False)  # noqa: B010


_read_no_sources()
