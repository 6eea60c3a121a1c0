from __future__ import annotations

from pathlib import Path

import pytest

from station_app.errors import EnvironmentFault, Refused
from station_app.paper import fonts


@pytest.mark.parametrize("font", [fonts.REGULAR, fonts.BOLD])
@pytest.mark.parametrize("name", ["欧阳志强", "买买提·艾力", "𬭎㛃龑", "Ünal", "①②，。！？“”"])
def test_names_people_have_can_be_drawn(name: str, font: str) -> None:
    fonts.require_glyphs(name, font)
    assert fonts.width(name, font, 10) > 0


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() -> None:
    text = "“最好装在雨棚下面”，师傅们说（下雨天没法充）：请帮忙！好吗？" * 4
    for most in range(40, 260, 7):
        lines = fonts.wrap(text, fonts.REGULAR, 11, most)
        assert "".join(lines) == text
        assert not [line for line in lines if line[0] in fonts.NEVER_FIRST or line[-1] in fonts.NEVER_LAST]
        assert all(fonts.width(line, fonts.REGULAR, 11) <= most for line in lines)


def test_words_and_numbers_stay_whole_and_line_breaks_are_kept() -> None:
    lines = fonts.wrap("编号 YQ-A-2026-0112 请保留\n第二行", fonts.REGULAR, 10, 85)
    assert lines == ["编号", "YQ-A-2026-0112", "请保留", "第二行"]


def test_a_word_wider_than_the_line_is_broken_not_lost() -> None:
    lines = fonts.wrap("A" * 50, fonts.REGULAR, 10, 60)
    assert len(lines) > 1
    assert "".join(lines) == "A" * 50


def test_type_shrinks_before_it_wraps() -> None:
    box = (100.0, 40.0)
    assert fonts.fit("赵丽", fonts.BOLD, (18, 12), box) == (18, ["赵丽"])
    size, lines = fonts.fit("买买提·艾力", fonts.BOLD, (18, 12), box)
    assert 12 <= size < 18
    assert lines == ["买买提·艾力"]
    size, lines = fonts.fit("阿卜杜热合曼·麦麦提吐尔逊江", fonts.BOLD, (18, 12), box)
    assert size <= 12
    assert len(lines) > 1
    assert len(lines) * size * fonts.LEADING <= box[1]


def test_a_line_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(Refused):
        fonts.largest(["长" * 100], fonts.REGULAR, 10, 100)


def test_a_missing_font_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "asset", lambda *parts: tmp_path.joinpath(*parts))
    fonts._face.cache_clear()
    with pytest.raises(EnvironmentFault) as fault:
        fonts.width("驿站", fonts.REGULAR, 10)
    assert fault.value.word == "paper.no_font"
