"""Rescue: what a damaged store still lets be read, put back behind its last good backup. Its own file is never written to.

``pages`` copy the file and prove it page by page; ``reading`` gathers its rows in a store of their own; ``mending`` puts them
back behind a backup; ``case`` is what a person is offered, and by whom it may be done; ``tables`` are for taking it out.
"""

from . import tables
from .case import Case, Patient, examine, restore, unlock
from .reading import Part, Salvage

__all__ = ["Case", "Part", "Patient", "Salvage", "examine", "restore", "tables", "unlock"]
