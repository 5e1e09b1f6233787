"""Runs a program and measures it from outside: its wall-clock time, and the memory of all its processes together."""
import os
import subprocess
import threading
import time


def family(root):
    """The process and all below it."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    # The name of the program, in parentheses, may hold anything.
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def memory(root):
    """Bytes of the process and all below it; a page that n of them share counts 1/n in each (PSS)."""
    total = 0
    for process in family(root):
        try:
            with open(f"/proc/{process}/smaps_rollup") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024
        except (OSError, StopIteration):
            pass
    return total


def measure(command, environment=None, every=0.25):
    """Runs it to its end: seconds, peak bytes of all its processes, and what it printed."""
    peak, ended = 0, threading.Event()

    def watch(process):
        nonlocal peak
        while not ended.wait(every):
            peak = max(peak, memory(process))

    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as program:
        watcher = threading.Thread(target=watch, args=[program.pid])
        watcher.start()
        try:
            output, _ = program.communicate()
            seconds = time.perf_counter() - begin
        finally:
            ended.set()
            watcher.join()
    if program.returncode != 0:
        raise SystemExit(f"{command[0]} failed with {program.returncode}")
    return seconds, peak, output
