"""The forms that are filled month after month: their bytes as they came and their bindings, in the store.

A station's own, and those that its district bound: each pack brings these anew, and they are filled as they are. At the district
they are the ones that go along.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..db import Database, Tx
from ..errors import Refused, UserMistake
from ..model import Changes, Op, uuid7
from . import bindings

MOST_FORMS = 50
MOST_SENT = 20
LARGEST_SENT = 256 * 1024
"""Forms, and bytes of one, that a district's packs carry: 7 MB at most, of 16 that a pack may have."""


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form by its file's name, when it was kept (ISO 8601), and its binding."""

    id: str
    name: str
    kept: str
    binding: bindings.Binding
    given: bool = False
    """Bound by the district: filled, not changed here."""


def listing(db: Database) -> list[KeptForm]:
    """The forms that are kept, the newest first."""
    rows = db.rows("SELECT id, name, kept, given, binding FROM form ORDER BY given DESC, kept DESC, id DESC")
    return [
        KeptForm(row["id"], row["name"], row["kept"], bindings.read(row["binding"].encode()), bool(row["given"])) for row in rows
    ]


def content(db: Database, form_id: str) -> bytes:
    """The bytes of a form as it came; UserMistake when it is not kept."""
    found = db.one("SELECT content FROM form WHERE id = ?", (form_id,))
    if found is None:
        raise UserMistake("forms.unknown")
    return bytes(found["content"])


def keep(
    db: Database, name: str, data: bytes, binding: bindings.Binding, *, sent: bool = False
) -> tuple[KeptForm, Changes]:
    """Keep a form with its binding; an own one of the same name gives way. ``sent``: it goes along in packs.

    UserMistake when there are too many, or it is too large to go along.
    """
    known = db.one("SELECT id FROM form WHERE name = ? AND given = 0", (name,))
    most = MOST_SENT if sent else MOST_FORMS
    if known is None and db.scalar("SELECT count(*) FROM form WHERE given = 0") >= most:
        raise UserMistake("forms.too_many", n=most)
    if sent and len(data) > LARGEST_SENT:
        raise UserMistake("forms.too_large_to_send", most=LARGEST_SENT // 1024)
    form_id = known["id"] if known is not None else uuid7()
    with db.transact(Op.BIND_FORM, form=form_id, cells=len(binding.cells)) as tx:
        tx.run("DELETE FROM form WHERE id = ?", (form_id,))
        tx.run(
            "INSERT INTO form(id, name, kept, given, binding, content) VALUES(?, ?, ?, 0, ?, ?)",
            (form_id, name, tx.stamp.time, bindings.write(binding).decode(), data),
        )
    kept = KeptForm(form_id, name, tx.stamp.time, binding)
    return kept, Changes(tx.operation, Op.BIND_FORM, {"form": (form_id,)})


def rebind(db: Database, form_id: str, binding: bindings.Binding) -> Changes:
    """Another binding for a form that is kept; UserMistake when it is not, Refused for one that the district bound."""
    _own(db, form_id)
    with db.transact(Op.BIND_FORM, form=form_id, cells=len(binding.cells)) as tx:
        if not tx.run("UPDATE form SET binding = ? WHERE id = ?", (bindings.write(binding).decode(), form_id)):
            raise UserMistake("forms.unknown")
    return Changes(tx.operation, Op.BIND_FORM, {"form": (form_id,)})


def forget(db: Database, form_id: str) -> Changes:
    """Keep a form no more; UserMistake when it is not kept, Refused for one that the district sends."""
    content(db, form_id)
    _own(db, form_id)
    with db.transact(Op.BIND_FORM, form=form_id, forgotten=True) as tx:
        tx.run("DELETE FROM form WHERE id = ?", (form_id,))
    return Changes(tx.operation, Op.BIND_FORM, {"form": (form_id,)})


def _own(db: Database, form_id: str) -> None:
    if db.scalar("SELECT given FROM form WHERE id = ?", (form_id,)):
        raise Refused("forms.given")


# --- from the district ----------------------------------------------------------------------------------------------------

Given = tuple[str, str, str, str, bytes]
"""A form as it crosses: id, its file's name, when it was kept, its binding's text, its bytes."""


def for_pack(db: Database) -> list[Given]:
    """The forms that go along, the oldest first."""
    rows = db.rows("SELECT id, name, kept, binding, content FROM form WHERE given = 0 ORDER BY kept, id LIMIT ?", (MOST_SENT,))
    return [(row["id"], row["name"], row["kept"], row["binding"], bytes(row["content"])) for row in rows]


def replace(tx: Tx, told: Iterable[Given]) -> tuple[str, ...]:
    """Put the forms that a pack brought in the place of those of the one before; returns the ids of those that can be read here.

    A binding with figures that this program does not know yet is left out: it comes again with every pack.
    """
    tx.run("DELETE FROM form WHERE given = 1")
    taken = []
    for form_id, name, kept, text, data in told:
        try:
            bindings.read(text.encode())
        except Refused:
            continue
        row = (form_id, name, kept, text, data)
        if tx.run("INSERT INTO form(id, name, kept, given, binding, content) VALUES(?, ?, ?, 1, ?, ?) ON CONFLICT DO NOTHING", row):
            taken.append(form_id)
    return tuple(taken)
