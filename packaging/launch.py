"""Where the built program begins: PyInstaller starts a script, and the package is entered from it as a package."""

import sys

from station_app.__main__ import main

sys.exit(main())
