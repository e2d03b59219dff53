"""D-optimal selection as fast as NumPy can be made to do it.

The algorithm is pairpick's: Fisher information as a graph Laplacian over items, one Cholesky
factor, whitened items. What differs is what NumPy offers: every sum is a matrix product of
OpenBLAS, squared distances come from Gram matrices, and what fits in cache is a block.

    numpy_peer.py FOLDER

FOLDER holds features.f32 and head.f32, little-endian.
"""

import sys
from pathlib import Path

import numpy as np

from worker import serve

REPLIES = 10
ORDER = 64
BATCH = 500
# Rows of the weights of all pairs that are worked on at once: what stays in the second-level cache.
BLOCK = 64


def whitened(features, information):
    """Items u = L⁻¹φ, a row each, for M = I + information = LLᵀ."""
    factor = np.linalg.cholesky(information + np.eye(ORDER, dtype=features.dtype))
    return features @ np.linalg.inv(factor).T


def best(scores, count):
    """Places of the largest scores, best first."""
    places = np.argpartition(scores, scores.size - count)[-count:]
    return places[np.argsort(-scores[places], kind="stable")]


def in_prompt(features, head):
    """The best in-prompt pairs, by their numbers."""
    items = features.reshape(-1, REPLIES, ORDER)
    rewards = (features @ head).reshape(-1, REPLIES)
    weights = rewards[:, :, None] - rewards[:, None, :]
    np.abs(weights, out=weights)
    np.negative(weights, out=weights)
    np.exp(weights, out=weights)
    weights /= np.square(1 + weights)
    diagonal = np.arange(REPLIES)
    # An item's weight with itself cancels in the Laplacian and meets a distance of 0.
    laplacian = -weights
    laplacian[:, diagonal, diagonal] += weights.sum(2)
    gradients = (laplacian @ items).reshape(-1, ORDER)
    white = whitened(features, features.T @ gradients)
    norms = np.square(white).sum(1).reshape(-1, REPLIES)
    white = white.reshape(items.shape)
    scores = white @ white.transpose(0, 2, 1)
    scores *= -2
    scores += norms[:, :, None]
    scores += norms[:, None, :]
    scores *= weights
    first, second = np.triu_indices(REPLIES, 1)
    return best(scores.reshape(-1, REPLIES * REPLIES)[:, first * REPLIES + second].ravel(), BATCH)


def cross_prompt(features, head):
    """The best of all pairs, by their numbers."""
    count = len(features)
    rewards = features @ head
    rewards -= (rewards.max() + rewards.min()) / 2
    half = rewards / 2
    above, below = np.exp(half), np.exp(-half)
    # h_a g_b + g_a h_b for a block of a is a product of two columns by two rows.
    left, right = np.stack([above, below], 1), np.stack([below, above])
    sums = np.zeros_like(features)
    degrees = np.zeros(count, features.dtype)

    def weights_of(start, end, out):
        np.matmul(left[start:end], right[:, start:], out=out)
        np.multiply(out, out, out=out)
        np.reciprocal(out, out=out)
        return out

    memory = [np.empty(BLOCK * count, features.dtype) for _ in range(2)]
    blocks = [(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]
    shaped = lambda place, start, end: (
        memory[place][: (end - start) * (count - start)].reshape(end - start, count - start)
    )
    for start, end in blocks:
        weights = weights_of(start, end, shaped(0, start, end))
        own = end - start
        # What the block owes the later items, and they owe it; within it each pair stands twice.
        sums[start:end] += weights @ features[start:]
        degrees[start:end] += weights.sum(1)
        sums[end:] += weights[:, own:].T @ features[start:end]
        degrees[end:] += weights[:, own:].sum(0)
    gradients = degrees[:, None] * features - sums
    white = whitened(features, features.T @ gradients)
    norms = np.square(white).sum(1)
    one = np.ones_like(norms)
    # ‖u_a − u_b‖² of a block is one product, of two columns more.
    own = np.concatenate([-2 * white, norms[:, None], one[:, None]], 1)
    others = np.concatenate([white, one[:, None], norms[:, None]], 1).T.copy()
    bound = -np.inf
    kept_scores, kept_pairs = [], []
    waiting = 0
    for start, end in blocks:
        scores = np.matmul(own[start:end], others[:, start:], out=shaped(1, start, end))
        scores *= weights_of(start, end, shaped(0, start, end))
        scores[np.tril_indices(end - start)] = -np.inf
        places = np.flatnonzero(scores > bound)
        rows, columns = np.divmod(places, count - start)
        kept_scores.append(scores.ravel()[places])
        first, second = rows + start, columns + start
        kept_pairs.append(first * (2 * count - first - 1) // 2 + second - first - 1)
        waiting += places.size
        if waiting >= 2 * BATCH:
            all_scores, all_pairs = np.concatenate(kept_scores), np.concatenate(kept_pairs)
            places = np.argpartition(all_scores, waiting - BATCH)[-BATCH:]
            kept_scores, kept_pairs = [all_scores[places]], [all_pairs[places]]
            bound, waiting = kept_scores[0].min(), BATCH
    all_scores, all_pairs = np.concatenate(kept_scores), np.concatenate(kept_pairs)
    return all_pairs[np.lexsort((all_pairs, -all_scores))[:BATCH]]


def product(rows, inner, columns, scalar):
    """A matrix product of OpenBLAS, and its floating-point operations."""
    generator = np.random.default_rng(1)
    a = generator.random((rows, inner)).astype(scalar)
    b = generator.random((inner, columns)).astype(scalar)
    out = np.empty((rows, columns), scalar)
    return lambda: np.matmul(a, b, out=out), 2 * rows * inner * columns


def main():
    folder = Path(sys.argv[1])
    works = {}
    for name, scalar in [("f32", np.float32), ("f64", np.float64)]:
        features = np.fromfile(folder / "features.f32", "<f4").reshape(-1, ORDER).astype(scalar)
        head = np.fromfile(folder / "head.f32", "<f4").astype(scalar)
        count = len(features)
        once = 2 * count * ORDER
        products = once + once * REPLIES * 2 + once * ORDER * 2
        call = lambda run, features=features, head=head: (lambda: run(features, head))
        works[f"in-prompt {name}"] = call(in_prompt), products
        products = once + once * count + once * ORDER * 2 + (count * count // 2) * 2 * (ORDER + 6)
        works[f"cross-prompt {name}"] = call(cross_prompt), products
    for rows in (1000, 5000, 20000):
        for inner in (384, 2048, 64):
            works[f"gemm {rows} {inner}"] = product(rows, inner, 64, np.float32)
    for name, scalar in [("f32", np.float32), ("f64", np.float64)]:
        works[f"best gemm {name}"] = product(1024, 1024, 1024, scalar)
    serve(f"numpy {np.__version__}", works)


main()
