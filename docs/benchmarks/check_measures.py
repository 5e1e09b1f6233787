#!/usr/bin/env python3
"""Computes the estimators of target Measures with NumPy, SciPy and scikit-learn on matrices that the tests
generate too, and compares with the numbers that the tests hold, or writes them anew.

    pip install numpy scipy scikit-learn
    python3 docs/benchmarks/check_measures.py            # compares; exit code 1 where a number differs
    python3 docs/benchmarks/check_measures.py --write    # rewrites Tests/MeasuresTests/PeerValues.swift
    python3 docs/benchmarks/check_measures.py --program .build/release/ranksweep

The last runs `ranksweep measure` on saved networks and compares each measure of the catalogue with this file's
computation of it from the same .safetensors and .npy files: check_network.py.

Everything here is by the definition: singular values, pairwise distances, inverses. The matrices are from a
linear congruential generator, the same 64-bit integers in both languages.
"""
import argparse
import pathlib
import re
import sys

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import digamma, logsumexp
from scipy.stats import linregress
from sklearn.decomposition import PCA
from sklearn.linear_model import Lasso

FILE = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "MeasuresTests" / "PeerValues.swift"


def draws(seed, rows, columns):
    """Uniform in [-1, 1), row by row (Knuth's MMIX generator, its upper 53 bits)."""
    state, values = seed, []
    for _ in range(rows * columns + 8):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        values.append((state >> 11) * 2.0**-52 - 1)
    return np.array(values[8:]).reshape(rows, columns)


def labels(seed, points, classes):
    return np.floor((draws(seed, points, 1)[:, 0] + 1) / 2 * classes).astype(int)


def entropy(counts):
    p = counts / counts.sum()
    return -np.sum(p * np.log(p))


def binned(x, y, bins, low, high):
    places = np.clip(np.floor((x - low) * (bins / (high - low))), 0, bins - 1).astype(int)
    _, state, counts = np.unique(places, axis=0, return_inverse=True, return_counts=True)
    h = entropy(counts)
    given = sum(np.mean(y == c) * entropy(np.unique(state[y == c], return_counts=True)[1]) for c in set(y))
    return [h, h - given, len(counts)]


def kernel(x, y, variance):
    def bound(x, scale, extra):
        n, d = x.shape
        lse = logsumexp(-cdist(x, x, "sqeuclidean") / (2 * scale), axis=1)
        return d / 2 - np.mean(lse - np.log(n) - d / 2 * np.log(2 * np.pi * scale)) + d / 2 * extra

    d = x.shape[1]
    noise = d / 2 * (np.log(2 * np.pi * variance) + 1)
    result = [noise]
    for scale, extra in ((4 * variance, np.log(0.25)), (variance, 0)):
        h = bound(x, scale, extra)
        hy = sum(np.mean(y == c) * bound(x[y == c], scale, extra) for c in set(y))
        result += [h, h - noise, h - hy]
    return result


def gradient_noise():
    g = np.stack([draws(20 + b, 5, 9) + 0.3 for b in range(7)])
    mean = np.linalg.norm(g.mean(0))
    sample = np.sum(g.var(0, ddof=1))
    spread = np.sqrt(np.sum(g.var(0)))
    return [mean, spread, mean / spread, np.sqrt(max(0, mean**2 - sample / 7) / sample)]


def line(x, y):
    fit = linregress(x, y)
    return [fit.slope, fit.intercept, fit.stderr, fit.intercept_stderr, fit.rvalue**2]


def gaussian_bound():
    start, now, ratio = draws(40, 6, 9), draws(41, 6, 9), 0.1
    w, dw = start.T, (now - start).T
    values, q = np.linalg.eigh(dw.T @ dw)
    a = np.diag(q.T @ w.T @ w @ q)
    noise = dw.T @ dw + ratio * np.eye(6)
    channel = np.linalg.slogdet(w.T @ w + noise)[1] - np.linalg.slogdet(noise)[1]
    return [np.sum(np.log(1 + a / (values + ratio))) / 2, channel / 2]


def phase_change():
    t = np.array([float(2**i) for i in range(12)])
    snr = 3 / (1 + (t / 90) ** 1.5) + 0.1 * draws(45, 12, 1)[:, 0]
    slopes = [np.polyfit(np.log(t[i:i + 5]), snr[i:i + 5], 1)[0] for i in range(8)]
    at = int(np.argmin(slopes))
    middle = np.exp(np.mean(np.log(t[at:at + 5])))
    return [middle, slopes[at], np.median(snr[:at + 2]), np.median(snr[at + 3:])]


def ranks():
    a = draws(50, 40, 5) @ draws(51, 5, 30) + 1e-6 * draws(52, 40, 30)
    s = np.linalg.svd(a, compute_uv=False)
    part = np.linalg.svd(a[:, [3, 7, 8, 20]], compute_uv=False)
    counts = [np.sum(s >= t * s[0]) for t in (1e-9, 1e-6, 1e-3, 0.3, 0.9)]
    return counts + [np.sum(part >= t * part[0]) for t in (1e-7, 0.5)] + [np.sum(s**2) / s[0] ** 2]


def components(x):
    pca = PCA(svd_solver="full").fit(x)
    return list(pca.explained_variance_)


def classification_dimension():
    f = draws(60, 250, 12) * 0.7 ** np.arange(12) + 0.2
    w, b = draws(61, 5, 12), draws(62, 1, 5)[0]
    y = np.argmax(f @ w.T + b + 0.3 * draws(63, 250, 5), axis=1)
    pca = PCA(svd_solver="full").fit(f)
    curve = []
    for k in range(13):
        v = pca.components_[:k]
        g = pca.mean_ + (f - pca.mean_) @ v.T @ v
        curve.append(np.mean(np.argmax(g @ w.T + b, axis=1) == y))
    full = np.mean(np.argmax(f @ w.T + b, axis=1) == y)
    return [next(k for k in range(13) if curve[k] >= 0.95 * full), full] + curve


def logits():
    """Eight classes of which the last three nearly depend on the others."""
    free = 3 * draws(70, 400, 5) + 0.5
    return np.hstack([free, free @ draws(71, 5, 3) + 0.1 * draws(72, 400, 3)])


def lasso(intercept):
    x, result = logits(), []
    for target in (0, 6):
        others = [c for c in range(8) if c != target]
        for alpha in (0.5, 0.05, 0.005):
            fit = Lasso(alpha=alpha, fit_intercept=intercept, tol=1e-15, max_iter=1_000_000)
            fit.fit(x[:, others], x[:, target])
            result += list(np.insert(fit.coef_, target, 0)) + [fit.intercept_]
    return result


def deficit():
    x = logits()
    y = np.argmax(x + 2 * draws(73, 400, 8), axis=1)
    others = [c for c in range(8) if c != 6]
    fit = Lasso(alpha=0.05, tol=1e-15, max_iter=1_000_000).fit(x[:, others], x[:, 6])
    changed = x.copy()
    changed[:, 6] = fit.predict(x[:, others])
    own = y == 6
    hits, changed_hits = np.argmax(x, 1) == y, np.argmax(changed, 1) == y
    return [hits.mean(), changed_hits.mean(), hits[own].mean(), changed_hits[own].mean(),
            fit.score(x[:, others], x[:, 6])]


def collapse():
    y = labels(80, 150, 4)
    h = 0.3 * draws(81, 150, 10) + draws(82, 4, 10)[y]
    w = draws(83, 4, 10)
    means = np.stack([h[y == c].mean(0) for c in range(4)])
    m = means - means.mean(0)
    within = np.mean([np.cov(h[y == c].T, ddof=0) for c in range(4)], axis=0)
    between = m.T @ m / 4
    nc1 = np.trace(within @ np.linalg.pinv(between, rcond=1e-10, hermitian=True)) / 4

    def simplex(v):
        length = np.linalg.norm(v, axis=1)
        pairs = np.triu_indices(4, 1)
        cosine = ((v @ v.T) / np.outer(length, length))[pairs]
        return [length.std() / length.mean(), cosine.std(), np.mean(np.abs(cosine + 1 / 3))]

    nc3 = np.sum((w / np.linalg.norm(w) - m / np.linalg.norm(m)) ** 2)
    nearest = np.argmin(cdist(h, means), axis=1)
    return [nc1] + simplex(m) + simplex(w) + [nc3, np.mean(np.argmax(h @ w.T, axis=1) != nearest)]


def two_nearest():
    x = np.hstack([draws(90, 400, 3), np.zeros((400, 2))]) @ draws(91, 5, 5)
    x = np.unique(x, axis=0)
    distances = np.sort(cdist(x, x), axis=1)
    mu = np.sort(distances[:, 2] / distances[:, 1])
    n = len(mu)
    kept = int(np.floor(n * 0.9))
    a, b = np.log(mu[:kept]), -np.log(1 - np.arange(1, kept + 1) / n)
    return [a @ b / (a @ a), n / np.sum(np.log(mu))]


def log_determinant(rows, columns):
    h, epsilon = draws(95, rows, columns), 0.01
    gram = h.T @ h + epsilon * np.eye(columns)
    gradient = -2 * h @ np.linalg.inv(gram)
    return [-np.linalg.slogdet(gram)[1]] + list(gradient[0])


def peer_values():
    x, y = draws(1, 300, 4), labels(2, 300, 3)
    relu = np.maximum(0, x) * 3
    n = np.arange(1.0, 13)
    steps = np.array([float(2**i) for i in range(10)])
    return {
        "binnedTanh": binned(x, y, 5, -1, 1),
        "binnedReLU": binned(relu, y, 4, relu.min(), relu.max()),
        "kernel": kernel(draws(3, 200, 6), labels(4, 200, 3), 0.1),
        "gradient_noise": gradient_noise(),
        "line": line(n, 0.3 * n + draws(30, 12, 1)[:, 0]),
        "power": line(np.log(steps), np.log(0.02 * steps**0.4 * np.exp(0.1 * draws(31, 10, 1)[:, 0]))),
        "gaussian_bound": gaussian_bound(),
        "phaseChange": phase_change(),
        "ranks": ranks(),
        "componentsTall": components(draws(55, 60, 8) @ draws(56, 8, 8)),
        "componentsWide": components(draws(57, 10, 25))[:9],
        "classification_dimension": classification_dimension(),
        "lassoIntercept": lasso(True),
        "lassoPlain": lasso(False),
        "deficit": deficit(),
        "collapse": collapse(),
        "twoNearest": two_nearest(),
        "logDeterminantTall": log_determinant(20, 6),
        "logDeterminantWide": log_determinant(6, 20),
        "digamma": [digamma(v) for v in (0.5, 1, 1.5, 3.25, 9.5, 10, 50.5, 500)],
        "productRatios": [np.exp((digamma((1001 - k) / 2) - digamma(500)) / 2) for k in (2, 10, 100, 500, 900, 1000)],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--write", action="store_true", help="rewrite the numbers that the tests hold")
    parser.add_argument("--program", help="ranksweep, to measure saved networks with")
    arguments = parser.parse_args()
    if arguments.program:
        import check_network
        return check_network.check(arguments.program)
    write = arguments.write
    values = peer_values()
    if write:
        lines = ["// Written by docs/benchmarks/check_measures.py --write: NumPy's, SciPy's and scikit-learn's numbers.",
                 "", "let peerValues: [String: [Double]] = ["]
        for name, numbers in values.items():
            lines.append(f'    "{name}": [')
            lines += [f"        {float(number)!r}," for number in numbers]
            lines.append("    ],")
        FILE.write_text("\n".join(lines + ["]", ""]))
        return 0
    held = {name: [float(v) for v in body.replace("\n", " ").split(",") if v.strip()]
            for name, body in re.findall(r'"(\w+)": \[([^\]]*)\]', FILE.read_text())}
    worst = 0.0
    for name, numbers in values.items():
        if len(held.get(name, [])) != len(numbers):
            print(f"{name}: other numbers than the tests hold")
            worst = np.inf
            continue
        difference = max(abs(a - b) / max(1, abs(b)) for a, b in zip(held[name], numbers))
        worst = max(worst, difference)
        print(f"{name:26} {len(numbers):4} numbers, largest difference {difference:.1e}")
    return 0 if worst <= 1e-9 else 1


if __name__ == "__main__":
    sys.exit(main())
