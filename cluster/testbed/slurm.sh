#!/bin/bash
# A Slurm cluster on this machine: munged, slurmctld and N slurmd (nodes n1 … nN), all below one folder.
# Several beds run side by side: ports, sockets and keys are each folder's own.
#
#   slurm.sh up N DIR            starts it; prints SLURM_CONF=…, for sbatch, squeue and scancel
#   slurm.sh env DIR             prints that again
#   slurm.sh kill-node NAME DIR  kills the node's slurmd and all jobs on it, without a word
#   slurm.sh revive NAME DIR     starts the node's slurmd again
#   slurm.sh down DIR            ends all of it, whoever started it; deletes nothing but sockets and state
#
# CPUS: cores that each node claims to have (2). Exit codes: 0 done, 1 failed, 2 wrong use, 77 cannot run here.
set -euo pipefail

die() { echo "slurm.sh: $2" >&2; exit "$1"; }
usage="usage: slurm.sh up N DIR | down DIR | kill-node NAME DIR | revive NAME DIR | env DIR"

# Closes inherited descriptors, so that a caller does not wait for the daemons to close them.
for fd in "/proc/$$/fd"/*; do
    fd=${fd##*/}
    [ "$fd" -le 2 ] || [ "$fd" = 255 ] || eval "exec $fd>&-"
done

check() {
    [ "$(id -u)" = 0 ] || die 77 "needs root: slurmd runs jobs as their users"
    for program in munged slurmctld slurmd sinfo; do
        command -v "$program" >/dev/null || die 77 "$program is not installed: apt-get install slurm-wlm munge"
    done
}

# Processes of this bed: its daemons and slurmstepds bear its mark, its jobs the folder's SLURM_CONF.
# With a node's name: only that node's.
pids() {
    local process words
    for process in /proc/[0-9]*; do
        words=$(tr '\0' '\n' <"$process/environ") || continue
        if grep -qxF "RANKSWEEP_TESTBED=$dir" <<<"$words"; then
            [ -z "${1-}" ] || grep -qxF "RANKSWEEP_TESTBED_NODE=$1" <<<"$words" || continue
        elif grep -qxF "SLURM_CONF=$dir/slurm.conf" <<<"$words" && grep -q '^SLURM_JOB_ID=' <<<"$words"; then
            [ -z "${1-}" ] || grep -qxF "SLURMD_NODENAME=$1" <<<"$words" || continue
        else
            continue
        fi
        echo "${process#/proc/}"
    done 2>/dev/null
}

# Kills until no process is left: a dying slurmd may just have started another.
kill_all() {
    local list
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        list=$(pids "$@")
        [ -n "$list" ] || return 0
        # shellcheck disable=SC2086 # one word each
        kill -9 $list 2>/dev/null || true
        sleep 0.1
    done
    die 1 "these processes do not end: $list"
}

# The first of so many ports in a row that nobody listens at; the folder's name says where to look first.
free_ports() {
    local taken base port tries
    taken=$(awk '$4 == "0A" { split($2, a, ":"); print a[2] }' /proc/net/tcp /proc/net/tcp6)
    base=$((20000 + $(cksum <<<"$dir" | cut -d' ' -f1) % 10000))
    for ((tries = 0; tries < 100; tries++)); do
        for ((port = base; port < base + $1; port++)); do
            if grep -qx "$(printf '%04X' "$port")" <<<"$taken"; then base=$((port + 1)); continue 2; fi
        done
        echo "$base"
        return
    done
    die 1 "no $1 free ports in a row from 20000 on"
}

start_node() { env "RANKSWEEP_TESTBED_NODE=$1" slurmd -N "$1" -f "$dir/slurm.conf" </dev/null >/dev/null 2>>"$dir/log/start.log"; }

configure() {
    local port host i
    host=$(hostname -s)
    port=$(free_ports $((1 + $1)))
    cat <<END
ClusterName=bed
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.socket
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=$port
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmctldLogFile=$dir/log/slurmctld.log
StateSaveLocation=$dir/state
SlurmdPidFile=$dir/run/slurmd.%n.pid
SlurmdLogFile=$dir/log/slurmd.%n.log
SlurmdSpoolDir=$dir/spool/%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=5,bf_interval=5
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=15
KillWait=2
END
    for ((i = 1; i <= $1; i++)); do
        echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + i)) CPUs=${CPUS:-2}" \
            "RealMemory=1000 State=UNKNOWN"
    done
    echo "PartitionName=main Nodes=n[1-$1] Default=YES MaxTime=INFINITE State=UP"
}

up() {
    local i
    check
    [ ! -e "$dir/slurm.conf" ] || die 2 "$dir holds a bed already: slurm.sh down $dir"
    mkdir -p "$dir"/{run,log,state}
    chmod 755 "$dir/run" "$dir/log"
    for ((i = 1; i <= $1; i++)); do mkdir -p "$dir/spool/n$i"; done
    (umask 077; head -c 128 /dev/urandom >"$dir/munge.key")
    configure "$1" >"$dir/slurm.conf"
    export RANKSWEEP_TESTBED="$dir" SLURM_CONF="$dir/slurm.conf"
    munged --force --socket="$dir/run/munge.socket" --key-file="$dir/munge.key" --pid-file="$dir/run/munged.pid" \
        --log-file="$dir/log/munged.log" --seed-file="$dir/run/munged.seed" </dev/null >/dev/null 2>>"$dir/log/start.log" ||
        die 1 "munged does not start: $dir/log"
    slurmctld -i -c -f "$dir/slurm.conf" </dev/null >/dev/null 2>>"$dir/log/start.log" || die 1 "slurmctld does not start: $dir/log"
    for ((i = 1; i <= $1; i++)); do start_node "n$i" || die 1 "slurmd n$i does not start: $dir/log"; done
    for ((i = 0; i < 150; i++)); do
        [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | wc -l)" -lt "$1" ] || { echo "SLURM_CONF=$dir/slurm.conf"; return; }
        sleep 0.2
    done
    die 1 "not all of $1 nodes are idle after 30 s: $dir/log"
}

[ $# -ge 2 ] || die 2 "$usage"
command=$1
dir=$(realpath -m "${*: -1}")
case "$command $#" in
"up 3")
    [[ $2 =~ ^[1-9][0-9]?$ ]] || die 2 "N must be 1 to 99, not '$2'"
    up "$2" ;;
"down 2")
    kill_all
    rm -rf "${dir:?}"/{run,state,spool,munge.key,slurm.conf} ;;
"kill-node 3") kill_all "$2" ;;
"revive 3")
    check
    export RANKSWEEP_TESTBED="$dir" SLURM_CONF="$dir/slurm.conf"
    start_node "$2" ;;
"env 2")
    [ -e "$dir/slurm.conf" ] || die 1 "no bed in $dir: slurm.sh up N $dir"
    echo "SLURM_CONF=$dir/slurm.conf" ;;
*) die 2 "$usage" ;;
esac
