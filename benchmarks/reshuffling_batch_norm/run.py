"""What single shuffle and reshuffling converge to under batch normalisation: the linear model of Wu, Yun and Sra, 2023.

    python -m benchmarks.reshuffling_batch_norm.run

f(X) = BN(X) w on Gaussian inputs, where BN normalises each feature over the batch. Regression: squared loss, targets
of a linear teacher with noise. Classification: logistic loss, random labels. 10 seeds of the shuffling, the same data.
Writes result.json and prints the tables of the README. Some 30 seconds on one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch
from benchmarks._files import rounded
from benchmarks._run import beside, save
from torch import Tensor
from torch.nn.functional import logsigmoid

from sooner.random import generator
from sooner.sampling import make

EXAMPLES = 128
SEEDS = 10
REGRESSION = {"features": 16, "batch": 4, "epochs": 400}
CLASSIFICATION = {"features": 64, "batch": 8, "looks": (10, 30, 100, 300, 1000)}
RATE = 0.3  # learning rate of the classification

Gradient = Callable[[Tensor, Tensor, Tensor], Tensor]


def normalised(inputs: Tensor) -> Tensor:
    """(..., B, d): each feature with mean 0 and variance 1 over the B rows."""
    centred = inputs - inputs.mean(-2, keepdim=True)
    return centred / (centred.var(-2, unbiased=False, keepdim=True) + 1e-8).sqrt()


def squared(inputs: Tensor, targets: Tensor, w: Tensor) -> Tensor:
    return (inputs @ w - targets) @ inputs / len(targets)


def logistic(inputs: Tensor, labels: Tensor, w: Tensor) -> Tensor:
    return -(torch.sigmoid(-labels * (inputs @ w)) * labels) @ inputs / len(labels)


def optimum(batches: Tensor, targets: Tensor) -> Tensor:
    """(d,) least squares over all the (P, B, d) normalised batches with their (P, B) targets."""
    rows = batches.flatten(0, 1)
    return torch.linalg.solve(rows.T @ rows, rows.T @ targets.flatten())


def regression() -> dict[str, object]:
    draw = generator(0, "regression")
    features, batch, epochs = (REGRESSION[key] for key in ("features", "batch", "epochs"))
    inputs = torch.randn(EXAMPLES, features, generator=draw, dtype=torch.float64)
    teacher = torch.randn(features, generator=draw, dtype=torch.float64)
    targets = inputs @ teacher + 2 * torch.randn(EXAMPLES, generator=draw, dtype=torch.float64)
    whole = optimum(normalised(inputs)[None], targets[None])
    picks = torch.stack([torch.randperm(EXAMPLES, generator=draw) for _ in range(20_000)]).view(-1, batch)
    expected = optimum(normalised(inputs[picks]), targets[picks])  # of reshuffling: over all batches there are

    def risk(w: Tensor) -> float:
        """How far above its least value the loss is with the statistics of all the data."""
        return float(((normalised(inputs) @ (w - whole)) ** 2).mean())

    def train(name: str, seed: int) -> Tensor:
        sampler, w = make(name, EXAMPLES, batch, seed=seed), torch.zeros(features, dtype=torch.float64)
        for epoch in range(epochs):
            for index in sampler:
                w = w - 0.05 / (1 + epoch / 4) * squared(normalised(inputs[index]), targets[index], w)
        return w

    rows = {}
    for name in ("single-shuffle", "reshuffle"):
        found = [train(name, seed) for seed in range(SEEDS)]
        orders = [torch.cat(list(make(name, EXAMPLES, batch, seed=seed))).view(-1, batch) for seed in range(SEEDS)]
        first = [optimum(normalised(inputs[order]), targets[order]) for order in orders]  # of the first epoch's batches
        rows[name] = {
            "distance_to_optimum_of_its_batches": median(
                float((w - o).norm()) for w, o in zip(found, first, strict=True)
            ),
            "distance_to_optimum_over_all_batches": median(float((w - expected).norm()) for w in found),
            "excess_risk": [round(risk(w), 5) for w in found],
        }
    return {**REGRESSION, "excess_risk_of_optimum_over_all_batches": risk(expected), **rows}


def classification() -> dict[str, object]:
    draw = generator(0, "classification")
    features, batch, looks = (CLASSIFICATION[key] for key in ("features", "batch", "looks"))
    inputs = torch.randn(EXAMPLES, features, generator=draw, dtype=torch.float64)
    labels = torch.randint(0, 2, (EXAMPLES,), generator=draw) * 2.0 - 1
    labels = labels.to(torch.float64)

    def train(name: str, seed: int) -> list[float]:
        """The loss with the statistics of all the data, after each number of epochs in `looks`."""
        sampler, w = make(name, EXAMPLES, batch, seed=seed), torch.zeros(features, dtype=torch.float64)
        losses = []
        for epoch in range(1, looks[-1] + 1):
            for index in sampler:
                w = w - RATE * logistic(normalised(inputs[index]), labels[index], w)
            if epoch in looks:
                losses.append(float(-logsigmoid(labels * (normalised(inputs) @ w)).mean()))
        return losses

    rows = {name: [train(name, seed) for seed in range(SEEDS)] for name in ("single-shuffle", "reshuffle")}
    return {**CLASSIFICATION, "learning_rate": RATE, "loss": rows}


def main() -> None:
    torch.set_num_threads(1)
    began = time.perf_counter()
    result = {"regression": regression(), "classification": classification()}
    result["seconds"] = round(time.perf_counter() - began, 1)
    result["torch"] = torch.__version__
    save(beside(__file__), rounded(result, 6))
    for name, row in result["regression"].items():
        print(name, row)
    for name, losses in result["classification"]["loss"].items():
        print(name, [f"{min(at):.2f} {median(at):.2f} {max(at):.2f}" for at in zip(*losses, strict=True)])
    print(f"{result['seconds']} s")


if __name__ == "__main__":
    main()
