"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; at the end what was written there takes the place of `path`.

        with replacing(folder / "results.json") as part:
            part.write_text(text)

    Who reads `path` finds what was there before, or all of what is new, whenever the process dies: what was written
    is on the disk before it is renamed. Several processes may write the same path, the last one stays. A process that
    is killed leaves `path` with a name of its own and `.part` behind it.

    Costs an fsync, some milliseconds on a usual disk.

    Raises:
        OSError: it cannot be written. Then, as after an error inside the block, the part is removed and `path` is as
            it was.
    """
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all. Raises OSError as `replacing` does."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all. Raises OSError as `replacing` does."""
    with replacing(path) as part:
        part.write_bytes(content)
