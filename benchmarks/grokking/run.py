"""Race the cures of grokking on modular addition: steps and seconds until the validation accuracy reaches a target.

    OMP_NUM_THREADS=1 python -m benchmarks.grokking.run            # go on with what result.json lacks, then show it
    OMP_NUM_THREADS=1 python -m benchmarks.grokking.run --show     # the tables alone
    OMP_NUM_THREADS=1 python -m benchmarks.grokking.run --lanes stablemax --steps 20000 --pairs 1 --to long.json

All lanes of a seed share the split and the initial weights. Every run is appended to result.json as it ends.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from benchmarks._run import beside, each_once, markdown
from benchmarks._sooner import Time, Trajectory, compare, compared, noise_of, verdict
from torch import Tensor, nn
from torch.nn import functional as F

from sooner import losses, optim
from sooner.random import generator

P, WIDTH, SHARE = 113, 200, 0.4
EVERY = 5  # steps between looks
TARGETS = (0.95, 0.99)

# Per lane: the loss, the optimizer's options, and the wrapper's where there is one.
LANES: dict[str, dict[str, Any]] = {
    "adamw": {},
    "float64 softmax": {"loss": "float64"},
    "stablemax": {"loss": "stablemax"},
    "weight decay 1.5": {"weight_decay": 1.5},
    "weight decay 5, lr 0.02": {"weight_decay": 5.0, "lr": 0.02},
    "weight decay 5, lr 0.03": {"weight_decay": 5.0, "lr": 0.03},
    "perpgrad": {"wrap": {"norm": "restored"}},
    "perpgrad as-is": {"wrap": {"norm": "as-is"}},
}
BASELINE = "adamw"


class TwoHot(nn.Module):
    """A linear layer on the concatenated one-hot codes of a and b, as a sum of two rows: the same, and half as dear."""

    def __init__(self, drawn: torch.Generator) -> None:
        super().__init__()
        bound = (2 * P) ** -0.5
        self.weight = nn.Parameter(torch.empty(2 * P, WIDTH).uniform_(-bound, bound, generator=drawn))
        self.bias = nn.Parameter(torch.empty(WIDTH).uniform_(-bound, bound, generator=drawn))

    def forward(self, pairs: Tensor) -> Tensor:
        return F.embedding_bag(pairs, self.weight, mode="sum") + self.bias


def linear(inputs: int, outputs: int, drawn: torch.Generator) -> nn.Linear:
    """torch's default initialization, from a generator of its own."""
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    for parameter in layer.parameters():
        parameter.data.uniform_(-(inputs**-0.5), inputs**-0.5, generator=drawn)
    return layer


def loss_of(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """The mean loss of a full batch."""
    if name == "float64":
        return lambda z, y: F.cross_entropy(z.double(), y)
    if name == "stablemax":
        index = torch.arange(round(SHARE * P * P))
        stable = losses.make("stablemax", n=len(index), classes=P)
        return lambda z, y: stable(z, y, index).mean()
    return lambda z, y: F.cross_entropy(z, y)


def run(lane: str, seed: int, steps: int) -> dict[str, Any]:
    """One run, until three looks in a row reach the last target or the steps are spent.

    Its looks are [step, seconds, validation accuracy].
    """
    choice = LANES[lane]
    a, b = torch.arange(P).repeat_interleave(P), torch.arange(P).repeat(P)
    pairs, sums = torch.stack([a, b + P], 1), (a + b) % P
    order = torch.randperm(P * P, generator=generator(seed, "split"))
    train, held_out = order[: round(SHARE * P * P)], order[round(SHARE * P * P) :]
    drawn = generator(seed, "init")
    net = nn.Sequential(TwoHot(drawn), nn.ReLU(), linear(WIDTH, WIDTH, drawn), nn.ReLU(), linear(WIDTH, P, drawn))
    loss = loss_of(choice.get("loss", "float32"))
    optimizer = optim.make("adamw", net, lr=choice.get("lr", 0.01), weight_decay=choice.get("weight_decay", 0.0))
    if "wrap" in choice:
        optimizer = optim.wrap("perpgrad", optimizer, **choice["wrap"])

    inputs, targets = pairs[train], sums[train]
    looks: list[list[float]] = []
    seconds, fitted_at = 0.0, None
    for step in range(1, steps + 1):
        begun = time.process_time()
        found = loss(net(inputs), targets)
        found.backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds += time.process_time() - begun
        if step % EVERY == 0:
            with torch.no_grad():
                accuracy = (net(pairs[held_out]).argmax(1) == sums[held_out]).double().mean().item()
                if fitted_at is None and bool((net(inputs).argmax(1) == targets).all()):
                    fitted_at = step
            looks.append([step, round(seconds, 3), round(accuracy, 5)])
            if len(looks) > 2 and all(look[2] >= TARGETS[-1] for look in looks[-3:]):
                break
    return {"lane": lane, "seed": seed, "steps": steps, "fitted_at": fitted_at, "looks": looks}


def load(path: Path) -> dict[str, Any]:
    if path.exists():
        return {**json.loads(path.read_text()), "lanes": LANES}
    machine = {"processor": platform.machine(), "torch": torch.__version__, "threads": torch.get_num_threads()}
    return {"machine": machine, "p": P, "width": WIDTH, "share": SHARE, "lanes": LANES, "runs": []}


def trajectories(mine: list[dict[str, Any]], clock: int) -> list[Trajectory]:
    """The runs of a lane; `clock` 0 counts steps, 1 seconds."""
    noise = noise_of([[look[2] for look in found["looks"]] for found in mine])
    return [
        Trajectory(
            [look[clock] for look in looks],
            [look[2] for look in looks],
            end=looks[-1][clock],
            noise=noise[: len(looks)],
        )
        for looks in (found["looks"] for found in mine)
    ]


def show(result: dict[str, Any]) -> None:
    """The tables of the README."""
    runs = {(found["lane"], found["seed"]): found for found in result["runs"]}
    seeds = sorted({seed for _, seed in runs})
    lanes = [lane for lane in LANES if all((lane, seed) in runs for seed in seeds)]
    heads = ["lane", *(f"steps to {target:.0%}" for target in TARGETS), "ms per step", "trained to 100%"]
    rows = []
    for lane in lanes:
        mine = [runs[lane, seed] for seed in seeds]
        times = [spread([run.time(target) for run in trajectories(mine, 0)]) for target in TARGETS]
        ends = [found["looks"][-1] for found in mine]
        pace = sorted(1e3 * seconds / step for step, seconds, _ in ends)[len(ends) // 2]
        rows.append([lane, *times, f"{pace:.0f}", spread([Time(*fitted(found)) for found in mine])])
    print(markdown(heads, rows))
    for target in TARGETS:
        for clock, unit in enumerate(("steps", "seconds")):
            verdicts = []
            for lane, against in comparisons(lanes):
                ours, theirs = (
                    [run.time(target) for run in trajectories([runs[each, seed] for seed in seeds], clock)]
                    for each in (lane, against)
                )
                verdicts.append([f"{lane} against {against}", verdict(compared(lane, against, compare(ours, theirs)))])
            print("", markdown([f"to {target:.0%}, in {unit}", "verdict"], verdicts), sep="\n")


def fitted(found: dict[str, Any]) -> tuple[float, bool]:
    """The first look at which all of the training set was right, or the end and True."""
    at = found["fitted_at"]
    return (found["looks"][-1][0], True) if at is None else (at, False)


def spread(times: list[Time]) -> str:
    """The median of the runs that reached it, and their range."""
    hits = sorted(time.value for time in times if not time.censored)
    if not hits:
        return f"0 of {len(times)} within {times[0].value:g}"
    middle = (hits[len(hits) // 2] + hits[(len(hits) - 1) // 2]) / 2
    some = "" if len(hits) == len(times) else f", {len(hits)} of {len(times)}"
    return f"{middle:.0f} ({hits[0]:.0f} to {hits[-1]:.0f}){some}"


def comparisons(lanes: list[str]) -> list[tuple[str, str]]:
    pairs = [(lane, BASELINE) for lane in lanes if lane != BASELINE]
    pairs += [("perpgrad", lane) for lane in lanes if lane.startswith("weight decay")] + [
        ("perpgrad as-is", "perpgrad")
    ]
    return [(lane, against) for lane, against in pairs if lane in lanes and against in lanes]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--steps", type=int, default=420)
    parser.add_argument("--lanes", nargs="+", choices=LANES, default=list(LANES))
    parser.add_argument("--to", type=Path, default=beside(__file__))
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    result = load(options.to)

    def make(key: tuple[str, int]) -> dict[str, Any]:
        found = run(*key, options.steps)
        print(f"{found['lane']}, seed {found['seed']}: {found['looks'][-1]}", flush=True)
        return found

    wanted = [(lane, seed) for seed in range(0 if options.show else options.pairs) for lane in options.lanes]
    each_once(options.to, result, wanted, lambda found: (found["lane"], found["seed"]), make)
    show(result)


if __name__ == "__main__":
    main()
