"""Supplies: what is on the shelf, who was given what, and why not (yet). Stock is the sum of movements.

::

    articles barcodes       what there is          quotas evaluate   rules, and what stands against giving
    shelf kept stock        movements, lots        giving            offers, giving, refusing
    kits transfers voids    in pairs, taken back   campaigns         each recipient once, at all stations
    stocktakes forecast orders   what is missing, when it runs out, what is asked for        lists   import
"""

from .articles import (
    add_item,
    by_barcode,
    by_name,
    change_item,
    get,
    in_season,
    items,
    named,
    scanned,
    set_quota,
    write_item,
)
from .giving import Offer, hand_out, handout, handouts, offers
from .kits import assemble, parts_of, set_parts, take_apart
from .lists import ItemImportResult, import_items, known_items
from .quotas import MOST_AT_ONCE
from .shelf import Lot, Movement, balance_on, daily, lots, movements
from .stock import RECEIVED, count_several, count_stock, expire, give_back, receive, waste, write_receipt

__all__ = [
    "MOST_AT_ONCE", "RECEIVED", "ItemImportResult", "Lot", "Movement", "Offer", "add_item", "assemble", "balance_on", "by_barcode",
    "by_name", "change_item", "count_several", "count_stock", "daily", "expire", "get", "give_back", "hand_out", "handout", "handouts",
    "import_items", "in_season", "items", "known_items", "lots", "movements", "named", "offers", "parts_of", "receive", "scanned",
    "set_parts", "set_quota", "take_apart", "waste", "write_item", "write_receipt",
]  # fmt: skip
