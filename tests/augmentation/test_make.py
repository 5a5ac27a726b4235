import pickle

import pytest
import torch

from sooner import augmentation, registry
from sooner.augmentation import (
    AlternatingFlip,
    Cutout,
    EfficientTrain,
    Flip,
    ProgressiveResizing,
    RandAugment,
    Translate,
    apply,
    unit_range,
)
from sooner.random import generator

ALL = [
    Flip(),
    AlternatingFlip(seed=3),
    Translate(pixels=2),
    RandAugment(operations=3, magnitude=20),
    Cutout(size=4),
    EfficientTrain(multiple=4),
    ProgressiveResizing(start=0.6, multiple=3),
]
DRAWING = [augment for augment in ALL if isinstance(augment, Flip | Translate | RandAugment | Cutout)]


def images(batch: int = 16, channels: int = 3) -> torch.Tensor:
    drawn = torch.rand(batch, channels, 8, 10, generator=generator(0, "images"))
    return drawn.to(memory_format=torch.channels_last)


def applied(augment, inputs, drawn=1):
    return apply(augment, inputs, 0.0, generator(drawn), index=torch.arange(len(inputs)), epoch=2)


def test_by_name():
    assert augmentation.names() == [
        "alternating-flip",
        "cutout",
        "efficienttrain",
        "flip",
        "progressive-resizing",
        "randaugment",
        "translate",
    ]
    assert augmentation.make("translate", pixels=3) == Translate(pixels=3)
    assert augmentation.make("flip") == Flip()
    assert augmentation.make("alternating-flip", seed=7) == AlternatingFlip(seed=7)
    assert augmentation.make("flip", seed=7) == Flip()


def test_clear_errors():
    with pytest.raises(KeyError, match="no augmentation method is named 'rotate'; there are: alternating-flip, cutout"):
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
    assert applied(made, images()).shape[:2] == images().shape[:2]
    assert method.parameters.keys() == vars(made).keys()
    assert method.many


def test_no_option_has_the_name_of_something_that_training_gives():
    for method in registry.methods(seam="augmentation"):
        assert method.parameters.keys() - method.options.keys() <= {"seed"}


def test_the_order_in_which_they_act():
    stage = {method.name: method.stage for method in registry.methods(seam="augmentation")}
    assert stage["randaugment"] < stage["flip"] == stage["alternating-flip"] < stage["translate"] < stage["cutout"]
    assert stage["cutout"] < stage["efficienttrain"] == stage["progressive-resizing"]
    # Those in [0, 1] act before the others in any case: their stages say the same.
    methods = registry.methods(seam="augmentation")
    early = [method.stage for method in methods if unit_range(augmentation.make(method.name))]
    assert early
    assert max(early) < min(method.stage for method in methods if not unit_range(augmentation.make(method.name)))


def test_what_cannot_be_together_is_refused_from_both_sides():
    refused = {
        (method.name, other.removeprefix("augmentation/"))
        for method in registry.methods(seam="augmentation")
        for other in method.refuses
    }
    pairs = {("flip", "alternating-flip"), ("efficienttrain", "progressive-resizing")}
    assert refused == pairs | {(second, first) for first, second in pairs}


@pytest.mark.parametrize("augment", ALL, ids=repr)
def test_no_other_randomness_than_that_of_the_generator(augment):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = applied(augment, images())
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(9)
    assert torch.equal(applied(augment, images()), first)
    assert torch.equal(applied(augment, images(), drawn=2), first) == (augment not in DRAWING)


@pytest.mark.parametrize("augment", ALL, ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_dtype_and_layout_are_kept_and_the_input_is_not_touched(augment, dtype, memory_format, channels):
    inputs = images(channels=channels).to(dtype).contiguous(memory_format=memory_format)
    copy = inputs.clone()
    outputs = applied(augment, inputs)
    assert outputs.dtype == dtype
    assert outputs.shape[:2] == inputs.shape[:2]
    assert outputs.is_contiguous(memory_format=memory_format)
    assert torch.equal(inputs, copy)
    assert outputs.data_ptr() != inputs.data_ptr()
    layout = applied(augment, inputs.contiguous())
    assert torch.allclose(outputs.float(), layout.float(), atol=1e-5)


@pytest.mark.parametrize("augment", ALL, ids=repr)
def test_all_of_it_happens_on_the_device_of_the_images(augment):
    inputs = images().to("meta")
    assert applied(augment, inputs).device.type == "meta"


@pytest.mark.parametrize("augment", ALL, ids=repr)
def test_an_empty_batch(augment):
    assert applied(augment, images(batch=0)).shape[:2] == (0, 3)


@pytest.mark.parametrize("augment", ALL, ids=repr)
@pytest.mark.parametrize("inputs", [torch.zeros(4, 30), torch.zeros(4, 3, 8, 8, dtype=torch.uint8)])
def test_what_is_not_a_batch_of_images_is_refused(augment, inputs):
    with pytest.raises(ValueError, match=r"augmentations take images \(B, C, H, W\)"):
        applied(augment, inputs)


@pytest.mark.parametrize("augment", ALL, ids=repr)
def test_they_travel_and_their_repr_makes_them_again(augment):
    assert pickle.loads(pickle.dumps(augment)) == augment
    assert eval(repr(augment)) == augment
