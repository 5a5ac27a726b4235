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


def test_reads_512_images_of_each_part_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[int] = []
    fetch = InMemory.fetch

    def counted(self: InMemory, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        fetched.append(len(index))
        return fetch(self, index)

    monkeypatch.setattr(InMemory, "fetch", counted)
    for n in (600, 60_000):
        data = InMemory(torch.zeros(n, 1, 2, 2, dtype=torch.uint8), torch.zeros(n, dtype=torch.int64))
        fingerprint(data, data, "ab")
    assert fetched == [512] * 4
