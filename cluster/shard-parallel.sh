#!/bin/sh
# A sweep in N shards with GNU parallel, here or on hosts reached by ssh.
#     cluster/shard-parallel.sh sweeps/demo.yaml 20 parts
#     JOBS=2 cluster/shard-parallel.sh sweeps/demo.yaml 20 parts           # two shards at a time
#     SSH=node1,node2 cluster/shard-parallel.sh sweeps/demo.yaml 20 /shared/parts
#     ranksweep merge parts/*.ndjson --out runs/demo
# With SSH the hosts need ranksweep in their PATH, and this folder and that of the parts at the same path (a shared
# file system). Run the same line again after Ctrl-C or a crash: it keeps what is done and continues the rest.
set -eu

sweep=${1:?usage: $0 SWEEP COUNT FOLDER}
count=${2:?usage: $0 SWEEP COUNT FOLDER}
folder=${3:?usage: $0 SWEEP COUNT FOLDER}
mkdir -p "$folder"

# TERM first, and half a minute to write the records that are there. Each shard has a slot a core, unless SLOTS says
# otherwise: one shard at a time is enough to keep a host busy.
set -- --quote --jobs "${JOBS:-1}" --line-buffer --termseq TERM,30000,KILL,25
if [ -n "${SSH:-}" ]; then set -- "$@" --sshlogin "$SSH" --workdir .; fi

seq 0 $((count - 1)) | parallel "$@" \
    "${RANKSWEEP:-ranksweep}" shard "$sweep" --index {} --count "$count" --out "$folder"/{}.ndjson \
    ${SLOTS:+--slots "$SLOTS"}
