"""The forms a station fills month after month: their bytes as they came and their bindings, in the store."""

from __future__ import annotations

from dataclasses import dataclass

from ..db import Database
from ..errors import UserMistake
from ..model import Changes, Op, uuid7
from . import bindings

MOST_FORMS = 50


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form by its file's name, when it was kept (ISO 8601), and its binding."""

    id: str
    name: str
    kept: str
    binding: bindings.Binding


def listing(db: Database) -> list[KeptForm]:
    """The forms that are kept, the newest first."""
    rows = db.rows("SELECT id, name, kept, binding FROM form ORDER BY kept DESC, id DESC")
    return [KeptForm(row["id"], row["name"], row["kept"], bindings.read(row["binding"].encode())) for row in rows]


def content(db: Database, form_id: str) -> bytes:
    """The bytes of a form as it came; UserMistake when it is not kept."""
    found = db.one("SELECT content FROM form WHERE id = ?", (form_id,))
    if found is None:
        raise UserMistake("forms.unknown")
    return bytes(found["content"])


def keep(db: Database, name: str, data: bytes, binding: bindings.Binding) -> tuple[KeptForm, Changes]:
    """Keep a form with its binding; one of the same name gives way. UserMistake when there are too many."""
    known = db.one("SELECT id FROM form WHERE name = ?", (name,))
    if known is None and db.scalar("SELECT count(*) FROM form") >= MOST_FORMS:
        raise UserMistake("forms.too_many", n=MOST_FORMS)
    form_id = known["id"] if known is not None else uuid7()
    with db.transact(Op.BIND_FORM, form=form_id, cells=len(binding.cells)) as tx:
        tx.run("DELETE FROM form WHERE id = ?", (form_id,))
        tx.run(
            "INSERT INTO form(id, name, kept, binding, content) VALUES(?, ?, ?, ?, ?)",
            (form_id, name, tx.stamp.time, bindings.write(binding).decode(), data),
        )
    kept = KeptForm(form_id, name, tx.stamp.time, binding)
    return kept, Changes(tx.operation, Op.BIND_FORM, {"form": (form_id,)})


def rebind(db: Database, form_id: str, binding: bindings.Binding) -> Changes:
    """Another binding for a form that is kept; UserMistake when it is not."""
    with db.transact(Op.BIND_FORM, form=form_id, cells=len(binding.cells)) as tx:
        if not tx.run("UPDATE form SET binding = ? WHERE id = ?", (bindings.write(binding).decode(), form_id)):
            raise UserMistake("forms.unknown")
    return Changes(tx.operation, Op.BIND_FORM, {"form": (form_id,)})


def forget(db: Database, form_id: str) -> Changes:
    """Keep a form no more; UserMistake when it is not kept."""
    content(db, form_id)
    with db.transact(Op.BIND_FORM, form=form_id, forgotten=True) as tx:
        tx.run("DELETE FROM form WHERE id = ?", (form_id,))
    return Changes(tx.operation, Op.BIND_FORM, {"form": (form_id,)})
