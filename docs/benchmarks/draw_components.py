#!/usr/bin/env python3
"""Draws each class's points along two principal components: what `ranksweep measure --measures components` printed,
one panel a file. Needs Python alone, and gnuplot.

    for trial in …; do
        ranksweep measure DIR/weights/$trial.safetensors --dataset mnist --activation relu \\
            --measures components --points 1000 > $trial.json; done
    python3 docs/benchmarks/draw_components.py out.png "λ = 0=FIRST.json" "λ = 0.001=SECOND.json"
"""
import json
import subprocess
import sys

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#666666", "#8B0000", "#000080", "#99AA00"]


def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    picture, panels = sys.argv[1], [word.rsplit("=", 1) for word in sys.argv[2:]]
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    script = [f"set terminal pngcairo size {420 * columns + 80},{400 * rows} font 'Sans,10'",
              f"set output '{picture}'", f"set multiplot layout {rows},{columns}",
              "set xlabel 'first component'", "set ylabel 'second component'", "set key outside right top"]
    for number, (title, path) in enumerate(panels):
        with open(path) as file:
            measured = json.load(file)
        points = list(zip(measured["component_class"], measured["component_1"], measured["component_2"]))
        classes = sorted(set(point[0] for point in points))
        script.append(f"set title '{title}'")
        if number % columns != columns - 1:
            script.append("set key off")
        else:
            script.append("set key on outside right top")
        for label in classes:
            rows_of_class = "\n".join(f"{x} {y}" for own, x, y in points if own == label)
            script.append(f"$class{int(label)} << END\n{rows_of_class}\nEND")
        script.append("plot " + ", ".join(
            f"$class{int(c)} with points pt 7 ps 0.4 lc rgb '{COLOURS[int(c) % 10]}' title '{int(c)}'" for c in classes))
    subprocess.run(["gnuplot"], input="\n".join(script), text=True, check=True)


if __name__ == "__main__":
    main()
