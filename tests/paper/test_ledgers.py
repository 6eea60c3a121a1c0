"""The ledgers on paper: every one with its columns, Chinese lines and page numbers, names only when asked, no formula, blank forms."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

import pypdfium2
import pytest
from openpyxl import load_workbook

from station_app import words
from station_app.db import Database
from station_app.errors import Refused, UserMistake
from station_app.model import AssetKind, Channel, Consent, ItemKind, LoanOutcome, Occupation, RequestState, Role
from station_app.paper import ledgers as paper
from station_app.services import (
    boxes,
    equipment,
    first_aid,
    incidents,
    keepers,
    ledgers,
    loans,
    people,
    pictures,
    requests,
    shifts,
    stations,
    supplies,
    visits,
)  # fmt: skip
from tests.pictures import phone

TODAY = "2026-07-17"
DOMAIN = {
    "visits", "stock_in", "handouts", "stocktake", "equipment", "repairs", "loans", "first_aid", "safety", "duty", "requests",
    "lost_property", "box_openings", "clues",
}  # fmt: skip
"""Rows 1-13 and 24 of DOMAIN.md section 4."""


COLUMNS = {
    "stock_in": "date item spec unit quantity source_kind source lot expiry place keeper",
    "handouts": "date campaign item quantity recipient occupation keeper balance",
    "stocktake": "item book counted difference reason first_name second_name",
    "equipment": "code equipment model bought source place state next_check",
    "repairs": "date fault reported_by state fixer done accepted_by",
    "loans": "asset out to due back condition",
    "first_aid": "medicine lot expiry quantity checked_by action",
    "safety": "date points result exceptions action keeper second_name",
    "duty": "shift weather opened closed person_times events matters handed_by handed_to",
    "box_openings": "date box opener second_opener slips first_number last_number",
    "lost_property": "date thing place keeper kept_in state ended claimant ended_by",
}
"""The columns of rows 2-11 and 24 of DOMAIN.md section 4, in their order, as our codes; a ledger may have more."""


@pytest.mark.parametrize("name", COLUMNS)
def test_a_ledger_has_the_columns_of_the_paper_it_replaces(name: str) -> None:
    wanted = COLUMNS[name].split()
    codes = [column.code for column in ledgers.get(name).columns]
    assert [code for code in codes if code in wanted] == wanted


def test_what_came_in_is_told_with_its_spec_and_where_it_stands(db: Database) -> None:
    water, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK, spec="550ml", place="柜二")
    supplies.receive(db, water.id, 24, lot="A1", expiry="2027-01-01", source="云桥街道")
    [line] = ledgers.lines(db, "stock_in", TODAY, TODAY)
    told = dict(zip((column.code for column in ledgers.get("stock_in").columns), line, strict=True))
    assert (told["spec"], told["place"], told["lot"], told["quantity"]) == ("550ml", "柜二", "A1", 24)


def test_a_handout_tells_what_was_left_after_it_also_of_a_kit_and_after_a_month(db: Database) -> None:
    towel, _ = supplies.add_item(db, "毛巾", "条", ItemKind.OTHER)
    kit, _ = supplies.add_item(db, "防暑包", "份", ItemKind.COOLING, parts={towel.id: 2})
    supplies.receive(db, towel.id, 50, at=datetime.fromisoformat("2026-06-02T09:00:00+08:00"))
    supplies.receive(db, kit.id, 3, at=datetime.fromisoformat("2026-06-30T09:00:00+08:00"))
    supplies.hand_out(db, kit.id, 1)
    supplies.hand_out(db, kit.id, 4)  # two from the shelf, two put together from towels
    place = [column.code for column in ledgers.get("handouts").columns].index("balance")
    assert [line[place] for line in ledgers.lines(db, "handouts", TODAY, TODAY)] == [2, 0]


@pytest.fixture
def full(db: Database) -> Database:
    """A day with something for every ledger."""
    rider, _ = people.register(db, Occupation.RIDER, "美团", "欧阳志强", "13912345678", Consent.DISTRICT)
    visits.check_in(db, rider.badge_code)
    visits.tally(db, Occupation.COURIER, 3)
    water, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)
    supplies.receive(db, water.id, 48, lot="A1", expiry="2027-01-01", source="云桥街道")
    supplies.hand_out(db, water.id, 2, person_id=rider.id)
    supplies.count_stock(db, water.id, 45, second_name="赵丽")
    lent, _ = loans.lend(db, loans.add(db, "雨伞", AssetKind.UMBRELLA)[0][0].id, person_id=rider.id, note="=1+1")
    loans.end(db, lent.id, LoanOutcome.DAMAGED, note="伞骨断了😀")
    piece, _ = equipment.add(db, "微波炉", check_days=30)
    equipment.report(db, piece.id, "不加热，" * 80)
    first_aid.add(db, "碘伏", "瓶", quantity=2, expiry="2027-01-01")
    shifts.check_house(db, ["灭火器", "插座"], "插座松", "已断电")
    made, _ = requests.add(db, "电动车充电口不足", person_id=rider.id)
    requests.step(db, made.id, RequestState.REPLIED, note="本周加装")
    clue, _ = requests.add(
        db, "井盖松了", channel=Channel.SNAP, place="人民路口", grid="07", person_id=rider.id, pictures=[pictures.prepare(phone())]
    )
    requests.step(db, clue.id, RequestState.ACCEPTED)
    shifts.confirm(db, TODAY, person_times=4, events="来访 4 人次")
    boxes.open_box(db, Channel.REQUEST_BOX, "王敏", "赵丽", [boxes.Slip("充电口不够")], slips_found=2)
    incidents.stamp(db)
    incidents.found(db, "手套")
    keepers.begin_shift(db)
    return db


def texts(file: Path) -> list[str]:
    """The text of each page."""
    document = pypdfium2.PdfDocument(file)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def write(db: Database, name: str, target: Path, *, names: bool = False) -> int:
    ledger, lines = ledgers.get(name), ledgers.lines(db, name, TODAY, TODAY, names=names)
    about = paper.span_line(ledger, TODAY, TODAY, len(lines))
    return paper.ledger_pdf(
        ledger, lines, target, station=stations.current(db), about=about, printed_on=date(2026, 7, 17), names=names
    )


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_ledger_is_printed_with_its_columns(full: Database, tmp_path: Path, language: str) -> None:
    words.use(language)
    assert {ledger.name for ledger in ledgers.all_ledgers()} >= DOMAIN
    for ledger in ledgers.all_ledgers():
        target = tmp_path / f"{ledger.name}.pdf"
        assert write(full, ledger.name, target) >= 1
        said = texts(target)
        flat = "".join(said[0].split())
        for column in ledger.columns:
            assert "".join(paper.heading(column).split()) in flat, (ledger.name, column.code)
        lines = ledgers.lines(full, ledger.name, TODAY, TODAY)
        assert ledger.name not in DOMAIN or lines, ledger.name
        assert all(len(line) == len(ledger.columns) for line in lines)


def test_names_and_phones_only_when_asked_and_only_for_who_may(full: Database, tmp_path: Path) -> None:
    for name in ("visits", "handouts", "loans", "requests", "clues"):
        write(full, name, tmp_path / "masked.pdf")
        assert not {"欧阳志强", "13912345678"} & set("".join(texts(tmp_path / "masked.pdf")).split()), name
        assert "未列姓名和电话" in "".join(texts(tmp_path / "masked.pdf"))
        write(full, name, tmp_path / "named.pdf", names=True)
        assert "欧阳志强" in "".join(texts(tmp_path / "named.pdf")).replace("\r\n", ""), name
    with full.transact(keepers.Op.ADD_KEEPER) as tx:
        evening = tx.put("keeper", {"name": "夜班", "role": Role.EVENING.value, "active": 1})
    full.acting = evening
    with pytest.raises(Refused, match=r"roles\.not_allowed"):
        ledgers.lines(full, "visits", TODAY, TODAY, names=True)
    assert all(line[5] is None for line in ledgers.lines(full, "visits", TODAY, TODAY))


def test_a_clue_is_told_with_its_place_its_pictures_and_the_day_it_was_adopted(full: Database) -> None:
    [line] = ledgers.lines(full, "clues", TODAY, TODAY, names=True)
    assert line[2:4] == ("人民路口", "07")
    assert line[5:10] == ("井盖松了", 1, "欧阳志强", None, TODAY)
    assert ledgers.lines(full, "clues", TODAY, TODAY)[0][7] is None


def test_heads_and_numbers_are_on_every_page_and_nothing_is_cut(db: Database, tmp_path: Path) -> None:
    piece, _ = equipment.add(db, "微波炉")
    for number in range(60):
        equipment.report(db, piece.id, f"第{number}次不加热，转盘有异响，按键没有反应，门关不严")
    pages = write(db, "repairs", tmp_path / "long.pdf")
    said = texts(tmp_path / "long.pdf")
    assert pages == len(said) > 2
    for number, page in enumerate(said, 1):
        assert "故障情况" in page
        assert f"第 {number} 页，共 {pages} 页" in page
    assert ["负责人签字" in page for page in said] == [False] * (pages - 1) + [True]
    whole = "".join("".join(page.split()) for page in said)
    assert all(f"第{number}次不加热" in whole for number in range(60))


def test_a_note_with_a_character_of_no_face_is_printed_with_a_mark(full: Database, tmp_path: Path) -> None:
    write(full, "loans", tmp_path / "loans.pdf")
    flat = "".join("".join(texts(tmp_path / "loans.pdf")).split())
    assert "伞骨断了〓" in flat


def test_a_blank_form_says_what_it_is_not_for(full: Database, tmp_path: Path) -> None:
    for ledger in ledgers.all_ledgers():
        assert paper.blank_form(ledger, tmp_path / "blank.pdf", station=stations.current(full)) == 1
        (page,) = texts(tmp_path / "blank.pdf")
        assert "本表仅用于驿站服务，不作考核排名" in page
        assert "填表人签字" in page


def test_tables_hold_text_and_no_formula(full: Database, tmp_path: Path) -> None:
    ledger, lines = ledgers.get("loans"), ledgers.lines(full, "loans", TODAY, TODAY)
    paper.ledger_xlsx(ledger, lines, tmp_path / "loans.xlsx", about="今天")
    sheet = load_workbook(tmp_path / "loans.xlsx").active
    assert sheet is not None
    note = [cell for cell in sheet[3] if "1+1" in str(cell.value)]
    assert [cell.data_type for cell in note] == ["s"]
    assert str(note[0].value).startswith("'=1+1")
    assert [cell.data_type for cell in sheet[3]].count("n") >= 1
    paper.ledger_csv(ledger, lines, tmp_path / "loans.csv")
    data = (tmp_path / "loans.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert rows[0] == [paper.heading(column) for column in ledger.columns]
    assert rows[1][0] == "雨伞 01"
    visit = ledgers.get("visits")
    named = ledgers.lines(full, "visits", TODAY, TODAY, names=True)
    paper.ledger_xlsx(visit, named, tmp_path / "visits.xlsx", about="今天")
    sheet = load_workbook(tmp_path / "visits.xlsx").active
    assert sheet is not None
    phone = next(cell for cell in sheet[3] if cell.value == "13912345678")
    assert (phone.data_type, phone.number_format) == ("s", "@")


def test_what_is_no_ledger_is_a_mistake(db: Database) -> None:
    with pytest.raises(UserMistake, match=r"ledgers\.unknown"):
        ledgers.get("points")
    with pytest.raises(UserMistake, match=r"shifts\.bad_span"):
        ledgers.lines(db, "visits", TODAY, "2026-07-01")
