"""What `check_measures.py --program RANKSWEEP` does: measures saved networks with `ranksweep measure` and with
NumPy, SciPy and scikit-learn, from the same files.

    pip install numpy scipy scikit-learn safetensors

Networks: scikit-learn's digits (8 x 8 pixels, ten classes) learnt by its MLPClassifier, ReLU and tanh; a random
ReLU network; and the learnt network's last layer alone (`--head`), with the activations below it (`--features`): there no forward
pass in single precision is between the two computations. Ranks are compared where no singular value is within
1e-3 of the threshold; at the tolerance of single precision the count must be one of a threshold half or twice it.
"""
import json
import pathlib
import subprocess
import tempfile
import warnings

import numpy as np
from safetensors.numpy import save_file
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import Lasso
from sklearn.neural_network import MLPClassifier

POINTS = 300
SLOPES = {"relu": lambda p, h: (p > 0) * 1.0, "tanh": lambda p, h: 1 - h * h, "linear": lambda p, h: p * 0 + 1}
ACTIVATIONS = {"relu": lambda p: np.maximum(p, 0), "tanh": np.tanh, "linear": lambda p: p}
ETA = 4.0


class Net:
    """Weights [outputs, inputs] and biases, single precision, and points with their classes."""

    def __init__(self, name, activation, weights, biases, x, y):
        self.name, self.activation = name, activation
        self.weights = [np.ascontiguousarray(w, np.float32) for w in weights]
        self.biases = [np.asarray(b, np.float32) for b in biases]
        self.x, self.y = np.ascontiguousarray(x, np.float32), y

    def forward(self, x):
        """Pre-activations and activations of each layer, in double."""
        h, p_all, h_all = x.astype(float), [], []
        for number, (w, b) in enumerate(zip(self.weights, self.biases)):
            p = h @ w.T.astype(float) + b
            h = ACTIVATIONS[self.activation](p) if number + 1 < len(self.weights) else p
            p_all.append(p)
            h_all.append(h)
        return p_all, h_all

    def measured(self, program, measures, *more):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            tensors = {}
            for number, (w, b) in enumerate(zip(self.weights, self.biases)):
                tensors[f"{number}.weight"], tensors[f"{number}.bias"] = w, b
            save_file(tensors, folder / "net.safetensors")
            np.save(folder / "x.npy", self.x)
            np.save(folder / "y.npy", self.y.astype(np.uint8))
            isHead = len(self.weights) == 1 and "neural_collapse" in measures
            network = (["--head", folder / "net.safetensors", "--features"] if isHead else
                       [folder / "net.safetensors", "--activation", self.activation, "--inputs"])
            words = [program, "measure", *network, folder / "x.npy", "--labels", folder / "y.npy", "--measures",
                     measures, *more]
            return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def networks():
    digits = load_digits()
    x, y = digits.data / 16, digits.target
    for activation in ("relu", "tanh"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = MLPClassifier((40, 30, 20), activation=activation, max_iter=60, random_state=1).fit(x, y)
        net = Net(f"digits, {activation}", activation, [w.T for w in fit.coefs_], fit.intercepts_, x[:POINTS], y[:POINTS])
        yield net
        below = net.forward(net.x)[1][-2].astype(np.float32)
        yield Net(f"digits, {activation}, last layer", "linear", net.weights[-1:], net.biases[-1:], below, net.y)
    random = np.random.default_rng(3)
    units = [36, 25, 18, 4]
    yield Net("random, relu", "relu", [random.normal(size=s) * 1.4 / s[1] ** 0.5 for s in zip(units[1:], units)],
              [0.1 * random.normal(size=n) for n in units[1:]], random.normal(size=(POINTS, 36)),
              random.integers(0, 4, POINTS))


def counts(s, threshold):
    """The least and the greatest that the count may be."""
    return [int(np.sum(s >= t * s[0])) if s[0] > 0 else 0 for t in (threshold * 1.001, threshold * 0.999)]


def accuracy(logits, y):
    return float(np.mean(np.argmax(logits, axis=1) == y))


def two_nearest(h):
    h = np.unique(h.astype(np.float32), axis=0).astype(float)
    distances = np.sort(cdist(h, h), axis=1)
    mu = np.sort(distances[:, 2] / distances[:, 1])
    kept = int(np.floor(len(mu) * 0.9))
    a, b = np.log(mu[:kept]), -np.log(1 - np.arange(1, kept + 1) / len(mu))
    return a @ b / (a @ a)


def classification_dimension(net, h, layer):
    """The least k, and the accuracy with each k, of a layer's activations and the layers above it."""
    pca = PCA(svd_solver="full").fit(h)
    curve = []
    for k in range(h.shape[1] + 1):
        v = pca.components_[:k]
        above = pca.mean_ + (h - pca.mean_) @ v.T @ v
        for number in range(layer + 1, len(net.weights)):
            above = above @ net.weights[number].T.astype(float) + net.biases[number]
            if number + 1 < len(net.weights):
                above = ACTIVATIONS[net.activation](above)
        curve.append(accuracy(above, net.y))
    return next(k for k, a in enumerate(curve) if a >= 0.95 * curve[-1]), curve


def deficits(z, y):
    result = {"determination": [], "deciders": [], "own": [], "own_predicted": [], "predicted": [], "weights": []}
    for label in range(z.shape[1]):
        others = [c for c in range(z.shape[1]) if c != label]
        fit = Lasso(alpha=ETA / 2, fit_intercept=False, tol=1e-14, max_iter=1_000_000).fit(z[:, others], z[:, label])
        prediction = z[:, others] @ fit.coef_
        changed = z.copy()
        changed[:, label] = prediction
        own = y == label
        result["determination"].append(1 - np.sum((z[:, label] - prediction) ** 2) / np.sum(z[:, label] ** 2))
        result["deciders"].append(np.sum(fit.coef_ != 0))
        result["own"].append(accuracy(z[own], y[own]))
        result["own_predicted"].append(accuracy(changed[own], y[own]))
        result["predicted"].append(accuracy(changed, y))
        result["weights"].append(np.insert(fit.coef_, label, 0))
    return result


def collapse(h, y, w=None, predicted=None):
    classes = np.unique(y)
    means = np.stack([h[y == c].mean(0) for c in classes])
    m = means - means.mean(0)
    count = len(classes)
    within = np.mean([np.cov(h[y == c].T, ddof=0) for c in classes], axis=0)
    nc1 = np.trace(within @ np.linalg.pinv(m.T @ m / count, rcond=1e-10, hermitian=True)) / count

    def simplex(v):
        length = np.linalg.norm(v, axis=1)
        cosine = ((v @ v.T) / np.outer(length, length))[np.triu_indices(count, 1)]
        return [length.std() / length.mean(), cosine.std(), np.mean(np.abs(cosine + 1 / (count - 1)))]

    result = [nc1] + simplex(m)
    if w is not None:
        w = w[classes]
        nc3 = np.sum((w / np.linalg.norm(w) - m / np.linalg.norm(m)) ** 2)
        nearest = classes[np.argmin(cdist(h, means), axis=1)]
        result += simplex(w) + [nc3, np.mean(predicted != nearest)]
    return result


def jacobians(net, x):
    """J_l at one point, in double."""
    p, h = net.forward(x[None])
    below, result = None, []
    for number, w in enumerate(net.weights):
        j = w.astype(float) if below is None else w.astype(float) @ below
        result.append(j)
        below = SLOPES[net.activation](p[number][0], h[number][0])[:, None] * j
    return result


def patch(inputs, side):
    width = round(inputs**0.5)
    if width * width != inputs:
        return np.arange(inputs)
    side = min(side, width)
    first = (width - side + 1) // 2
    grid = np.arange(inputs).reshape(width, width)
    return grid[first:first + side, first:first + side].ravel()


def comparisons(net, found):
    """Name, what the program says, what is computed here; tolerance, or bounds of counts."""
    _, h = net.forward(net.x)
    # A head alone has the features that it is given in the place of a hidden layer.
    below_all = 1 if len(h) == 1 else 0
    h = [net.x.astype(float)] * below_all + h
    z, y, features = h[-1], net.y, h[-2]
    spectra = [np.linalg.svd(a, compute_uv=False) for a in h]
    usual = [1.19e-7 * max(a.shape) for a in h]
    yield ("activation_rank", found["activation_rank"],
           [[int(np.sum(s >= t * f * s[0])) for f in (2, 0.5)] for s, t in zip(spectra, usual)], None)
    for threshold in (0.001, 0.01):
        yield (f"activation_rank_relative {threshold}", found["activation_rank_relative"][str(threshold)]["mean"],
               [counts(s, threshold) for s in spectra], None)
    yield "activation_stable_rank", found["activation_stable_rank"], [np.sum(s**2) / s[0] ** 2 for s in spectra], 1e-5
    covariances = [PCA(svd_solver="full").fit(a).explained_variance_ for a in h]
    yield ("feature_dimension", found["feature_dimension"],
           [[int(np.sum(v > t * 1e-4 * len(v) * v[0])) for t in (1.01, 0.99)] for v in covariances], None)
    shares = [s / s.sum() for s in spectra]
    shares = [p[p > 0] for p in shares]
    yield "effective_rank", found["effective_rank"], [np.exp(-np.sum(p * np.log(p))) for p in shares], 1e-5
    padded = [s / s.sum() + 1e-7 for s in spectra]
    yield "rankme", found["rankme"], [np.exp(-np.sum(p * np.log(p))) for p in padded], 1e-5
    yield ("participation_ratio", found["participation_ratio"],
           [v.sum() ** 2 / np.sum(v**2) for v in covariances], 1e-5)
    yield "intrinsic_dimension", found["intrinsic_dimension"], [two_nearest(a) for a in h], 1e-3
    dimensions = [classification_dimension(net, a, layer - below_all)[0] for layer, a in enumerate(h[:-1])]
    yield "classification_dimension", found["classification_dimension"], dimensions, 0
    curve = classification_dimension(net, features, len(h) - 2 - below_all)[1]
    yield "pca_accuracy", found["pca_accuracy"], curve[1:][:len(found["pca_accuracy"])], 0
    d = deficits(z, y)
    for name, key in (("class_determination", "determination"), ("class_deciders", "deciders"),
                      ("class_accuracy", "own"), ("class_predicted_accuracy", "own_predicted"),
                      ("predicted_accuracy", "predicted")):
        yield name, found[name], d[key], 1e-6 if name == "class_determination" else 0
    for label, weights in enumerate(d["weights"]):
        yield ("decider_weights", found["decider_weights"][str(label)]["mean"], weights, 1e-6)
    yield "nc1 and nc2 of layers", [found[k] for k in ("nc1", "nc2_norms", "nc2_angles", "nc2_maximality")], \
        np.array([collapse(a, y) for a in h[:-1]]).reshape(-1, 4).T, 1e-4
    last = collapse(features, y, net.weights[-1].astype(float), np.argmax(z, axis=1))
    yield ("nc2 of the head, nc3, nc4", [found[k] for k in (
        "nc2_head_norms", "nc2_head_angles", "nc2_head_maximality", "nc3", "nc4")], last[4:], 1e-5)
    below = h[max(0, len(h) - 2)]
    scores = PCA(2, svd_solver="full").fit_transform(below)[:POINTS]
    yield ("components, up to signs", [np.abs(found["component_1"]), np.abs(found["component_2"])], np.abs(scores.T),
           1e-4)


def partial_ranks(net, found, points, side, threshold):
    chosen, ranges = patch(net.x.shape[1], side), []
    for x in net.x[:points]:
        spectra = [np.linalg.svd(j[:, chosen], compute_uv=False) for j in jacobians(net, x)]
        ranges.append([counts(s, threshold) for s in spectra])
    yield f"partial_rank, side {side}", found["partial_rank"][str(threshold)]["mean"], np.mean(ranges, axis=0), None
    yield f"partial_rank_max, side {side}", found["partial_rank_max"][str(threshold)], np.max(ranges, axis=0), None


def products(net, found):
    """Of W_l ... W_1 but for the last layer: roots of singular values, the same by QR, and counts."""
    product, basis, exponents = np.eye(net.x.shape[1]), np.eye(net.x.shape[1]), 0.0
    roots, qr, ranges, norms = [], [], [], []
    for depth, w in enumerate(net.weights[:-1], 1):
        product = w.astype(float) @ product
        s = np.linalg.svd(product, compute_uv=False)
        norms.append(np.log(s[0]))
        roots.append([(s[k - 1] / s[0]) ** (1 / depth) for k in (1, 2, 5)])
        basis, r = np.linalg.qr(w.astype(float) @ basis)
        exponents = exponents * np.ones(len(r)) if np.ndim(exponents) == 0 else exponents[:len(r)]
        exponents = exponents + np.log(np.abs(np.diag(r)))
        qr.append([np.exp((exponents[k - 1] - exponents[0]) / depth) for k in (1, 2, 5)])
        ranges.append(counts(s, 0.1))

    def by_index(key):
        return np.transpose([found[key][k] for k in ("1", "2", "5")])
    yield "product_root", by_index("product_root"), roots, 1e-9
    yield "product_log_norm", found["product_log_norm"], norms, 1e-9
    yield "product_exponent_root", by_index("product_exponent_root"), qr, 1e-9
    for key in ("product_rank", "product_rank_single"):
        yield key, found[key]["0.1"], ranges, None


def stability(net, found):
    """Of the Jacobians of activations, of the last layer its output's."""
    p, h = net.forward(net.x[:1])
    slopes = [SLOPES[net.activation](p[number][0], h[number][0]) for number in range(len(p) - 1)]
    slopes.append(np.ones(len(net.weights[-1])))
    spectra = [np.linalg.svd(s[:, None] * j, compute_uv=False) for s, j in zip(slopes, jacobians(net, net.x[0]))]
    yield "unperturbed_rank", found["unperturbed_rank"]["0.01"], [counts(s, 0.01) for s in spectra], None
    safe = [np.min(np.abs(s / s[0] - 0.01)) / 1.01 for s in spectra]
    yield "safe_delta", found["safe_delta"]["0.01"], safe, 1e-5


def truncations(net, found, threshold, points):
    """Of local ranks over the first points, rounded up, and of weights without the singular values past them."""
    key = f"{threshold:g}"
    ranges = []
    for x in net.x[:points]:
        spectra = [np.linalg.svd(j, compute_uv=False) for j in jacobians(net, x)]
        ranges.append([[int(np.sum(s > t)) for t in (threshold * 1.001, threshold * 0.999)] for s in spectra])
    ranks = found["truncated_rank"][key]
    yield f"truncated_rank {key}", ranks, np.ceil(np.mean(ranges, axis=0)), None
    truncated = []
    for w, rank in zip(net.weights, ranks):
        u, s, v = np.linalg.svd(w.astype(float), full_matrices=False)
        truncated.append((u[:, :int(rank)] * s[:int(rank)]) @ v[:int(rank)])

    def right(weights):
        h = net.x.astype(float)
        for number, (w, b) in enumerate(zip(weights, net.biases)):
            h = h @ w.T + b
            if number + 1 < len(weights):
                h = ACTIVATIONS[net.activation](h)
        return accuracy(h, net.y)
    yield f"truncated_accuracy {key}", found["truncated_accuracy"][key], right(truncated), 0
    alone = [right([t if i == j else w.astype(float) for j, (w, t) in enumerate(zip(net.weights, truncated))])
             for i in range(len(ranks))]
    yield f"truncated_alone_accuracy {key}", found["truncated_alone_accuracy"][key], alone, 0
    kept = sum(min(k * sum(w.shape), w.size) for w, k in zip(net.weights, ranks)) / sum(w.size for w in net.weights)
    yield f"truncated_parameters {key}", found["truncated_parameters"][key], kept, 1e-12


def check(program):
    worst = True
    for net in networks():
        found = net.measured(
            program,
            "activation_rank,feature_dimension,effective_rank,intrinsic_dimension,classification_dimension,"
            "independence_deficit,neural_collapse,components", "--points", str(POINTS),
            "--set", f"independence_deficit.penalty={ETA}", "--set", "feature_dimension.tolerance=1e-4")
        rows = list(comparisons(net, found))
        for side in (3, 8, 28):
            ranks = net.measured(program, "partial_rank", "--set", f"partial_rank.side={side}", "--set",
                                 "partial_rank.points=20", "--set", "partial_rank.relative=[0.01]", "--set",
                                 "partial_rank.maximum=true")
            rows += partial_ranks(net, ranks, 20, side, 0.01)
        if len(net.weights) > 1:
            rows += products(net, net.measured(
                program, "weight_product", "--set", "weight_product.indices=[1,2,5]", "--set",
                "weight_product.tolerances=[0.1]", "--set", "weight_product.log_norm=true"))
            cut = net.measured(program, "truncation", "--points", str(POINTS), "--set", "truncation.thresholds=[0.1,2]",
                               "--set", "truncation.rank_points=20")
            for threshold in (0.1, 2.0):
                rows += truncations(net, cut, threshold, 20)
        rows += stability(net, net.measured(program, "rank_stability", "--set", "rank_stability.tolerances=[0.01]"))
        print(f"{net.name}: {net.x.shape[1]}" + "".join(f"-{len(w)}" for w in net.weights))
        for name, program_says, expected, tolerance in rows:
            a, b = np.asarray(program_says, float), np.asarray(expected, float)
            if tolerance is None:
                isRight = bool(np.all((b[..., 0] <= a + 1e-12) & (a <= b[..., 1] + 1e-12)))
                text = "equal" if isRight else f"{a.tolist()} is not within {b.tolist()}"
            else:
                difference = np.max(np.abs(a - b) / np.maximum(1, np.abs(b)), initial=0)
                isRight = difference <= max(tolerance, 1e-12)
                text = f"{difference:.1e} of {tolerance:.0e}"
            worst = worst and isRight
            print(f"    {'ok' if isRight else 'WRONG':5} {name:32} {a.size:4} numbers, {text}")
    return 0 if worst else 1
