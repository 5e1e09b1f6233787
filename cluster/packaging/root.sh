#!/bin/sh
# Makes a bare Debian in FOLDER (debootstrap's smallest, from the mirror that apt uses here), or keeps the one that is
# there, and runs a script in it as root: a mount namespace of its own, with /proc and /dev, and HERE as /here. With
# BARE_ROOT=FOLDER it copies that one, which an earlier debootstrap made.
#     root.sh FOLDER HERE SCRIPT [ARGUMENT…]
set -eu
PATH=$PATH:/usr/sbin:/sbin
folder=$1 here=$2 script=$3
shift 3
[ "$(id -u)" = 0 ] || { echo "root.sh: needs root, for a root folder of its own" >&2; exit 77; }
command -v debootstrap >/dev/null || { echo "root.sh: needs debootstrap (apt install debootstrap)" >&2; exit 77; }
if [ ! -e "$folder/etc/os-release" ]; then
    # shellcheck disable=SC1091
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE)' "Release: $suite" | head -n 1)}
    if [ -n "${BARE_ROOT:-}" ]; then
        mkdir -p "$folder"
        cp -a "$BARE_ROOT/." "$folder"
    else
        debootstrap --variant=minbase "$suite" "$folder" "$mirror" >&2
    fi
    # Without these files dpkg also installs documentation.
    rm -f "$folder"/etc/dpkg/dpkg.cfg.d/*
fi
[ ! -e /etc/apt/apt.conf ] || cp /etc/apt/apt.conf "$folder/etc/apt/"
cp /etc/resolv.conf "$folder/etc/"
# shellcheck disable=SC2016 # expanded there
exec unshare --mount sh -euc '
folder=$1 here=$2 script=$3
shift 3
mkdir -p "$folder/here"
mount --bind "$here" "$folder/here"
mount -t proc proc "$folder/proc"
mount --rbind /dev "$folder/dev"
exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    chroot "$folder" /bin/sh -euc "$script" sh "$@"
' sh "$folder" "$here" "$script" "$@"
