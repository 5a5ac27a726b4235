import pytest
import torch
from torch import nn

from sooner.errors import RecipeError
from sooner.random import generator
from sooner.tasks import load_data, models
from sooner.training.loading import channel_statistics, evaluation_batches


@pytest.mark.parametrize("width", [16, 32, 64])
def test_parameters_by_hand(width):
    w = width
    kernels = 9 * (3 * w + w * 2 * w + 2 * w * 4 * w + 4 * w * 8 * w + 8 * w * 8 * w)
    norms = 2 * (w + 2 * w + 4 * w + 8 * w + 8 * w)
    model = models.build(f"convnet-{w}", (3, 32, 32), 10, seed=0)
    assert models.parameters(model) == kernels + norms + 8 * w * 10


def test_images_that_cannot_be_halved_three_times_are_refused():
    with pytest.raises(RecipeError, match="convnet-16 takes images of at least 8x8 pixels, but these are 8x7"):
        models.build("convnet-16", (1, 8, 7), 10, seed=0)


def test_it_learns_digits_in_three_epochs():
    data = load_data("digits")
    mean, std = channel_statistics(data.train)
    model = models.build("convnet-16", data.shape, 10, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    order = generator(0, "order")
    for _ in range(3):
        rows = torch.randperm(len(data.train), generator=order)
        for batch in evaluation_batches(data.train.subset(rows), 64, mean=mean, std=std):
            nn.functional.cross_entropy(model(batch.inputs), batch.targets).backward()
            optimizer.step()
            optimizer.zero_grad()
    model.eval()
    (test,) = evaluation_batches(data.test, len(data.test), mean=mean, std=std)
    assert (model(test.inputs).argmax(1) == test.targets).float().mean() > 0.93
