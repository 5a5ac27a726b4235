import dataclasses
import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from sooner.batch import Batch, Indexed, collate
from sooner.sampling import Reshuffling


def batch(n: int = 6) -> Batch:
    """Inputs that are ten times the index, targets a hundred times."""
    index = torch.arange(n)
    return Batch(index[:, None] * 10.0, index * 100, index, torch.ones(n))


def test_length_is_the_number_of_examples():
    assert len(batch(6)) == 6
    assert len(batch(0)) == 0


@pytest.mark.parametrize("index", [torch.zeros(3), torch.zeros(3, dtype=torch.int32), torch.zeros(3, 1).long()])
def test_an_index_that_could_credit_the_wrong_example_is_refused(index):
    with pytest.raises(TypeError, match="index must be a 1-d int64 tensor"):
        Batch(torch.zeros(3, 1), torch.zeros(3), index, torch.ones(3))


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        batch().index = torch.zeros(6, dtype=torch.int64)


def test_moving_takes_everything_along():
    moved = batch().to("meta")
    assert {t.device.type for t in (moved.inputs, moved.targets, moved.index, moved.weight)} == {"meta"}
    text = dataclasses.replace(batch(), inputs={"ids": torch.zeros(6, 4), "mask": torch.ones(6, 4)})
    assert {name: t.device.type for name, t in text.to("meta").inputs.items()} == {"ids": "meta", "mask": "meta"}


def test_it_travels_between_processes():
    made = pickle.loads(pickle.dumps(batch()))
    assert torch.equal(made.inputs, batch().inputs)
    assert torch.equal(made.index, batch().index)


def test_split_by_hand():
    parts = list(batch(5).split(2))
    assert [part.index.tolist() for part in parts] == [[0, 1, 2], [3, 4]]
    assert [part.inputs.tolist() for part in parts] == [[[0], [10], [20]], [[30], [40]]]
    assert [part.targets.tolist() for part in parts] == [[0, 100, 200], [300, 400]]


def test_split_of_named_inputs():
    named = dataclasses.replace(batch(4), inputs={"ids": torch.arange(4), "mask": torch.arange(4) + 10})
    first, second = named.split(2)
    assert first.inputs["mask"].tolist() == [10, 11]
    assert second.inputs["ids"].tolist() == [2, 3]


@given(n=st.integers(1, 60), parts=st.integers(1, 20))
def test_split_keeps_every_example_once_in_order(n, parts):
    cut = list(batch(n).split(parts))
    assert len(cut) <= parts
    assert all(len(part) for part in cut)
    assert torch.cat([part.index for part in cut]).tolist() == list(range(n))
    assert torch.equal(torch.cat([part.inputs for part in cut]), batch(n).inputs)


@pytest.mark.parametrize("workers", [0, 2])
def test_the_index_stays_with_its_example_through_a_data_loader(workers):
    data = TensorDataset(torch.arange(50.0)[:, None] * 10, torch.arange(50) * 100)
    sampler = Reshuffling(50, 8, seed=1)
    loader = DataLoader(Indexed(data), batch_sampler=sampler, collate_fn=collate, num_workers=workers)
    seen = list(loader)
    for made in seen:
        assert torch.equal(made.inputs[:, 0], made.index * 10.0)
        assert torch.equal(made.targets, made.index * 100)
        assert made.weight.tolist() == [1] * len(made)
    assert sorted(torch.cat([made.index for made in seen]).tolist()) == list(range(50))


@pytest.mark.parametrize("key", ["label", "labels"])
def test_items_by_name(key):
    made = collate([(3, {"ids": torch.tensor([1, 2]), key: 0}), (9, {"ids": torch.tensor([3, 4]), key: 1})])
    assert made.index.tolist() == [3, 9]
    assert made.targets.tolist() == [0, 1]
    assert list(made.inputs) == ["ids"]
    assert made.inputs["ids"].tolist() == [[1, 2], [3, 4]]


def test_a_large_index_stays_exact():
    item = (torch.zeros(1), 0)
    assert collate([(2**53 + 1, item)]).index.item() == 2**53 + 1  # a float64 could not hold it


def test_items_that_are_no_examples():
    with pytest.raises(KeyError, match="an item must have a key 'label' or 'labels'; it has"):
        collate([(0, {"ids": torch.zeros(1)})])
    with pytest.raises(TypeError, match=r"a pair .* not 3 values"):
        collate([(0, (torch.zeros(1), 0, 1))])


def test_a_data_set_without_positions_is_refused():
    class Streaming(IterableDataset[Tensor]):
        def __iter__(self):
            yield torch.zeros(1)

    with pytest.raises(TypeError, match="not Streaming; an iterable data set has no index"):
        Indexed(Streaming())


def test_indexed_is_as_long_as_its_data_set():
    data: Dataset[tuple[Tensor, ...]] = TensorDataset(torch.arange(7))
    assert len(Indexed(data)) == 7
    assert Indexed(data)[torch.tensor(4)][0] == 4


@pytest.mark.parametrize("keep", [torch.tensor([False, True, True]), torch.tensor([1, 2])])
def test_select_takes_some_examples_whole_and_gives_them_their_weight(keep):
    inputs = {"image": torch.arange(6.0).view(3, 2), "mask": torch.eye(3)}
    batch = Batch(inputs, torch.tensor([7, 8, 9]), torch.tensor([10, 20, 30]), torch.ones(3))
    found = batch.select(keep, torch.tensor([0.5, 2.0, 3.0]))
    assert torch.equal(found.inputs["image"], inputs["image"][1:])
    assert torch.equal(found.inputs["mask"], inputs["mask"][1:])
    assert found.targets.tolist() == [8, 9]
    assert found.index.tolist() == [20, 30]
    assert found.weight.tolist() == [2.0, 3.0]
