"""What is new: shown once after an update, as a page of the handbook; later it is found there and on the settings page."""

from __future__ import annotations

from contextlib import suppress

from .. import __version__
from ..paths import DataFolder

PAGE = "news"


def unread(home: DataFolder, version: str = __version__) -> bool:
    """Whether this version's news were not shown here yet, and remember that they are now.

    The first version somebody has is no news. A folder that cannot be written to shows nothing, rather than every time.
    """
    try:
        seen = home.version.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        seen = ""
    if seen == version:
        return False
    written = False
    with suppress(OSError):
        home.version.write_text(f"{version}\n", "utf-8")
        written = True
    return bool(seen) and written
