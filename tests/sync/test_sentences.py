"""Every refusal of this room has its sentence in both languages, and every sentence its refusal."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from station_app import sync

ROOM = Path(str(sync.__path__[0]))
ROOT = ROOM.parents[1]
FILES = ("strict", "wire", "manifest", "envelope", "carrier", "identity", "opening", "carry", "light")


def raised() -> set[str]:
    """The ids that this room's code names."""
    photographs = ROOM.parent / "district" / "light.py"  # the same files, read from pictures at the other end
    code = "".join(file.read_text("utf-8") for file in (*(ROOM / f"{name}.py" for name in FILES), photographs))
    return set(re.findall(r'"(sync_files\.[a-z_]+)"', code))


def sentences(language: str) -> dict[str, str]:
    """The catalogue of this room in one language."""
    with (ROOT / "assets" / "i18n" / language / "LC_MESSAGES" / "sync_files.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_ids_and_sentences_are_the_same(language: str):
    assert sentences(language).keys() == raised()
    assert all(sentences(language).values())


def test_both_languages_mention_the_same_fields():
    def fields(text: str) -> set[str | None]:
        return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}

    chinese, english = sentences("zh"), sentences("en")
    assert {key: fields(text) for key, text in chinese.items()} == {key: fields(text) for key, text in english.items()}
