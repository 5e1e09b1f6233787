"""Singular values of a product of normal matrices at any depth, beyond what a product in double precision can tell,
against Theorem 5's limit (rank diminishing): what `measures.weight_product` cannot say of sigma_500 at 100 layers.

    pip install numpy scipy
    python3 docs/benchmarks/check_theorem5.py [--order 1000] [--depths 50,100] [--indices 2,10,100,500] [--seed 0]

W_l Q_{l-1} = Q_l R_l at every layer; R_l ... R_1 = D U with D the diagonal, kept as logarithms, and U unit upper
triangular, whose numbers stay moderate: nothing under- or overflows. The singular values of D U to high relative
accuracy by LAPACK's Jacobi method (dgejsv), as those of U^T D, a well-conditioned matrix times a diagonal one.
"""
import argparse

import numpy as np
from scipy.linalg.lapack import dgejsv
from scipy.special import digamma


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--order", type=int, default=1000)
    parser.add_argument("--depths", default="50,100")
    parser.add_argument("--indices", default="2,10,100,500")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    n = given.order
    depths = sorted(int(d) for d in given.depths.split(","))
    indices = [int(k) for k in given.indices.split(",") if int(k) <= n]
    random = np.random.default_rng(given.seed)
    q, u, logs = np.eye(n), np.eye(n), np.zeros(n)
    for depth in range(1, depths[-1] + 1):
        q, r = np.linalg.qr(random.normal(size=(n, n)) / n**0.5 @ q)
        after = logs + np.log(np.abs(np.diag(r)))
        # D'^-1 R D, whose diagonal is of ones but for signs.
        with np.errstate(over="ignore"):
            scaled = np.triu(r) * np.exp(np.minimum(logs[None, :] - after[:, None], 300))
        u = np.triu(scaled @ u)
        logs = after
        if depth not in depths:
            continue
        d = np.exp(np.maximum(logs - logs.max(), -700))
        sigma, _, _, work, _, info = dgejsv(u.T * d, joba=1, jobu=3, jobv=3)
        sigma = np.sort(sigma * work[0] / work[1])[::-1]
        if info != 0:
            raise SystemExit(f"dgejsv: {info}")
        for k in indices:
            limit = np.exp((digamma((n - k + 1) / 2) - digamma(n / 2)) / 2)
            root = (sigma[k - 1] / sigma[0]) ** (1 / depth)
            by_qr = np.exp((logs[k - 1] - logs[0]) / depth)
            print(f"{n} units, {depth:3} layers, k = {k:4}: limit {limit:.5f}, root {root:.5f} "
                  f"({100 * (root / limit - 1):+.2f} %), by QR {100 * (by_qr / limit - 1):+.2f} %", flush=True)


main()
