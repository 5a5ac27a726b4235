"""Gradients of an accumulation: put back as they were, and shared by other numbers of processes as their mean."""

import pytest
import torch

from sooner.integrations._gradients import gathered, gradients, parameters_of, set_gradients, share
from tests.integrations.processes import in_two_processes


def layer():
    return torch.nn.Linear(2, 1)


def test_they_are_put_back_as_they_were():
    one, other = layer(), layer()
    one.weight.grad = torch.tensor([[1.0, 2.0]])
    other.bias.grad = torch.ones(1)
    saved = gradients(one.parameters())
    one.weight.grad.zero_()  # the state is a copy
    set_gradients(other.parameters(), saved)
    assert other.weight.grad.tolist() == [[1, 2]]
    assert other.bias.grad is None
    saved[0].zero_()
    assert other.weight.grad.tolist() == [[1, 2]]


def test_parameters_are_those_of_all_optimizers_in_order():
    first, second = layer(), layer()
    groups = [{"params": [first.bias]}, {"params": [first.weight]}]
    optimizers = [torch.optim.SGD(groups, lr=1), torch.optim.SGD(second.parameters(), lr=1)]
    expected = [first.bias, first.weight, second.weight, second.bias]
    assert [id(one) for one in parameters_of(optimizers)] == [id(one) for one in expected]


def test_gradients_of_another_model_are_refused():
    for saved in ([torch.ones(1, 2)], [torch.ones(2, 2), None]):
        with pytest.raises(ValueError, match=r"do not fit the 2 that the optimizers have: resume with the model"):
            set_gradients(layer().parameters(), saved)


def test_as_many_processes_get_their_own_and_others_the_mean():
    """Where ranks average gradients, two with (1, 3) and one with 2 make the same step."""
    of_ranks = [[torch.tensor([1.0]), None, None], [torch.tensor([3.0]), torch.tensor([4.0]), None]]
    assert share(of_ranks, 1, 2) is of_ranks[1]
    alone = share(of_ranks, 0, 1)
    assert [None if one is None else one.tolist() for one in alone] == [[2.0], [2.0], None]


def in_one_of_two():
    torch.distributed.init_process_group("gloo")
    rank, one = torch.distributed.get_rank(), layer()
    one.weight.grad = torch.full((1, 2), float(rank))
    if rank == 1:
        one.bias.grad = torch.tensor([7.0])
    return gathered(one.parameters(), rank, 2)


def test_rank_0_gathers_those_of_all(tmp_path):
    first, second = in_two_processes(in_one_of_two, tmp_path)
    assert [[None if one is None else one.tolist() for one in rank] for rank in first] == [
        [[[0.0, 0.0]], None],
        [[[1.0, 1.0]], [7.0]],
    ]
    assert second == []
