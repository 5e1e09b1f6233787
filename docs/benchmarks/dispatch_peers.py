#!/usr/bin/env python3
"""Tasks that do nothing through Dask, Ray or HyperQueue, two workers of one thread: one JSON line.

    dask        LocalCluster and Client.map, results gathered
    ray         remote functions, results fetched
    hyperqueue  its Python package's LocalCluster, a server and two workers; a task is a process of /bin/true, as usual there
    joblib      its processes, a task at a time

Nothing is made durable: Dask, Ray and joblib keep results in memory. HyperQueue has a journal, but its Python package, which
has no `hq` program, cannot switch it on. Start-up, and the first tasks, are not timed.

    python3 dispatch_peers.py dask [--tasks 10000]
"""
import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time


def nothing(number):
    return number


def timed(run, tasks):
    begin = time.perf_counter()
    results = run(range(tasks))
    seconds = time.perf_counter() - begin
    assert results == list(range(tasks))
    return seconds


def dask(tasks):
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        def run(numbers):
            return client.gather(client.map(nothing, numbers, pure=False))

        run(range(100))
        return timed(run, tasks)


def ray(tasks):
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    task = ray.remote(nothing)

    def run(numbers):
        return ray.get([task.remote(number) for number in numbers])

    run(range(100))
    seconds = timed(run, tasks)
    ray.shutdown()
    return seconds


def joblib(tasks):
    from joblib import Parallel, delayed

    with Parallel(n_jobs=2, batch_size=1) as pool:
        def run(numbers):
            return pool(delayed(nothing)(number) for number in numbers)

        run(range(100))
        return timed(run, tasks)


def hyperqueue(tasks):
    from hyperqueue import Job, LocalCluster

    folder = tempfile.mkdtemp(prefix="hyperqueue-")
    cluster, workers = LocalCluster(server_dir=folder), []
    # A process a worker, as they are elsewhere.
    for _ in range(2):
        worker = os.fork()
        if worker == 0:
            cluster.cluster.add_worker(1)
            while True:
                time.sleep(10)
        workers.append(worker)
    try:
        client = cluster.client()

        def run(numbers):
            job = Job()
            for _ in numbers:
                job.program(["/bin/true"], stdout=None, stderr=None)
            client.wait_for_jobs([client.submit(job)])
            return list(numbers)

        run(range(100))
        return timed(run, tasks)
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
        shutil.rmtree(folder, ignore_errors=True)


SYSTEMS = {"dask": dask, "ray": ray, "hyperqueue": hyperqueue, "joblib": joblib}


def version(system):
    from importlib import metadata

    return metadata.version("distributed" if system == "dask" else system)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("system", choices=sorted(SYSTEMS))
    parser.add_argument("--tasks", type=int, default=10_000)
    options = parser.parse_args()
    # HyperQueue's progress bar would stand between.
    output, sys.stdout = sys.stdout, sys.stderr
    seconds = SYSTEMS[options.system](options.tasks)
    line = {"workload": "dispatch", "system": options.system, "version": version(options.system),
            "tasks": options.tasks, "seconds": seconds}
    print(json.dumps(line), file=output, flush=True)


if __name__ == "__main__":
    main()
