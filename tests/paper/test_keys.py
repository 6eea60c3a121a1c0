"""The recovery sheet and the start card: what is printed is what opens the station, read by eye and by scanner."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from station_app import vault
from station_app.errors import Refused
from station_app.model import Station
from station_app.paper import keys, preview
from station_app.words import t
from tests.conftest import CHEAP

Text = Callable[[Path], list[str]]
Codes = Callable[[Image.Image], list[str]]
Picture = Callable[[preview.Page], Image.Image]
DAY = date(2026, 7, 17)


@pytest.fixture
def slots(tmp_path: Path) -> Path:
    return tmp_path / "station.slots"


@pytest.fixture
def root(slots: Path) -> vault.Root:
    return vault.create(slots, "min", "min-password", cost=CHEAP)


@pytest.mark.parametrize("language", ["zh", "en"], indirect=True)
def test_what_the_recovery_sheet_shows_opens_the_station(
    slots: Path, root: vault.Root, station: Station, tmp_path: Path, text_of: Text, codes_in: Codes, picture: Picture
) -> None:
    key = vault.add_recovery(slots, root)
    target = tmp_path / "sheet.pdf"
    assert keys.recovery_sheet(station, key.groups, key.number, DAY, target) == 1
    [text] = text_of(target)
    typed = re.findall(r"\b\d{5}\b", text)
    assert vault.unlock_with_recovery(slots, typed).root.database_key() == root.database_key()
    [page] = preview.pages(target, 150)
    [scanned] = codes_in(picture(page))
    assert vault.unlock_with_recovery(slots, vault.recovery_groups(scanned)).slot_id == key.slot_id
    for words in (t("key_paper.recovery_title"), station.name, key.number, "2026-07-17", t("paper.sample")):
        assert words in text


@pytest.mark.parametrize("language", ["zh", "en"], indirect=True)
def test_the_start_card_is_scanned_not_read(
    slots: Path, root: vault.Root, station: Station, tmp_path: Path, text_of: Text, codes_in: Codes, picture: Picture
) -> None:
    card = vault.add_start_card(slots, root)
    target = tmp_path / "card.pdf"
    assert keys.start_card(station, card.digits, card.number, DAY, target) == 1
    [page] = preview.pages(target, 150)
    [scanned] = codes_in(picture(page))
    assert vault.unlock_with_start_card(slots, scanned).kind == "start_card"
    [text] = text_of(target)
    assert card.number in text
    assert card.digits not in "".join(text.split())


def test_the_sheet_says_where_not_to_keep_it(station: Station, tmp_path: Path, text_of: Text) -> None:
    keys.recovery_sheet(station, ["12345"] * 12, "2D84", DAY, tmp_path / "sheet.pdf")
    [text] = text_of(tmp_path / "sheet.pdf")
    assert "不要放在电脑旁边" in "".join(text.split())


def test_a_name_that_cannot_be_drawn_is_refused_and_nothing_is_written(station: Station, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        keys.start_card(replace(station, name="驿站😀"), "1" * 40, "2D84", DAY, tmp_path / "card.pdf")
    assert list(tmp_path.iterdir()) == []
