#!/bin/sh
# Says how Swift comes to this machine, in lines to paste. `make` runs this where Swift is missing or too old.
#     swift-is-missing.sh VERSION-NEEDED VERSION-FOUND
found=${2:+"; this machine has $2"}
cat <<LINES
ranksweep needs Swift $1 or newer$found. These lines bring it to Debian 12 or newer and to Ubuntu 22.04 or newer
(swift.org's installer, into your home folder; some 3 GB). Paste them, then run make again:

    sudo apt-get update
    sudo apt-get install -y binutils ca-certificates curl g++ git gnupg libcurl4-openssl-dev libedit-dev \\
        libncurses-dev libpython3-dev libsqlite3-dev libxml2-dev libz3-dev pkg-config tzdata unzip uuid-dev \\
        zlib1g-dev
    curl -O https://download.swift.org/swiftly/linux/swiftly-\$(uname -m).tar.gz
    tar zxf swiftly-\$(uname -m).tar.gz
    ./swiftly init --assume-yes --quiet-shell-followup
    . "\${SWIFTLY_HOME_DIR:-\$HOME/.local/share/swiftly}/env.sh"

Other systems: https://www.swift.org/install/linux
LINES
exit 1
