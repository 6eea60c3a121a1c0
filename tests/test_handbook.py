"""The handbook: in both languages, every link and picture there, every page of every window in it, and F1 opens it at the right place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QUrl
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from station_app import app, words
from station_app.db import Database
from station_app.district import store
from station_app.paths import handbook
from station_app.services import samples
from station_app.ui import theme
from station_app.ui.district.window import PAGES as DISTRICT
from station_app.ui.handbook import ORDER, Handbook, pages, slug
from station_app.ui.hands import Hands
from station_app.ui.main_window import PAGES, MainWindow
from station_app.ui.start import StartWindow
from station_app.words import t
from tests.conftest import CHEAP, PASSWORD, Clock
from tests.handbook import BOOK, NAMES, PICTURES, Studio

Key = Qt.Key
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)]+)\)")


def text(language: str, name: str) -> str:
    return (BOOK / language / f"{name}.md").read_text("utf-8")


def headings(language: str, name: str) -> list[str]:
    return [line.lstrip("# ") for line in text(language, name).splitlines() if line.startswith("#")]


@pytest.fixture
def window(db: Database, qtbot: QtBot, qapp: QApplication) -> Iterator[MainWindow]:
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)
    samples.stock(db)
    found = app.window(db)
    yield found
    found.close()
    found.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def hands_on(window: MainWindow) -> Hands:
    hands = Hands(window, lambda: window.idle, window.catcher)
    hands.show()
    hands.settle()
    return hands


# --- the text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_handbook_has_exactly_the_pages_it_is_read_by(language: str) -> None:
    assert {file.stem for file in (BOOK / language).glob("*.md")} == set(ORDER)
    assert handbook(language) == BOOK / language


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("name", ORDER)
def test_every_link_and_picture_is_there(language: str, name: str) -> None:
    for picture, target in LINK.findall(text(language, name)):
        file, _, heading = target.partition("#")
        place = (BOOK / language / file).resolve() if file else BOOK / language / f"{name}.md"
        assert place.is_file(), target
        assert place.is_relative_to(BOOK), target
        if heading:
            assert heading in [slug(one) for one in headings(language, place.stem)], target
        if picture:
            assert place.parent == PICTURES / language
            assert place.stem in NAMES


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_page_can_be_reached_from_the_first(language: str) -> None:
    reached, left = set(), ["index"]
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left += [target.partition("#")[0].removesuffix(".md") for mark, target in LINK.findall(text(language, name)) if not mark]
    assert reached == set(ORDER)


def test_both_languages_tell_the_same_in_the_same_order() -> None:
    for name in ORDER:
        zh, en = (text(language, name) for language in words.LANGUAGES)
        for mark in (r"^#+ ", r"^\d+\. ", r"^- ", r"^\|", r"!\["):
            assert len(re.findall(mark, zh, re.MULTILINE)) == len(re.findall(mark, en, re.MULTILINE)), (name, mark)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_page_of_both_windows_is_told(language: str) -> None:
    words.use(language)
    assert set(app.PAGES) == {*PAGES, "print"} <= set(ORDER)
    for name in app.PAGES:
        assert f"../pictures/{language}/{name}.png" in text(language, name)
    assert set(app.DISTRICT_PAGES) == set(DISTRICT)
    for name in DISTRICT:
        assert t(f"district_desk.page_{name}") in headings(language, "district")


def test_what_to_do_tells_all_that_may_happen() -> None:
    assert len(headings("zh", "trouble")) >= 12
    for wanted in ("U盘丢了", "卡丢了", "换电脑", "时间不对", "磁盘满了", "忘了密码", "数据损坏"):
        assert wanted in headings("zh", "trouble")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_first_page_leads_into_the_drill_by_the_words_of_the_screen(language: str) -> None:
    words.use(language)
    told = text(language, "first-day")
    for word in ("drill.try", "drill.begin", "start.build"):
        assert f"**{t(word)}**" in told
    assert "**Ctrl+Q**" in told


TEMPLATES = {"admin", "privacy-notice", "impact-assessment"}
SAID = {"每人限一份", "one each", "这个月多少人次？", "How many this month?"}
"""What people say, not what stands on the screen."""
CAPS = re.compile(r"(Ctrl|Alt|Shift|F\d|Enter|Esc|[/*]$).*")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_what_is_called_by_name_stands_on_the_screen_by_that_name(language: str) -> None:
    shown: list[str] = []
    for file in (BOOK.parent.parent / "assets/i18n" / language / "LC_MESSAGES").glob("*.po"):
        with file.open("rb") as source:
            for message in read_po(source, locale=language):
                shown += [message.string] if isinstance(message.string, str) else message.string
    screen = "\n".join(shown).lower()
    called = [
        (name, found[1] or found[2])
        for name in ORDER if name not in TEMPLATES
        for found in re.finditer(r"\*\*(.+?)\*\*|“(.+?)”", text(language, name))
    ]  # fmt: skip
    strange = [
        (name, word) for name, word in called
        if word not in SAID and not CAPS.fullmatch(word) and word.rstrip("….。").lower() not in screen
    ]  # fmt: skip
    assert strange == []
    assert len(called) > 50


# --- the pictures --------------------------------------------------------------------------------------------------------


def test_every_picture_can_be_taken_anew(tmp_path: Path, qapp: QApplication) -> None:
    """In one of the languages; both are made by the same steps (``python -m tests.handbook``)."""
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)
    taken = Studio(tmp_path).take("zh", tmp_path / "zh")
    assert tuple(taken) == NAMES
    for name in NAMES:
        with Image.open(tmp_path / "zh" / f"{name}.png") as picture:
            assert picture.width == 1100
            assert len(picture.getcolors() or ()) > 8  # something is on it


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_pictures_kept_are_all_and_no_others_and_small(language: str) -> None:
    kept = list((PICTURES / language).iterdir())
    assert {file.name for file in kept} == {f"{name}.png" for name in NAMES}
    assert sum(file.stat().st_size for file in kept) < 1_500_000
    named = {target for name in ORDER for mark, target in LINK.findall(text(language, name)) if mark}
    assert {Path(target).stem for target in named} == set(NAMES)


# --- in the program --------------------------------------------------------------------------------------------------------


def test_f1_opens_the_handbook_at_the_page_one_is_on(window: MainWindow) -> None:
    hands = hands_on(window)
    for number, name in enumerate(PAGES, start=1):
        hands.key(str(number), Qt.KeyboardModifier.AltModifier)
        hands.key(Key.Key_F1)
        book = window._book
        assert isinstance(book, Handbook)
        assert book.isVisible()
        assert book.shown == name
        assert headings("zh", name)[0] in book.reader.toPlainText()
        hands.key(Key.Key_Escape if number % 2 else Key.Key_F1)
        assert window._book is None
        assert window.page(name).isVisible()


def test_a_page_is_found_and_read_with_keys_alone(window: MainWindow) -> None:
    hands = hands_on(window)
    hands.key(Key.Key_F1)
    book = window._book
    assert book is not None
    hands.key("/")
    hands.type("纽扣电池")
    assert [book.contents.item(row).text() for row in range(book.contents.count())] == ["怎么办"]
    hands.key(Key.Key_Return)
    assert book.shown == "trouble"
    assert book.reader.textCursor().selectedText() == "纽扣电池"
    hands.key(Key.Key_Escape)
    assert book.contents.count() == len(ORDER)
    assert window._book is book
    hands.key("/")
    hands.type("没有这样的字")
    assert not book.none.isHidden()
    hands.key(Key.Key_Escape)
    hands.key(Key.Key_Escape)
    assert window._book is None


def test_links_lead_inside_the_handbook_and_nowhere_else(window: MainWindow) -> None:
    hands = hands_on(window)
    hands.key(Key.Key_F1)
    book = window._book
    assert book is not None
    book.show_page("weekly")
    book._follow(QUrl("trouble.md#u盘丢了"))
    assert book.shown == "trouble"
    for address in ("https://example.com/desk.html", "file:///etc/passwd"):
        book._follow(QUrl(address))
        assert book.shown == "trouble"
    hands.key(Key.Key_Backspace)
    assert book.shown == "weekly"


def test_a_tally_while_reading_goes_back_to_the_desk(window: MainWindow) -> None:
    hands = hands_on(window)
    hands.key(Key.Key_F1)
    hands.key(Key.Key_F2)
    assert window._book is None
    assert window.page("desk").isVisible()


def test_the_keys_are_asked_for_by_a_question_mark(window: MainWindow) -> None:
    hands = hands_on(window)
    hands.key("?")  # in the empty field of the desk
    assert window._help.is_open()
    hands.key("?")
    assert not window._help.is_open()
    hands.type("a?")
    assert not window._help.is_open()


def test_the_first_window_opens_the_first_day(qtbot: QtBot, tmp_path: Path) -> None:
    first = StartWindow(tmp_path, cost=CHEAP)
    qtbot.addWidget(first)
    hands = Hands(first, lambda: first.idle)
    hands.show()
    hands.key(Key.Key_F1)
    assert first.book is not None
    assert first.book.shown == "first-day"
    hands.key(Key.Key_Escape)
    assert first.book is None


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_page_of_the_district_opens_at_its_heading(language: str, qtbot: QtBot, tmp_path: Path, clock: Clock) -> None:
    db = store.set_up(tmp_path, "990101", "云桥区", "陈立", PASSWORD, clock=clock, cost=CHEAP)
    words.use(language)
    found = app.district_window(db)
    book = Handbook()
    qtbot.addWidget(book)
    for name in DISTRICT:
        page, heading = found.chapter(name)
        book.show_page(page, heading)
        assert book.reader.at_heading(slug(heading)), heading
    found.close()
    db.close()


def test_no_words_of_ours_are_markup_nobody_reads() -> None:
    assert all(leaf.words.strip() and "](" not in leaf.words for leaf in pages())
