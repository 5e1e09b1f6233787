#!/bin/sh
# Tries the package where nothing else is: in a bare Debian, `ranksweep run demo` draws its figure, and removing the package
# leaves nothing behind. Takes some minutes and root. `make try-deb` runs this.
#     try-deb.sh FILE.deb [OPTION-OF-RUN…]
set -eu
cd "$(dirname "$0")/../.."
package=$(realpath "$1")
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# shellcheck disable=SC2016 # expanded there
cluster/packaging/root.sh "$folder/root" "$(dirname "$package")" '
package=/here/$1
shift
list() { find / -xdev \( -path /proc -o -path /dev -o -path /here -o -path /work -o -path /var/lib/dpkg \
    -o -path /var/cache -o -path /var/log -o -path /tmp \) -prune -o -print | LC_ALL=C sort; }
apt-get update -qq
# The libraries stay when the package goes: they are there before.
dpkg-deb -f "$package" Depends | xargs -d "\n" apt-get satisfy -qq -y --no-install-recommends >/dev/null
mkdir -p /work
list >/tmp/before
dpkg -i "$package" >/dev/null
ranksweep --version
cd /work
HOME=/work ranksweep run demo "$@"
[ -s runs/demo/figures/kl-and-rank.png ]
ranksweep --complete plan dem | grep -q "^demo"
if ldd /usr/bin/ranksweep /usr/bin/ranksweep-worker | grep -E "libswift|not found"; then exit 1; fi
dpkg -r ranksweep >/dev/null
list >/tmp/after
diff /tmp/before /tmp/after
echo "the package works on a bare Debian, and removing it leaves nothing"
' "$(basename "$package")" "$@"
