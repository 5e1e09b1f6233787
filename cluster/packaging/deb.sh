#!/bin/sh
# Makes .build/ranksweep_VERSION_ARCHITECTURE.deb of the programs in a folder, with dpkg-deb alone: Swift is linked into
# them, Debian's packages bring the other libraries. `make deb` runs this.
#     deb.sh FOLDER-OF-THE-PROGRAMS
set -eu
cd "$(dirname "$0")/../.."
binaries=$1
stage=.build/deb
rm -rf $stage
mkdir -p $stage/DEBIAN
ZSH_FUNCTIONS=share/zsh/vendor-completions cluster/packaging/install.sh "$binaries" "$PWD/$stage" /usr >/dev/null
rm $stage/usr/share/ranksweep/installed   # dpkg has a list of its own
gzip -9n $stage/usr/share/man/man1/*.1
mv $stage/usr/share/doc/ranksweep/LICENSE $stage/usr/share/doc/ranksweep/copyright

# The packages of the libraries that the programs name; any build of OpenBLAS will do.
names=$(for program in ranksweep ranksweep-worker; do
    for library in $(objdump -p $stage/usr/bin/$program | sed -n 's/^ *NEEDED *//p'); do
        file=$(ldd $stage/usr/bin/$program | sed -n "s/^[[:space:]]*$library => \(\/[^ ]*\) .*/\1/p")
        case $library in libc.so.* | libm.so.* | ld-linux*) continue ;; esac
        package=${file:+$(dpkg-query -S "*/$(basename "$(realpath "$file")")" | sed 's/[:,].*//' | head -n 1)}
        [ -n "$package" ] || { echo "no Debian package has $library" >&2; exit 1; }
        case $package in libopenblas0-*) package="libopenblas0-pthread | libopenblas0" ;; esac
        echo "$package"
    done
done)
packages=$(echo "$names" | LC_ALL=C sort -u | sed 's/$/, /' | tr -d '\n')
glibc=$(objdump -T $stage/usr/bin/* | grep -o 'GLIBC_[0-9.]*' | LC_ALL=C sort -uV | tail -n 1)
version=$("$binaries/ranksweep" --version | sed -n '1s/^ranksweep \([^,]*\),.*/\1/p')
# Between two releases each commit is a version of its own, later than the release before.
if ! git describe --exact-match --match "v$version" >/dev/null 2>&1; then
    version=$version+git$(TZ=UTC git log -1 --format=%cd.%h --date=format-local:%Y%m%d%H%M 2>/dev/null || echo 0)
fi
architecture=$(dpkg --print-architecture)
cat >$stage/DEBIAN/control <<CONTROL
Package: ranksweep
Version: $version
Architecture: $architecture
Maintainer: the authors of ranksweep <ranksweep@localhost>
Installed-Size: $(du -sk $stage/usr | cut -f 1)
Depends: ${packages}libc6 (>= ${glibc#GLIBC_}), gnuplot-nox | gnuplot
Recommends: ca-certificates, curl, openssh-client
Section: science
Priority: optional
Description: sweeps of small trainings over many hosts, and the figures from them
 ranksweep trains hundreds to millions of small neural networks over grids of
 hyperparameters, on one machine or on many, measures them along training, and
 draws figures with closed-form theory beside the measurements.
CONTROL
(cd $stage && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
rm -f .build/ranksweep_*_"$architecture".deb   # of earlier commits
file=.build/ranksweep_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build $stage "$file" >/dev/null
rm -rf $stage
echo "$file ($(wc -c <"$file") bytes): sudo apt install ./$file"
