import pickle

import pytest
import torch

from sooner import augmentation, registry
from sooner.augmentation import Cutout, Flip, Translate
from sooner.random import generator

ALL = [Flip(), Translate(pixels=2), Cutout(size=4)]


def images(batch: int = 16, channels: int = 3) -> torch.Tensor:
    drawn = torch.rand(batch, channels, 8, 10, generator=generator(0, "images"))
    return drawn.to(memory_format=torch.channels_last)


def test_by_name():
    assert augmentation.names() == ["cutout", "flip", "translate"]
    assert augmentation.make("translate", pixels=3) == Translate(pixels=3)
    assert augmentation.make("flip") == Flip()


def test_clear_errors():
    with pytest.raises(KeyError, match="no augmentation method is named 'rotate'; there are: cutout, flip, translate"):
        augmentation.make("rotate")
    with pytest.raises(TypeError, match="cutout has no option side; its options are: size"):
        augmentation.make("cutout", side=3)
    with pytest.raises(TypeError, match="flip has no option p; its options are: none"):
        augmentation.make("flip", p=0.1)
    with pytest.raises(ValueError, match="size must be at least 1"):
        augmentation.make("cutout", size=-1)


@pytest.mark.parametrize("method", registry.methods(seam="augmentation"), ids=lambda m: m.name)
def test_the_record_of_each_makes_a_working_one(method):
    made = augmentation.make(method.name, **method.example)
    assert made(images(), 0.5, generator(0)).shape == images().shape
    assert method.options.keys() == vars(made).keys()


@pytest.mark.parametrize("augment", ALL, ids=repr)
def test_the_generator_alone_decides(augment):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = augment(images(), 0.0, generator(1))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(9)
    assert torch.equal(augment(images(), 0.0, generator(1)), first)
    assert not torch.equal(augment(images(), 0.0, generator(2)), first)


@pytest.mark.parametrize("augment", ALL, ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("channels", [1, 3])
def test_dtype_and_layout_are_kept_and_the_input_is_not_touched(augment, dtype, memory_format, channels):
    inputs = images(channels=channels).to(dtype).contiguous(memory_format=memory_format)
    copy = inputs.clone()
    outputs = augment(inputs, 0.0, generator(1))
    assert outputs.dtype == dtype
    assert outputs.shape == inputs.shape
    assert outputs.is_contiguous(memory_format=memory_format)
    assert torch.equal(inputs, copy)
    assert outputs.data_ptr() != inputs.data_ptr()


@pytest.mark.parametrize("augment", ALL, ids=repr)
def test_an_empty_batch(augment):
    assert augment(images(batch=0), 0.0, generator(1)).shape == (0, 3, 8, 10)


@pytest.mark.parametrize("augment", ALL, ids=repr)
@pytest.mark.parametrize("inputs", [torch.zeros(4, 30), torch.zeros(4, 3, 8, 8, dtype=torch.uint8)])
def test_what_is_not_a_batch_of_normalised_images_is_refused(augment, inputs):
    with pytest.raises(ValueError, match=r"augmentations take normalised images \(B, C, H, W\)"):
        augment(inputs, 0.0, generator(1))


@pytest.mark.parametrize("augment", ALL, ids=repr)
def test_they_travel_and_their_repr_makes_them_again(augment):
    assert pickle.loads(pickle.dumps(augment)) == augment
    assert eval(repr(augment)) == augment
