"""Fresh processes, one or two, joined by gloo where they are two, each with a global random state of its own."""

from __future__ import annotations

import multiprocessing
import os
import random
import socket
import sys
import traceback
from pathlib import Path

import accelerate  # noqa: F401  loaded once, for all processes
import lightning.pytorch  # noqa: F401
import numpy as np
import torch
import transformers.trainer  # noqa: F401
from benchmarks.resume.training import LOOPS, Outcome, Setting

_FORK = multiprocessing.get_context("fork")  # what is loaded already is not loaded again


def train(loop: str, setting: Setting, world: int, seed: int, folder: Path) -> list[Outcome]:
    """What each process came to, by rank. RuntimeError with the trace of one that failed.

    Args:
        seed: of the global random states when a process begins; each rank has another one.
        folder: for results, to be made.
    """
    folder.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = [
        _FORK.Process(target=_one, args=(loop, setting, rank, world, port, seed, folder)) for rank in range(world)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()
    failed = [(folder / f"{rank}.txt") for rank in range(world) if started[rank].exitcode != 0]
    if failed:
        raise RuntimeError("\n".join(file.read_text() if file.exists() else "killed" for file in failed))
    return [Outcome(*torch.load(folder / f"{rank}.pt", weights_only=True)) for rank in range(world)]


def _one(loop: str, setting: Setting, rank: int, world: int, port: int, seed: int, folder: Path) -> None:
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(world), "ACCELERATE_USE_CPU": "1"}
    if world > 1:
        os.environ |= {"LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": str(world)}
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    for stream in (sys.stdout, sys.stderr):  # the frameworks' own words
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    torch.manual_seed(seed + rank)
    np.random.seed(seed + rank)  # noqa: NPY002
    random.seed(seed + rank)
    try:
        outcome = LOOPS[loop](setting)
        torch.save((outcome.order, outcome.weights), folder / f"{rank}.pt")
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
    except BaseException:
        (folder / f"{rank}.txt").write_text(traceback.format_exc())
        raise
