"""ELR: a pull towards what the model believed of an example before it learnt its label by heart."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from sooner._arguments import number
from sooner.losses._base import IGNORED, counted
from sooner.losses._remembering import Place, Remembering
from sooner.registry import Method, register

_LEAST = 1e-4  # of a probability: the logarithm stays finite, and the term bounded


class ELR(Remembering):
    """Early-learning regularisation: cross-entropy + strength log(1 - <p, t>), with t a running mean of past p.

    Networks learn from the right labels first and memorise the wrong ones later. t remembers the early belief; the
    term rewards agreement with it, and so weighs against the gradient of a wrong label. Of each example, at each visit,

        t <- beta t + (1 - beta) p,   loss = -log p_y + strength log(1 - <p, t>),

    with p the softmax. The gradient goes through p alone: of the term with respect to logit c it is
    p_c (<p, t> - t_c) / (1 - <p, t>). t begins at 0, so that early visits are regularised little.

    Source: Liu, Niles-Weed, Razavian and Fernandez-Granda, Early-Learning Regularization Prevents Memorization of
    Noisy Labels, NeurIPS 2020, section 4. Three details are the published code's: p is clamped to [1e-4, 1 - 1e-4] in
    the term (a clamped probability gets no gradient from it), it is divided by its sum before it enters t, and the
    term is taken with a t that has the present p in it. The published code updates t at every call; here only a call
    that records gradients does. The paper's ELR+, with two networks, mixup and weight averaging, is another method.

    The loss may be negative, down to strength log(C / 10,000): the clamp and the division leave <p, t> at most
    1 - C / 10,000. It is no negative log-likelihood: what takes it for one should not be combined with it. Some 0.3 ms
    a step more than cross-entropy on one CPU core (128 examples, 10 classes); see `Remembering` for the memory. Helps
    with wrong labels, if there is time for them to be memorised. With right labels there is nothing to gain, and
    examples that are learnt late are held back.

    Args:
        n: number of training examples, at least 1.
        classes: C, at least 2.
        beta: of the running mean, in [0, 1). The paper: 0.7 for CIFAR-10, 0.9 for CIFAR-100.
        strength: lambda, at least 0. The paper: 3 for CIFAR-10 with symmetric noise, 7 for CIFAR-100.
        memory: "device" or "host": where it lies if training is on an accelerator.
        ignore_index: the target of examples that do not count, see `Loss`; their index must be valid all the same.
    """

    column = "target"
    start = 0.0

    def __init__(
        self,
        n: int,
        classes: int,
        *,
        beta: float = 0.7,
        strength: float = 3.0,
        memory: Place = "device",
        ignore_index: int = IGNORED,
    ) -> None:
        super().__init__(n, classes, memory, ignore_index)
        self.beta = number("beta", beta, 0, 1, below=True)
        self.strength = number("strength", strength, 0)

    def __call__(self, outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
        """The loss of each example, (B,), in the dtype of the outputs but float32 at least.

        Raises ValueError or IndexError on shapes or indices that do not fit.

        Of an index that comes several times in a batch, each is a step from the same t, and the last one stays.
        """
        log_p = F.log_softmax(self._checked(outputs, targets, index), dim=1)
        p = log_p.exp().clamp(_LEAST, 1 - _LEAST)
        counts, targets = counted(targets, self.ignore_index)
        now, old = p.detach(), self._recall(index, p)
        target = torch.lerp(now / now.sum(1, keepdim=True), old, self.beta)
        self._note(index, old, target, counts)
        term = torch.log1p(-(p * target).sum(1))
        losses = torch.add(F.nll_loss(log_p, targets, reduction="none"), term, alpha=self.strength)
        return losses.masked_fill(~counts, 0.0)


register(
    Method(
        name="elr",
        seam="losses",
        make=ELR,
        title="Early-learning regularisation (ELR)",
        paper="Liu et al., Early-Learning Regularization Prevents Memorization of Noisy Labels",
        year=2020,
        changes="A term pulls each example towards the running mean of the model's own predictions of it.",
        costs="4 bytes per example and class; on a CPU some 0.3 ms per step of 128 examples and 10 classes, 2 ms of "
        "1,000 classes.",
        helps="When many labels are wrong, and training is long enough to memorise them.",
        hurts="With right labels it holds back what is learnt late; in few epochs there is nothing to prevent.",
    )
)
