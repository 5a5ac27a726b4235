"""Alternating flip: K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024, section 3.6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from sooner._arguments import whole_number
from sooner.augmentation._base import image_size, mirror
from sooner.random import derive
from sooner.registry import Method, register
from sooner.seams import Use

_WORD = 0xFFFFFFFF


@dataclass(frozen=True)
class AlternatingFlip:
    """Mirror a pseudo-random half of the images in the first pass, and after it the other half in every pass.

    No image is seen the same way twice in a row, so two passes show every image both ways; with random flips, half of
    the images come again as they were. Which half is first depends on (seed, index) alone, through a hash: no draw,
    no state, the same on every rank, and no matter in which order examples come.

    An `IndexedAugmentation`: an image is mirrored by the parity of its hash plus `epoch`, the sampler's round. Where a
    round is one pass, that is the paper's method. Where rounds are parts of a pass (RS2, dynamic-random) an
    image's next turn may be any number of rounds later, and this is a random flip, no worse and no better; where a
    method leaves examples out of some rounds (InfoBatch), those that stay alternate.

    The published code (airbench) mirrors a random half once and then the whole set in every other pass, which is the
    same. Costs one copy of the batch, as `Flip`.

    Args:
        seed: any integer; another seed mirrors another half first.
    """

    seed: int = 0

    indexed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        whole_number("alternating-flip: seed", self.seed)

    def __call__(
        self, inputs: Tensor, progress: float, generator: torch.Generator, *, index: Tensor, epoch: int
    ) -> Tensor:
        """`inputs` (B, C, H, W), half of them mirrored; see `IndexedAugmentation`.

        Raises ValueError if `index` is not int64 (B,).
        """
        batch, _, _ = image_size(inputs)
        if index.dtype != torch.int64 or index.shape != (batch,):
            raise ValueError(
                f"alternating-flip: index must be int64 of shape ({batch},), one for each image, not {index.dtype} of "
                f"shape {tuple(index.shape)}"
            )
        turn = (_hashed(index.to(inputs.device), derive(self.seed, "alternating-flip")) + epoch) & 1
        return mirror(inputs, turn.bool())


def _hashed(index: Tensor, key: int) -> Tensor:
    """int64 in [0, 2**32), every bit of which depends on every bit of `index` and of `key`, 63 bits."""
    return _mixed(_mixed((index ^ key) & _WORD) ^ (((index ^ key) >> 32) & _WORD))


def _mixed(word: Tensor) -> Tensor:
    # The finaliser of MurmurHash3 on 32 bits. Products wrap at 64, which leaves their lower half as it should be.
    word = (word ^ (word >> 16)) * 0x85EBCA6B & _WORD
    word = (word ^ (word >> 13)) * 0xC2B2AE35 & _WORD
    return word ^ (word >> 16)


register(
    Method(
        name="alternating-flip",
        seam="augmentation",
        make=AlternatingFlip,
        title="Alternating flip",
        paper='K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU"',
        year=2024,
        changes="Half of the images are mirrored in one pass, the other half in the next.",
        costs="One copy of the batch.",
        helps="Wherever random flips help: the same images, without repeats from one pass to the next.",
        hurts="Where left and right differ, as in text. With samplers whose rounds are not passes it is a random flip.",
        many=True,
        stage=20,
        refuses={"augmentation/flip": "it would undo the alternation; choose one of the two"},
        use=Use(
            name="augment",
            imports=("import torch",),
            setup=("generator = torch.Generator().manual_seed(0)",),
            inputs="augment(batch.inputs, 0.0, generator, index=batch.index, epoch=epoch)",
        ),
    )
)
