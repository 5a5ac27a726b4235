"""Images whose first pixel is their own index, and a loss that says it: what lands on which example can be seen."""

import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

import sooner
from sooner.sampling import RS2, InfoBatch, Reshuffling

N = 331
BATCH = 24


def images():
    """Real digits. The first pixel, always blank, holds the index."""
    data = load_digits()
    inputs = torch.tensor(data.data[:N] / 16, dtype=torch.float32)
    inputs[:, 0] = torch.arange(N)
    return TensorDataset(inputs, torch.tensor(data.target[:N]))


IMAGES = images()


def network():
    layer = torch.nn.Linear(64, 10)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    return layer


def losses_of(outputs, inputs, targets):
    """(B,) each example's own index, as a loss that has come through the model."""
    return inputs[:, 0] + 0 * cross_entropy(outputs.float(), targets, reduction="none")


class Noted(InfoBatch):
    """InfoBatch, whose rounds differ in length, that notes each observation: (round, index, loss)."""

    rounds = 3
    stops = (5, 1, 15, 14, 25)  # batches of the run; its first round ends after 14

    def __init__(self, n, batch_size, *, seed=0, drop_last=False):
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.noted = []

    def observe(self, index, loss):
        super().observe(index, loss)
        epoch = self._round.epoch
        self.noted += [(epoch, one, float(value)) for one, value in zip(index.tolist(), loss, strict=True)]


class NotedRS2(RS2):
    """RS2 with rounds of two batches, but for the last of a pass, of three: what look-ahead gets wrong."""

    rounds = 8
    stops = (1, 2, 3, 13, 12, 15)  # batches of the run; the last of a pass begins after 12

    def __init__(self, n, batch_size, *, seed=0, drop_last=False):
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last, fraction=0.14)
        self.noted = []

    def observe(self, index, loss):
        epoch = super().state_dict(0)["epoch"]
        self.noted += [(epoch, one, float(value)) for one, value in zip(index.tolist(), loss, strict=True)]


class Louder(Reshuffling):
    """Asks for three times the learning rate from its second round on, which begins after 14 batches."""

    @property
    def lr_scale(self):
        return 3.0 if self._began is not None and self._began[0] > 0 else 1.0


RATE, DECAY = 1e-5, 0.9  # small, since the first pixel is large


def schedule(optimizer):
    """One that goes on from the rate it finds, so a rate that was not put back would grow with it."""
    return torch.optim.lr_scheduler.ExponentialLR(optimizer, DECAY)


def weights_at_the_samplers_rate(steps, make=Louder):
    """What a plain loop arrives at that multiplies by `lr_scale` itself."""
    layer, sampler, done = network(), make(N, BATCH), 0
    while True:
        for index in sampler:
            if done == steps:
                return layer.weight.detach()
            inputs, targets = IMAGES[index]
            gradients = torch.autograd.grad(cross_entropy(layer(inputs), targets), list(layer.parameters()))
            with torch.no_grad():
                for parameter, gradient in zip(layer.parameters(), gradients, strict=True):
                    parameter -= RATE * DECAY**done * sampler.lr_scale * gradient
            done += 1


SAMPLERS = {"infobatch": Noted, "rs2": NotedRS2}


def loader(sampler, workers=0):
    return DataLoader(
        sooner.Indexed(IMAGES),
        batch_sampler=sampler,
        collate_fn=sooner.collate,
        num_workers=workers,
        generator=torch.Generator(),
    )


def expected(make=Noted, rounds=None):
    """What one process would note in a plain loop over the sampler itself."""
    sampler = make(N, BATCH)
    while sampler.epoch < (rounds or make.rounds):
        for index in sampler:
            sampler.observe(index, index.float())
    return sampler.noted


def credited(noted):
    """Whether every loss is on its own example."""
    return len(noted) > 0 and all(index == loss for _, index, loss in noted)
