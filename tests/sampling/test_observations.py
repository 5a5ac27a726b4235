"""A loss that is the example's own index must be found, in the end, at that index and nowhere else."""

import pytest
import torch
import torch.distributed as dist
from tests.integrations.processes import in_two_processes
from torch.utils.data import DataLoader, TensorDataset

import sooner
from sooner.registry import methods
from sooner.sampling import Scored, Screening, make

N, BATCH, ROUNDS = 500, 32, 4

SCORED = [
    method
    for method in methods(seam="sampling")
    if issubclass(method.make, Scored) and {"loss", "mean"} & set(method.make.columns)
]


def build(method):
    return make(method.name, N, BATCH, **method.example)


def observe(sampler, batch, parts=1):
    """What a training loop does, with a model whose loss is the index that came with the data."""
    if isinstance(sampler, Screening) and sampler.screens(batch.index):
        batch = batch.select(*sampler.screen(batch.index, batch.inputs[:, 0]))
    for part in batch.split(parts):
        sampler.observe(part.index, part.inputs[:, 0])


def loader(sampler, workers=0):
    data = TensorDataset(torch.arange(N).float().unsqueeze(1), torch.zeros(N))
    return DataLoader(sooner.Indexed(data), batch_sampler=sampler, collate_fn=sooner.collate, num_workers=workers)


def known(sampler):
    """Index and score of every example that has a score."""
    column = sampler.scores["loss" if "loss" in sampler.columns else "mean"]
    index = column.isnan().logical_not().nonzero().flatten()
    return index, column[index]


def check(sampler, seen):
    index, score = known(sampler)
    assert index.tolist() == sorted(seen)
    torch.testing.assert_close(score, index.float(), rtol=1e-6, atol=0)


pytestmark = pytest.mark.parametrize("method", SCORED, ids=lambda method: method.name)


@pytest.mark.parametrize(("workers", "parts"), [(0, 1), (0, 4), (2, 3)])
def test_in_one_process(method, workers, parts):
    sampler = build(method)
    seen = set()
    for _ in range(ROUNDS if workers == 0 else 2):
        for batch in loader(sampler, workers):
            observe(sampler, batch, parts)
            seen |= set(batch.index.tolist())
    check(sampler, seen)


def _in_two():
    """By method, what this process of two knew in the end."""
    dist.init_process_group("gloo")
    found = {}
    for method in SCORED:
        sampler = build(method).shard(dist.get_rank(), 2)
        handed_out = []
        for _ in range(ROUNDS):
            for batch in loader(sampler):
                observe(sampler, batch)
                handed_out.append(batch.index)
        sampler.scores.exchange()
        index, score = known(sampler)
        mine = torch.cat(handed_out).unique()
        found[method.name] = {"index": index, "score": score, "mine": mine, "batches": len(handed_out)}
    return found


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    return in_two_processes(_in_two, tmp_path_factory.mktemp("gloo"))


def test_in_two_processes(method, two_processes):
    first, second = (rank[method.name] for rank in two_processes)
    assert first["batches"] == second["batches"]
    assert torch.equal(first["index"], second["index"])
    assert torch.equal(first["score"], second["score"])
    assert torch.equal(first["index"], torch.cat([first["mine"], second["mine"]]).unique())
    torch.testing.assert_close(first["score"], first["index"].float(), rtol=1e-6, atol=0)
