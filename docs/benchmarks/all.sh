#!/bin/sh
# Every comparison of docs/benchmarks.md, one after another: tables as Markdown on standard output, what is being done on
# standard error, and a line of JSON a measurement in $OUT where a comparison keeps them. About an hour.
#
#   make build
#   DATA=FOLDER_WITH_MNIST [JAX_PYTHON=…] [TORCH_PYTHON=…] [QUEUE_PYTHON=…] [OUT=benchmarks.ndjson] docs/benchmarks/all.sh
#
# JAX_PYTHON has jax, TORCH_PYTHON torch, numpy, safetensors and joblib, QUEUE_PYTHON dask, distributed, ray and
# hyperqueue; each defaults to python3. A comparison that fails, because a library is missing for example, is reported, and the others run.
set -u
: "${DATA:?DATA must name the folder that holds mnist/}"
JAX_PYTHON=${JAX_PYTHON:-python3}
TORCH_PYTHON=${TORCH_PYTHON:-python3}
QUEUE_PYTHON=${QUEUE_PYTHON:-python3}
OUT=${OUT:-benchmarks.ndjson}
here=$(dirname "$0")
bench=$here/../../.build/release/ranksweep-bench
failed=

compare() {
    echo
    echo "## $1"
    echo
    shift
    "$@" || failed="$failed
$*"
}

peers="--jax-python $JAX_PYTHON --torch-python $TORCH_PYTHON"
# Programs that are given their Pythons' names run in any.
compare "An epoch of the MLP" python3 "$here/compare_mnist.py" mlp --bench "$bench" --data "$DATA" --repeat 2 $peers
compare "An epoch of the small VIB" \
    python3 "$here/compare_mnist.py" vib-small --bench "$bench" --data "$DATA" --repeat 1 $peers
compare "100 steps of Alemi's VIB" \
    python3 "$here/compare_mnist.py" vib-alemi --bench "$bench" --data "$DATA" --repeat 1 --steps 100 $peers
for network in vit mixer; do
    compare "150 steps of the $network" python3 "$here/compare_mnist.py" "$network" --bench "$bench" --data "$DATA" \
        --repeat 1 --steps 150 $peers
done
compare "1000 steps of the Gaussian VIB" python3 "$here/compare_gaussian_vib.py" --bench "$bench" $peers
compare "A sweep of Gaussian VIBs, trained together and alone" \
    python3 "$here/compare_together.py" --program "$here/../../.build/release/ranksweep" --ndjson "$OUT"
compare "Local rank" "$TORCH_PYTHON" "$here/compare_local_rank.py" --bench "$bench" --data "$DATA" \
    --jax-python "$JAX_PYTHON"
compare "Sixteen trainings" python3 "$here/compare_sweep.py" --bench "$bench" --data "$DATA" --ndjson "$OUT" $peers
compare "Slots" python3 "$here/compare_slots.py" --bench "$bench" --data "$DATA" --ndjson "$OUT"
compare "Dispatch" python3 "$here/compare_dispatch.py" --bench "$bench" --python "$QUEUE_PYTHON" --ndjson "$OUT"
compare "The start of a sweep of a million trials" "$bench" start --json
compare "The dispatcher at scale" "$here/../../.build/release/ranksweep-simulate" --scale 1000000,1600

[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }
