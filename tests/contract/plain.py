"""A training loop as a user would write it, without the race: any methods, put together in the documented order."""

from contextlib import nullcontext

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from sooner import registry
from sooner.batch import Batch
from sooner.batching import join
from sooner.optim import SeveralPasses, set_lr
from sooner.random import generator, isolated
from sooner.sampling import ObservesGradients, gathered
from sooner.training.part_gradients import PartGradients

N, CLASSES, BATCH = 256, 10, 32
_DIGITS = load_digits()
IMAGES = torch.tensor(_DIGITS.images[:N] / 16, dtype=torch.float32)[:, None]
TARGETS = torch.tensor(_DIGITS.target[:N])
MEAN, STD = IMAGES.mean(), IMAGES.std()
DEFAULTS = {"sampling": "reshuffle", "losses": "cross-entropy", "optim": "sgd"}


class Normalised(nn.Module):
    """A net of each kind of layer; with groups in place of batches, an example's outputs are its own."""

    def __init__(self, groups=False):
        super().__init__()
        norm = (lambda channels: nn.GroupNorm(2, channels)) if groups else nn.BatchNorm2d
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False),
            norm(8),
            nn.ReLU(),
            nn.Conv2d(8, 16, 3, padding=1, bias=False),
            norm(16),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(64, 32),
            nn.ReLU(),
        )
        self.head = nn.Linear(32, CLASSES)

    def forward(self, inputs):
        return self.head(self.features(inputs))


def cross_entropy(outputs, targets, index):
    return F.cross_entropy(outputs, targets, reduction="none")


def of(seam, methods, default=None):
    found = [method for method in methods if method.seam == seam]
    return found or ([registry.get(seam, default)] if default else [])


def whole(tensor):
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


class PlainLoop:
    """Trains on a few digits with `methods`, registry records, and what every run has where they say nothing."""

    def __init__(
        self,
        methods,
        *,
        seed=0,
        parts=1,
        autocast=False,
        groups=False,
        rank=0,
        world=1,
        steps=16,
        shard=None,
        first=True,
    ):
        """`shard(model)`, in place of DDP, `first` of all or after what changes the model."""
        self.parts, self.autocast, self.steps, self.world, self.rank = parts, autocast, steps, world, rank
        self.seed = seed
        with isolated(seed, "plain"):
            self.model = Normalised(groups)
        if shard and first:
            shard(self.model)
        everything = Batch(self.look(torch.arange(N)), TARGETS, torch.arange(N), torch.ones(N))
        given = {"n": N, "batch_size": BATCH, "seed": seed, "targets": TARGETS, "classes": CLASSES}
        given |= {"model": self.model, "inputs": everything.inputs[:2], "batches": [everything], "loss": cross_entropy}

        def made(method):
            return registry.make(method.seam, method.name, given, method.example)

        during = [method for method in methods if method.seam == "structure" and "optimizer" in method.parameters]
        for method in methods:
            if method.seam == "structure" and method not in during:
                made(method)
        self.batching = None
        for method in of("batching", methods):
            found = made(method)
            self.batching = self.batching if "model" in method.parameters else found
        if shard and not first:
            shard(self.model)
        bases = [method for method in of("optim", methods) if not method.many] or [registry.get("optim", "sgd")]
        self.optimizer = made(bases[0])
        for method in sorted((m for m in methods if m.seam == "optim" and m.many), key=lambda m: m.stage):
            given["optimizer"] = self.optimizer
            self.optimizer = made(method)
        given["optimizer"] = self.optimizer
        self.acting = [made(method) for method in [*of("sparsity", methods), *during]]
        self.averaging = next((made(method) for method in of("averaging", methods)), None)
        self.sampler = made(of("sampling", methods, "reshuffle")[0]).shard(rank, world)
        self.loss = made(of("losses", methods, "cross-entropy")[0])
        if world > 1 and hasattr(self.loss, "scores"):
            self.loss.scores.recording = True
        self.augmentations = [made(m) for m in sorted(of("augmentation", methods), key=lambda m: m.stage)]
        self.augmentations.sort(key=lambda each: not getattr(each, "unit_range", False))
        self.net = DistributedDataParallel(self.model) if world > 1 and not shard else self.model
        self.step = 0

    @property
    def methods(self):
        """What the methods made, where it is an object with a life of its own."""
        named = (self.sampler, self.loss, self.batching, *self.acting, self.averaging, *self.augmentations)
        return [each for each in named if each is not None]

    def look(self, index):
        return (IMAGES[index] - MEAN) / STD

    def augmented(self, index, epoch, progress):
        drawn = generator(self.seed, "look", self.step)
        inputs, unit = IMAGES[index], True
        for each in self.augmentations:
            if unit and not getattr(each, "unit_range", False):
                inputs, unit = (inputs - MEAN) / STD, False
            told = {"index": index, "epoch": epoch} if getattr(each, "indexed", False) else {}
            inputs = each(inputs, progress, drawn, **told)
        return (inputs - MEAN) / STD if unit else inputs

    def batches(self):
        """The batches of the round that the sampler is in, several joined where a batching method says so."""
        self.sampler.progress = self.step / self.steps
        draws = iter(self.sampler)
        while True:
            found = []
            for index in draws:
                inputs = self.augmented(index, self.sampler.epoch, self.step / self.steps)
                found.append(Batch(inputs, TARGETS[index], index, self.sampler.weight(index)))
                if len(found) == (self.batching.batches if self.batching else 1):
                    break
            if not found:
                return
            yield join(found)

    def train(self, until):
        """Go on until that step of the run's `steps`."""
        while self.step < until:
            for batch in self.batches():
                self.take(batch)
                self.step += 1
                progress = self.step / self.steps
                for each in (*self.acting, *[one for one in (self.averaging, self.batching) if one is not None]):
                    if each.step(progress) and self.world > 1:  # channels went, and DDP holds on to the old parameters
                        self.net = DistributedDataParallel(self.model)
                self.optimizer.zero_grad()
                if self.step == until:
                    return self
        return self

    def forward(self, batch):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            return self.net(batch.inputs)

    def reduced(self, outputs, part, whole):
        losses = self.loss(outputs, part.targets, part.index)
        assert losses.shape == part.index.shape
        self.sampler.observe(part.index, losses.detach())
        return (losses * part.weight).sum() / whole

    def take(self, batch):
        if hasattr(self.loss, "progress"):
            self.loss.progress = self.step / self.steps
        set_lr(self.optimizer, self.sampler.lr_scale * (self.batching.lr_scale if self.batching else 1.0))
        if isinstance(self.optimizer, SeveralPasses):
            self.optimizer.step(lambda: self.forward(batch), lambda outputs: self.reduced(outputs, batch, len(batch)))
            return
        wanted = self.batching.parts if self.batching else 0
        seen = PartGradients(self.model.parameters()) if wanted else None
        for part in batch.split(max(self.parts, wanted)):
            self.reduced(self.forward(part), part, len(batch)).backward()
            if seen is not None:
                self.batching.observe(seen.take() * (len(batch) / len(part)), len(part))
        if seen is not None:
            seen.give_back()
        if isinstance(self.sampler, ObservesGradients):
            flat = torch.cat([whole(parameter.grad).flatten() for parameter in self.model.parameters()])
            self.sampler.observe_gradient(gathered(batch.index), flat)
        self.optimizer.step()

    def state_dict(self):
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "sampler": self.sampler.state_dict(),
            "methods": [each.state_dict() for each in self.stateful],
            "step": self.step,
        }

    def load_state_dict(self, state):
        # What removes channels goes first: the shapes that follow are those it left.
        for each, saved in zip(self.stateful, state["methods"], strict=True):
            if hasattr(each, "version") and not hasattr(each, "masks"):
                each.load_state_dict(saved)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.sampler.load_state_dict(state["sampler"])
        for each, saved in zip(self.stateful, state["methods"], strict=True):
            if not hasattr(each, "version") or hasattr(each, "masks"):
                each.load_state_dict(saved)
        self.step = state["step"]

    @property
    def stateful(self):
        found = [each for each in self.methods if hasattr(each, "load_state_dict")]
        return [each for each in found if each is not self.sampler]

    def evaluated(self):
        """Inside, the model is as it is to be evaluated."""
        return self.averaging.applied() if self.averaging else nullcontext()

    def weights(self):
        with self.evaluated():
            return torch.cat([whole(parameter.detach()).flatten() for parameter in self.model.parameters()])

    @torch.no_grad()
    def mean_loss(self):
        with self.evaluated():
            self.model.eval()
            found = float(F.cross_entropy(self.model(self.look(torch.arange(N))), TARGETS))
            self.model.train()
        return found


def small(shape, classes):
    """The net as a model of the user's own, for recipes."""
    return Normalised()
