"""All seams together in the race's loop: exact resuming, what is counted, what is refused."""

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from sooner import optim, sampling
from sooner._modules import unwrapped
from sooner.losses import CrossEntropy
from sooner.racing.recipes.assemble import Site, assemble
from sooner.recipes import Recipe
from sooner.tasks import load_data, models
from sooner.training import checkpoint
from sooner.training.accuracy import accuracy
from sooner.training.clock import Clock
from sooner.training.evaluation import Stopped
from sooner.training.loading import Loader, channel_statistics, evaluation_batches
from sooner.training.loop import Loop
from sooner.training.step import Step

DATA = load_data("digits")
MEAN, STD = channel_statistics(DATA.train)
N = 640
SITE = Site(DATA.train.subset(torch.arange(N)), 10, torch.device("cpu"), MEAN, STD)
REST = DATA.train.subset(torch.arange(N, N + 200))
BASE: dict[str, Any] = {
    "name": "mine",
    "model": "convnet-16",
    "budget": "2ep",
    "batch_size": 32,
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9},
    "schedule": "cosine",
    "precision": "float32",
}
RIGL = {"name": "rigl", "density": 0.2, "every": 5}
TOGETHER: dict[str, dict[str, Any]] = {
    "masks": {
        "sampling": {"name": "infobatch"},
        "loss": "elr",
        "wrappers": ["perpgrad", "lookahead"],
        "batching": [
            {"name": "adadagrad", "eta": 0.2, "every": 2, "largest": 128},
            {"name": "ghost-batch-norm", "size": 16},
        ],
        "sparsity": RIGL,
        "structure": [{"name": "precropping", "density": 0.6}],
    },
    "surgery": {
        "loss": "ps-kd",
        "wrappers": ["lookahead"],
        "structure": [{"name": "channel-pruning", "channels": 0.5, "every": 4}],
        "augmentation": ["alternating-flip", {"name": "randaugment", "magnitude": 3.0}],
    },
    "mean": {
        "averaging": {"name": "swa", "start": 0.2, "points": 6, "statistics": 64},
        "wrappers": ["lookahead"],
        "batching": [{"name": "ghost-batch-norm", "size": 16}],
        "sparsity": {"name": "set", "density": 0.3, "every": 5},
    },
    "moving mean": {"averaging": {"name": "ema", "decay": 0.9, "every": 2}, "sampling": "kakurenbo"},
    "surrogate": {"wrappers": [{"name": "sso", "steps": 3}], "sparsity": {"name": "set", "density": 0.3, "every": 5}},
}  # fmt: skip


def make(**fields: Any) -> Loop:
    evaluate = lambda module: accuracy(module, evaluation_batches(REST, 200, mean=MEAN, std=STD))
    return assemble(Recipe(**{**BASE, **fields}), SITE, 3, evaluate=evaluate, every=160, clock=Clock())


def weights(loop: Loop) -> Tensor:
    return torch.cat([p.detach().flatten() for p in unwrapped(loop.model).parameters()])


@cache
def unbroken_run(name: str) -> Loop:
    loop = make(**TOGETHER[name])
    loop.run()
    return loop


@pytest.mark.parametrize("name", TOGETHER)
@pytest.mark.parametrize("moment", [1, 7])
def test_a_run_of_many_methods_saved_anywhere_goes_on_exactly(tmp_path: Path, name: str, moment: int) -> None:
    unbroken = unbroken_run(name)
    loop = make(**TOGETHER[name])

    def stop() -> None:
        if loop.step == moment:
            checkpoint.save(tmp_path / "run", loop.state_dict())
            raise Stopped

    with pytest.raises(Stopped):
        loop.run(on_step=stop)
    resumed = make(**TOGETHER[name])
    resumed.load_state_dict(checkpoint.load(tmp_path / "run"))
    resumed.run()
    assert torch.equal(weights(resumed), weights(unbroken))
    assert [look.metric for look in resumed.looks] == [look.metric for look in unbroken.looks]
    assert [look.kind for look in resumed.looks] == [look.kind for look in unbroken.looks]
    assert resumed.operations.state_dict() == unbroken.operations.state_dict()
    assert unbroken.looks[-1].metric > 0.5


def test_the_kind_of_steps_follows_their_size() -> None:
    loop = make(batching=[{"name": "adadagrad", "eta": 0.05, "every": 2, "largest": 128}])
    loop.run()
    kinds = [look.kind for look in loop.looks[1:]]
    assert kinds[-1] == "1x8x8x4bxv0"
    assert kinds[0] != kinds[-1]
    sizes = [after.examples - before.examples for before, after in pairwise(loop.looks)]
    assert sum(sizes) == 2 * N
    assert loop.step < 2 * N // 32


def test_operations_are_those_of_the_inputs_and_the_masks_that_were_used() -> None:
    dense = models.flops(models.build("convnet-16", (1, 8, 8), 10, seed=3), (1, 8, 8))
    plain = make()
    plain.run()
    assert plain.operations.dense == 3 * dense * 2 * N
    assert plain.operations.sparse is None
    masked = make(sparsity={"name": "random-pruning", "density": 0.1, "distribution": "uniform"})
    masked.run()
    assert masked.operations.dense == plain.operations.dense
    assert masked.operations.sparse == pytest.approx(0.1 * 3 * dense * 2 * N, rel=0.01)
    cut = make(structure=[{"name": "channel-pruning", "channels": 0.5, "every": 2, "until": 0.1}])
    cut.run()
    assert cut.operations.dense is not None
    assert 0.2 * plain.operations.dense < cut.operations.dense < 0.6 * plain.operations.dense


def test_the_masked_weights_are_zero_at_the_end_and_the_count_is_exact() -> None:
    loop = make(sparsity=RIGL)
    loop.run()
    weights = [p for p in unwrapped(loop.model).parameters() if p.ndim > 1]
    alive, total = sum(int((w != 0).sum()) for w in weights), sum(w.numel() for w in weights)
    assert alive <= round(0.2 * total)
    assert alive > 0.19 * total  # a regrown weight may still be zero


def test_the_optimizer_is_the_outermost_wrapper() -> None:
    loop = make(wrappers=["lookahead", "perpgrad"])
    inner = loop.optimizer.optimizer
    assert isinstance(inner, optim.Lookahead)
    assert isinstance(inner.optimizer, optim.PerpGrad)


def test_a_short_last_step_is_what_it_is() -> None:
    # Rounds of five batches of 128, four to a step: the last step of a round has one batch.
    loop = make(
        batch_size=128,
        accumulate=4,
        batching=[{"name": "adadagrad", "eta": 1.0, "every": 1, "largest": 512, "lr": "linear"}],
        budget="3ep",
    )
    loop.stepper.batching._batches = 4  # as if the test had asked for it
    rates, sizes = [], []
    step, forward = loop.optimizer.step, loop.stepper.loss

    def spy(*arguments: Any, **named: Any) -> Any:
        rates.append(loop.optimizer.param_groups[0]["lr"] / loop.schedule(loop.progress))
        return step(*arguments, **named)

    def told(outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
        sizes.append(len(index))
        return forward(outputs, targets, index)

    loop.optimizer.step, loop.stepper.loss = spy, told  # type: ignore[method-assign]
    loop.run()
    assert rates == pytest.approx([0.4, 0.1] * 3)
    assert sizes == [32] * 60  # micro-batches are as large in a short step as in a long one
    assert {look.kind for look in loop.looks[1:]} <= {"1x8x8x4bxv0", "1x8x8x1bxv0", "1x8x8x1bxv0 1x8x8x4bxv0"}


def test_what_is_looked_at_before_training_is_not_remembered_by_the_loss() -> None:
    loop = make(loss="ps-kd", sparsity={"name": "snip", "density": 0.3})
    scores = loop.stepper.loss.scores
    fresh = make(loss="ps-kd").stepper.loss.scores
    for column in scores.dtypes:
        assert torch.equal(scores[column].nan_to_num(nan=-1.0), fresh[column].nan_to_num(nan=-1.0))


def test_a_surrogate_pays_for_all_its_passes() -> None:
    plain, surrogate = make(budget="1ep"), make(budget="1ep", wrappers=[{"name": "sso", "steps": 3}])
    plain.run()
    surrogate.run()
    assert plain.operations.dense is not None
    assert surrogate.operations.dense == 3 * plain.operations.dense


@pytest.mark.parametrize(
    ("name", "factor"), [("linear-scaling", 4.0), ("sqrt-scaling", 2.0), ("regime-adaptation", 2.0)]
)
def test_a_rule_of_the_learning_rate_reaches_the_optimizer(name: str, factor: float) -> None:
    loop = make(batching=[{"name": name, "reference": 8}], schedule="constant", budget="5ba")
    loop.run()
    assert {group["lr"] for group in loop.optimizer.param_groups} == {0.1 * factor}


def test_a_last_batch_that_took_in_the_rest_is_one_batch() -> None:
    loop = make(batch_size=71)  # nine of 71, and one example more, which the last of them takes in
    loop.run()
    assert loop.step == 2 * 9
    assert {look.kind for look in loop.looks[1:]} == {"1x8x8x1bxv0"}


class Twice(torch.optim.SGD, optim.SeveralPasses):
    """Descends two times along each batch: what is asked for is a protocol, not a class that is known."""

    passes = 2

    def step(self, forward: Any, loss: Any, backward: Any) -> None:  # type: ignore[override]
        for _ in range(self.passes):
            self.zero_grad()
            backward(loss(forward()))
            super().step()


class Noting(sampling.Reshuffling):
    """Keeps what it is told."""

    def observe_gradient(self, index: Tensor, gradient: Tensor) -> None:
        self.seen = index, gradient.clone()


def stepped(kind: type[torch.optim.Optimizer], steps: int, sampler: sampling.Sampler | None = None) -> Step:
    """After so many steps on one batch of eight, at rate 0.1."""
    loop = make()
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    loader = Loader(SITE.train, sampler or sampling.Reshuffling(N, 8), mean=MEAN, std=STD, seed=0)
    batch = next(iter(loader))
    step = Step(model, kind(model.parameters(), lr=0.1), CrossEntropy(), loader, loop.fabric, loop.watch)  # type: ignore[call-arg]
    for _ in range(steps):
        step.optimizer.zero_grad()
        step.make(batch, len(batch), len(batch), joined=1, rate=1.0, progress=0.0)
    return step


def test_whatever_passes_a_batch_several_times_is_given_the_batch() -> None:
    once, twice = stepped(torch.optim.SGD, 2), stepped(Twice, 1)
    assert (once.passes, twice.passes) == (1, 2)
    torch.testing.assert_close(twice.model.state_dict(), once.model.state_dict())


def test_whatever_passes_a_batch_several_times_takes_it_whole() -> None:
    loop, model = make(), torch.nn.Linear(2, 2)
    with pytest.raises(ValueError, match="Twice passes a batch through several times: it needs accumulate=1"):
        Step(
            model, Twice(model.parameters(), lr=0.1), CrossEntropy(), loop.loader, loop.fabric, loop.watch, accumulate=2
        )


def test_whatever_observes_gradients_is_told_them() -> None:
    sampler = Noting(N, 8)
    step = stepped(torch.optim.SGD, 1, sampler)
    index, gradient = sampler.seen
    assert len(index) == 8
    assert torch.equal(gradient, torch.cat([p.grad.flatten() for p in step.model.parameters() if p.grad is not None]))
