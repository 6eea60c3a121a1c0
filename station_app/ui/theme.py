"""The looks of the window as tokens, and the one style sheet built from them (DESIGN.md section 7).

::

    apply(app, *, dark=False, large=False, pictures=False)   dress the whole application; call again to change
    tokens() -> Tokens                                       what the application wears now (for painting)
    Tokens(.background .card .line .ink .muted .brand ...; .small .body .strong .title .figure in px; .px(n))
    tone(name) -> Tone(ink, fill, line)                      plain, attention, warming, cooling, good, bad, brand
    face(size, *, bold=False) -> QFont                       a font of the house in px, tabular figures
    contrast(one, other) -> float                            WCAG 2 contrast of two colours
    Text roles (kit.Text): small muted body strong heading title figure link good bad attention

Radius 12 for cards, 9 for controls; gaps 16, 14, 10, 8. No gradients, no shadows; focus is always visible.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from ..paths import asset

RADIUS = 12
RADIUS_SMALL = 9
FAMILIES = (
    "Microsoft YaHei UI",
    "Microsoft YaHei",
    "PingFang SC",
    "Noto Sans SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
)
"""Families of the system that read well on a desk, best first; any other one that writes Chinese serves too."""

_PROPERTY = "station_tokens"


class Tone(NamedTuple):
    """Colours of a pill, notice or strip: writing, ground, edge."""

    ink: str
    fill: str
    line: str


@dataclass(frozen=True)
class Tokens:
    """Colours as #RRGGBB, type sizes in px; light unless said otherwise."""

    dark: bool = False
    large: bool = False

    background: str = "#F6F5F2"
    card: str = "#FFFFFF"
    line: str = "#E4E1DA"
    ink: str = "#1F2523"
    muted: str = "#636966"
    brand: str = "#0E6B5E"
    brand_hover: str = "#0B5A4F"
    brand_soft: str = "#E3F1EE"
    brand_line: str = "#9FCFC5"
    on_brand: str = "#FFFFFF"
    key_on_brand: str = "#0A5148"
    rail: str = "#12312C"
    rail_active: str = "#1E4A43"
    rail_ink: str = "#FFFFFF"
    rail_muted: str = "#C4D6D1"
    badge: str = "#E0862E"
    on_badge: str = "#1F2523"
    cooling: str = "#1769AA"
    cooling_soft: str = "#E5F0F9"
    cooling_line: str = "#B9D5EA"
    warming: str = "#AD4A08"
    warming_soft: str = "#FBEBDD"
    warming_line: str = "#EFC9A6"
    attention: str = "#8A5A00"
    attention_soft: str = "#FFF3D6"
    attention_line: str = "#EBCF86"
    bad: str = "#A8261C"
    bad_soft: str = "#FBE7E5"
    bad_line: str = "#EDB9B4"
    good: str = "#2B7A3D"
    good_soft: str = "#E9F6EC"
    good_line: str = "#B5DCBE"
    neutral: str = "#5F5A4E"
    neutral_soft: str = "#EEEAE2"
    off: str = "#F3F1ED"
    key: str = "#FAF9F7"
    bar_soft: str = "#CFE3DE"
    track: str = "#ECE9E3"
    toast: str = "#1F2523"
    on_toast: str = "#FFFFFF"
    toast_link: str = "#9FE0D2"

    small: int = 13
    body: int = 15
    strong: int = 17
    title: int = 24
    figure: int = 28

    def px(self, length: int) -> int:
        """A height or width in px that has to grow with the writing in it."""
        return round(length * self.body / 15)


LIGHT = Tokens()
DARK = Tokens(
    dark=True,
    background="#151A19",
    card="#1E2523",
    line="#37413E",
    ink="#ECEFED",
    muted="#A3ADA9",
    brand="#5CC3B0",
    brand_hover="#74D0BF",
    brand_soft="#1E3B36",
    brand_line="#3F7F74",
    on_brand="#0B1F1B",
    key_on_brand="#A6E3D7",
    rail="#0D2420",
    rail_active="#1E4A43",
    rail_muted="#B4C9C3",
    cooling="#7DB8EA",
    cooling_soft="#1B3042",
    cooling_line="#33587A",
    warming="#F0A36B",
    warming_soft="#3B2718",
    warming_line="#6E4626",
    attention="#EBC46A",
    attention_soft="#382E16",
    attention_line="#66532A",
    bad="#F39B92",
    bad_soft="#3F2220",
    bad_line="#743B37",
    good="#86CF97",
    good_soft="#1D3524",
    good_line="#355F41",
    neutral="#C3BDAF",
    neutral_soft="#33322D",
    off="#232A28",
    key="#28312E",
    bar_soft="#2F5049",
    track="#323A37",
    toast="#ECEFED",
    on_toast="#151A19",
    toast_link="#0B5A4F",
)

PAIRS: tuple[tuple[str, str], ...] = (
    ("ink", "background"),
    ("ink", "card"),
    ("ink", "brand_soft"),
    ("ink", "off"),
    ("ink", "key"),
    ("muted", "background"),
    ("muted", "card"),
    ("muted", "brand_soft"),
    ("muted", "off"),
    ("muted", "key"),
    ("brand", "background"),
    ("brand", "card"),
    ("brand", "brand_soft"),
    ("on_brand", "brand"),
    ("on_brand", "brand_hover"),
    ("on_brand", "key_on_brand"),
    ("rail_ink", "rail"),
    ("rail_ink", "rail_active"),
    ("rail_muted", "rail"),
    ("on_badge", "badge"),
    ("cooling", "card"),
    ("cooling", "cooling_soft"),
    ("warming", "card"),
    ("warming", "warming_soft"),
    ("attention", "card"),
    ("attention", "attention_soft"),
    ("bad", "card"),
    ("bad", "background"),
    ("bad", "bad_soft"),
    ("good", "card"),
    ("good", "good_soft"),
    ("neutral", "neutral_soft"),
    ("on_toast", "toast"),
    ("toast_link", "toast"),
)
"""Every (writing, ground) the kit puts together; each keeps a contrast of 4.5 or more in light and dark."""


def make(*, dark: bool = False, large: bool = False) -> Tokens:
    """The tokens of a variant; large type is at least 24 px for the body (F11)."""
    chosen = DARK if dark else LIGHT
    return replace(chosen, large=True, small=20, body=24, strong=26, title=32, figure=38) if large else chosen


def contrast(one: str, other: str) -> float:
    """The WCAG 2.2 contrast ratio of two #RRGGBB colours, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def tokens() -> Tokens:
    """The tokens the application wears now; light ones before ``apply``."""
    app = QApplication.instance()
    worn = app.property(_PROPERTY) if app is not None else None
    return worn if isinstance(worn, Tokens) else LIGHT


def tone(name: str) -> Tone:
    """The colours of a tone: plain, neutral, brand, attention, warming, cooling, good or bad; KeyError otherwise."""
    t = tokens()
    return {
        "plain": Tone(t.muted, t.card, t.line),
        "neutral": Tone(t.neutral, t.neutral_soft, t.neutral_soft),
        "brand": Tone(t.brand, t.brand_soft, t.brand_line),
        "attention": Tone(t.attention, t.attention_soft, t.attention_line),
        "warming": Tone(t.warming, t.warming_soft, t.warming_line),
        "cooling": Tone(t.cooling, t.cooling_soft, t.cooling_line),
        "good": Tone(t.good, t.good_soft, t.good_line),
        "bad": Tone(t.bad, t.bad_soft, t.bad_line),
    }[name]


def face(size: int, *, bold: bool = False) -> QFont:
    """The house's font at ``size`` px; figures stand in columns."""
    font = QFont(QApplication.font())
    font.setPixelSize(size)
    font.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
    return font


@lru_cache(maxsize=1)
def _load_fonts() -> str:
    """Give Qt the fonts the program brings along and return their family."""
    family = ""
    for weight in ("Bold", "Regular"):
        number = QFontDatabase.addApplicationFont(str(asset("fonts", f"NotoSansSC-{weight}.ttf")))
        family = next(iter(QFontDatabase.applicationFontFamilies(number)), family)
    return family


def _family(*, pictures: bool) -> str:
    """The family to write with: the system's best Chinese one, else (and for pictures always) our own."""
    chinese = [] if pictures else QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese)
    if not chinese:
        return _load_fonts()
    return next((family for family in FAMILIES if family in chinese), chinese[0])


def apply(app: QApplication, *, dark: bool = False, large: bool = False, pictures: bool = False) -> None:
    """Dress the application: font, palette and style sheet; every open window follows at once.

    ``pictures`` writes with the fonts the program brings along, so that a picture is the same on every machine.
    """
    worn, family = make(dark=dark, large=large), _family(pictures=pictures)
    if app.property(_PROPERTY) == worn and app.font().family() == family:
        return  # worn already: to dress every widget anew takes longer than a frame
    app.setProperty(_PROPERTY, worn)
    app.setStyle(QStyleFactory.create("Fusion"))
    font = QFont(family)
    font.setPixelSize(worn.body)
    font.setFeature(QFont.Tag("tnum"), 1)
    app.setFont(font)
    app.setPalette(_palette(worn))
    app.setStyleSheet(style_sheet(worn))


def _palette(t: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, t.background),
        (role.WindowText, t.ink),
        (role.Base, t.card),
        (role.AlternateBase, t.background),
        (role.Text, t.ink),
        (role.Button, t.card),
        (role.ButtonText, t.ink),
        (role.ToolTipBase, t.toast),
        (role.ToolTipText, t.on_toast),
        (role.PlaceholderText, t.muted),
        (role.Highlight, t.brand),
        (role.HighlightedText, t.on_brand),
        (role.Link, t.brand),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(t.muted))
    return palette


def style_sheet(t: Tokens) -> str:
    """The style sheet of plain Qt widgets and text roles; the kit's own controls paint themselves from the tokens."""
    fields = "QLineEdit, QPlainTextEdit, QTextEdit, QComboBox, QDateEdit, QSpinBox"
    focused = ", ".join(f"{name.strip()}:focus" for name in fields.split(","))
    return f"""
QWidget {{ color: {t.ink}; }}
QMainWindow, QWidget[ground="page"] {{ background: {t.background}; }}
QFrame[ground="card"] {{ background: {t.card}; border: 1px solid {t.line}; border-radius: {RADIUS}px; }}
QFrame[ground="bar"] {{ background: {t.card}; border: none; }}
QFrame[ground="bar"][edge="bottom"] {{ border-bottom: 1px solid {t.line}; }}
QFrame[ground="bar"][edge="top"] {{ border-top: 1px solid {t.line}; }}
QFrame[ground="rail"] {{ background: {t.rail}; border: none; }}
QFrame[ground="rule"] {{ background: {t.line}; border: none; }}
QFrame[ground="sheet"] {{ background: {t.card}; border: none; border-left: 1px solid {t.line}; }}
QLabel {{ background: transparent; font-size: {t.body}px; }}
QLabel[role="small"] {{ font-size: {t.small}px; color: {t.muted}; }}
QLabel[role="muted"] {{ color: {t.muted}; }}
QLabel[role="strong"] {{ font-size: {t.strong}px; font-weight: bold; }}
QLabel[role="heading"] {{ font-size: {t.body}px; }}
QLabel[role="title"] {{ font-size: {t.title}px; font-weight: bold; }}
QLabel[role="figure"] {{ font-size: {t.figure}px; font-weight: bold; }}
QLabel[role="bad"] {{ color: {t.bad}; }}
QLabel[role="good"] {{ color: {t.good}; }}
QLabel[role="attention"] {{ color: {t.attention}; }}
QLabel[role="rail"] {{ color: {t.rail_ink}; font-size: {t.strong}px; font-weight: bold; }}
{fields} {{
    background: {t.card}; color: {t.ink}; border: 1px solid {t.line}; border-radius: {RADIUS_SMALL}px;
    font-size: {t.body}px; padding: 0 11px; min-height: {t.px(42)}px;
    selection-background-color: {t.brand}; selection-color: {t.on_brand};
}}
QPlainTextEdit, QTextEdit {{ padding: 8px 7px; }}
{focused} {{ border: 2px solid {t.brand}; padding: 0 10px; }}
QPlainTextEdit:focus, QTextEdit:focus {{ padding: 7px 6px; }}
QLineEdit[error="true"], QPlainTextEdit[error="true"], QComboBox[error="true"], QDateEdit[error="true"],
QSpinBox[error="true"] {{ border: 2px solid {t.bad}; padding: 0 10px; }}
QLineEdit:disabled, QPlainTextEdit:disabled, QComboBox:disabled {{ background: {t.off}; color: {t.muted}; }}
QLineEdit[look="scan"] {{
    border: 2px solid {t.brand}; border-radius: {RADIUS}px; font-size: {t.px(18)}px; min-height: {t.px(56)}px;
}}
QLineEdit[waits="true"] {{ color: {t.muted}; }}
QComboBox::drop-down, QDateEdit::drop-down {{ border: none; width: {t.px(30)}px; }}
QComboBox::down-arrow, QDateEdit::down-arrow {{ image: none; }}
QComboBox QAbstractItemView {{
    background: {t.card}; color: {t.ink}; border: 1px solid {t.line};
    selection-background-color: {t.brand_soft}; selection-color: {t.ink}; outline: none;
}}
QSpinBox::up-button, QSpinBox::down-button {{ width: 0; border: none; }}
QScrollArea, QScrollArea > QWidget > QWidget[ground="clear"] {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; }}
QScrollBar::handle {{ background: {t.muted}; border-radius: 4px; min-height: 32px; min-width: 32px; }}
QScrollBar[focused="true"]::handle {{ background: {t.brand}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QListWidget {{ background: {t.card}; border: 1px solid {t.line}; border-radius: {RADIUS}px; padding: 6px; font-size: {t.body}px; }}
QListWidget::item {{ min-height: {t.px(36)}px; padding: 0 8px; border-radius: {RADIUS_SMALL}px; color: {t.ink}; }}
QListWidget::item:selected {{ background: {t.brand_soft}; color: {t.brand}; }}
QListWidget:focus {{ border: 2px solid {t.brand}; padding: 5px; }}
QTableView {{
    background: {t.card}; border: 2px solid transparent; border-radius: {RADIUS_SMALL}px; outline: none; font-size: {t.body}px;
    selection-background-color: {t.brand_soft}; selection-color: {t.ink};
}}
QTableView:focus {{ border-color: {t.brand}; }}
QHeaderView {{ background: {t.card}; border: none; }}
QHeaderView::section {{
    background: {t.card}; color: {t.muted}; border: none; border-bottom: 1px solid {t.line};
    font-size: {t.small}px; padding: 0 6px; min-height: {t.px(34)}px;
}}
QHeaderView[focused="true"]::section {{ color: {t.brand}; border-bottom: 2px solid {t.brand}; }}
QProgressBar {{
    background: {t.track}; border: none; border-radius: 5px; min-height: 10px; max-height: 10px;
}}
QProgressBar::chunk {{ background: {t.brand}; border-radius: 5px; }}
QToolTip {{ background: {t.toast}; color: {t.on_toast}; border: none; padding: 4px 8px; font-size: {t.small}px; }}
QMenu {{ background: {t.card}; border: 1px solid {t.line}; padding: 6px; }}
QMenu::item {{ padding: 8px 18px; border-radius: 6px; }}
QMenu::item:selected {{ background: {t.brand_soft}; }}
QCheckBox {{ spacing: 10px; font-size: {t.body}px; min-height: {t.px(44)}px; }}
"""
