"""Upsample, upweight or cool down: two domains, 100 to 1, on real digits.

    python -m benchmarks.cooldown.run

The large domain is 1,000 images of scikit-learn's digits, the small one 10 others, one of each class, with their
pixels in another fixed order. A network of one hidden layer, SGD with momentum, batches of 32, 30 epochs of 1,010
draws, 10 seeds, two learning rates. Writes result.json and prints the tables of the README. About 35 seconds on one
core.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import mean, stdev

import torch
from benchmarks._files import rounded
from benchmarks._run import beside, save
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from sooner.random import generator, isolated
from sooner.sampling import Cooldown, per_example_gradients

BATCH, EPOCHS, SEEDS = 32, 30, 10
RATES = (0.1, 0.02)
TARGET = 0.3  # of the loss that temperature 5 minimises, on the training data
LANES = {
    "as it is (tau 1)": {"start": 1.0},
    "upsample (tau 5)": {"end": 5.0},
    "upweight (tau 5)": {"end": 5.0, "upweight": True},
    "cooldown (tau 5 to 1)": {},
    "cooldown, upweight": {"upweight": True},
}


def data() -> tuple[Tensor, Tensor, Tensor, dict[str, tuple[Tensor, Tensor]]]:
    """Inputs, targets and domains of training, the small domain last; and the test examples of each."""
    digits = load_digits()
    inputs, targets = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
    order = torch.randperm(len(inputs), generator=generator(0, "split"))
    pixels = torch.randperm(64, generator=generator(0, "pixels"))
    large, rest = order[:1000], order[1000:]
    small = torch.stack([rest[targets[rest] == number][0] for number in range(10)])
    held_out = rest[~torch.isin(rest, small)]
    tests = {
        "large": (inputs[held_out], targets[held_out]),
        "small": (inputs[held_out][:, pixels], targets[held_out]),
    }
    domains = torch.tensor([0] * 1000 + [1] * 10)
    return torch.cat([inputs[large], inputs[small][:, pixels]]), targets[torch.cat([large, small])], domains, tests


INPUTS, TARGETS, DOMAINS, TESTS = data()
N = len(INPUTS)


def network(seed: int) -> nn.Module:
    with isolated(seed, "model"):
        return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


@torch.no_grad()
def loss_at(model: nn.Module, shares: Tensor) -> float:
    """The loss of the training data, the domains in these shares."""
    losses = cross_entropy(model(INPUTS), TARGETS, reduction="none")
    return float(sum(share * losses[number == DOMAINS].mean() for number, share in enumerate(shares)))


def train(options: dict[str, object], rate: float, seed: int) -> dict[str, float | None]:
    """One run; `steps_to_target` is None where the target was not reached."""
    model, sampler = network(seed), Cooldown(N, BATCH, seed=seed, domains=DOMAINS, **options)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    shares = torch.tensor(Cooldown(N, BATCH, domains=DOMAINS).probabilities(5.0))
    steps, reached = 0, None
    for epoch in range(EPOCHS):
        sampler.progress = epoch / EPOCHS
        for index in sampler:
            losses = cross_entropy(model(INPUTS[index]), TARGETS[index], reduction="none")
            optimizer.zero_grad()
            (losses * sampler.weight(index)).mean().backward()
            optimizer.step()
            steps += 1
            if reached is None and steps % 4 == 0 and loss_at(model, shares) <= TARGET:
                reached = steps
    with torch.no_grad():
        test = {name: float(cross_entropy(model(x), y)) for name, (x, y) in TESTS.items()}
        right = {name: float((model(x).argmax(1) == y).float().mean()) for name, (x, y) in TESTS.items()}
    return {
        "steps_to_target": reached,
        "test_loss_small": test["small"],
        "test_loss_large": test["large"],
        "accuracy_small": right["small"],
        "accuracy_large": right["large"],
    }


def full_gradient_difference() -> float:
    """The largest difference between the weights after 50 full-gradient steps under either, of the two objectives."""

    def descend(weight_of: Callable[[], Tensor]) -> Tensor:
        model = network(0)
        optimizer = torch.optim.SGD(model.parameters(), lr=RATES[0])
        for _ in range(50):
            optimizer.zero_grad()
            (cross_entropy(model(INPUTS), TARGETS, reduction="none") * weight_of()).sum().backward()
            optimizer.step()
        return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])

    sampling, twin = (Cooldown(N, BATCH, domains=DOMAINS, upweight=upweight) for upweight in (False, True))
    chance = torch.tensor(sampling.probabilities(5.0) / [1000, 10], dtype=torch.float32)[DOMAINS]
    return float((descend(lambda: chance) - descend(lambda: twin.weight(torch.arange(N)) / N)).abs().max())


def gradient_variance(upweight: bool) -> float:
    """E |g - E g|^2 of one draw's weighted gradient at the initial weights, over all that can be drawn."""
    gradients = per_example_gradients(network(0), cross_entropy, INPUTS, TARGETS)
    sampler = Cooldown(N, BATCH, domains=DOMAINS, upweight=upweight)
    chance = torch.tensor(sampler.probabilities(1.0 if upweight else 5.0) / [1000, 10], dtype=torch.float32)[DOMAINS]
    weighted = gradients * sampler.weight(torch.arange(N))[:, None]
    return float((chance * (weighted - chance @ weighted).square().sum(1)).sum())


def shown(values: list[float | None]) -> str:
    """Mean and standard deviation, and how often there was no value."""
    there = [value for value in values if value is not None]
    missed = f", {len(values) - len(there)} never" if len(there) < len(values) else ""
    if len(there) < 2:
        return f"{len(values) - len(there)} of {len(values)} never"
    digits = 0 if mean(there) > 10 else 3
    return f"{mean(there):.{digits}f} ± {stdev(there):.{digits}f}{missed}"


def main() -> None:
    torch.set_num_threads(1)
    began = time.perf_counter()
    result: dict[str, object] = {
        "full_gradient_largest_difference": full_gradient_difference(),
        "gradient_variance": {"upsample": gradient_variance(False), "upweight": gradient_variance(True)},
    }
    print(result)
    for rate in RATES:
        for name, options in LANES.items():
            runs = [train(options, rate, seed) for seed in range(SEEDS)]
            columns = {key: [run[key] for run in runs] for key in runs[0]}
            result[f"{name}, learning rate {rate}"] = columns
            print(f"| {rate} | {name} | " + " | ".join(shown(values) for values in columns.values()) + " |")
    result["seconds"] = round(time.perf_counter() - began, 1)
    result["torch"] = torch.__version__
    save(beside(__file__), rounded(result, 6))
    print(f"{result['seconds']} s")


if __name__ == "__main__":
    main()
