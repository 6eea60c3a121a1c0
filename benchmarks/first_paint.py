"""One start, measured from outside (``start.py``): show a window, say when it was painted, stay until the parent has looked.

``python benchmarks/first_paint.py bare|unlock|ours FOLDER``, the repository on PYTHONPATH. A script and no module: a bare window must not
pay for what the other measurements import.
"""

from __future__ import annotations

import os
import sys


def main(kind: str, place: str) -> None:
    """``bare`` is PySide6 with one label, ``unlock`` what asks for the password of the station in ``place``, ``ours`` its desk."""
    if kind != "bare":
        import gc

        gc.disable()
        from station_app import app
        from station_app.services import stations
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication, QLabel

    class FirstPaint(QObject):
        seen = False

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and not self.seen:
                self.seen = True
                QTimer.singleShot(0, self._tell)  # once all that was to be painted with it is painted
            return False

        def _tell(self) -> None:
            print("painted", flush=True)
            sys.stdin.read()
            os._exit(0)  # the parent has what it wanted; closing would only cost it time

    watch = FirstPaint()
    if kind != "bare":
        from pathlib import Path

        qt, folder = app.application(), Path(place)
        window = app.StartWindow(folder) if kind == "unlock" else app.window(stations.open_station(folder, "benchmark"), backups=True)
        window.installEventFilter(watch)
        window.show()
        qt.exec()
    else:
        plain = QApplication(sys.argv[:1])
        bare = QLabel("warm station")
        bare.resize(1366, 768)
        bare.installEventFilter(watch)
        bare.show()
        plain.exec()


if __name__ == "__main__":
    main(*sys.argv[1:3])
