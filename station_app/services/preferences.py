"""The station's settings as kept in its database (declared in ``settings.py``)."""

from __future__ import annotations

from ..db import Database
from ..errors import UserMistake
from ..model import Changes, Op
from ..settings import BY_NAME, Setting


def get(db: Database, setting: Setting) -> str:
    """What a setting is now, its default when nobody changed it."""
    found = db.scalar("SELECT content FROM setting WHERE name = ?", (setting.name,))
    return setting.default if found is None else str(found)


def number(db: Database, setting: Setting) -> int:
    """A number setting."""
    return int(get(db, setting))


def change(db: Database, name: str, text: str) -> Changes:
    """Set a setting by name; UserMistake for an unknown one or content it does not accept."""
    setting = BY_NAME.get(name)
    if setting is None:
        raise UserMistake("settings.unknown", name=name)
    if not setting.accepts(text):
        raise UserMistake("settings.not_accepted", name=name, text=text)
    with db.transact(Op.SETTING, name=name) as tx:
        tx.run(
            "INSERT INTO setting(name, content) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET content = excluded.content",
            (name, text),
        )
    return Changes(tx.operation, Op.SETTING, {"setting": (name,)})
