"""The speed of what is called often or at once: reports, permutations, scores, fingerprints. Prints the README's table.

python -m benchmarks.speeds.run
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

import sooner
from sooner._report import VARIABLE
from sooner.sampling import ScoreStore
from sooner.tasks import InMemory
from sooner.tasks._fingerprint import fingerprint

TURNS = 21


def median(action: Callable[[], object], times: int = 1) -> float:
    """Median seconds of `times` calls of `action`, for one of them."""
    spent = []
    for _ in range(TURNS + 2):
        began = time.perf_counter()
        for _ in range(times):
            action()
        spent.append((time.perf_counter() - began) / times)
    return statistics.median(spent[2:])  # the first two warm up


def report(folder: Path) -> float:
    os.environ[VARIABLE] = str(folder / "reports")
    return median(lambda: sooner.report(0.5), 100)


def first_batch(n: int) -> float:
    return median(lambda: sooner.Permutation(n, 1)[:1024])


def indices_a_second(n: int) -> float:
    return 2**17 / median(lambda: sooner.Permutation(n, 1)[: 2**17])


def update(n: int, folder: Path) -> float:
    """Of 128 scores among `n` in a file, whose pages have been touched before."""
    scores = ScoreStore(n, {"loss": 0.0}, folder)
    draws = [torch.randint(0, n, (128,), generator=torch.Generator().manual_seed(turn)) for turn in range(20)]
    losses = torch.ones(128)
    turn = iter(range(10**9))
    return median(lambda: scores.update(draws[next(turn) % 20], loss=losses), 20)


def fingerprints() -> float:
    data = InMemory(torch.zeros(60_000, 1, 28, 28, dtype=torch.uint8), torch.zeros(60_000, dtype=torch.int64))
    return median(lambda: fingerprint(data, data, "ab"))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            ("`sooner.report` in a race", f"{report(folder) * 1e6:,.0f} µs", "2 ms"),
            ("first batch of a permutation of 1e9", f"{first_batch(10**9) * 1e3:.2f} ms", "20 ms"),
            *(
                (f"indices of a permutation of {size}", f"{indices_a_second(n) / 1e6:.1f} million/s", "2 million/s")
                for size, n in (("1e6", 10**6), ("1e9", 10**9), ("2^62", 2**62))
            ),
            ("update of 128 scores among 1e3", f"{update(10**3, folder) * 1e6:,.0f} µs", ""),
            ("update of 128 scores among 1e8", f"{update(10**8, folder) * 1e6:,.0f} µs", "20 times that among 1e3"),
            ("fingerprint of twice 60,000 images of 28x28", f"{fingerprints() * 1e3:.1f} ms", "200 ms"),
        ]
    print("| what | here | at most (rates: at least) |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
