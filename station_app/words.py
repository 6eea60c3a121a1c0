"""Every sentence for people, looked up by id; Chinese first, English complete.

A sentence id is ``catalogue.name`` (``"desk.checked_in"``): its first part names the gettext catalogue under
``assets/i18n/<language>/LC_MESSAGES/``, its fields are filled by ``str.format``. A sentence with a count ``n`` may have
plural forms. An id that is not in the catalogue is a bug, never shown to people half translated.
"""

from __future__ import annotations

import gettext
import locale
import os
from enum import Enum
from functools import cache
from typing import Any

from .errors import Bug
from .model import ListedCategory
from .paths import asset

LANGUAGES = ("zh", "en")
_language = "zh"
"""The language of this process, like gettext's own: one program speaks one language at a time."""


def use(language: str) -> None:
    """Speak ``language`` ("zh" or "en") from now on; raises ValueError for any other."""
    global _language
    if language not in LANGUAGES:
        raise ValueError(language)
    _language = language


def language() -> str:
    """The language spoken now."""
    return _language


def system_language() -> str:
    """The language for a first run: STATION_LANG, else the system's, else Chinese."""
    named = next(
        (v for v in (os.environ.get(k, "") for k in ("STATION_LANG", "LC_ALL", "LC_MESSAGES", "LANG")) if v), ""
    )
    if named in ("", "C", "POSIX", "C.UTF-8"):
        named = locale.getlocale()[0] or ""
    return "en" if named.lower().startswith("en") else "zh"


@cache
def _catalogue(language: str, name: str) -> gettext.GNUTranslations:
    try:
        with asset("i18n", language, "LC_MESSAGES", f"{name}.mo").open("rb") as file:
            return gettext.GNUTranslations(file)
    except OSError as error:
        raise Bug(f"no catalogue {name} in {language}") from error


def t(sentence: str, /, **fields: Any) -> str:
    """The sentence with this id in the language of the process, filled with ``fields``.

    Raises Bug for an id that no catalogue knows.
    """
    catalogue = _catalogue(_language, sentence.partition(".")[0])
    count = fields.get("n")
    text = catalogue.ngettext(sentence, sentence, count) if isinstance(count, int) else catalogue.gettext(sentence)
    if text == sentence:
        text = catalogue.gettext(sentence)
    if text == sentence:
        raise Bug(f"no sentence {sentence} in {_language}")
    return text.format(**fields) if fields else text


def label(code: Enum | ListedCategory) -> str:
    """The word of the glossary for a code, for example ``Occupation.RIDER`` -> 外卖骑手; the district's own where it named it."""
    if isinstance(code, ListedCategory):
        return code.zh if _language == "zh" else code.en
    return t(f"terms.{type(code).__name__}.{code.value}")


def labels(code: Enum) -> tuple[str, ...]:
    """The words of the glossary for a code in every language: what people may type for it."""
    return tuple(_catalogue(language, "terms").gettext(f"terms.{type(code).__name__}.{code.value}") for language in LANGUAGES)
