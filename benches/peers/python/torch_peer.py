"""D-optimal selection and training by the paper's formulas, in PyTorch.

Equation 8 as it stands: the gradient of log det Σ s w d dᵀ with respect to the selection weights s,
at s = 1, by automatic differentiation, over the 22,500 differences of in-prompt pairs. Training is
full-batch Adam on the binary cross-entropy of p = σ(r_a − r_b), both items of each pair embedded.

    torch_peer.py FOLDER THREADS
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from worker import serve

REPLIES = 10
ORDER = 64
BATCH = 500
RIDGE = 1.0


def dopt(first, second, head):
    """Equation 8."""
    differences = first - second
    probability = torch.sigmoid(differences @ head)
    weights = probability * (1 - probability)
    selection = torch.ones(len(differences), dtype=first.dtype, requires_grad=True)
    weighted = (selection * weights)[:, None] * differences
    information = differences.T @ weighted + RIDGE * torch.eye(ORDER, dtype=first.dtype)
    torch.logdet(information).backward()
    return torch.topk(selection.grad, BATCH).indices.tolist()


def iteration(dimensions, labels):
    """One step of training on labels that share no item."""
    generator = torch.Generator().manual_seed(1)
    sides = torch.randn(2, labels, dimensions, generator=generator)
    answers = torch.randint(0, 2, (labels,), generator=generator).float()
    trunk = [nn.Linear(dimensions, ORDER), nn.GELU()]
    trunk += [nn.Linear(ORDER, ORDER), nn.GELU(), nn.Linear(ORDER, ORDER), nn.GELU()]
    model = nn.Sequential(*trunk, nn.Linear(ORDER, 1, bias=False))
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss = nn.BCELoss()

    def step():
        adam.zero_grad()
        margin = model(sides[0]) - model(sides[1])
        loss(torch.sigmoid(margin.squeeze(1)), answers).backward()
        adam.step()

    return step


def main():
    folder, threads = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(threads)
    features = torch.from_numpy(np.fromfile(folder / "features.f32", "<f4"))
    items = features.reshape(-1, REPLIES, ORDER)
    head = torch.from_numpy(np.fromfile(folder / "head.f32", "<f4"))
    first, second = np.triu_indices(REPLIES, 1)
    works = {}
    for name, scalar in [("f32", torch.float32), ("f64", torch.float64)]:
        sides = [items[:, side].reshape(-1, ORDER).to(scalar) for side in (first, second)]
        run = lambda sides=sides, scalar=scalar: dopt(*sides, head.to(scalar))
        works[f"in-prompt {name}"] = run, 0
    for dimensions in (384, 2048):
        for labels in (1000, 10000):
            works[f"train {dimensions} {labels}"] = iteration(dimensions, labels), 0
    serve(f"torch {torch.__version__}", works)


main()
