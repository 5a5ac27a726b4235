"""Measures samplers side by side, each in a process of its own; writes results.json and prints the README's table.

python -m benchmarks.permutation.run
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

BATCH = 1024
SUSTAINED = 2_000_000  # indices
SIZES = [10**6, 10**7, 10**8, 10**9, 10**12, 2**62]
NEEDS = 120  # bytes of free memory per index without which a sampler that holds its order is left out

Place = Callable[[int, int], Iterator[Any]]


def sooner_reshuffling(n: int, skip: int) -> Iterator[Any]:
    from sooner.sampling import Reshuffling

    sampler = Reshuffling(n, BATCH)
    state = sampler.state_dict()
    sampler.load_state_dict({**state, "position": skip * BATCH})
    return iter(sampler)


def torch_random(n: int, skip: int) -> Iterator[Any]:
    from torch.utils.data import BatchSampler, RandomSampler

    return itertools.islice(iter(BatchSampler(RandomSampler(range(n)), BATCH, False)), skip, None)


def torch_distributed(n: int, skip: int) -> Iterator[Any]:
    from torch.utils.data import BatchSampler, DistributedSampler

    sampler = DistributedSampler(range(n), num_replicas=1, rank=0)  # type: ignore[arg-type]  # only its length is asked
    return itertools.islice(iter(BatchSampler(sampler, BATCH, False)), skip, None)


def torchdata_random(n: int, skip: int) -> Iterator[Any]:
    from torchdata.stateful_dataloader.sampler import BatchSampler, RandomSampler

    iterator = iter(BatchSampler(RandomSampler(range(n)), BATCH, False))
    if skip:
        state = iterator.state_dict()
        state["sampler_iter_state"]["yielded"] = state["samples_yielded"] = skip * BATCH
        iterator.load_state_dict(state)
    return iterator


SAMPLERS: dict[str, Place] = {
    "sooner Reshuffling": sooner_reshuffling,
    "torch RandomSampler": torch_random,
    "torch DistributedSampler": torch_distributed,
    "torchdata RandomSampler": torchdata_random,
}


def peak() -> int:
    """The most memory that this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure(name: str, n: int, skip: int) -> dict[str, float]:
    """In this process: seconds to build and to have the first batch, memory for it, and the rate after it."""
    import torch

    torch.set_num_threads(1)
    place = SAMPLERS[name]
    next(place(10 * BATCH, 0))  # imports and first calls are not the sampler's
    before, start = peak(), time.perf_counter()
    batches = place(n, skip)
    first = next(batches)
    seconds, memory = time.perf_counter() - start, peak() - before
    assert len(first) == BATCH
    start, count = time.perf_counter(), 0
    for batch in batches:
        count += len(batch)
        if count >= SUSTAINED:
            break
    return {
        "first_batch_s": seconds,
        "memory_bytes": memory,
        "indices_per_s": count / (time.perf_counter() - start),
    }


def in_own_process(name: str, n: int, skip: int) -> dict[str, float]:
    command = [sys.executable, __file__, name, str(n), str(skip)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(run.stdout)  # type: ignore[no-any-return]


def median(name: str, n: int, skip: int) -> dict[str, float]:
    """Of five processes; of one where it takes seconds, and the noise is small beside that."""
    runs = [in_own_process(name, n, skip)]
    if runs[0]["first_batch_s"] < 2:
        runs += [in_own_process(name, n, skip) for _ in range(4)]
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def free_memory() -> int:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def rows() -> Iterator[dict[str, Any]]:
    for name, n in itertools.product(SAMPLERS, SIZES):
        if name != "sooner Reshuffling" and (n >= 10**9 or n * NEEDS > free_memory()):
            continue
        row = {"sampler": name, "n": n, **median(name, n, 0)}
        resumed = median(name, n, n // BATCH // 2)
        row["resume_half_way_s"] = resumed["first_batch_s"]
        print(name, n, row, file=sys.stderr, flush=True)
        yield row


def table(found: list[dict[str, Any]]) -> str:
    lines = [
        "| sampler | n | build + first batch | memory | indices per second | resume half way |",
        "|---|---|---|---|---|---|",
    ]
    for row in found:
        n = "2^62" if row["n"] == 2**62 else f"1e{len(str(row['n'])) - 1}"
        lines.append(
            f"| {row['sampler']} | {n} | {row['first_batch_s'] * 1e3:,.1f} ms | {row['memory_bytes'] / 1e6:,.1f} MB "
            f"| {row['indices_per_s'] / 1e6:.1f} million | {row['resume_half_way_s'] * 1e3:,.1f} ms |"
        )
    return "\n".join(lines)


def methods_per_batch() -> list[dict[str, Any]]:
    """Microseconds per batch of 128 of a million examples over a whole round, its first batch apart, of each method."""
    import torch

    from sooner.sampling import make

    torch.set_num_threads(1)
    targets = torch.arange(10**6) % 10
    options: list[tuple[str, dict[str, Any]]] = [
        ("reshuffle", {}),
        ("rs2", {"fraction": 0.1}),
        ("rs2", {"fraction": 0.1, "variant": "with-replacement"}),
        ("rs2", {"fraction": 0.1, "variant": "stratified"}),
        ("static", {"fraction": 0.1}),
        ("static", {"fraction": 0.1, "stratified": True}),
    ]
    found = []
    for name, given in options:
        sampler = make(name, 10**6, 128, targets=targets, **given)
        next(iter(sampler))
        sampler.set_epoch(1)
        start = time.perf_counter()
        batches = iter(sampler)
        next(batches)
        first, start = time.perf_counter() - start, time.perf_counter()
        count = sum(1 for _ in batches)
        seconds = (time.perf_counter() - start) / count
        found.append({"method": name, "options": given, "first_batch_s": first, "batch_s": seconds})
    return found


def methods_table(found: list[dict[str, Any]]) -> str:
    lines = ["| method | options | first batch of a round | each other batch |", "|---|---|---|---|"]
    for row in found:
        options = ", ".join(f"{name}={value}" for name, value in row["options"].items())
        lines.append(
            f"| {row['method']} | {options} | {row['first_batch_s'] * 1e3:.2f} ms | {row['batch_s'] * 1e6:.0f} us |"
        )
    return "\n".join(lines)


def main() -> None:
    # Not above: a process that measures has nothing loaded but what it measures.
    from benchmarks._files import rounded
    from benchmarks._run import beside, save

    found, methods = list(rows()), methods_per_batch()
    machine = {
        "processor": platform.machine(),
        "python": platform.python_version(),
        **{package: version(package) for package in ("torch", "numpy", "torchdata")},
    }
    results = {"batch": BATCH, "threads": 1, "machine": machine}
    save(beside(__file__, "results.json"), {**results, "rows": rounded(found, 7), "methods": rounded(methods, 9)})
    print(table(found), methods_table(methods), sep="\n\n")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
    else:
        main()
