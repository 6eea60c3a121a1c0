"""The fictional district 云桥区: its station, what stands on its shelf, who comes and what they ask for (DOMAIN.md section 8).

Everything here is invented; phones stand in the block 199 1100 xxxx, which the sample rosters use too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from ..db import Database
from ..model import (
    Amenity,
    AssetKind,
    Category,
    EmergencyKind,
    ItemKind,
    MovementKind,
    Occupation,
    RequestKind,
    Station,
    WeatherLevel,
)
from . import supplies

STATION = Station(
    id="", code="YQ", letter="A", name="云桥暖心驿站", district_code="990101", district_name="云桥区", opens="08:00",
    closes="21:00", zone="Asia/Shanghai", phone="0999-1100110", sample=True,
)  # fmt: skip
KEEPERS = ("王敏", "陈立")
"""By day and in the evening."""


# --- the shelf -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stock:
    """An item of the sample station: ``pack`` units come at once and keep ``keeps`` days, ``share`` weighs how often it is given."""

    name: str
    unit: str
    kind: ItemKind
    share: int
    pack: int
    low_level: int
    keeps: int = 0
    months: tuple[int, int] = (1, 12)
    most_per_day: int | None = None
    alcohol: bool = False


COOL, WARM = (6, 9), (11, 3)
SHELF: tuple[Stock, ...] = (
    Stock("防暑包", "份", ItemKind.COOLING, 22, 120, 20, 540, COOL, 1),
    Stock("清凉包", "份", ItemKind.COOLING, 8, 80, 15, 540, COOL, 1),
    Stock("藿香正气水", "盒", ItemKind.COOLING, 20, 100, 20, 400, COOL, 1, alcohol=True),
    Stock("矿泉水", "瓶", ItemKind.DRINK, 40, 240, 48, 365, most_per_day=2),
    Stock("冰饮", "瓶", ItemKind.COOLING, 14, 96, 24, 180, COOL, 1),
    Stock("暖宝宝", "片", ItemKind.WARMING, 30, 200, 40, 900, WARM, 2),
    Stock("暖心包", "份", ItemKind.WARMING, 12, 60, 10, 540, WARM, 1),
    Stock("创可贴", "片", ItemKind.FIRST_AID, 4, 100, 20, 720, most_per_day=2),
    Stock("政策宣传册", "册", ItemKind.STUDY, 4, 100, 10, most_per_day=1),
)


def stock(db: Database, at: datetime | None = None) -> None:
    """Put the sample items on the shelf of ``db`` with their opening stock: two packs each, in lots with expiry dates."""
    moment = at or db.now()
    for one in SHELF:
        item, _ = supplies.add_item(
            db, one.name, one.unit, one.kind, low_level=one.low_level, alcohol=one.alcohol, months=one.months,
            most_per_day=one.most_per_day, at=moment,
        )  # fmt: skip
        for number, share in enumerate((1, 2), start=1):
            lot, expiry = lot_of(one, moment, number, one.keeps * share // 2)
            supplies.receive(db, item.id, one.pack, MovementKind.OPENING, lot=lot, expiry=expiry, at=moment)


def lot_of(one: Stock, moment: datetime, number: int, keeps: int) -> tuple[str, str]:
    """The lot number and expiry date of a delivery; an item that keeps for ever has neither."""
    if not keeps:
        return "", ""
    return f"{moment:%y%m%d}-{number}", (moment + timedelta(days=keeps)).date().isoformat()


# --- what stands in the house ------------------------------------------------------------------------------------------------

SOURCE = "云桥街道"
LENDING: tuple[tuple[AssetKind, str, int, bool], ...] = (
    (AssetKind.UMBRELLA, "雨伞", 12, False), (AssetKind.POWER_BANK, "充电宝", 8, False), (AssetKind.PUMP, "打气筒", 1, False),
    (AssetKind.RAINCOAT, "雨衣", 10, True),
)  # fmt: skip
"""Kind, name, how many, whether all alike share one code."""
EQUIPMENT = (("微波炉", "窗边", 30), ("饮水机", "门口", 30), ("充电柜", "东墙", 30), ("空调", "大厅", 90), ("灭火器", "门口", 30))
"""Name, place, days between checks."""
FIRST_AID = (
    ("碘伏棉签", "包", 6, 500), ("创可贴", "片", 60, 700), ("烫伤膏", "支", 2, 160), ("纱布", "卷", 5, 900), ("藿香正气水", "盒", 2, 95),
)  # fmt: skip
"""Name, unit, how many, days it keeps."""
FAULTS = ("不加热", "有异响", "不通电", "漏水")
FIXER, MENDED = "社区电工", "已更换零件"
EXCEPTIONS = (("插座松动", "已断电，报修"), ("安全通道有杂物", "已清理"), ("地面湿滑", "已拖干，放警示牌"))
FOUND = (("手套", "充电区"), ("头盔", "门口"), ("保温杯", "休息区"), ("工作证", "柜台"), ("雨伞", "门口"))
KEPT_IN = "柜台抽屉"
EMERGENCIES = (
    (EmergencyKind.MEDICAL, ("120",), "休息区", "骑手中暑，已扶到空调下，急救车接走"),
    (EmergencyKind.FIRE, ("119",), "门前充电棚", "电瓶车充电冒烟，断电后用灭火器扑灭"),
    (EmergencyKind.POLICE, ("110",), "门口", "两位师傅因剐蹭争执，民警到场调解"),
    (EmergencyKind.MEDICAL, ("120",), "卫生间", "一位师傅滑倒，脚踝扭伤，已冰敷送医"),
    (EmergencyKind.TRAFFIC, ("122", "120"), "路口", "骑手被车碰倒，擦伤，已包扎"),
)


def late(titles: Sequence[str]) -> str:
    """What a handover says of things that are late."""
    return f"超期未还：{'、'.join(titles)}"


def came(count: int) -> str:
    """What a duty log says of a quiet day."""
    return f"来访 {count} 人次"


def sky(high: int | None, level: WeatherLevel | None) -> str:
    """What a duty log says of the weather."""
    told = [f"{WARNINGS[level]}预警"] if level in WARNINGS else []
    return "，".join([*told, *([f"最高 {high}℃"] if high is not None else [])])


WARNINGS = {WeatherLevel.HEAT_YELLOW: "高温黄色", WeatherLevel.HEAT_ORANGE: "高温橙色", WeatherLevel.HEAT_RED: "高温红色"}


# --- who comes, when and for what ----------------------------------------------------------------------------------------

OCCUPATIONS: dict[Occupation, int] = {
    Occupation.RIDER: 42, Occupation.COURIER: 18, Occupation.SANITATION_WORKER: 18, Occupation.RIDE_HAIL_DRIVER: 9,
    Occupation.TRUCK_DRIVER: 3, Occupation.OTHER: 6, Occupation.RESIDENT: 4,
}  # fmt: skip
HOURS = dict(zip(range(8, 21), (4, 9, 7, 3, 4, 13, 20, 16, 9, 4, 3, 4, 4), strict=True))
MONTHS = (1.25, 0.75, 0.95, 0.85, 0.9, 1.1, 1.4, 1.35, 0.9, 0.8, 0.95, 1.2)
AMENITIES: dict[Amenity, int] = {
    Amenity.WATER: 70, Amenity.REST: 60, Amenity.CHARGING: 35, Amenity.TOILET: 30, Amenity.MICROWAVE: 18, Amenity.FIRST_AID: 3,
}  # fmt: skip
HIGHS = (6, 8, 14, 21, 26, 30, 35, 34, 28, 21, 14, 8)
"""The usual forecast high of each month, degrees Celsius."""

PLATFORMS: dict[Occupation, tuple[str, ...]] = {
    Occupation.RIDER: ("美味速达", "飞鹿外卖", "云桥跑腿"),
    Occupation.COURIER: ("迅达快递", "白鸽速运", "同城邮路"),
    Occupation.SANITATION_WORKER: ("云桥环卫所", "净城保洁"),
    Occupation.RIDE_HAIL_DRIVER: ("顺行出行", "云桥出租"),
    Occupation.TRUCK_DRIVER: ("满程货运",),
    Occupation.RESIDENT: ("云桥社区",),
    Occupation.OTHER: ("",),
}
"""Invented employers."""

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_GIVEN = "伟强磊洋勇军杰涛明超亮刚平辉鹏斌波飞建国华志海峰林宇浩东升春生福来顺有德文武成功金玉兰英梅芳霞丽红艳秀珍娟敏静燕玲桂香云晓月雪琴"
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "尉迟", "长孙", "慕容", "皇甫", "令狐", "宇文")
REMARKABLE = (
    "欧阳志强", "买买提·艾力", "李𬭎", "上官志斌", "古丽·阿不都", "王㛃", "尉迟国顺", "赵龑", "单雄", "扎西·次仁", "万俟春生", "仇海英",
)  # fmt: skip
"""Names that catch programs out: compound surnames, the middle dot, rare characters, surnames with a reading of their own."""


def name(dice: Random, number: int) -> str:
    """A name for the ``number``-th regular; the remarkable ones come first among every few."""
    place, rest = divmod(number, 5)
    if rest == 2 and place < len(REMARKABLE):
        return REMARKABLE[place]
    surname = dice.choice(_COMPOUND) if dice.random() < 0.03 else dice.choice(_SURNAMES)
    return surname + "".join(dice.choice(_GIVEN) for _ in range(dice.choice((1, 2, 2))))


def phone(number: int) -> str:
    """The phone of the ``number``-th regular, "" when the invented block is used up."""
    return f"1991100{number:04d}" if number < 10_000 else ""


# --- what they ask for ---------------------------------------------------------------------------------------------------

REQUESTS: dict[Category, int] = {
    Category.FACILITIES: 24, Category.ESTATE_ACCESS: 16, Category.LABOUR: 14, Category.INSURANCE: 12, Category.STATION: 12,
    Category.SCHOOLING: 8, Category.ROAD_SAFETY: 6, Category.HOUSING: 3, Category.TRAINING: 2, Category.HARDSHIP: 2, Category.OTHER: 1,
}  # fmt: skip
WORDS: dict[Category, tuple[tuple[RequestKind, str], ...]] = {
    Category.FACILITIES: (
        (RequestKind.SUGGESTION, "东门一带换电柜太少，中午排队要二十分钟，希望再添一组"),
        (RequestKind.HELP, "云桥商场后面没有电动车停车位，取餐时常被贴条"),
        (RequestKind.COMPLAINT, "沿河路的公共厕所晚上七点就锁门了"),
    ),
    Category.ESTATE_ACCESS: (
        (RequestKind.HELP, "锦云小区不让电动车进，送到楼下要走十几分钟，想要一条快递通道"),
        (RequestKind.COMPLAINT, "翠湖苑保安要押身份证才让进，大家意见很大"),
    ),
    Category.LABOUR: (
        (RequestKind.HELP, "站点拖了一个月的配送费没有结，想知道找哪个部门"),
        (RequestKind.COMPLAINT, "因为下暴雨超时被罚款，申诉没有人回"),
    ),
    Category.INSURANCE: (
        (RequestKind.ENQUIRY, "灵活就业人员怎么交养老保险，需要带什么材料"),
        (RequestKind.ENQUIRY, "送单路上摔伤了，职业伤害保障怎么申请"),
    ),
    Category.STATION: (
        (RequestKind.REPORT, "驿站微波炉加热到一半就停，麻烦修一下"),
        (RequestKind.SUGGESTION, "希望延长开放时间，夜里跑单也能歇歇脚"),
        (RequestKind.PRAISE, "管理员帮忙找回了落下的手机，谢谢驿站"),
    ),
    Category.SCHOOLING: ((RequestKind.ENQUIRY, "孩子九月上小学，外地户口要准备哪些材料"),),
    Category.ROAD_SAFETY: (
        (RequestKind.REPORT, "云桥路口右转车道护栏断了，晚上看不清"),
        (RequestKind.SUGGESTION, "幸福街非机动车道被小货车占了，希望有人管"),
    ),
    Category.HOUSING: ((RequestKind.HELP, "房东不退押金，不知道可以找谁"),),
    Category.TRAINING: ((RequestKind.ENQUIRY, "想学叉车，区里有没有免费的技能班"),),
    Category.HARDSHIP: ((RequestKind.HELP, "工友家里老人住院，想问问有没有临时救助"),),
    Category.OTHER: ((RequestKind.SUGGESTION, "希望驿站门口装一个休息长椅"),),
}
UNITS: dict[Category, str] = {
    Category.FACILITIES: "区城管局", Category.ESTATE_ACCESS: "云桥街道", Category.LABOUR: "区人社局", Category.INSURANCE: "区人社局",
    Category.SCHOOLING: "区教育局", Category.ROAD_SAFETY: "区交警大队", Category.HOUSING: "区住建局", Category.TRAINING: "区人社局",
    Category.HARDSHIP: "区民政局",
}  # fmt: skip
"""The unit a request goes to; what is missing here the station settles itself."""

REPLY = "已联系责任单位，安排了处理时间，结果在驿站公示。"
"""What comes back, in a demo."""
