#!/bin/sh
# Makes .build/bundle/ranksweep-worker-bundle.tar.gz: the worker, Swift linked into it, and every shared library it
# needs but glibc's own. One source and one machine make the same bytes. `make bundle` runs this.
#
#     ranksweep-worker       a link to bin/ranksweep-worker
#     bin/ranksweep-worker   looks for its libraries in ../lib first (RPATH, which LD_LIBRARY_PATH does not undo)
#     lib/*.so.*
#     VERSION                one line: the program's version and commit, the machine, and the glibc it needs
set -eu
cd "$(dirname "$0")/.."
name=ranksweep-worker
stage=.build/bundle/stage
program=.build/static/release/$name

cluster/static.sh $name

rm -rf $stage
mkdir -p $stage/bin $stage/lib
strip -o $stage/bin/$name $program
ln -s bin/$name $stage/$name
ldd $program | sed -n 's/^[[:space:]]*\([^ /]*\) => \(.*\) (0x.*/\1 \2/p' | while read -r library path; do
    case $library in
        libc.so.* | libm.so.* | libmvec.so.* | libpthread.so.* | libdl.so.* | librt.so.* | libutil.so.* | \
            libanl.so.* | libresolv.so.* | libnss_*.so.* | ld-linux*.so.*) ;;   # of the host's glibc
        *) cp -L "$path" "$stage/lib/$library" ;;
    esac
done
if ldd $program | grep -q "not found"; then
    ldd $program | grep "not found" >&2
    exit 1
fi
glibc=$(objdump -T $stage/bin/* $stage/lib/* | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
echo "$($program --version | head -n 1), for $(uname -m) with glibc ${glibc#GLIBC_} or newer" >$stage/VERSION

tar -C $stage --sort=name --format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
    -cf - VERSION bin lib $name | gzip -n >.build/bundle/new
mv .build/bundle/new .build/bundle/$name-bundle.tar.gz
rm -rf $stage
echo ".build/bundle/$name-bundle.tar.gz ($(wc -c <.build/bundle/$name-bundle.tar.gz) bytes): $(tar -xzOf \
    .build/bundle/$name-bundle.tar.gz VERSION)"
