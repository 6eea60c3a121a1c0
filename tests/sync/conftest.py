from __future__ import annotations

import pytest

from station_app.sync import identity
from tests.sync.made import Sides


@pytest.fixture(scope="session")
def sides() -> Sides:
    return Sides(identity.generate(), identity.generate())
