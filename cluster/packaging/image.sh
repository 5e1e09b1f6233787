#!/bin/sh
# Makes .build/ranksweep-image.tar, an OCI image of a bare Debian with the package, without a registry. Needs root, buildah
# and debootstrap. `make image` runs this.
#     image.sh FILE.deb
#     podman load -i .build/ranksweep-image.tar; podman run --rm -v "$PWD:/work" ranksweep run demo
set -eu
cd "$(dirname "$0")/../.."
package=$(realpath "$1")
command -v buildah >/dev/null || { echo "image.sh: needs buildah (apt install buildah)" >&2; exit 77; }
folder=$(mktemp -d)
container=
trap 'rm -rf "$folder"; [ -z "$container" ] || buildah rm "$container" >/dev/null' EXIT
# shellcheck disable=SC2016 # expanded there
cluster/packaging/root.sh "$folder/root" "$(dirname "$package")" '
apt-get update -qq
apt-get install -qq -y --no-install-recommends "/here/$1" ca-certificates curl openssh-client >/dev/null
apt-get clean
rm -rf /var/lib/apt/lists/* /var/log/*
' "$(basename "$package")"
rmdir "$folder/root/here"
# The image has nothing of this machine's network, nor a password of its mirror.
(cd "$folder/root/etc" && rm -f apt/apt.conf resolv.conf hostname && sed -i 's|://[^/@ ]*@|://|' apt/sources.list)
export BUILDAH_ISOLATION=chroot
container=$(buildah from scratch)
buildah add --quiet "$container" "$folder/root" / >/dev/null
buildah config --entrypoint '["/usr/bin/ranksweep"]' --cmd --help --workingdir /work "$container"
rm -f .build/ranksweep-image.tar
buildah commit --quiet "$container" "oci-archive:.build/ranksweep-image.tar:ranksweep" >/dev/null
echo ".build/ranksweep-image.tar ($(wc -c <.build/ranksweep-image.tar) bytes)"
