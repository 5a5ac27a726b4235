"""A small convolutional net made to learn in few epochs on few cores."""

from __future__ import annotations

from torch import Tensor, nn

from sooner.tasks.models._base import Shape, image_channels

# Share of the newest batch in the running statistics. A run may last a few hundred steps and its learning rate fall to
# zero within them: statistics that remember a hundred steps would be those of another net.
_MOMENTUM = 0.4


class ConvNet(nn.Module):
    """Five 3x3 convolutions of W, 2W, 4W, 8W and 8W channels, the largest value of each channel, a linear layer.

    The second, third and fifth convolution halve the image by max-pooling *before* batch norm and ReLU. As both act on
    a quarter of the pixels then, a training step took 0.5 to 0.7 times as long as in the usual order: both
    are bound by memory where bfloat16 convolutions are not. Works from 8x8 pixels on, with any number of channels.

    Args:
        shape: (C, H, W) of an image, H and W at least 8.
        classes: number of logits.
        width: W.
    """

    def __init__(self, shape: Shape, classes: int, *, width: int) -> None:
        super().__init__()
        channels = image_channels(f"convnet-{width}", shape, smallest=8)
        self.features = nn.Sequential(
            _block(channels, width),
            _block(width, 2 * width, halve=True),
            _block(2 * width, 4 * width, halve=True),
            _block(4 * width, 8 * width),
            _block(8 * width, 8 * width, halve=True),
        )
        self.head = nn.Linear(8 * width, classes, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W)."""
        logits: Tensor = self.head(self.features(inputs).amax((2, 3)))
        return logits


def _block(inputs: int, outputs: int, *, halve: bool = False) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.MaxPool2d(2) if halve else nn.Identity(),
        nn.BatchNorm2d(outputs, momentum=_MOMENTUM),
        nn.ReLU(),
    )
