"""Two rows of the desk: the services used during the visit on the card, and one card an occupation for those without one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ...model import Amenity, Occupation
from ...words import label, t
from ..kit import Chip, FlowLayout, TallyCard
from .desk_tiles import Tiles


class Amenities(QWidget):
    """A chip for every service; they follow the database, a press only asks. Ctrl and a digit press the nth."""

    asked = Signal(object, bool)

    def __init__(self) -> None:
        super().__init__()
        flow = FlowLayout(8)
        self.setLayout(flow)
        self._chips: dict[Amenity, Chip] = {}
        for number, amenity in enumerate(Amenity, 1):
            chip = self._chips[amenity] = Chip(amenity_label(amenity), key=str(number))
            chip.setToolTip(label(amenity))
            chip.clicked.connect(lambda checked, amenity=amenity: self.asked.emit(amenity, checked))
            flow.addWidget(chip)

    def show_used(self, used: Collection[Amenity], possible: bool) -> None:
        """Show which are used; without a visit none can be."""
        for amenity, chip in self._chips.items():
            chip.setChecked(amenity in used)
            chip.setEnabled(possible)

    def used(self) -> set[Amenity]:
        """The chips that are on."""
        return {amenity for amenity, chip in self._chips.items() if chip.isChecked()}

    def press(self, number: int) -> None:
        """Press the chip with this number."""
        list(self._chips.values())[number - 1].click()


class Tallies(Tiles):
    """A card an occupation, in the order of F2 to F8, with today's anonymous person-times."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__(narrowest=94, height=68, gap=8)
        self._cards = {one: TallyCard(tally_label(one), key=f"F{number}") for number, one in enumerate(Occupation, 2)}
        for occupation, card in self._cards.items():
            card.setToolTip(label(occupation))
            card.clicked.connect(lambda _checked=False, occupation=occupation: self.chosen.emit(occupation))
        self.set_tiles(list(self._cards.values()))

    def show_counts(self, counts: Mapping[Occupation, int]) -> None:
        """Show these numbers; cards whose number stays are left alone."""
        for occupation, card in self._cards.items():
            if card.count() != counts.get(occupation, 0):
                card.set_count(counts.get(occupation, 0))

    def count(self, occupation: Occupation) -> int:
        """The number on a card."""
        return self._cards[occupation].count()


def amenity_label(amenity: Amenity) -> str:
    """A service on a chip, short enough for seven in a row."""
    return {
        Amenity.WATER: t("desk.water"),
        Amenity.REST: t("desk.rest"),
        Amenity.CHARGING: t("desk.charging"),
        Amenity.MICROWAVE: t("desk.microwave"),
        Amenity.TOILET: t("desk.toilet"),
        Amenity.FIRST_AID: t("desk.first_aid"),
        Amenity.POLICY_ADVICE: t("desk.policy_advice"),
    }[amenity]


def tally_label(occupation: Occupation) -> str:
    """An occupation on a narrow tally card."""
    return {
        Occupation.RIDER: t("desk.rider"),
        Occupation.COURIER: t("desk.courier"),
        Occupation.RIDE_HAIL_DRIVER: t("desk.ride_hail_driver"),
        Occupation.TRUCK_DRIVER: t("desk.truck_driver"),
        Occupation.SANITATION_WORKER: t("desk.sanitation_worker"),
        Occupation.RESIDENT: t("desk.resident"),
        Occupation.OTHER: t("desk.other"),
    }[occupation]
