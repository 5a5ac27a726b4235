"""Columns of encoded images, many at a time: looked over, checked, decoded."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import torch
from torch import Tensor

from sooner.errors import DataError
from sooner.tasks._images import BadImage, Decoder, Encoded, look
from sooner.tasks._part import Part, encoded

_CHUNK = 256


@dataclass(frozen=True)
class Bad:
    """An image that cannot be decoded: its row, and what it is called with the reason."""

    row: int
    text: str


def survey(parts: list[tuple[Part, str]], image_size: int | None) -> tuple[tuple[int, int, int], list[Bad]]:
    """The one (C, H, W) to decode all images to, from their headers, and those whose header cannot be read.

    C is 3 where any image has colour. `parts` are pairs of a part and its image column. Costs about 15 us an image in
    memory, and one short read for each on disk. Raises DataError when sizes differ and no `image_size` was given.
    """
    sizes: Counter[tuple[int, int]] = Counter()
    bad: list[Bad] = []
    colour = False
    for part, column in parts:
        seen: dict[int, tuple[bool, tuple[int, int]]] = {}

        def note(row: int, image: Encoded, seen: dict[int, tuple[bool, tuple[int, int]]] = seen) -> None:
            seen[row] = look(image)

        bad += _each(part, column, note)
        colour = colour or any(coloured for coloured, _ in seen.values())
        sizes.update(size for _, size in seen.values())
    if not sizes:
        return (1, 1, 1), bad
    if image_size is None and len(sizes) > 1:
        common = ", ".join(f"{n:,} of {height}x{width}" for (height, width), n in sizes.most_common(3))
        raise DataError(
            f"the images have {len(sizes):,} different sizes ({common}{', ...' if len(sizes) > 3 else ''}; height x "
            "width): pass --image-size (32, 64 or 224, say) to have them scaled and cropped to a square of that size"
        )
    height, width = (image_size, image_size) if image_size else next(iter(sizes))
    return (3 if colour else 1, height, width), bad


def decode(part: Part, column: str, decoder: Decoder) -> tuple[Tensor, list[Bad]]:
    """All images of a part as (n, C, H, W) uint8, and those that cannot be decoded, whose rows are zeros.

    Threads share the work; they help with photographs, less with small images, whose cost is mostly Python's. 60,000
    PNGs of 28x28 take 3 s on one core, 50,000 of 32x32 in colour 4 s.
    """
    images = torch.zeros((len(part.table), *decoder.shape), dtype=torch.uint8)
    out = images.numpy()

    def place(row: int, image: Encoded) -> None:
        out[row] = decoder(image)

    return images, _each(part, column, place)


def check(part: Part, column: str, decoder: Decoder) -> list[Bad]:
    """The images of a part that cannot be decoded. Decodes them all and keeps none: the cost of one pass."""

    def discard(row: int, image: Encoded) -> None:
        decoder(image)

    return _each(part, column, discard)


def _each(part: Part, column: str, work: Callable[[int, Encoded], None]) -> list[Bad]:
    """Call `work(row, image)` for every image, in threads; return those for which it raised BadImage, by row."""
    images: pa.ChunkedArray = part.table.column(column)

    def chunk(start: int) -> list[Bad]:
        bad = []
        for row, image in enumerate(encoded(images.slice(start, _CHUNK), part.root), start):
            try:
                work(row, image)
            except BadImage as error:
                bad.append(Bad(row, f"{part.describe(row, image)}: {error}"))
        return bad

    def starts() -> Iterator[int]:
        return iter(range(0, len(images), _CHUNK))

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return [bad for part in pool.map(chunk, starts()) for bad in part]
