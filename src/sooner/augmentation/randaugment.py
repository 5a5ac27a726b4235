"""RandAugment: a few random operations on every image, all of one magnitude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from sooner._arguments import number, whole_number
from sooner.augmentation._base import image_size
from sooner.augmentation._operations import GEOMETRIC, PIXELWISE, maps, warped
from sooner.registry import Method, register
from sooner.seams import Use

MOST = 30.0

# In the paper's order; the first changes nothing.
OPERATIONS = (
    *("identity", "autocontrast", "equalize", "rotate", "solarize", "color", "posterize"),
    *("contrast", "brightness", "sharpness", "shear-x", "shear-y", "translate-x", "translate-y"),
)


@dataclass(frozen=True)
class RandAugment:
    """Some `operations` on every image, one after the other, each drawn uniformly from 14, with replacement.

    The magnitude is the share of each operation's range, of which 30 is all, and its direction is random where it has
    one: rotation to 30 degrees, shear to 0.3, translation to 0.45 of the size; color, contrast, brightness and
    sharpness blended by 1 - 0.9 to 1 + 0.9; solarize from a threshold of 1 down to 0, posterize from 8 bits down to
    4. Identity, autocontrast and equalize have no magnitude. At magnitude 0 those three alone change anything.

    Papers and code have three scales, and the same number means different things on them:

    - here, as in the paper's text and in torchvision, magnitudes go to 30, which is the whole range;
    - in the paper's code (TPU) and in timm, which EfficientTrain uses, level 10 is the whole range: take three times
      the number. Levels beyond 10, which the paper's ImageNet results use, go beyond these ranges in the former and
      count as 10 in the latter;
    - in the former, and in timm without "inc1", a higher level also means *less* of posterize and solarize, and color,
      contrast, brightness and sharpness go from 0.1 to 1.9 through no change at level 5. Here, and with the "inc1" that
      EfficientTrain has, a higher magnitude is always more. timm applies each operation drawn with probability 1/2, has
      two others ("invert", "solarize-add") and no identity, and posterizes to 4 bits at level 0 and to none at 10.

    Takes images in [0, 1], before normalisation. Rotation and shear are about the centre and bilinear, where the
    published code shears about a corner and takes the nearest pixel. The others are those of Pillow without its
    rounding. On grey images `color` changes nothing. No loop over images: each operation acts on those that drew it.
    Costs about 45 ms for 512 colour images of 32x32 on one core with two, 15 ms for grey ones of 28x28.

    Source: E. D. Cubuk, B. Zoph, J. Shlens and Q. V. Le, "RandAugment: Practical automated data augmentation with a
    reduced search space", 2020.

    Args:
        operations: the paper's N, how many per image, at least 1. The paper: 3 for CIFAR-10, 2 for ImageNet.
        magnitude: in [0, 30], at the start of training.
        end: at the end of the budget, linear in between; None for `magnitude` throughout. EfficientTrain's levels 1,
            3, 5, 7 and 9 of 10 in five equal stages are 3, 9, 15, 21 and 27 here, the values of 0 to 30 in the middle
            of each stage.
        fill: what moves in from outside, in [0, 1]: 0.5 is the published code's grey; 0 suits bright drawings on black,
            such as MNIST.
    """

    operations: int = 2
    magnitude: float = 9.0
    end: float | None = None
    fill: float = 0.5

    unit_range: ClassVar[bool] = True

    def __post_init__(self) -> None:
        whole_number("randaugment: operations", self.operations, least=1)
        number("randaugment: magnitude", self.magnitude, 0, MOST)
        if self.end is not None:
            number("randaugment: end", self.end, 0, MOST)
        number("randaugment: fill", self.fill, 0, 1)

    def __call__(self, inputs: Tensor, progress: float, generator: torch.Generator) -> Tensor:
        """`inputs` (B, C, H, W) in [0, 1], augmented, in [0, 1]; see `Augmentation`.

        Raises ValueError if values are outside [0, 1]; on the CPU alone, as an accelerator would have to wait for it.
        """
        batch, _, _ = image_size(inputs)
        if inputs.device.type == "cpu" and inputs.numel():
            least, most = (float(value) for value in inputs.aminmax())
            if not (least >= -1e-3 and most <= 1 + 1e-3):
                raise ValueError(
                    f"randaugment: takes images in [0, 1], before they are normalised, not in [{least:g}, {most:g}]"
                )
        drawn = torch.randint(len(OPERATIONS), (self.operations, batch), generator=generator)
        sign = 2 * torch.randint(2, (self.operations, batch), generator=generator) - 1
        images = inputs.to(torch.float32, copy=True)
        for which, amount in zip(drawn, sign * (self._magnitude(progress) / MOST), strict=True):
            self._operate(images, which, amount)
        return images.to(inputs.dtype)

    def _magnitude(self, progress: float) -> float:
        return self.magnitude if self.end is None else self.magnitude + (self.end - self.magnitude) * progress

    def _operate(self, images: Tensor, which: Tensor, amount: Tensor) -> None:
        """One operation on each of `images`, in place; `which` and `amount` (B,) on the CPU, the draws."""
        drawn = {name: which == position for position, name in enumerate(OPERATIONS)}
        for name, operation in PIXELWISE.items():
            rows = drawn[name].nonzero()[:, 0]
            if len(rows):
                there = rows.to(images.device)
                images[there] = operation(images[there], amount[rows].to(images.device))
        rows = torch.stack([drawn[name] for name in GEOMETRIC]).any(0).nonzero()[:, 0]
        if len(rows):
            there = rows.to(images.device)
            map_ = maps(drawn, amount, images.shape[2], images.shape[3])[rows].to(images.device)
            images[there] = warped(images[there], map_, self.fill)


register(
    Method(
        name="randaugment",
        seam="augmentation",
        make=RandAugment,
        title="RandAugment",
        paper='E. D. Cubuk, B. Zoph, J. Shlens, Q. V. Le, "RandAugment: Practical automated data augmentation with a '
        'reduced search space"',
        year=2020,
        changes="Every image goes through a few random changes of shape and colour.",
        costs="Some ten copies of the batch per operation, more than any other augmentation: two operations take 2 to "
        "4% of a step of convnet-16.",
        helps="In long training of nets that overfit otherwise; larger nets and more data want a larger magnitude.",
        hurts="In short training and small nets, which underfit already, and on digits and text, which must not turn "
        "or be inverted.",
        many=True,
        stage=10,
        use=Use(
            name="augment",
            imports=("import torch",),
            setup=("generator = torch.Generator().manual_seed(0)",),
            inputs="augment(batch.inputs, progress, generator)  # (B, C, H, W) float in [0, 1]; normalise after it",
        ),
    )
)
