#!/bin/sh
# Removes what install.sh made in ROOT PREFIX, and nothing else: runs, keys and data sets stay.
#     uninstall.sh ROOT PREFIX
set -eu
target=$1$2
own=share/ranksweep/installed
list=$target/$own
[ -e "$list" ] || { echo "$list is missing: ranksweep is not installed in $target" >&2; exit 2; }
entries=$(grep -vxF $own "$list" | LC_ALL=C sort -r)   # what a folder holds comes before it
# Names of ours have no spaces. The list goes last, so that an uninstallation that is cut short can be repeated; then go
# the folders above it.
for entry in $entries $own $entries; do
    case $entry in
        /* | *..*) echo "$list: '$entry' is not a path below PREFIX" >&2; exit 2 ;;
        */) rmdir "$target/${entry%./}" 2>/dev/null || true ;;   # "./" is PREFIX itself
        *) rm -f "$target/$entry" ;;
    esac
done
echo "removed ranksweep from $target"
