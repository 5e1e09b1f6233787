#!/bin/sh
# Copies the programs, recipes, manual pages, completions and docs into ROOT PREFIX. Everything that it makes is listed in
# PREFIX/share/ranksweep/installed, which uninstall.sh reads. `make install` runs this.
#     install.sh FOLDER-OF-THE-PROGRAMS ROOT PREFIX      ROOT is empty, or the folder of a package that is being made
set -eu
umask 022
cd "$(dirname "$0")/../.."
binaries=$1 root=$2 prefix=$3
case $prefix in
    /*) ;;
    *) echo "PREFIX must begin with '/': '$prefix'" >&2; exit 2 ;;
esac
for program in ranksweep ranksweep-worker; do
    [ -x "$binaries/$program" ] || { echo "$binaries/$program is missing: build it with 'make static'" >&2; exit 2; }
    if ldd "$binaries/$program" | grep -q libswift; then
        echo "$binaries/$program needs Swift's own libraries: install what 'make static' builds" >&2
        exit 2
    fi
done
target=$root$prefix
list=share/ranksweep/installed
[ ! -e "$target/$list" ] || cluster/packaging/uninstall.sh "$root" "$prefix"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

# Folders that this script makes are listed too, so that uninstall.sh removes them.
folder() {
    [ ! -d "$target/$1" ] || return 0
    [ "$1" = . ] || folder "$(dirname "$1")"
    echo "$1/" >>"$entries"
    mkdir -p "$target/$1"
}
# put MODE FILE PATH-BELOW-PREFIX
put() {
    folder "$(dirname "$3")"
    echo "$3" >>"$entries"
    install -m "$1" "$2" "$target/$3"
}

# The list grows in its place, so that an installation that is cut short can be removed.
entries=$made/list
: >"$entries"
folder "$(dirname $list)"
install -m 644 "$entries" "$target/$list"
entries=$target/$list

for program in ranksweep ranksweep-worker; do
    strip -o "$made/$program" "$binaries/$program" 2>/dev/null || cp "$binaries/$program" "$made/$program"
    put 755 "$made/$program" bin/$program
done
# The bundle that launch sends to hosts, if it was built from these sources.
bundle=.build/bundle/ranksweep-worker-bundle.tar.gz
version=$("$binaries/ranksweep-worker" --version | head -n 1)
if [ -e $bundle ] && tar -xzOf $bundle VERSION | grep -qF "$version,"; then
    put 644 $bundle lib/ranksweep/ranksweep-worker-bundle.tar.gz
fi
for recipe in sweeps/*.yaml; do put 644 "$recipe" "share/ranksweep/$recipe"; done
"$binaries/ranksweep" schema >"$made/schema"
put 644 "$made/schema" share/ranksweep/sweep.schema.json

"$binaries/ranksweep" man --out "$made/man"
"$binaries/ranksweep-worker" --man >"$made/man/ranksweep-worker.1"
for page in "$made"/man/*.1; do put 644 "$page" "share/man/man1/$(basename "$page")"; done

for shell in bash zsh fish; do "$binaries/ranksweep" completions $shell >"$made/$shell"; done
for program in ranksweep ranksweep-worker; do
    put 644 "$made/bash" share/bash-completion/completions/$program
    put 644 "$made/fish" share/fish/vendor_completions.d/$program.fish
done
put 644 "$made/zsh" "${ZSH_FUNCTIONS:-share/zsh/site-functions}/_ranksweep"

for file in README.md LICENSE cluster/*.* $(find docs -name '*.md' -o -path 'docs/images/*' | LC_ALL=C sort); do
    mode=644
    [ ! -x "$file" ] || mode=755
    put $mode "$file" "share/doc/ranksweep/$file"
done

echo "$version: in $target; 'make uninstall' with the same PREFIX removes it"
case :$PATH: in
    *":$prefix/bin:"*) ;;
    *) [ -n "$root" ] || echo "$prefix/bin is not in PATH: export PATH=$prefix/bin:\$PATH" ;;
esac
