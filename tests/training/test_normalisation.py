import pytest
import torch

from sooner.random import generator
from sooner.tasks import InMemory, load_data
from sooner.training.normalisation import Normalise, channel_statistics

CPU = torch.device("cpu")


def examples(n: int, channels: int = 3) -> InMemory:
    drawn = torch.randint(256, (n, channels, 4, 5), generator=generator(0, "images"))
    return InMemory(drawn.to(torch.uint8), torch.zeros(n, dtype=torch.int64))


@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
def test_images_as_the_formula_says(memory_format):
    images = examples(7).inputs.contiguous(memory_format=memory_format)
    mean, std = torch.tensor([0.1, 0.5, 0.9]), torch.tensor([0.5, 1.0, 2.0])
    outputs = Normalise(mean, std, CPU)(images)
    expected = (images.double() / 255 - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    assert outputs.dtype == torch.float32
    assert outputs.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(outputs.double(), expected, atol=1e-6)


def test_without_statistics_images_go_from_0_to_1():
    images = torch.tensor([[[[0, 51], [204, 255]]]], dtype=torch.uint8)
    assert torch.equal(Normalise(None, None, CPU)(images), torch.tensor([[[[0.0, 0.2], [0.8, 1.0]]]]))
    assert images.dtype == torch.uint8


def test_rows():
    rows = torch.tensor([[1.0, 10.0], [3.0, 30.0]])
    normalise = Normalise(torch.tensor([2.0, 20.0]), torch.tensor([1.0, 10.0]), CPU)
    assert torch.equal(normalise(rows), torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))
    assert torch.equal(Normalise(None, None, CPU)(rows), rows)


@pytest.mark.parametrize(
    ("mean", "std", "message"),
    [
        (torch.zeros(3), None, "give both mean and std, or neither"),
        (torch.zeros(3), torch.tensor([1.0, 0.0, 1.0]), "std be above 0"),
        (torch.zeros(3), torch.ones(2), "one number per channel"),
        (torch.zeros(3, 1, 1), torch.ones(3, 1, 1), "one number per channel"),
    ],
)
def test_impossible_statistics(mean, std, message):
    with pytest.raises(ValueError, match=message):
        Normalise(mean, std, CPU)


@pytest.mark.parametrize("inputs", [torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.zeros(2, 4)])
def test_statistics_of_other_inputs(inputs):
    with pytest.raises(ValueError, match=f"are of 3 channels, but the inputs have {inputs.shape[1]}"):
        Normalise(torch.zeros(3), torch.ones(3), CPU)(inputs)


def test_statistics_of_all_images_are_exact():
    data = examples(500)
    mean, std = channel_statistics(data)
    pixels = data.inputs.double().div(255).transpose(0, 1).flatten(1)
    assert torch.allclose(mean.double(), pixels.mean(1), atol=1e-7)
    assert torch.allclose(std.double(), pixels.std(1, correction=0), atol=1e-7)


def test_images_so_normalised_have_mean_0_and_deviation_1():
    data = load_data("digits").train
    images, _ = data.fetch(torch.arange(len(data)))
    outputs = Normalise(*channel_statistics(data), CPU)(images)
    assert abs(outputs.mean().item()) < 1e-4
    assert abs(outputs.std().item() - 1) < 1e-3


def test_of_many_images_a_sample_is_read():
    class Counting(InMemory):
        read = 0

        def fetch(self, index):
            Counting.read += len(index)
            return super().fetch(index)

    data = examples(25_000, channels=1)
    first = data.inputs[:5000].clone().zero_()  # a fifth, in one place, is black
    inputs = torch.cat([first, data.inputs[5000:]])
    counting = Counting(inputs, data.targets)
    mean, std = channel_statistics(counting)
    assert 10_000 <= Counting.read <= 10_001
    pixels = inputs.double() / 255
    assert mean.item() == pytest.approx(pixels.mean().item(), rel=0.02)
    assert std.item() == pytest.approx(pixels.std().item(), rel=0.02)
    assert torch.equal(channel_statistics(counting)[0], mean)


def test_a_constant_channel_has_deviation_1():
    data = InMemory(torch.full((4, 1, 2, 2), 51, dtype=torch.uint8), torch.zeros(4, dtype=torch.int64))
    mean, std = channel_statistics(data)
    assert mean.item() == pytest.approx(0.2)
    assert std.item() == 1


def test_rows_are_left_as_they_were_standardised():
    data = InMemory(torch.tensor([[1.0, 0.0], [3.0, 1.0]]), torch.zeros(2, dtype=torch.int64))
    mean, std = channel_statistics(data)
    assert mean.tolist() == [0, 0]
    assert std.tolist() == [1, 1]


def test_no_example():
    with pytest.raises(ValueError, match="no example"):
        channel_statistics(examples(3).subset(torch.empty(0, dtype=torch.int64)))
