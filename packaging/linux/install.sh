#!/bin/sh
# Puts the program where this desktop finds it, for this person alone: ./install.sh [FOLDER], ~/.local without one.
# ./install.sh --remove [FOLDER] takes it away again. Records are kept elsewhere and stay in both cases.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
remove=
if [ "${1:-}" = "--remove" ]; then remove=yes; shift; fi
to=${1:-"$HOME/.local"}
program="$to/lib/warm-station"

if [ -n "$remove" ]; then
    rm -rf "$program" "$program"-[0-9]* "$program.next"
    rm -f "$to/bin/warm-station" "$to/bin/station-app"
    (cd "$here" && find share -type f) | while IFS= read -r file; do rm -f "$to/$file"; done
    echo "已卸载，记录仍在。 Removed; the records stay."
    exit 0
fi

mkdir -p "$to/bin" "$to/lib"
rm -rf "$program.new"
cp -R "$here/warm-station" "$program.new"
rm -rf "$program.old"
if [ -e "$program" ]; then mv "$program" "$program.old"; fi
mv "$program.new" "$program"
rm -rf "$program.old"
ln -sf ../lib/warm-station/station-app "$to/bin/station-app"
ln -sf ../lib/warm-station/station-app "$to/bin/warm-station"
(cd "$here" && find share -type f) | while IFS= read -r file; do
    mkdir -p "$to/$(dirname "$file")"
    cp "$here/$file" "$to/$file"
done
# a menu starts programs with a PATH of its own
desktop="$to/share/applications/warm-station.desktop"
sed "s|^Exec=.*|Exec=\"$program/station-app\"|" "$desktop" > "$desktop.new" && mv "$desktop.new" "$desktop"
echo "已安装，可以从菜单打开“暖心驿站”。 Installed; open Warm Station from the menu."
