"""Lists that keepers bring: read, understood, every row's fate decided; what is written is up to people and supplies.

The path: ``read_sheet(path, PEOPLE)`` -> ``map_columns(sheet, PEOPLE)`` (the keeper may correct it by ``with_column``)
-> ``plan_people(sheet, columns)`` -> ``find_duplicates(plan, Known(...))`` -> ``people.import_roster``. Items and
opening stock the same way: ITEMS, ``plan_items``, ``find_known_items``. ``tabular`` and ``compound`` read files,
``headings`` finds columns and tidies text, ``people`` and ``items`` know what a row means.
"""

from .headings import Columns, Fate, Reason, map_columns, read_sheet
from .items import (
    ITEMS,
    ItemField,
    ItemPlan,
    ItemRow,
    KnownItems,
    find_known_items,
    plan_items,
    preview_items,
)
from .people import (
    PEOPLE,
    Known,
    PersonField,
    RosterPlan,
    RosterRow,
    find_duplicates,
    normal_name,
    normal_phone,
    plan_people,
    preview_people,
)
from .tabular import Sheet

__all__ = [
    "ITEMS",
    "PEOPLE",
    "Columns",
    "Fate",
    "ItemField",
    "ItemPlan",
    "ItemRow",
    "Known",
    "KnownItems",
    "PersonField",
    "Reason",
    "RosterPlan",
    "RosterRow",
    "Sheet",
    "find_duplicates",
    "find_known_items",
    "map_columns",
    "normal_name",
    "normal_phone",
    "plan_items",
    "plan_people",
    "preview_items",
    "preview_people",
    "read_sheet",
]
