"""Sentences: Chinese and English complete and alike, every id that code names is there, every id that is there is used."""

from __future__ import annotations

import ast
import enum
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from station_app import model, words
from station_app.errors import Bug
from station_app.sync import wire

ROOT = Path(__file__).parent.parent
CATALOGUES = sorted(path.stem for path in (ROOT / "assets/i18n/zh/LC_MESSAGES").glob("*.po"))
SENTENCE = re.compile(r"[a-z][a-z_]*\.[A-Za-z0-9_.]+")


def messages(language: str, name: str) -> dict[str, Message]:
    with (ROOT / f"assets/i18n/{language}/LC_MESSAGES/{name}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    assert not catalogue.obsolete, f"{name} keeps obsolete entries"
    return {(m.id if isinstance(m.id, str) else m.id[0]): m for m in catalogue if m.id}


def fields(text: str) -> set[str]:
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def texts(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string]


@pytest.mark.parametrize("name", CATALOGUES)
def test_both_languages_say_the_same_with_the_same_fields(name: str) -> None:
    chinese, english = messages("zh", name), messages("en", name)
    assert set(chinese) == set(english)
    for sentence in chinese:
        assert sentence.startswith(f"{name}."), sentence
        both = {language: texts(found[sentence]) for language, found in (("zh", chinese), ("en", english))}
        for language, forms in both.items():
            assert all(form.strip() for form in forms), f"{sentence} is empty in {language}"
        wanted = fields(both["zh"][0])
        assert all(fields(form) - {"n"} <= wanted for form in both["en"]), sentence
        assert wanted - {"n"} <= set().union(*(fields(form) for form in both["en"])), sentence


@pytest.mark.parametrize("name", CATALOGUES)
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_no_sentence_stands_twice(language: str, name: str) -> None:
    """Of two, one would be shown wherever the other is meant."""
    catalogue = (ROOT / f"assets/i18n/{language}/LC_MESSAGES/{name}.po").read_text("utf-8")
    ids = re.findall(r'^msgid "(.*)"', catalogue, re.MULTILINE)
    assert {one for one in ids if ids.count(one) > 1} == set()


@pytest.mark.parametrize("name", CATALOGUES)
def test_english_holds_no_chinese_and_chinese_uses_its_own_punctuation(name: str) -> None:
    for sentence, message in messages("en", name).items():
        for text in texts(message):
            assert not re.search(r"[一-鿿]", re.sub(r"[“《(（][^”》)）]*[”》)）]", "", text)) or "中" in text, sentence
    for sentence, message in messages("zh", name).items():
        for text in texts(message):
            assert not re.search(r"[一-鿿][,?!;]", text), f"{sentence}: {text}"
            assert "签到" not in text, sentence
            assert "工单" not in text, sentence


def literals() -> Iterator[tuple[str, str]]:
    """(id, where) of every sentence id that stands in the code as text."""
    for path in sorted((ROOT / "station_app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SENTENCE.fullmatch(node.value):
                yield node.value, f"{path.relative_to(ROOT)}:{node.lineno}"


def beginnings() -> set[str]:
    """The fixed beginnings of ids that are put together (``f"terms.Weekday.{n}"``)."""
    found = set()
    for path in (ROOT / "station_app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                found.add(str(node.values[0].value))
    return {text for text in found if text.split(".")[0] in CATALOGUES and "." in text}


def test_every_sentence_that_code_names_exists() -> None:
    known = {sentence for name in CATALOGUES for sentence in messages("zh", name)}
    calls = set()
    for path in sorted((ROOT / "station_app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if named in (
                "t",
                "Refused",
                "RuleRefused",
                "UserMistake",
                "EnvironmentFault",
                "Cancelled",
                "Problem",
                "Reason",
            ):
                first = node.args[0] if node.args else None  # type: ignore[attr-defined]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    calls.add((first.value, f"{path.relative_to(ROOT)}:{node.lineno}"))
    assert len(calls) > 200
    missing = sorted((sentence, where) for sentence, where in calls if sentence not in known)
    assert missing == []


def test_every_sentence_is_used() -> None:
    used = {sentence for sentence, _ in literals()}
    begun = tuple(beginnings())
    unused = sorted(
        sentence
        for name in CATALOGUES
        for sentence in messages("zh", name)
        if sentence not in used and not sentence.startswith(begun) and not sentence.startswith("terms.")
    )
    assert unused == []


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_code_has_its_word(language: str) -> None:
    words.use(language)
    codes = [kind for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, enum.StrEnum)]
    for kind in codes:
        for code in kind:
            if kind is not enum.StrEnum:
                assert words.label(code)


def test_a_sentence_nobody_wrote_is_a_bug_in_either_language() -> None:
    for language in words.LANGUAGES:
        words.use(language)
        with pytest.raises(Bug):
            words.t("desk.nobody_wrote_this")


def test_counts_have_their_plural() -> None:
    words.use("en")
    assert words.t("window.waiting", n=1, last="today") == "1 entry waits · last today"
    assert words.t("window.waiting", n=2, last="today") == "2 entries wait · last today"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"), ({"LANG": "en_US.UTF-8"}, "en"), ({"LANG": "C.UTF-8"}, "zh"), ({}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "STATION_LANG": "en"}, "en"), ({"LANG": "en_US.UTF-8", "STATION_LANG": "zh"}, "zh"),
    ],
)  # fmt: skip
def test_a_first_run_follows_the_system_else_speaks_chinese(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str
) -> None:
    for name in ("STATION_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr("locale.getlocale", lambda: (None, None))
    assert words.system_language() == language


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_table_and_column_that_crosses_has_its_word(language: str) -> None:
    """What can be taken out of a damaged store is any of them."""
    words.use(language)
    for table, kind in wire.TABLES.items():
        assert words.t(f"terms.Table.{table}")
        for column in set(kind.__struct_fields__) - {"version", "store_id"}:
            assert words.t(f"rescued.column_{column}")
