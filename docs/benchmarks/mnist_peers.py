"""What mnist_jax.py and mnist_torch.py share: the networks, the command line, the images, the clock and the JSON line.

Imports neither library, nor NumPy before the environment is set: they read it when they are loaded.
"""
import argparse
import gzip
import json
import os
import resource
import time

# Width, latent variables (0: no VIB), batch, learning rate. vit and mixer are for PyTorch alone.
NETWORKS = {
    "mlp": (200, 0, 128, 1e-3),
    "vib-small": (200, 32, 128, 1e-3),
    "vib-alemi": (1024, 256, 100, 1e-4),
    "vit": (64, 0, 128, 1e-3),
    "mixer": (64, 0, 128, 1e-3),
}


def command_line(description, fused=False):
    """Its arguments; from here on the process has one CPU and one thread."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=list(NETWORKS))
    parser.add_argument("--data", required=True, help="the folder that holds mnist/")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--steps", type=int, help="steps a repeat, in place of an epoch")
    if fused:
        parser.add_argument("--fused", action="store_true")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return arguments


def training_images(data, label):
    """MNIST's images, 0 to 1 in single precision, and its labels of a type."""
    import numpy as np

    def read(name):
        with gzip.open(os.path.join(data, "mnist", name)) as file:
            content = file.read()
        return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3])

    images = read("train-images-idx3-ubyte.gz").reshape(-1, 784).astype(np.float32) / 255
    return images, read("train-labels-idx1-ubyte.gz").astype(label)


def report(arguments, library, epoch):
    """Times `epoch`, which returns its last loss; the first is not timed. Prints the JSON line."""
    seconds, processor = [], []
    for repeat in range(arguments.repeat + 1):
        start, processor_start = time.perf_counter(), time.process_time()
        loss = epoch()
        if repeat:
            seconds.append(time.perf_counter() - start)
            processor.append(time.process_time() - processor_start)
    print(json.dumps({
        "workload": arguments.network, "library": library, "seconds": seconds, "cpu_seconds": processor,
        "loss": float(loss()), "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
