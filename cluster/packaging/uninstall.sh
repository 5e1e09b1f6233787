#!/bin/sh
# Removes what install.sh made in ROOT PREFIX, and nothing else: runs, keys and data sets stay.
#     uninstall.sh ROOT PREFIX
set -eu
target=$1$2
list=$target/share/ranksweep/installed
[ -e "$list" ] || { echo "$list: not there: nothing of ranksweep is installed in $target" >&2; exit 2; }
entries=$(LC_ALL=C sort -r "$list")   # what a folder holds comes before it
# Names of ours have no spaces.
for entry in $entries; do
    case $entry in
        /* | *..*) echo "$list: '$entry' is no path of an installation" >&2; exit 2 ;;
        */) rmdir "$target/${entry%./}" 2>/dev/null || true ;;   # "./" is PREFIX itself
        *) rm -f "$target/$entry" ;;
    esac
done
echo "removed ranksweep from $target"
