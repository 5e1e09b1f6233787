#!/bin/sh
# Runs a command on a machine that has nothing but glibc and a shell: a root of its own with these, /proc, four
# devices, and FOLDER as /home, where the command begins. Keeps the process id; nothing of it is left afterwards.
#     bare.sh FOLDER ./ranksweep-worker --version
set -eu
PATH=$PATH:/usr/sbin:/sbin
[ $# -ge 2 ] || { echo "usage: bare.sh FOLDER COMMAND…" >&2; exit 64; }
[ "$(id -u)" = 0 ] || { echo "bare.sh: needs root, for a root folder of its own" >&2; exit 77; }
unshare --mount mount -t tmpfs none /mnt 2>/dev/null ||
    { echo "bare.sh: this machine lets root mount nothing" >&2; exit 77; }
# shellcheck disable=SC2016 # expanded there
exec env -i HOME=/home PATH=/bin:/usr/bin:/usr/sbin:/sbin unshare --mount sh -euc '
home=$(realpath "$1")
shift
new=/mnt
[ "${home#/mnt}" = "$home" ] || new=/media
mount -t tmpfs none $new
mkdir -p $new/bin $new/home $new/proc $new/dev $new/tmp $new/etc
cp /etc/hosts $new/etc/
shell=$(realpath /bin/sh)
cp "$shell" $new/bin/sh
# The loader and the C library in the folders where programs look for them.
loader=$(ldd "$shell" | grep -o "/[^ ]*/ld-[^ ]*")
folder=$(dirname "$(ldd "$shell" | sed -n "s/.*libc\.so\.6 => \([^ ]*\).*/\1/p")")
mkdir -p "$new$folder" "$new$(dirname "$loader")"
cp -L "$loader" "$new$loader"
for name in c m mvec pthread dl rt util resolv; do
    for file in "$folder/lib$name".so.[0-9]; do [ ! -e "$file" ] || cp -L "$file" "$new$folder/"; done
done
for device in null zero random urandom; do
    : >$new/dev/$device
    mount --bind /dev/$device $new/dev/$device
done
mount -t proc proc $new/proc
mount --bind "$home" $new/home
exec chroot $new /bin/sh -c "cd /home && exec \"\$@\"" sh "$@"
' sh "$@"
