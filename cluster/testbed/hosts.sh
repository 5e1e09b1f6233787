#!/bin/bash
# A bed of hosts on one machine, to test with: each host is a set of namespaces with its own address, host name, ssh
# server, home, /tmp, /run and /dev/shm; all hang on a bridge in a namespace named hub, where the coordinator lives.
# The hosts share the machine's other files (programs, data sets). The bed has no way to the outside world.
set -eu
PATH=$PATH:/usr/sbin:/sbin
root_home=$(getent passwd 0 | cut -d: -f6)
beds=/run/ranksweep-testbed   # one folder a bed: where its files are, and the process that it ends with

usage() {
    cat <<'END'
usage: hosts.sh up N DIR            start host1 … hostN; ssh -F DIR/ssh_config host1 reaches one from the hub
       hosts.sh enter DIR COMMAND…  run a command in the hub (keeps the process id, HOME and the folder)
       hosts.sh cut NAME DIR        cut a host's link: packets vanish silently
       hosts.sh mend NAME DIR       restore the link
       hosts.sh rate NAME KBIT DIR  limit the link to KBIT kbit/s each way; 0: full speed again
       hosts.sh reboot NAME DIR     kill everything on a host at once, and start it again with the same disk
       hosts.sh status DIR          each host's address, link and number of processes
       hosts.sh check               say what this machine lacks for a bed, if anything
       hosts.sh down DIR            end the bed and everything in it; the files of DIR stay

On a host, its home is DIR/NAME/home, and DIR/share is /mnt, the same folder on every host. What runs on it, its ssh
server apart, is gone after a reboot; so are /tmp, /run and /dev/shm. Started with BED_OWNER=PID, the bed counts as
dead once that process is; `up` clears dead beds away, and those whose DIR is gone.
Exit codes: 0 done; 1 failed; 64 wrong usage; 77 this machine cannot have a bed (not root, or tools are missing): it says why.
END
}

fail() { echo "hosts.sh: $1" >&2; exit "${2:-1}"; }

# What a bed needs, or exit code 77 with one line of what is missing.
check_machine() {
    [ "$(id -u)" = 0 ] || fail "needs root, for network namespaces" 77
    missing=""
    for pair in ip:iproute2 tc:iproute2 sshd:openssh-server ssh:openssh-client nsenter:util-linux \
        unshare:util-linux hostname:hostname; do
        command -v "${pair%:*}" >/dev/null || missing="$missing ${pair%:*} (package ${pair#*:})"
    done
    [ -z "$missing" ] || fail "missing:$missing" 77
    unshare --mount --uts --ipc --net --pid --fork --mount-proc sh -c '
        ip link add br0 type bridge && ip link add v1 type veth peer name v2 && mount -t tmpfs none /mnt
        ' >/dev/null 2>&1 ||
        fail "this machine lets root make no namespaces, bridges or mounts (a container without privileges?)" 77
}

open_bed() {   # DIR: sets dir, bed (the prefix of its names, such as rs3) and subnet
    dir=$(realpath -e -- "$1" 2>/dev/null) || fail "no folder $1"
    [ -f "$dir/bed" ] || fail "$dir holds no bed: hosts.sh up N $dir"
    bed=$(cat "$dir/bed")
    [ "$(cat "$beds/$bed/dir" 2>/dev/null)" = "$dir" ] || fail "the bed of $dir is down: hosts.sh up N $dir"
    subnet=10.210.${bed#rs}
}

open_host() {   # NAME DIR: sets also host and link, the hub's end of its cable
    open_bed "$2"
    host=$1
    link=v${host#host}
    if [ "$host" = hub ] || ! [ -e "/run/netns/$bed-$host" ]; then
        fail "no host '$1' in $dir: hosts.sh status $dir"
    fi
}

start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# Ends every process in a network namespace: nothing of a host can hide from that, whoever started it.
kill_all() {
    while pids=$(ip netns pids "$1" 2>/dev/null) && [ -n "$pids" ]; do
        # shellcheck disable=SC2086 # a list
        kill -9 $pids 2>/dev/null || true
        sleep 0.02
    done
}

clear_bed() {   # rsK: ends its processes and namespaces, whatever is left of them
    for space in $(ip netns list | cut -d' ' -f1 | grep "^$1-" || true); do
        kill_all "$space"
        ip netns delete "$space" 2>/dev/null || true
    done
    rm -rf "${beds:?}/$1"
}

clear_dead_beds() {
    for folder in "$beds"/*; do
        [ -f "$folder/dir" ] || continue
        owner=$(cat "$folder/owner" 2>/dev/null || true)
        if ! [ -d "$(cat "$folder/dir")" ] ||
            { [ -n "$owner" ] && [ "$(start_time "${owner% *}")" != "${owner#* }" ]; }; then
            clear_bed "${folder##*/}"
        fi
    done
}

up() {   # N DIR
    case $1 in *[!0-9]* | "" | 0) fail "how many hosts? '$1'" 64 ;; esac
    [ "$1" -le 200 ] || fail "at most 200 hosts" 64
    check_machine
    mkdir -p "$2" "$beds"
    dir=$(realpath -e -- "$2")
    clear_dead_beds
    if [ -f "$dir/bed" ] && [ "$(cat "$beds/$(cat "$dir/bed")/dir" 2>/dev/null)" = "$dir" ]; then
        clear_bed "$(cat "$dir/bed")"
    fi
    number=1
    until mkdir "$beds/rs$number" 2>/dev/null; do
        number=$((number + 1))
        [ "$number" -lt 255 ] || fail "254 beds are up already: $beds"
    done
    bed=rs$number subnet=10.210.$number
    [ -z "${BED_OWNER:-}" ] || echo "$BED_OWNER $(start_time "$BED_OWNER")" >"$beds/$bed/owner"
    echo "$dir" >"$beds/$bed/dir"
    echo "$bed" >"$dir/bed"
    trap 'clear_bed "$bed"' EXIT   # a bed that did not come up leaves nothing
    trap 'exit 130' INT TERM HUP
    mkdir -p "$dir/share"
    [ -f "$dir/id_ed25519" ] || ssh-keygen -q -t ed25519 -N "" -C testbed -f "$dir/id_ed25519"
    printf '127.0.0.1 localhost\n%s.1 hub\n' "$subnet" >"$dir/hosts"
    : >"$dir/known_hosts"
    cat >"$dir/ssh_config" <<END
Host *
    User root
    IdentityFile "$dir/id_ed25519"
    IdentitiesOnly yes
    UserKnownHostsFile "$dir/known_hosts"
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    BatchMode yes
    ConnectTimeout 5
END
    clear_space hub
    ip -n "$bed-hub" link add br0 type bridge
    ip -n "$bed-hub" addr add "$subnet.1/24" dev br0
    ip -n "$bed-hub" link set br0 up
    for index in $(seq "$1"); do add_host "$index"; done
    for index in $(seq "$1"); do start_host "host$index"; done
    for index in $(seq "$1"); do await_host "host$index"; done
    trap - EXIT
    echo "$1 hosts are up: hosts.sh enter $2 ssh -F $dir/ssh_config host1"
}

clear_space() {   # NAME: a new namespace of that name, with a loopback
    ip netns add "$bed-$1"
    ip -n "$bed-$1" link set lo up
}

add_host() {   # index: its cable, address, keys and disk
    host=host$1 address=$subnet.$((10 + $1))
    clear_space "$host"
    ip link add "v$1" netns "$bed-hub" type veth peer name eth0 netns "$bed-$host"
    ip -n "$bed-hub" link set "v$1" master br0 up
    ip -n "$bed-$host" addr add "$address/24" dev eth0
    ip -n "$bed-$host" link set eth0 up
    mkdir -p "$dir/$host/home" "$dir/$host/ssh"
    rm -f "$dir/$host/shadow"
    if grep -q '^root:!' /etc/shadow; then   # root is locked here, and could not log in there
        (umask 077 && sed 's/^root:[^:]*/root:*/' /etc/shadow >"$dir/$host/shadow")
    fi
    key=$dir/$host/ssh/ssh_host_ed25519_key
    [ -f "$key" ] || ssh-keygen -q -t ed25519 -N "" -C "$host" -f "$key"
    cp "$dir/id_ed25519.pub" "$dir/$host/ssh/authorized_keys"
    cat >"$dir/$host/ssh/sshd_config" <<END
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PidFile none
MaxStartups 100
Subsystem sftp internal-sftp
END
    echo "$address $host" >>"$dir/hosts"
    echo "$host,$address $(cut -d' ' -f1,2 "$key.pub")" >>"$dir/known_hosts"
    printf 'Host %s\n    HostName %s\n' "$host" "$address" >>"$dir/ssh_config"
}

# Redirected, without files of whoever started the bed (some wait until nobody has those), and in a session of its own.
start_host() {
    (
        for file in /proc/"$BASHPID"/fd/*; do
            number=${file##*/}
            [ "$number" -le 2 ] || [ "$number" = 255 ] || eval "exec $number>&-"   # 255: bash's own
        done
        exec setsid nsenter --net="/run/netns/$bed-$1" \
            unshare --mount --uts --ipc --pid --fork --mount-proc \
            env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
            sh -euc "$boot" "$1" "$dir" "$1" "$root_home"
    ) </dev/null >"$dir/$1/log" 2>&1 &
}

# Run by process 1 of a host. The folder of the bed may lie under /tmp, which goes last.
# shellcheck disable=SC2016 # expanded on the host
boot='
hostname "$2"
mount --bind "$1/hosts" /etc/hosts
[ ! -f "$1/$2/shadow" ] || mount --bind "$1/$2/shadow" /etc/shadow
mount --bind "$1/$2/ssh" /etc/ssh
mount --bind "$1/share" /mnt
home=$1/$2/home
cd /
mount --bind "$home" "$3"
mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir /run/sshd
exec "$(command -v sshd)" -D -e
'

await_host() {
    for _ in $(seq 500); do
        grep -q "Server listening" "$dir/$1/log" 2>/dev/null && return
        sleep 0.02
    done
    fail "$1 did not start: $(tail -n 3 "$dir/$1/log" 2>/dev/null | tr '\n' ' ')"
}

reboot() {
    ip -n "$bed-hub" link set "$link" down   # as with a power cut, no connection is closed
    kill_all "$bed-$host"
    sleep 1
    ip -n "$bed-hub" link set "$link" up
    : >"$dir/$host/log"
    start_host "$host"
    await_host "$host"
}

rate() {   # KBIT
    case $1 in *[!0-9]* | "") fail "how many kbit/s? '$1'" 64 ;; esac
    for end in "$bed-hub $link" "$bed-$host eth0"; do
        # shellcheck disable=SC2086 # two words
        set -- "$1" $end
        tc -n "$2" qdisc delete dev "$3" root 2>/dev/null || true
        [ "$1" = 0 ] || tc -n "$2" qdisc add dev "$3" root \
            tbf rate "$1kbit" burst $((8000 + $1 * 5 / 4)) latency 400ms
    done
}

status() {
    for index in $(seq 200); do
        space=$bed-host$index
        [ -e "/run/netns/$space" ] || break
        state=$(ip -n "$bed-hub" link show "v$index" | grep -q '[<,]UP[,>]' && echo up || echo cut)
        slow=$(tc -n "$bed-hub" qdisc show dev "v$index" | sed -n 's/.* tbf .* rate \([^ ]*\).*/, \1/p')
        echo "host$index  $subnet.$((10 + index))  link $state$slow  $(ip netns pids "$space" | wc -l) processes"
    done
}

enter() {   # COMMAND…: in the hub, as host hub, with the bed's names
    # shellcheck disable=SC2016 # expanded there
    exec nsenter --net="/run/netns/$bed-hub" unshare --mount --uts \
        sh -euc 'hostname hub; mount --bind "$1/hosts" /etc/hosts; shift; exec "$@"' hub "$dir" "$@"
}

case ${1:-}:$# in
    up:3) up "$2" "$3" ;;
    down:2)
        check_machine
        dir=$(realpath -m -- "$2")
        clear_dead_beds
        for folder in "$beds"/*; do
            [ "$(cat "$folder/dir" 2>/dev/null)" != "$dir" ] || clear_bed "${folder##*/}"
        done
        rm -f "$dir/bed"
        rmdir "$beds" 2>/dev/null || true
        ;;
    cut:3) open_host "$2" "$3" && ip -n "$bed-hub" link set "$link" down ;;
    mend:3) open_host "$2" "$3" && ip -n "$bed-hub" link set "$link" up ;;
    rate:4) open_host "$2" "$4" && rate "$3" ;;
    reboot:3) open_host "$2" "$3" && reboot ;;
    status:2) open_bed "$2" && status ;;
    enter:[3-9] | enter:[1-9][0-9]*) open_bed "$2" && shift 2 && enter "$@" ;;
    check:1) check_machine ;;
    --help:1 | -h:1) usage ;;
    *) usage >&2; exit 64 ;;
esac
