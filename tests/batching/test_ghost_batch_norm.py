import copy
import pickle

import pytest
import torch
from tests.integrations.processes import in_two_processes
from torch import nn

from sooner.batching import GhostBatchNorm1d, GhostBatchNorm2d, GhostBatchNorm3d, ghost_batch_norm
from sooner.random import generator, isolated

KINDS = [
    (nn.BatchNorm1d, (3,)),
    (nn.BatchNorm1d, (3, 5)),
    (nn.BatchNorm2d, (3, 4, 5)),
    (nn.BatchNorm3d, (3, 2, 3, 2)),
]
kinds = pytest.mark.parametrize(("kind", "shape"), KINDS, ids=str)
OPTIONS = [{}, {"affine": False}, {"momentum": None}, {"track_running_stats": False}, {"momentum": 0.4, "eps": 0.1}]
options = pytest.mark.parametrize("options", OPTIONS, ids=str)


def batch(size, shape, purpose="inputs", layout=torch.contiguous_format):
    inputs = torch.randn(size, *shape, generator=generator(0, purpose)) * 2 + torch.arange(size).view(
        -1, *[1] * len(shape)
    )
    return inputs.contiguous(memory_format=layout).requires_grad_()


def layers(kind, options):
    """A plain layer and a ghost one of size 4, with the same parameters, away from where they start."""
    plain = kind(3, **options)
    with torch.no_grad():
        for number, tensor in enumerate([*plain.parameters(), *plain.buffers()]):
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(3, generator=generator(number, "layer")) + 0.5)
    ghost = copy.deepcopy(plain)
    assert ghost_batch_norm(ghost, size=4) == 1
    return plain, ghost


def same(one, other):
    assert one.state_dict().keys() == other.state_dict().keys()
    for name, value in one.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], value)


def passed(function, inputs, layer):
    """The outputs, and the gradients by the inputs and parameters, of a loss that is not blind to normalisation."""
    outputs = function(inputs)
    weights = torch.randn(outputs.shape, generator=generator(0, "loss"))
    return outputs, torch.autograd.grad((outputs * weights).sum(), [inputs, *layer.parameters()])


@kinds
@options
@pytest.mark.parametrize("way", ["forward", "all at once"])
def test_it_is_plain_batch_norm_of_each_ghost(kind, shape, options, way):
    plain, ghost = layers(kind, options)
    for number in range(2):  # the second meets running statistics of the first
        inputs = batch(12, shape, f"step {number}")
        expected = passed(lambda x, plain=plain: torch.cat([plain(part) for part in x.split(4)]), inputs, plain)
        function = ghost if way == "forward" else lambda x, ghost=ghost: ghost.all_at_once(x, 3)
        torch.testing.assert_close(passed(function, inputs, ghost), expected, rtol=1e-4, atol=1e-4)
        same(plain, ghost)


@pytest.mark.parametrize("way", ["forward", "all at once"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_memory_format_is_kept(way, layout):
    plain, ghost = layers(nn.BatchNorm2d, {})
    inputs = batch(8, (3, 4, 5), layout=layout)
    outputs = ghost(inputs) if way == "forward" else ghost.all_at_once(inputs, 2)
    assert outputs.is_contiguous(memory_format=layout)
    torch.testing.assert_close(outputs, torch.cat([plain(part) for part in inputs.split(4)]))


@pytest.mark.parametrize(
    ("size", "sizes"), [(3, [3]), (4, [4]), (7, [7]), (8, [4, 4]), (9, [5, 4]), (11, [6, 5]), (14, [5, 5, 4])]
)
def test_what_is_left_over_is_spread_evenly(size, sizes):
    plain, ghost = layers(nn.BatchNorm1d, {})
    inputs = batch(size, (3,))
    torch.testing.assert_close(ghost(inputs), torch.cat([plain(part) for part in inputs.split(sizes)]))
    same(plain, ghost)


def test_a_batch_of_one_ghost_is_normalised_as_by_the_plain_layer():
    plain = nn.BatchNorm2d(3)
    ghost = copy.deepcopy(plain)
    ghost_batch_norm(ghost, size=128)
    inputs = batch(100, (3, 2, 2))
    assert torch.equal(ghost(inputs), plain(inputs))
    same(plain, ghost)


@pytest.mark.parametrize("way", ["forward", "all at once"])
def test_the_running_statistics_by_hand(way):
    # Ghosts (0, 2) and (6, 10): means 1 and 8, unbiased variances 2 and 8. With momentum 1/2, from 0 and 1:
    # the mean is 0/4 + 1/4 + 8/2 = 4.25, the variance 1/4 + 2/4 + 8/2 = 4.75.
    inputs = torch.tensor([[0.0], [2.0], [6.0], [10.0]])
    ghost = nn.BatchNorm1d(1, momentum=0.5)
    ghost_batch_norm(ghost, size=2)
    outputs = ghost(inputs) if way == "forward" else ghost.all_at_once(inputs, 2)
    assert float(ghost.running_mean) == 4.25
    assert float(ghost.running_var) == 4.75
    assert int(ghost.num_batches_tracked) == 2
    torch.testing.assert_close(outputs, torch.tensor([[-1.0], [1.0], [-1.0], [1.0]]), rtol=1e-5, atol=1e-5)
    # With momentum None the mean of all ghosts so far, in which the start does not count.
    ghost = nn.BatchNorm1d(1, momentum=None)
    ghost_batch_norm(ghost, size=2)
    for _ in range(2):
        ghost(inputs) if way == "forward" else ghost.all_at_once(inputs, 2)
    assert (float(ghost.running_mean), float(ghost.running_var)) == (4.5, 5.0)


@kinds
@options
def test_evaluation_is_that_of_the_plain_layer(kind, shape, options):
    plain, ghost = layers(kind, options)
    inputs = batch(12, shape)
    assert torch.equal(ghost.eval()(inputs), plain.eval()(inputs))
    same(plain, ghost)


def test_the_running_statistics_serve_evaluation():
    """On data that does not change, they come to the mean and the variance of all of it, as with plain batch norm."""
    data = batch(4096, (3,)).detach() / 1000
    draw = generator(0, "order")
    plain = nn.BatchNorm1d(3, momentum=None)
    ghost = copy.deepcopy(plain)
    ghost_batch_norm(ghost, size=32)
    for _ in range(20):
        drawn = data[torch.randperm(len(data), generator=draw)[:1024]]
        plain(drawn), ghost(drawn)
    for layer in (plain, ghost):
        torch.testing.assert_close(layer.running_mean, data.mean(0), rtol=0.02, atol=0.02)
        torch.testing.assert_close(layer.running_var, data.var(0), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("way", ["forward", "all at once"])
def test_bfloat16_is_normalised_in_full_precision(way):
    _, ghost = layers(nn.BatchNorm2d, {})
    inputs = batch(12, (3, 4, 4), layout=torch.channels_last)
    full = copy.deepcopy(ghost)(inputs)
    with torch.autocast("cpu", torch.bfloat16):
        coarse = inputs.bfloat16()
        outputs = ghost(coarse) if way == "forward" else ghost.all_at_once(coarse, 3)
    assert outputs.dtype == torch.bfloat16
    assert ghost.running_mean.dtype == torch.float32
    torch.testing.assert_close(outputs.float(), full, rtol=0.03, atol=0.03)


def net():
    with isolated(0, "net"):
        return nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 6), nn.BatchNorm1d(6)
        )


def test_a_model_keeps_its_tensors_names_and_optimizer():
    model = net()
    before = {name: id(tensor) for name, tensor in model.state_dict(keep_vars=True).items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    seen = []
    model[1].register_forward_hook(lambda *_: seen.append(1))
    assert ghost_batch_norm(model, size=4) == 2
    assert {name: id(tensor) for name, tensor in model.state_dict(keep_vars=True).items()} == before
    assert (type(model[1]), type(model[5])) == (GhostBatchNorm2d, GhostBatchNorm1d)
    weight = model[1].weight.detach().clone()
    model(batch(8, (1, 6, 6))).square().sum().backward()
    optimizer.step()
    assert not torch.equal(model[1].weight, weight)
    assert seen == [1]
    net().load_state_dict(model.state_dict())
    model.load_state_dict(net().state_dict())


def test_it_can_be_copied_pickled_and_shown():
    model = net()
    ghost_batch_norm(model, size=4)
    inputs = batch(8, (1, 6, 6))
    expected = copy.deepcopy(model)(inputs)
    assert torch.equal(pickle.loads(pickle.dumps(model))(inputs), expected)
    assert repr(model[1]) == f"Ghost{net()[1]!r}"[:-1] + ", ghost_size=4)"


def test_a_second_call_sets_another_size():
    model = net()
    ghost_batch_norm(model, size=4)
    assert ghost_batch_norm(model, size=2) == 2
    assert model[1].ghost_size == model[5].ghost_size == 2


def test_what_cannot_be_changed_is_said_and_nothing_is_changed():
    class Own(nn.BatchNorm2d):
        pass

    for odd in (Own(4), nn.SyncBatchNorm(4), nn.LazyBatchNorm2d()):
        model = nn.Sequential(nn.BatchNorm2d(4), odd)
        with pytest.raises(ValueError, match=f"layer 1 is a {type(odd).__name__}"):
            ghost_batch_norm(model)
        assert type(model[0]) is nn.BatchNorm2d
    with pytest.raises(ValueError, match="Linear has no batch norm"):
        ghost_batch_norm(nn.Linear(2, 2))
    for size in (1, 0, 2.5):
        with pytest.raises((ValueError, TypeError), match="size must be"):
            ghost_batch_norm(net(), size=size)
    ghost = nn.BatchNorm3d(3)
    ghost_batch_norm(ghost, size=2)
    assert type(ghost) is GhostBatchNorm3d
    for way in (ghost, lambda x: ghost.all_at_once(x, 2)):
        with pytest.raises(ValueError, match="expected 5D input"):
            way(torch.ones(4, 3))


def _trained(steps=3):
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    model = net()
    ghost_batch_norm(model, size=4)
    wrapped = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for step in range(steps):
        inputs = batch(16, (1, 6, 6), f"step {step}").detach() / 8
        wrapped(inputs[rank::2]).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    wrapped(inputs[rank::2])  # buffers are sent from rank 0 where a forward pass begins
    model.eval()
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    return {"state": state, "outputs": model(inputs).detach()}


def test_two_processes_cut_their_own_parts(tmp_path):
    """As one process does on the ghosts of both, with the running statistics of rank 0's own ghosts."""
    ranks = in_two_processes(_trained, tmp_path)
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    own = net()  # takes rank 0's part alone, and so has its running statistics
    for step in range(3):
        inputs = batch(16, (1, 6, 6), f"step {step}").detach() / 8
        own.load_state_dict({**own.state_dict(), **dict(model.named_parameters())})
        for part in inputs[0::2].split(4):
            own(part)
        losses = []
        for rank in range(2):
            for part in inputs[rank::2].split(4):  # layers of a ghost see that ghost alone
                losses.append(model(part).square().mean())
        torch.stack(losses).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    for rank in ranks:
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(rank["state"][name], parameter.detach(), rtol=1e-4, atol=1e-5)
    own.load_state_dict({**own.state_dict(), **dict(model.named_parameters())})
    for part in inputs[0::2].split(4):
        own(part)
    for name, buffer in own.named_buffers():
        torch.testing.assert_close(ranks[0]["state"][name], buffer, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(ranks[0]["outputs"], own.eval()(inputs).detach(), rtol=1e-3, atol=1e-4)


def test_torch_fx_traces_it_as_one_operation():
    model = net()
    ghost_batch_norm(model, size=4)
    graph = torch.fx.symbolic_trace(copy.deepcopy(model))
    assert [node.target for node in graph.graph.nodes if node.op == "call_module"] == ["0", "1", "2", "3", "4", "5"]
    inputs = batch(9, (1, 6, 6))
    assert torch.equal(graph(inputs), model(inputs))


@pytest.mark.parametrize("momentum", [0.1, None])
def test_a_compiled_graph_takes_every_batch_size(momentum):
    """Even and uneven ghosts, and ever more of them, in one graph each: outputs and statistics of the plain layer."""
    torch._dynamo.reset()
    graphs = []

    def counting(graph, _):
        graphs.append(graph)
        return graph.forward

    plain, ghost = layers(nn.BatchNorm1d, {"momentum": momentum})
    compiled = torch.compile(ghost, fullgraph=True, backend=counting)
    sizes = {12: [4] * 3, 16: [4] * 4, 20: [4] * 5, 28: [4] * 7, 14: [5, 5, 4]}
    for size, parts in sizes.items():
        inputs = batch(size, (3,), f"batch of {size}")
        expected = passed(lambda x, parts=parts: torch.cat([plain(part) for part in x.split(parts)]), inputs, plain)
        torch.testing.assert_close(passed(compiled, inputs, ghost), expected, rtol=1e-4, atol=1e-4)
        same(plain, ghost)
    assert len(graphs) < len(sizes)


def test_conversion_to_sync_batch_norm_is_refused():
    """It takes any batch norm for a plain one, and would leave the ghosts out without a word."""
    model = net()
    ghost_batch_norm(model, size=4)
    with pytest.raises(TypeError, match=r"GhostBatchNorm2d normalises ghosts of 4 examples .* or ghost_batch_norm$"):
        nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert (type(model[1]), type(model[5])) == (GhostBatchNorm2d, GhostBatchNorm1d)
    assert (model[1].num_features, model[5].num_features) == (4, 6)
    model[1].num_features = 3  # as channel pruning does
    assert copy.deepcopy(model)[1].num_features == 3
    assert type(nn.SyncBatchNorm.convert_sync_batchnorm(net())[1]) is nn.SyncBatchNorm
