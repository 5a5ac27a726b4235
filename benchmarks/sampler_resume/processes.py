"""Processes of their own: children that are killed with SIGKILL, and two ranks that meet in torch.distributed."""

from __future__ import annotations

import contextlib
import itertools
import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from benchmarks.sampler_resume.training import BATCH, KILLED_BY, ROUNDS, Loaders, N, Step, Training, contestants, losses
from torch.utils.data import DataLoader

from sooner import sampling
from sooner.sampling import Scored, Screening
from sooner.training import checkpoint

_FORK = multiprocessing.get_context("fork")  # torch is loaded already


def killed(label: str, kills: int, seed: int, folder: Path) -> dict[str, Any]:
    """Kill a child that saves its state after every step at a random moment; another one goes on from the file."""
    folder = folder / f"killed {label}"
    folder.mkdir()
    draw = random.Random(f"{seed} {label} SIGKILL")
    whole, steps, state = folder / "unbroken", folder / "steps", folder / "state"
    began = time.perf_counter()
    _child(label, 0, folder / "of the unbroken run", whole).join()
    length = time.perf_counter() - began
    unbroken = whole.read_text().splitlines()
    moments, differing = [], 0
    while len(moments) < kills:
        for file in (steps, state):
            file.unlink(missing_ok=True)
        child = _child(label, workers := draw.choice((0, 2)), state, steps)
        time.sleep(draw.uniform(0.02, length))
        child.kill()
        child.join()
        with contextlib.suppress(ProcessLookupError):  # its workers, which may wait for it for ever
            os.killpg(child.pid or 0, signal.SIGKILL)
        if child.exitcode != -signal.SIGKILL or not state.exists():
            continue  # it was done, or had not begun
        made = int(checkpoint.load(state)["made"])
        steps.unlink()
        _child(label, workers, state, steps).join()
        differing += steps.read_text().splitlines() != unbroken[made:]
        moments.append({"after_steps": made, "workers": workers})
    print("killed", label, differing, flush=True)
    return {"streams": kills, "differing": differing, "steps": len(unbroken), "moments": moments}


def _child(label: str, workers: int, state: Path, steps: Path) -> multiprocessing.process.BaseProcess:
    process = _FORK.Process(target=_train, args=(label, workers, state, steps))
    process.start()
    os.setpgid(process.pid or 0, process.pid or 0)  # a group with its workers
    return process


def _train(label: str, workers: int, state: Path, steps: Path) -> None:
    """From the saved state, if there is one, to the end: a line into `steps` and a new state after every step."""
    name, options = contestants()[label]
    training, made = Training(name, options, Loaders(1, workers)), 0
    if state.exists():
        saved = checkpoint.load(state)
        training.load(saved["ranks"])
        made = saved["made"]
    with steps.open("a") as lines:
        for step in itertools.chain.from_iterable(training.rounds()):
            made += 1
            checkpoint.save(state, {"ranks": training.states(), "made": made})
            lines.write(json.dumps(asdict(step)) + "\n")


def in_two_processes(labels: tuple[str, ...], places: int, folder: Path) -> dict[str, Any]:
    """By method: streams of both ranks that were resumed from the state of rank 0, and how many differ."""
    torch.multiprocessing.spawn(_rank, args=(labels, places, str(folder)), nprocs=2)  # type: ignore[no-untyped-call]
    ranks = [json.loads((folder / f"rank-{rank}.json").read_text()) for rank in range(2)]
    return {label: {"streams": 2 * places, "differing": sum(rank[label] for rank in ranks)} for label in labels}


def _rank(rank: int, labels: tuple[str, ...], places: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    differing = {}
    for label in labels:
        unbroken = [step for step, _ in _steps(_built(label, rank))]
        draw = random.Random(f"{label} gloo")  # the same places on both ranks
        last = sum(step.epoch < KILLED_BY for step in unbroken)
        differing[label] = 0
        for number in range(places):
            path, made = Path(folder) / f"{label}-{number}", draw.randint(1, last)
            before = _built(label, rank)
            steps, used = zip(*itertools.islice(_steps(before), made), strict=True)
            before.scores.exchange()
            if rank == 0:
                checkpoint.save(path, before.state_dict(consumed=used[-1]))
            dist.barrier()
            after = _built(label, rank)
            after.load_state_dict(checkpoint.load(path))
            differing[label] += [*steps, *(step for step, _ in _steps(after))] != unbroken
    (Path(folder) / f"rank-{rank}.json").write_text(json.dumps(differing))
    dist.destroy_process_group()


def _built(label: str, rank: int) -> Scored:
    name, options = contestants()[label]
    sampler = sampling.make(name, N, BATCH, seed=1, **options).shard(rank, 2)
    assert isinstance(sampler, Scored), f"{label} has no scores to exchange"
    return sampler


def _steps(sampler: Scored) -> Iterator[tuple[Step, int]]:
    """A rank's own steps, each with the number of batches used in its round.

    The sampler itself exchanges with the other rank when a round begins.
    """
    while sampler.epoch < ROUNDS:
        epoch = sampler.epoch
        sampler.progress = epoch / ROUNDS
        loader: DataLoader[Any] = DataLoader(
            torch.arange(N),  # type: ignore[arg-type]
            batch_sampler=sampler,
            generator=torch.Generator(),
        )
        for used, index in enumerate(loader, start=1):
            kept, weight = index, sampler.weight(index)
            if isinstance(sampler, Screening) and sampler.screens(index):
                keep, weight = sampler.screen(index, losses(index, epoch))
                kept, weight = index[keep], weight[keep]
            sampler.observe(kept, losses(kept, epoch))
            trained = list(zip(kept.tolist(), weight.tolist(), strict=True))
            yield Step(epoch, [index.tolist()], [trained]), used
