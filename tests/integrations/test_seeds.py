"""Beginning an iteration draws nothing from the global state, and seeds workers by the place where it begins."""

import pytest
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader

import sooner
from sooner.integrations import guard
from sooner.integrations.accelerate import prepare
from sooner.integrations.lightning import Rounds
from sooner.sampling import Reshuffling
from tests.integrations.example import BATCH, IMAGES, N

WRAP = {"guard": guard, "prepare": lambda loader: prepare(Accelerator(cpu=True), loader), "Rounds": Rounds}


def bare(sampler, data=IMAGES, **options):
    return DataLoader(sooner.Indexed(data), batch_sampler=sampler, collate_fn=sooner.collate, **options)


@pytest.mark.parametrize("wrap", WRAP)
def test_no_draw_from_the_global_state(wrap):
    batches = WRAP[wrap](bare(Reshuffling(N, BATCH)))
    before = torch.get_rng_state()
    for _ in range(2):
        for _ in batches:
            pass
    assert torch.equal(torch.get_rng_state(), before)


def test_a_generator_that_is_there_is_left_alone():
    own = torch.Generator().manual_seed(5)
    loader = bare(Reshuffling(N, BATCH), generator=own)
    next(iter(guard(loader)))
    assert loader.generator is own
    assert not torch.equal(own.get_state(), torch.Generator().manual_seed(5).get_state())  # and drawn from


class Drawn(torch.utils.data.Dataset):
    """What a worker draws from its global state."""

    def __len__(self):
        return N

    def __getitem__(self, index):
        return torch.rand(()), index


def drawn(sampler):
    """Of each batch in a round."""
    return [batch.inputs.tolist() for batch in guard(bare(sampler, Drawn(), num_workers=1))]


def test_workers_draw_by_round_rank_and_seed_alone():
    torch.manual_seed(1)
    unbroken = Reshuffling(N, BATCH)
    first, second = drawn(unbroken), drawn(unbroken)
    torch.manual_seed(2)
    resumed = Reshuffling(N, BATCH)
    resumed.set_epoch(1)
    assert drawn(resumed) == second != first
    assert drawn(Reshuffling(N, BATCH, seed=1))[0] != first[0]
    assert drawn(Reshuffling(N, BATCH).shard(1, 2))[0] != drawn(Reshuffling(N, BATCH).shard(0, 2))[0]
