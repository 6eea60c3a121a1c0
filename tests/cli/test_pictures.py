"""Pictures by command: with a request and after it, out to a folder, away and back; what is no picture adds nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import call
from tests.pictures import PLANTED, bomb, phone, saved


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two pictures, one of them called like a program."""
    found = [tmp_path / "微信图片 1.jpg", tmp_path / "setup.exe"]
    found[0].write_bytes(phone(orientation=6))
    found[1].write_bytes(saved("PNG"))
    return found


def test_pictures_go_in_and_out_by_command(run: Callable[..., str], files: list[Path], tmp_path: Path) -> None:
    added = json.loads(run("requests", "add", "充电口不足", "--picture", files[0], "--json"))
    assert added["pictures"] == 1
    assert run("requests", "attach", "1", files[1]).strip() == "已给诉求 YQ-A-2026-0001 添加 1 张图片"
    out = tmp_path / "out"
    out.mkdir()
    told = json.loads(run("requests", "pictures", "1", "--to", out, "--json"))
    assert [Path(name).name for name in told["files"]] == ["YQ-A-2026-0001-1.jpg", "YQ-A-2026-0001-2.jpg"]
    for name, size in zip(told["files"], [(480, 640), (640, 480)], strict=True):
        data = Path(name).read_bytes()
        assert PLANTED not in data
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.size == size
    assert len(json.loads(run("requests", "show", "1", "--json"))["pictures"]) == 2


def test_one_is_taken_away_and_comes_back(run: Callable[..., str], files: list[Path]) -> None:
    run("requests", "add", "充电口不足", "--picture", files[0], "--picture", files[1])
    assert run("requests", "detach", "1", 2).strip() == "已移除诉求 YQ-A-2026-0001 的第 2 张图片"
    assert [one["rank"] for one in json.loads(run("requests", "show", "1", "--json"))["pictures"]] == [1]
    run("history", "undo")
    assert [one["rank"] for one in json.loads(run("requests", "show", "1", "--json"))["pictures"]] == [1, 2]
    assert run("check")


def test_what_is_no_picture_is_refused_with_its_name_and_nothing_is_added(
    folder: Path, run: Callable[..., str], files: list[Path], tmp_path: Path
) -> None:
    run("requests", "add", "充电口不足")
    hostile = {
        "文件.jpg": (b"MZ" + bytes(100), "“文件.jpg”不是照片（能收 JPG、PNG、WebP），没有添加"),
        "大图.png": (bomb(30_000, 30_000), "“大图.png”超过 24 百万像素，没有打开；请拍小一点的照片"),
        "断了.jpg": (saved("JPEG")[:-500], "“断了.jpg”打不开：文件不完整或已损坏"),
        "空.jpg": (b"", "“空.jpg”是空文件，没有采用。"),
    }
    for name, (data, sentence) in hostile.items():
        bad = tmp_path / name
        bad.write_bytes(data)
        result = call("--data", folder, "requests", "attach", "1", files[0], bad)
        assert (result.exit_code, result.stderr.strip()) == (3, sentence)
    assert json.loads(run("requests", "show", "1", "--json"))["pictures"] == []
    assert not (folder / "blobs").exists()


def test_a_place_nobody_has_and_a_seventh_picture_are_mistakes(
    folder: Path, run: Callable[..., str], files: list[Path]
) -> None:
    run("requests", "add", "充电口不足")
    run("requests", "attach", "1", *[files[0]] * 6)
    result = call("--data", folder, "requests", "attach", "1", files[0])
    assert (result.exit_code, result.stderr.strip()) == (2, "一件诉求最多 6 张图片，现在已有 6 张")
    assert call("--data", folder, "requests", "detach", "1", 9).exit_code == 2


def test_a_part_is_covered_by_command(folder: Path, run: Callable[..., str], files: list[Path], tmp_path: Path) -> None:
    run("requests", "add", "充电口不足", "--picture", files[1], "--cover", "1:200,200,80,80")
    run("requests", "attach", "1", files[1], files[1], "--cover", "2: 200，200，80，80")
    told = json.loads(run("requests", "pictures", "1", "--to", tmp_path, "--json"))
    changed = []
    for name in told["files"]:
        with Image.open(name) as picture:
            red, _green, blue = picture.convert("RGB").getpixel((240, 238))
            changed.append(abs(red - 200) > 25 or abs(blue - 30) > 25)
    assert changed == [True, False, True]
    for cover in ("3:1,1,9,9", "1:9,9", "1:9000,0,5,5"):
        result = call("--data", folder, "requests", "attach", "1", files[1], "--cover", cover)
        assert result.exit_code == 2
        assert result.stderr.strip()
