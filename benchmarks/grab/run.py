"""How fast does SGD converge in each order? The error against the epochs and the examples, on a convex problem.

    python -m benchmarks.grab.run

Linear least squares with noise, 8 features, one example a step, a constant learning rate. For each order, number of
epochs and number of examples, 8 learning rates are run over 4 seeds each, and the one of the least mean error counts.
Writes result.json and prints the tables of the README. About a minute on one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from benchmarks._run import beside, save
from numpy.typing import NDArray

from sooner.sampling import GraB, Order, Reshuffling, Sampler, SingleShuffle, WithReplacement

FEATURES = 8
SEEDS = 4
EPOCHS = (8, 16, 32, 64, 128)  # at n = 256
SIZES = (64, 128, 256, 512, 1024)  # at 32 epochs
RATES = 2.0 ** np.arange(-3, 5)  # times log(n epochs) / (n epochs), the scale of the theory's learning rates

Numbers = NDArray[np.float64]


class FlipFlop(Sampler):
    """A fresh random order in each even round, the same backwards in the next (Rajput, Lee, Papailiopoulos, 2022)."""

    def order(self, epoch: int) -> Order:
        fresh = Reshuffling(self.n, self.batch_size, seed=self.seed).order(epoch // 2)[:]
        return fresh.flip(0) if epoch % 2 else fresh


ORDERS: dict[str, Callable[[int, int], Sampler]] = {
    "with replacement": lambda n, seed: WithReplacement(n, n, seed=seed),
    "single shuffle": lambda n, seed: SingleShuffle(n, n, seed=seed),
    "reshuffling": lambda n, seed: Reshuffling(n, n, seed=seed),
    "FlipFlop": lambda n, seed: FlipFlop(n, n, seed=seed),
    "GraB, mean": lambda n, seed: GraB(n, n, seed=seed),
    "GraB, pair": lambda n, seed: GraB(n, n, seed=seed, balance="pair"),
    "GraB, mean, as its code": lambda n, seed: GraB(n, n, seed=seed, faithful_to="code"),
}


def problem(n: int) -> tuple[Numbers, Numbers, Numbers]:
    """(n, d) features, (n,) targets and the (d,) solution."""
    draw = np.random.default_rng(n)
    features = draw.standard_normal((n, FEATURES))
    targets = features @ np.ones(FEATURES) + draw.standard_normal(n)
    return features, targets, np.linalg.lstsq(features, targets, rcond=None)[0]


AT_THE_EDGE: list[tuple[str, int, int]] = []  # where the best learning rate was the smallest or largest tried


def error(name: str, n: int, epochs: int) -> float:
    """The least mean squared distance to the solution over the learning rates; all runs go side by side."""
    features, targets, solution = problem(n)
    rates = np.repeat(RATES * np.log(n * epochs) / (n * epochs), SEEDS)
    samplers = [ORDERS[name](n, seed) for _ in RATES for seed in range(SEEDS)]
    x = np.zeros((len(samplers), FEATURES))
    gradients = np.empty((n, len(samplers), FEATURES))
    for _ in range(epochs):
        orders = [next(iter(sampler)) for sampler in samplers]
        for step, examples in enumerate(torch.stack(orders, dim=1).numpy()):
            rows = features[examples]
            residual = np.einsum("ij,ij->i", rows, x) - targets[examples]
            gradients[step] = residual[:, None] * rows
            x -= rates[:, None] * gradients[step]
        for run, sampler in enumerate(samplers):
            if isinstance(sampler, GraB):
                sampler.observe_gradient(orders[run], torch.from_numpy(gradients[:, run]))
    distances = ((x - solution) ** 2).sum(1).reshape(len(RATES), SEEDS).mean(1)
    best = int(np.nanargmin(distances))
    if best in (0, len(RATES) - 1):
        AT_THE_EDGE.append((name, n, epochs))
    return float(distances[best])


def slope(xs: tuple[int, ...], errors: list[float]) -> float:
    return float(np.polyfit(np.log(xs), np.log(errors), 1)[0])


def table(what: str, xs: tuple[int, ...], rows: dict[str, list[float]]) -> str:
    lines = [f"| {what} | " + " | ".join(map(str, xs)) + " | slope |", "| --- |" + " --- |" * (len(xs) + 1)]
    for name, errors in rows.items():
        lines.append(f"| {name} | " + " | ".join(f"{e:.1e}" for e in errors) + f" | {slope(xs, errors):.2f} |")
    return "\n".join(lines)


def main() -> None:
    torch.set_num_threads(1)
    began = time.perf_counter()
    by_epochs = {name: [error(name, 256, epochs) for epochs in EPOCHS] for name in ORDERS}
    by_size = {name: [error(name, n, 32) for n in SIZES] for name in ORDERS}
    print(table("epochs, n = 256", EPOCHS, by_epochs), "", table("n, 32 epochs", SIZES, by_size), sep="\n")
    result = {
        "epochs": EPOCHS,
        "error_by_epochs": by_epochs,
        "slope_in_epochs": {name: slope(EPOCHS, errors) for name, errors in by_epochs.items()},
        "sizes": SIZES,
        "error_by_size": by_size,
        "slope_in_size": {name: slope(SIZES, errors) for name, errors in by_size.items()},
        "best_learning_rate_at_the_edge": AT_THE_EDGE,
        "seconds": round(time.perf_counter() - began, 1),
        "torch": torch.__version__,
    }
    save(beside(__file__), result)
    print(f"{result['seconds']} s; best learning rate at the edge of those tried: {AT_THE_EDGE or 'nowhere'}")


if __name__ == "__main__":
    main()
