"""Two real processes, joined by gloo."""

import os
import socket

import torch
import torch.multiprocessing as mp


def in_two_processes(function, folder, *args):
    """[what `function(*args)` returned on rank 0, and on rank 1]; the environment tells each its place."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.start_processes(_one, args=(function, port, str(folder), args), nprocs=2, start_method="fork")
    return [torch.load(f"{folder}/{rank}.pt", weights_only=True) for rank in range(2)]


def _one(rank, function, port, folder, args):
    torch.set_num_threads(1)
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "1",
    }
    torch.save(function(*args), f"{folder}/{rank}.pt")
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
