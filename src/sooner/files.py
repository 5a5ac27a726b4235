"""Writing a file whole or not at all, and never through a link that another has put in its place."""

from __future__ import annotations

import os
import stat
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
    is killed leaves `path` with a name of its own and `.part` behind it. Where `path` is a link, the link is replaced,
    and what it leads to stays as it is.

    Costs an fsync, some milliseconds on a usual disk.

    Raises:
        OSError: it cannot be written. Then, as after an error inside the block, the part is removed and `path` is as
            it was.
    """
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    # Made here and nowhere else: a link that waits under this name would be followed by whoever writes to it.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
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


def unusual(path: Path, *, folder: bool = False) -> str | None:
    """Why `path` is not to be written in place: "a link to /etc/hosts", "a folder", "a pipe"; None where it may be.

    What is not there may be. With `folder` a folder is what it should be.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(mode):
        return f"a link to {os.readlink(path)}"
    if stat.S_ISDIR(mode) if folder else stat.S_ISREG(mode):
        return None
    return "a folder" if stat.S_ISDIR(mode) else "a file" if stat.S_ISREG(mode) else "a pipe, a device or a socket"
