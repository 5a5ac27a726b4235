import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sooner.sparsity._ranking import top, top_of_all


def bits(mask):
    return mask.int().tolist()


def test_ties_go_to_the_earlier():
    scores = torch.tensor([[1.0, 3.0, 1.0], [2.0, 1.0, 3.0]])
    assert bits(top(scores, 4)) == [[1, 1, 0], [1, 0, 1]]
    assert bits(top(scores, 5)) == [[1, 1, 1], [1, 0, 1]]
    assert bits(top(scores, 0)) == [[0] * 3] * 2
    assert bits(top(scores, 6)) == [[1] * 3] * 2
    assert bits(top(scores.to(torch.bfloat16), 4)) == [[1, 1, 0], [1, 0, 1]]


def test_positions_are_those_of_the_tensor_not_of_memory():
    scores = torch.zeros(1, 2, 2, 2).to(memory_format=torch.channels_last)
    assert bits(top(scores, 3).flatten()) == [1, 1, 1, 0, 0, 0, 0, 0]


def test_nan_ranks_last():
    assert bits(top(torch.tensor([float("nan"), 1.0, -torch.inf, 2.0]), 2)) == [0, 1, 0, 1]


@given(st.lists(st.sampled_from([0.0, -0.0, 0.5, 1.0, 7.0]), min_size=1, max_size=40), st.integers(0, 40))
@settings(max_examples=80, deadline=None)
def test_it_is_a_stable_sort(values, k):
    expected = sorted(range(len(values)), key=lambda position: -values[position])[:k]
    assert top(torch.tensor(values), k).nonzero().flatten().tolist() == sorted(expected)


def test_all_layers_together_keep_one_each():
    scores = {"a": torch.tensor([5.0, 4.0, 3.0]), "b": torch.tensor([0.1, 0.2]), "c": torch.tensor([[6.0]])}
    assert {name: bits(mask) for name, mask in top_of_all(scores, 3).items()} == {
        "a": [1, 0, 0],
        "b": [0, 1],
        "c": [[1]],
    }
    assert {name: bits(mask) for name, mask in top_of_all(scores, 4).items()} == {
        "a": [1, 1, 0],
        "b": [0, 1],
        "c": [[1]],
    }
    assert bits(scores["b"].gt(0)) == [1, 1]  # they are left as they were
