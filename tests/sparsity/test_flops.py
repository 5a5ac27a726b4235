import pytest
import torch
from tests.sparsity.nets import convnet, mlp, sgd
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from sooner.sparsity import RandomPruning, flops


def test_by_hand():
    model = mlp()  # 6-8-8-3: 2 * (48 + 64 + 24) = 272
    assert flops(model, (6,)).dense == flops(model, (6,)).sparse == 272
    sparsity = RandomPruning(model, sgd(model), density=0.25, distribution="uniform", exclude=("4",))
    counted = flops(model, (6,), sparsity)
    assert counted.dense == 272
    assert counted.layers == {"0": (96, 24), "2": (128, 32)}
    assert counted.sparse == 24 + 32 + 48
    assert counted.share == pytest.approx(104 / 272)


def test_a_convolution_counts_each_place():
    model = convnet()  # 36 places of 36 and 216 weights, then 72
    sparsity = RandomPruning(model, sgd(model), density=0.2)
    counted = flops(model, (1, 6, 6), sparsity)
    live = {name: int(mask.sum()) for name, mask in sparsity.masks.items()}
    assert counted.layers == {
        "0": (2 * 36 * 36, 2 * 36 * live["0"]),
        "3": (2 * 36 * 216, 2 * 36 * live["3"]),
        "8": (2 * 72, 2 * live["8"]),
    }
    assert counted.sparse == sum(sparse for _, sparse in counted.layers.values())


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv1d(4, 6, 3, stride=2, groups=2), (4, 9)),
        (nn.Conv3d(2, 3, 3, dilation=2), (2, 7, 7, 7)),
        (nn.ConvTranspose2d(4, 6, 3, stride=2), (4, 5, 5)),
        (nn.Linear(5, 7), (3, 5)),
    ],
)
def test_the_dense_count_is_torchs(layer, shape):
    model = nn.Sequential(layer, nn.ReLU())
    sparsity = RandomPruning(model, sgd(model), density=0.5)
    with FlopCounterMode(display=False) as counter:
        model(torch.ones(1, *shape))
    counted = flops(model, shape, sparsity)
    assert counted.dense == counter.get_total_flops() > 0
    assert counted.layers["0"][0] == counted.dense
    live, all_ = int(sparsity.masks["0"].sum()), sparsity.masks["0"].numel()
    assert counted.sparse * all_ == counted.dense * live


def test_shared_layers_count_each_call_and_attention_stays_dense():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 4, bias=False)
            self.attention = nn.MultiheadAttention(4, 2, bias=False, batch_first=True)

        def forward(self, inputs):
            hidden = self.layer(self.layer(inputs))
            return self.attention(hidden, hidden, hidden, need_weights=False)[0]

    model = Net()
    sparsity = RandomPruning(model, sgd(model), density=0.5, distribution="uniform")
    counted = flops(model, (3, 4), sparsity)
    assert counted.layers["layer"] == (2 * 2 * 3 * 16, 2 * 3 * 16)
    assert counted.layers["attention.out_proj"] == (0, 0)
    assert counted.dense - counted.sparse == 2 * 3 * 16


def test_nothing_changes():
    model = convnet()
    buffers = [buffer.clone() for buffer in model.buffers()]
    flops(model, (1, 6, 6))
    assert model.training
    assert all(map(torch.equal, buffers, model.buffers()))
    assert all(parameter.grad is None for parameter in model.parameters())
    model.double()
    assert flops(model, (1, 6, 6)).dense == 2 * (36 * 36 + 36 * 216 + 72)
