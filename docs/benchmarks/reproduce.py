#!/usr/bin/env python3
"""Runs recipes whole, and writes what they show into the pages.

    make reproduce [DATA=DIR] [RECIPES="NAME …"]
    python3 docs/benchmarks/reproduce.py [NAME …] [--data DIR] [--runs DIR] [--program FILE]
    python3 docs/benchmarks/reproduce.py --pages     the pages again, from docs/results
    python3 docs/benchmarks/reproduce.py --check     exit code 1 if a page differs from docs/results

Recipes run one after another, the cheapest first, each in runs/reproduce/NAME. What is finished is kept: the same command continues
after an interruption, and runs nothing twice. Of a finished run it writes docs/results/NAME (run.json, claims, small tables, the
summary that the gallery shows), docs/images/NAME-FIGURE.png, the recipe's section and row in docs/gallery.md, and the verdicts in
docs/papers.md. Needs Python alone, and gnuplot.
"""

import argparse
import csv
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs/results"
IMAGES = ROOT / "docs/images"
GALLERY = ROOT / "docs/gallery.md"
PAPERS = ROOT / "docs/papers.md"
LARGEST_TABLE = 64 * 1024
BLOCK = re.compile(r"<!-- results ([a-z0-9-]+) -->\n(.*?)<!-- end -->\n", re.DOTALL)
VERDICT = re.compile(r"`([a-z0-9-]+)` #(\d+): (?:holds|does not hold|undecided|not run yet)")


def output(program, *words):
    """What the program prints on standard output."""
    return subprocess.run([program, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True).stdout


class Recipe:
    """A sweep file, the directory of its whole run, and its place in docs/results."""

    def __init__(self, name, asked):
        self.name = name
        self.sweep = ROOT / "sweeps" / f"{name}.yaml"
        if not self.sweep.exists():
            sys.exit(f"reproduce: there is no sweeps/{name}.yaml")
        self.directory = asked.runs / name
        self.results = RESULTS / name
        self.program = asked.program
        self.data = ["--data", asked.data] if asked.data else []

    def plan(self):
        return json.loads(output(self.program, "plan", self.sweep, "--json"))

    def run(self):
        """Runs what is missing. Trials that an older form of the recipe shares are kept."""
        if not (self.directory / "sweep.json").exists():
            return self.call("run", self.sweep, "--out", self.directory, *self.data)
        new = self.directory.with_name(self.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        subprocess.run([self.program, "merge", self.directory, "--sweep", self.sweep, "--out", new],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not (new / "sweep.json").exists():
            sys.exit(f"reproduce: {self.directory} holds something else: remove it")
        if (new / "sweep.json").read_bytes() != (self.directory / "sweep.json").read_bytes():
            print(f"{self.name}: the recipe has changed; its trials of before are kept", flush=True)
            shutil.rmtree(self.directory)
            new.rename(self.directory)
        shutil.rmtree(new, ignore_errors=True)
        return self.call("resume", self.directory, *self.data)

    def call(self, *words):
        print(f"\n== {self.name}: ranksweep {words[0]}", flush=True)
        return subprocess.run([self.program, *map(str, words)]).returncode

    def publish(self):
        """Writes docs/results/NAME and the pictures of a run that is whole."""
        attempts = [attempt for attempt in map(json.loads, (self.directory / "provenance.ndjson").open())
                    if attempt["outcome"] in ("measured", "diverged")]
        with (self.directory / "records.ndjson").open() as file:
            records = [json.loads(line) for line in file]
        planned = self.plan()
        if len(records) != planned["trials"]:
            sys.exit(f"reproduce: {self.directory} has {len(records)} of {planned['trials']} trials; resume it first")
        shutil.rmtree(self.results, ignore_errors=True)
        self.results.mkdir(parents=True)
        tables = self.directory / "tables"
        for table in sorted([*tables.glob("*.dat"), *tables.glob("claims*.csv")]):
            if table.stat().st_size <= LARGEST_TABLE or table.suffix == ".csv":
                shutil.copy(table, self.results / table.name)
        facts = {
            "recipe": self.name,
            "trials": len(records),
            "trials_digest": hashlib.sha256("\n".join(record["trial"] for record in records).encode()).hexdigest(),
            "diverged": sum(record["outcome"] == "diverged" for record in records),
            "minutes_on_two_cores": round(30 * planned["cost"]["core_hours"], 2),
            "kernels": sorted({attempt["blas_kernel"] for attempt in attempts}),
            "commits": sorted({attempt["commit"] for attempt in attempts}),
            "figures": self.figures(),
        }
        (self.results / "run.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
        (self.results / "gallery.txt").write_text(self.summary(facts))

    def figures(self):
        """Copies the pictures. Returns name and title of each figure, in the file's order."""
        sweep = json.loads((self.directory / "sweep.json").read_text())
        for old in IMAGES.glob(f"{self.name}-*.png"):
            if any(old.name == f"{self.name}-{figure['name']}.png" for figure in sweep.get("figures", [])):
                old.unlink()
        kept = []
        for figure in sweep.get("figures", []):
            picture = self.directory / "figures" / f"{figure['name']}.png"
            if picture.exists():
                shutil.copy(picture, IMAGES / f"{self.name}-{figure['name']}.png")
                kept.append({"name": figure["name"], "title": figure.get("title", figure["name"])})
        return kept

    def claims(self):
        path = self.results / "claims.csv"
        if not path.exists():
            return []
        with path.open(newline="") as file:
            return list(csv.DictReader(file))

    def summary(self, facts):
        """The part of the recipe's section that comes from its results: pictures, extent, claims."""
        lines = [f"![{figure['title']}](images/{self.name}-{figure['name']}.png)" for figure in facts["figures"]]
        diverged = f" ({facts['diverged']} diverged)" if facts["diverged"] else ""
        lines += ["", f"Whole: {facts['trials']} trials{diverged}, ranksweep {', '.join(facts['commits'])}, "
                      f"BLAS kernel {', '.join(facts['kernels'])}."]
        claims = self.claims()
        if claims:
            lines += ["", "| | claim | verdict | cells | decided by |", "|---|---|---|---|---|"]
        for claim in claims:
            text = claim["text"].replace("|", "\\|")
            lines.append(f"| {claim['claim']} | {text} | {claim['verdict']} | {share(claim)} | {decisive(claim)} |")
        return "\n".join(lines) + "\n"


def share(claim):
    """How many of a claim's cells hold."""
    return f"{claim['holds']} of {claim['cells']}"


def decisive(claim):
    """The numbers of the cell that decides a claim."""
    words = []
    if claim.get("mean"):
        words.append(number(claim["mean"]))
    if claim.get("ci95_low"):
        words.append(f"[{number(claim['ci95_low'])}, {number(claim['ci95_high'])}]")
    if claim.get("limit"):
        words.append(f"claimed {claim['limit']}")
    if claim.get("cell"):
        words.append(f"({claim['cell']})")
    return " ".join(words).replace("|", "\\|")


def number(text):
    """Three significant digits; whole numbers below 10 000 stay as they are."""
    value = float(text)
    rounded = f"{value:.0f}" if value == round(value) and abs(value) < 10000 else f"{value:.3g}"
    return rounded.replace("-", "−") if "e" not in rounded else rounded


def minutes(facts):
    """How long the plan estimates for two cores, for people."""
    time = facts["minutes_on_two_cores"]
    if time < 1:
        return "under a minute"
    return f"≈ {time / 60:.1f} h" if time >= 90 else f"≈ {time:.0f} min"


def published():
    """run.json of every recipe that has results, by name."""
    return {path.parent.name: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*/run.json"))}


def verdicts():
    """The verdict of each claim, by recipe and number."""
    known = {}
    for path in sorted(RESULTS.glob("*/claims.csv")):
        with path.open(newline="") as file:
            for claim in csv.DictReader(file):
                known[(path.parent.name, claim["claim"])] = claim["verdict"]
    return known


def pages():
    """Every page that shows results, as it should be."""
    found = published()

    def block(match):
        name = match[1]
        if name not in found:
            return match[0]
        return f"<!-- results {name} -->\n{(RESULTS / name / 'gallery.txt').read_text()}<!-- end -->\n"

    gallery = BLOCK.sub(block, GALLERY.read_text())
    rows = []
    for line in gallery.splitlines(keepends=True):
        cells = line.split(" | ")
        name = re.fullmatch(r"\| `([a-z0-9-]+)\.yaml`", cells[0])
        if name and name[1] in found and len(cells) == 4:
            facts = found[name[1]]
            cells[1:3] = [str(facts["trials"]), minutes(facts)]
            line = " | ".join(cells)
        rows.append(line)
    wanted = {GALLERY: "".join(rows)}
    known = verdicts()
    if PAPERS.exists():
        wanted[PAPERS] = VERDICT.sub(
            lambda match: f"`{match[1]}` #{match[2]}: {known.get((match[1], match[2]), 'not run yet')}", PAPERS.read_text())
    return wanted


def main():
    parser = argparse.ArgumentParser(description="runs recipes whole, and writes what they show into the pages")
    parser.add_argument("names", nargs="*", metavar="NAME", help="recipes (default: all, the cheapest first)")
    parser.add_argument("--data", help="the folder with the data sets, as of ranksweep run")
    parser.add_argument("--runs", type=pathlib.Path, default=ROOT / "runs/reproduce", help="where runs are kept")
    parser.add_argument("--program", default=str(ROOT / ".build/release/ranksweep"))
    parser.add_argument("--pages", action="store_true", help="only write the pages again, from docs/results")
    parser.add_argument("--check", action="store_true", help="only compare the pages with docs/results")
    parser.add_argument("--publish", action="store_true", help="only publish runs that are finished")
    asked = parser.parse_args()
    if not asked.pages and not asked.check:
        reproduce(asked)
    differing = [path for path, text in pages().items() if path.read_text() != text]
    if asked.check:
        for path in differing:
            print(f"{path.relative_to(ROOT)} differs from docs/results: run reproduce.py --pages")
        return 1 if differing else 0
    wanted = pages()
    for path in differing:
        path.write_text(wanted[path])
    return 0


def reproduce(asked):
    asked.runs.mkdir(parents=True, exist_ok=True)
    names = asked.names or [path.stem for path in sorted((ROOT / "sweeps").glob("*.yaml"))]
    recipes = [Recipe(name, asked) for name in names]
    if not asked.names:
        recipes.sort(key=lambda recipe: recipe.plan()["cost"]["core_hours"])
    for recipe in recipes:
        if not asked.publish:
            code = recipe.run()
            if code == 3:
                sys.exit(3)
            if code != 0:
                print(f"{recipe.name}: not whole (exit code {code}); nothing is published of it", flush=True)
                continue
        recipe.publish()
        for path, text in pages().items():
            path.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
