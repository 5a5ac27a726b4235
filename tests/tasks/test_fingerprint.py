from __future__ import annotations

import pytest
import torch

from sooner.tasks import InMemory
from sooner.tasks._fingerprint import fingerprint


def examples(n: int = 600, size: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, 1, size, size), dtype=torch.uint8, generator=generator), torch.arange(n) % 3


def test_equal_content_has_one_fingerprint_whatever_its_rows() -> None:
    inputs, targets = examples()
    order = torch.randperm(600, generator=torch.Generator().manual_seed(1))
    direct = InMemory(inputs[order], targets[order])
    mapped = InMemory(inputs, targets).subset(order)
    assert fingerprint(direct, direct, "abc") == fingerprint(mapped, mapped, "abc")


def test_changes_are_seen() -> None:
    inputs, targets = examples()
    base = InMemory(inputs, targets)
    relabelled, brighter = targets.clone(), inputs.clone()
    relabelled[417] = (relabelled[417] + 1) % 3
    brighter[0] += 1
    others = [
        fingerprint(InMemory(inputs, relabelled), base, "abc"),
        fingerprint(InMemory(brighter, targets), base, "abc"),
        fingerprint(InMemory(inputs.reshape(600, 1, 2, 8), targets), base, "abc"),
        fingerprint(base.subset(torch.arange(599)), base, "abc"),
        fingerprint(base, base.subset(torch.arange(599)), "abc"),
        fingerprint(base, base, "abd"),
    ]
    assert len({fingerprint(base, base, "abc"), *others}) == 7


def test_of_many_images_it_reads_512(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, targets = torch.zeros(60_000, 1, 4, 4, dtype=torch.uint8), torch.zeros(60_000, dtype=torch.int64)
    data = InMemory(inputs, targets)
    read: list[int] = []
    fetch = data.fetch

    def counted(index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        read.append(len(index))
        return fetch(index)

    monkeypatch.setattr(data, "fetch", counted)
    fingerprint(data, data, "ab")
    assert read == [512, 512]  # of each part
