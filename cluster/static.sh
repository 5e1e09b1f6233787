#!/bin/sh
# Builds a program with Swift linked into it, in .build/static/release. It looks for libraries in ../lib and lib beside
# it first (RPATH, which LD_LIBRARY_PATH does not undo), and needs Debian's for the rest.
#     static.sh ranksweep-worker
set -eu
cd "$(dirname "$0")/.."
# A scratch folder of its own: `swift build` with other flags would undo this build, and this one that.
# shellcheck disable=SC2016 # $ORIGIN is the loader's; the second is for a copy that followed the bundle's link
exec swift build -c release --product "$1" --scratch-path .build/static --static-swift-stdlib \
    -Xlinker --disable-new-dtags -Xlinker -rpath -Xlinker '$ORIGIN/../lib' -Xlinker -rpath -Xlinker '$ORIGIN/lib'
