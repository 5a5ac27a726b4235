import copy
import io
import pickle

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from sooner import optim
from sooner.registry import get
from sooner.structure import ChannelPruning, StructureError
from sooner.tasks.models import build
from tests.structure.nets import images, seeded, train


def mlp():
    return nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))


def by_hand():
    """Norms of the channels of layer 0, its rows with the columns of layer 2: 5, 2, 1, 0; of layer 2: 4, 2, 3."""
    model = mlp()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model[0].weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 2.0], [1.0, 0.0], [0.0, 0.0]]))
        model[2].weight.copy_(torch.tensor([[4.0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]))
        model[4].weight.copy_(torch.tensor([[0.0, 2.0, 0.0], [0.0, 0.0, 3.0]]))
        model[0].bias.fill_(100.0)  # biases do not count
    return model


def pruning(model, **options):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return ChannelPruning(model, optimizer, torch.zeros(1, 2), **{"every": 1, "until": 1.0, **options})


def test_importance_by_hand():
    strength = pruning(by_hand(), channels=0.5).importance()
    assert torch.equal(strength["0"], torch.tensor([5.0, 2.0, 1.0, 0.0]) / 2)
    assert torch.equal(strength["2"], torch.tensor([4.0, 2.0, 3.0]) / 3)


def test_the_weakest_of_the_model_go_by_hand():
    # In order: 2.5, 1.33, 1, 1, 0.67, 0.5, 0. The first of each group always stays.
    for channels, first, second in ((6 / 7, [0, 1, 2], [0, 1, 2]), (4 / 7, [0, 1], [0, 2]), (0.01, [0], [0])):
        one = pruning(by_hand(), channels=channels)
        assert one.step(1.0)
        assert (one.kept["0"].tolist(), one.kept["2"].tolist()) == (first, second)
        assert one.model[2].weight.shape == (len(second), len(first))


def test_the_same_share_of_each_group_goes_by_hand():
    one = pruning(by_hand(), channels=0.5, scope="layer")
    one.step(1.0)
    assert (one.kept["0"].tolist(), one.kept["2"].tolist()) == ([0, 1], [0, 2])  # round(1.5) of 3 is 2


def test_schedules_by_hand():
    one = pruning(by_hand(), channels=0.2, begin=0.2, until=0.6)
    assert [one.left(p) for p in (0.0, 0.2, 0.6, 1.0)] == pytest.approx([1.0, 1.0, 0.2, 0.2])
    assert one.left(0.4) == pytest.approx(1 - 0.8 * (1 - 0.5**3))
    assert pruning(by_hand(), channels=0.2, begin=0.2, until=0.6, schedule="linear").left(0.4) == pytest.approx(0.6)


def test_it_acts_every_so_many_steps_and_once_more_at_the_end():
    one = pruning(by_hand(), channels=2 / 7, schedule="linear", every=3, begin=0.2, until=0.7)
    acted = [one.step(step / 10) for step in range(1, 11)]
    # Seven channels; of five to remove a share t = (p - 0.2) / 0.5 at steps 3, 6 and, as 0.7 is reached, 7.
    assert [step for step, did in enumerate(acted, 1) if did] == [3, 6, 7]
    assert one.version == 3
    assert sum(map(len, one.kept.values())) == 2
    assert one.left(0.3) * 7 == pytest.approx(6)


def losses(model, optimizer, method, inputs, start, stop, total=12):
    seen = []
    for step in range(start, stop):
        loss = F.cross_entropy(model(inputs), torch.arange(len(inputs)) % 3)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        method.step((step + 1) / total)
        seen.append(loss.item())
    return seen


def fresh(name, kind="adamw"):
    model = build(name, (3, 8, 8), 10, seed=0)
    optimizer = optim.make(kind, model, lr=1e-3)
    return model, optimizer, ChannelPruning(model, optimizer, images(1), channels=0.4, every=3, until=0.9)


@pytest.mark.parametrize(("name", "kind"), [("resnet20", "adamw"), ("convnet-16", "sgd")])
def test_training_goes_on_exactly_after_saving_and_loading(name, kind):
    model, optimizer, method = fresh(name, kind)
    losses(model, optimizer, method, images(), 0, 7)
    file = io.BytesIO()
    torch.save([method.state_dict(), model.state_dict(), optimizer.state_dict()], file)
    file.seek(0)
    expected = losses(model, optimizer, method, images(), 7, 12)

    again, its, other = fresh(name, kind)
    states = torch.load(file, weights_only=True)
    for made, state in zip((other, again, its), states, strict=True):
        made.load_state_dict(state)
    assert losses(again, its, other, images(), 7, 12) == expected
    assert other.version == method.version > 1
    assert all(torch.equal(p, q) for p, q in zip(again.parameters(), model.parameters(), strict=True))
    assert {n: k.tolist() for n, k in other.kept.items()} == {n: k.tolist() for n, k in method.kept.items()}


def test_it_leaves_the_asked_share_and_every_parameter_moves():
    model, optimizer, method = fresh("convnet-16")
    everything = sum(group.channels for group in method.groups.values())
    losses(model, optimizer, method, images(), 0, 11)
    assert sum(group.channels for group in method.groups.values()) == round(0.4 * everything)
    assert sum(m.out_channels for m in model.modules() if isinstance(m, nn.Conv2d)) == round(0.4 * everything)
    before = [parameter.clone() for parameter in model.parameters()]
    train(model, optimizer, images())
    assert all((p != q).any() for p, q in zip(model.parameters(), before, strict=True))


def test_what_is_kept_are_the_original_channels():
    model, optimizer, method = fresh("convnet-16", "sgd")
    for group in optimizer.param_groups:
        group["lr"] = 0.0  # weights stay what they were
    whole = copy.deepcopy(model)
    losses(model, optimizer, method, images(), 0, 12)
    first, second = method.kept["features.0.0"], method.kept["features.1.0"]
    assert torch.equal(model.features[1][0].weight, whole.features[1][0].weight[second][:, first])


def test_processes_wrap_the_smaller_model_anew(tmp_path):
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'store'}", rank=0, world_size=1)
    try:
        model = seeded(mlp)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with pytest.raises(StructureError, match=r"wrapped in DistributedDataParallel.*wrap that again"):
            ChannelPruning(DistributedDataParallel(model), optimizer, torch.zeros(1, 2), channels=0.5)
        method = pruning(model, channels=0.5)
        DistributedDataParallel(model)(torch.ones(3, 2)).sum().backward()
        method.step(1.0)
        DistributedDataParallel(model)(torch.ones(3, 2)).sum().backward()
        assert model[0].weight.grad.shape == model[0].weight.shape == (len(method.kept["0"]), 2)
    finally:
        dist.destroy_process_group()


def test_copies_go_on_by_themselves():
    made = fresh("convnet-16")
    losses(*made, images(), 0, 5)
    copies = [copy.deepcopy(made), pickle.loads(pickle.dumps(made))]
    expected = losses(*made, images(), 5, 12)
    for one in copies:
        assert one[2].model is one[0]
        assert losses(*one, images(), 5, 12) == expected


def test_repr_is_an_expression():
    model = seeded(mlp)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    inputs = torch.zeros(1, 2)
    one = ChannelPruning(model, optimizer, inputs, channels=0.5, every=7, scope="layer")
    assert repr(one) == "ChannelPruning(model, optimizer, inputs, channels=0.5, every=7, scope='layer')"
    assert repr(eval(repr(one))) == repr(one)


def test_it_is_registered_to_act_during_training():
    method = get("structure", "channel-pruning")
    assert set(method.options) == {"channels", "every", "begin", "until", "scope", "schedule"}
    assert "optimizer" in method.parameters
    assert method.many


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": 0}, "channels must be above 0 and at most 1, not 0"),
        ({"channels": 0.5, "every": 0}, "every must be at least 1, not 0"),
        ({"channels": 0.5, "begin": 1.0}, "begin must be at least 0 and below 1, not 1.0"),
        ({"channels": 0.5, "begin": 0.6, "until": 0.5}, "until must be above begin, 0.6, not 0.5"),
        ({"channels": 0.5, "scope": "group"}, "scope must be one of global, layer, not 'group'"),
        ({"channels": 0.5, "schedule": "cosine"}, "schedule must be one of cubic, linear, not 'cosine'"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        pruning(mlp(), **options)


def test_bad_uses():
    with pytest.raises(StructureError, match="no channel of Sequential can be removed"):
        pruning(nn.Sequential(nn.Linear(2, 3)), channels=0.5)
    one = pruning(by_hand(), channels=0.5)
    with pytest.raises(ValueError, match=r"progress must be at least 0 and at most 1, not 1\.5"):
        one.step(1.5)
    with pytest.raises(ValueError, match="the state of ChannelPruning has kept"):
        one.load_state_dict({})
    whole = one.state_dict()
    one.step(1.0)
    with pytest.raises(ValueError, match="channels of '0' that the state has are removed here: load it on the full"):
        one.load_state_dict(whole)
    other = pruning(nn.Sequential(nn.Linear(2, 5), nn.Linear(5, 2)), channels=0.5)
    with pytest.raises(ValueError, match=r"the state belongs to another model: .*'0': 4.* there and .*'0': 5"):
        other.load_state_dict(whole)
