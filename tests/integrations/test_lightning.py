"""Lightning: every loss on its own example, rounds of any length whole, and its checkpoints resume."""

import warnings

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, LearningRateFinder, Timer
from lightning.pytorch.plugins.precision import MixedPrecision
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.tuner import Tuner
from lightning.pytorch.utilities import CombinedLoader

from sooner.integrations import SamplerReplaced
from sooner.integrations.lightning import Rounds, SamplerCallback
from sooner.optim import make
from sooner.sampling import Reshuffling
from tests.integrations.example import (
    BATCH,
    DECAY,
    RATE,
    SAMPLERS,
    Louder,
    N,
    Noted,
    credited,
    expected,
    loader,
    losses_of,
    network,
    schedule,
    weights_at_the_samplers_rate,
)

pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning")


class Module(LightningModule):
    def __init__(self, sampler):
        super().__init__()
        self.network = network()
        self.sampler = sampler
        self.progress = []

    def training_step(self, batch, batch_idx):
        losses = losses_of(self.network(batch.inputs), batch.inputs, batch.targets)
        self.sampler.observe(batch.index, losses.detach())
        return losses.mean()

    def on_train_epoch_start(self):
        self.progress.append(self.sampler.progress)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class SaveAfter(Callback):
    """Saves Lightning's checkpoint after so many batches, and stops there unless told otherwise."""

    def __init__(self, batches, path, stops=True):
        self.left = batches
        self.path = path
        self.stops = stops

    def on_train_batch_end(self, trainer, *_):
        self.left -= 1
        if self.left == 0:
            trainer.save_checkpoint(self.path)
            if self.stops:
                raise Stop


class StopAfter(Callback):
    def __init__(self, batches):
        self.left = batches

    def on_train_batch_end(self, *_):
        self.left -= 1
        if self.left == 0:
            raise Stop


class Stop(Exception):
    pass


def make_trainer(sampler, *callbacks, accumulate=4, rounds=None, **options):
    return Trainer(
        accelerator="cpu",
        max_epochs=rounds or sampler.rounds,
        accumulate_grad_batches=accumulate,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[SamplerCallback(sampler), *callbacks],
        **{"devices": 1, "precision": "bf16-mixed", **options},
    )


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("workers", [0, 2])
def test_every_loss_lands_on_its_own_example_and_rounds_are_whole(kind, workers):
    sampler = SAMPLERS[kind](N, BATCH)
    make_trainer(sampler).fit(Module(sampler), Rounds(loader(sampler, workers)))
    assert credited(sampler.noted)
    assert sampler.noted == expected(SAMPLERS[kind])


def test_progress_is_the_share_of_the_run_that_is_spent():
    sampler = Noted(N, BATCH)
    module = Module(sampler)
    make_trainer(sampler, rounds=4).fit(module, Rounds(loader(sampler)))
    assert module.progress == [0, 0.25, 0.5, 0.75]


class Scheduled(Module):
    def training_step(self, batch, batch_idx):
        return torch.nn.functional.cross_entropy(self.network(batch.inputs), batch.targets)

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=RATE)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule(optimizer), "interval": "step"}}


def test_steps_are_made_at_the_samplers_rate():
    module, sampler = Scheduled(None), Louder(N, BATCH)
    trainer = make_trainer(sampler, accumulate=1, rounds=2, precision="32-true")
    module.sampler = sampler
    trainer.fit(module, Rounds(loader(sampler)))
    torch.testing.assert_close(module.network.weight.detach(), weights_at_the_samplers_rate(28))
    assert not torch.allclose(module.network.weight, weights_at_the_samplers_rate(28, Reshuffling), rtol=0.1)
    (optimizer,) = trainer.optimizers
    assert optimizer.param_groups[0]["lr"] == pytest.approx(RATE * DECAY**28)
    assert not optimizer._optimizer_step_pre_hooks


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("workers", [0, 2])
def test_its_checkpoints_resume_exactly(kind, workers, tmp_path):
    whole = expected(SAMPLERS[kind])
    for stop in SAMPLERS[kind].stops[:: 1 + workers]:
        path = tmp_path / f"{stop}.ckpt"
        sampler, resumed = SAMPLERS[kind](N, BATCH), SAMPLERS[kind](N, BATCH)
        with pytest.raises(Stop):
            make_trainer(sampler, SaveAfter(stop, path)).fit(Module(sampler), Rounds(loader(sampler, workers)))
        make_trainer(resumed).fit(Module(resumed), Rounds(loader(resumed, workers)), ckpt_path=path, weights_only=True)
        assert sampler.noted + resumed.noted == whole


def test_what_a_callback_before_ours_saves_counts_its_batch(tmp_path):
    path = tmp_path / "5.ckpt"
    sampler, resumed = Noted(N, BATCH), Noted(N, BATCH)
    trainer = make_trainer(sampler)
    trainer.callbacks = [SaveAfter(5, path), *trainer.callbacks]
    with pytest.raises(Stop):
        trainer.fit(Module(sampler), Rounds(loader(sampler)))
    make_trainer(resumed).fit(Module(resumed), Rounds(loader(resumed)), ckpt_path=path, weights_only=True)
    assert sampler.noted + resumed.noted == expected()


def test_a_fit_that_was_broken_off_goes_on_after_the_last_batch_used():
    sampler = Noted(N, BATCH)
    with pytest.raises(Stop):
        make_trainer(sampler, StopAfter(5)).fit(Module(sampler), Rounds(loader(sampler)))
    make_trainer(sampler).fit(Module(sampler), Rounds(loader(sampler)))
    assert sampler.noted[:N] == expected(rounds=1)


class Tuned(Module):
    lr = 1e-3

    def training_step(self, batch, batch_idx):
        losses = torch.nn.functional.cross_entropy(self.network(batch.inputs), batch.targets, reduction="none")
        self.sampler.observe(batch.index, batch.inputs[:, 0])
        return losses.mean()


def lr_find_first(trainer, module, batches):
    Tuner(trainer).lr_find(module, batches, num_training=5)
    module.sampler.noted.clear()
    trainer.fit(module, batches)


def lr_find_within(trainer, module, batches):
    trainer.callbacks = [LearningRateFinder(num_training_steps=5), *trainer.callbacks, Forget()]
    trainer.fit(module, batches)


class Forget(Callback):
    """What was noted before training began."""

    def on_train_start(self, trainer, module):
        module.sampler.noted.clear()


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("fit", [lr_find_first, lr_find_within])
def test_what_a_tuner_trains_on_is_trained_on_again(fit, workers, tmp_path):
    sampler = Noted(N, BATCH)
    trainer = make_trainer(sampler, accumulate=1, default_root_dir=tmp_path, precision="32-true")
    fit(trainer, Tuned(sampler), Rounds(loader(sampler, workers)))
    assert sampler.noted == expected()


def test_an_accumulation_that_cannot_be_kept_is_warned_of(tmp_path, monkeypatch):
    monkeypatch.setattr("sooner.integrations._fit_state.SingleDeviceStrategy", DDPStrategy)
    for batches, warns in ((5, True), (4, False)):
        sampler = Reshuffling(N, BATCH)
        trainer = make_trainer(sampler, SaveAfter(batches, tmp_path / "state.ckpt"), rounds=1)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with pytest.raises(Stop):
                trainer.fit(Module(sampler), Rounds(loader(sampler)))
        said = [str(each.message) for each in caught if "in the middle of a gradient accumulation" in str(each.message)]
        assert bool(said) == warns
        assert all("SingleDeviceStrategy the gradients so far are not in it" in each for each in said)


@pytest.mark.parametrize(("batches", "kept"), [(4, 0), (5, 1), (14, 0)])
def test_gradients_are_in_checkpoints_only_in_the_middle_of_an_accumulation(batches, kept, tmp_path):
    """Four batches to a step; the round ends with the fourteenth, and a step with it."""
    sampler = Reshuffling(N, BATCH)
    with pytest.raises(Stop):
        make_trainer(sampler, SaveAfter(batches, tmp_path / "c"), rounds=1).fit(
            Module(sampler), Rounds(loader(sampler))
        )
    states = torch.load(tmp_path / "c", weights_only=True)["callbacks"]
    (state,) = [state for state in states.values() if "sampler" in state]
    assert len(state["gradients"]) == kept


@pytest.mark.parametrize("workers", [0, 2])
def test_what_lightning_leaves_of_a_round_comes_next(workers):
    sampler = Noted(N, BATCH)  # its first round has 14 batches
    trainer = make_trainer(sampler, rounds=2, limit_train_batches=7)
    trainer.fit(Module(sampler), Rounds(loader(sampler, workers)))
    assert sampler.noted == expected(rounds=1)


class SaveNoted(Callback):
    def __init__(self, folder):
        self.folder = folder

    def on_train_end(self, trainer, module):
        module.sampler.scores.exchange()
        result = module.sampler.noted, module.sampler.scores["loss"]
        torch.save(result, self.folder / f"{trainer.global_rank}.pt")


def in_two_processes(sampler, folder, *callbacks, **fit):
    """What rank 0 and rank 1 noted, and their scores."""
    trainer = make_trainer(sampler, SaveNoted(folder), *callbacks, devices=2, strategy="ddp_fork")
    trainer.fit(Module(sampler), Rounds(loader(sampler)), **fit)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def test_every_loss_lands_on_its_own_example_in_two_processes(tmp_path):
    path = tmp_path / "5.ckpt"
    (first, scores), (second, same) = in_two_processes(Noted(N, BATCH), tmp_path, SaveAfter(5, path, stops=False))
    assert credited(first)
    assert credited(second)
    assert sorted(first + second) == sorted(expected())
    assert scores.tolist() == same.tolist() == list(range(N))
    (rest, _), (other, _) = in_two_processes(Noted(N, BATCH), tmp_path, ckpt_path=path, weights_only=True)
    assert rest == first[5 * BATCH // 2 :]
    assert other == second[5 * BATCH // 2 :]


def test_a_loader_that_lightning_would_cut_is_refused():
    sampler = Reshuffling(N, BATCH)
    with pytest.raises(SamplerReplaced, match=r"does not train on Rounds of this sampler.*lightning\.Rounds\(loader\)"):
        make_trainer(sampler, rounds=1).fit(Module(sampler), loader(sampler))


def test_rounds_of_another_sampler_are_refused():
    sampler, other = Reshuffling(N, BATCH), Reshuffling(N, BATCH)
    with pytest.raises(SamplerReplaced, match="does not train on Rounds of this sampler"):
        make_trainer(sampler, rounds=1).fit(Module(sampler), Rounds(loader(other)))


@pytest.mark.parametrize("kind", [Reshuffling, Noted])
def test_that_lightning_replaces_the_sampler_is_said(kind):
    sampler = kind(N, BATCH)
    trainer = make_trainer(sampler, rounds=1, devices=2, strategy="ddp_fork")
    with pytest.raises(Exception, match=r"(?s)SamplerReplaced: Lightning tried to replace.*use_distributed_sampler"):
        trainer.fit(Module(sampler), loader(sampler))


@pytest.mark.parametrize("name", ["sgd", "adamw", "adagrad"])
def test_gradients_are_clipped_under_bfloat16(name):
    """What `Trainer(gradient_clip_val=1)` does: of length 5, they are shortened to 1."""
    weight = torch.nn.Linear(2, 1, bias=False)
    optimizer = make(name, weight, lr=0.1)
    weight.weight.grad = torch.tensor([[3.0, 4.0]])
    MixedPrecision("bf16-mixed", "cpu").clip_gradients(optimizer, 1.0)
    torch.testing.assert_close(weight.weight.grad, torch.tensor([[0.6, 0.8]]), rtol=1e-4, atol=0)


@pytest.mark.parametrize("limit", [1, 5])
def test_epochs_cut_short_go_on_in_the_round(limit):
    sampler = Noted(N, BATCH)
    trainer = make_trainer(sampler, rounds=30, limit_train_batches=limit)
    trainer.fit(Module(sampler), Rounds(loader(sampler)))
    known = expected(Noted, rounds=5)  # later InfoBatch takes all examples again
    assert len(sampler.noted) > 1.5 * N
    assert sampler.noted[: len(known)] == known[: len(sampler.noted)]


def test_an_accumulation_ends_with_the_round():
    sampler = Reshuffling(N, BATCH)  # fourteen batches: three steps of four and one of two, with a mean of four
    trainer = make_trainer(sampler, rounds=2, accumulate=4)
    trainer.fit(Module(sampler), Rounds(loader(sampler)))
    assert trainer.global_step == 2 * 4


def test_validation_in_the_middle_of_a_round_changes_nothing():
    class Validated(Module):
        looks = ()

        def validation_step(self, batch, batch_idx):
            self.looks += (len(self.sampler.noted),)

    sampler = Noted(N, BATCH)
    module = Validated(sampler)
    trainer = make_trainer(sampler, num_sanity_val_steps=1, val_check_interval=5, check_val_every_n_epoch=None)
    trainer.fit(module, Rounds(loader(sampler)), [torch.zeros(1)])
    assert sampler.noted == expected()
    assert module.looks[:3] == (0, 5 * BATCH, 10 * BATCH)


def test_loaders_made_anew_are_refused():
    sampler = Noted(N, BATCH)
    trainer = make_trainer(sampler, reload_dataloaders_every_n_epochs=2)
    with pytest.raises(ValueError, match=r"reload_dataloaders_every_n_epochs=2 takes a batch .* throws it away"):
        trainer.fit(Module(sampler), Rounds(loader(sampler)))


def test_several_optimizers_step_at_the_samplers_rate():
    class Manual(Module):
        automatic_optimization = False
        rates = ()

        def __init__(self, sampler):
            super().__init__(sampler)
            self.automatic_optimization = False

        def training_step(self, batch, batch_idx):
            losses = losses_of(self.network(batch.inputs), batch.inputs, batch.targets)
            self.manual_backward(losses.mean())
            for optimizer in self.optimizers():
                optimizer.step()

        def configure_optimizers(self):
            kinds = [torch.optim.SGD([parameter], lr=0.1) for parameter in self.network.parameters()]
            for optimizer in kinds:
                optimizer.register_step_post_hook(lambda each, *_: self.note(each))  # before rates are put back
            return kinds

        def note(self, optimizer):
            self.rates += (optimizer.param_groups[0]["lr"],)

    sampler = Louder(N, BATCH)
    module = Manual(sampler)
    trainer = make_trainer(sampler, accumulate=1, rounds=2)
    trainer.fit(module, Rounds(loader(sampler)))
    assert module.rates == pytest.approx([0.1] * 14 * 2 + [0.3] * 14 * 2)


def test_several_loaders_at_once_are_refused():
    sampler = Noted(N, BATCH)
    both = CombinedLoader({"a": Rounds(loader(sampler)), "b": [torch.zeros(1)] * 20}, "min_size")
    with pytest.raises(SamplerReplaced, match="not train on Rounds of this sampler, but on a dict"):
        make_trainer(sampler).fit(Module(sampler), both)


@pytest.mark.parametrize("given", [3, 0.5])
def test_the_same_batches_again_and_again_are_refused(given):
    sampler = Noted(N, BATCH)
    trainer = make_trainer(sampler, overfit_batches=given)
    with pytest.raises(ValueError, match=rf"overfit_batches={given} repeats the first batches.*Subset"):
        trainer.fit(Module(sampler), Rounds(loader(sampler)))


def test_a_search_for_the_batch_size_is_refused():
    class Sized(Module):
        batch_size = BATCH

        def train_dataloader(self):
            return Rounds(loader(self.sampler))

    sampler = Noted(N, BATCH)
    with pytest.raises(ValueError, match=r"BatchSizeFinder, Tuner\.scale_batch_size\) would try one size"):
        Tuner(make_trainer(sampler)).scale_batch_size(Sized(sampler))


def test_processes_that_share_the_model_are_refused(monkeypatch):
    sampler = Noted(N, BATCH)
    trainer = make_trainer(sampler)
    monkeypatch.setattr(
        type(trainer.strategy), "distributed_sampler_kwargs", {"num_replicas": 2, "rank": 0}, raising=False
    )
    monkeypatch.setattr(type(trainer), "world_size", 4)
    with pytest.raises(ValueError, match="4 processes train on 2 parts of a batch, and the sampler would divide it"):
        trainer.fit(Module(sampler), Rounds(loader(sampler)))


def test_progress_is_also_the_time_that_is_spent(monkeypatch):
    sampler = Noted(N, BATCH)
    module = Module(sampler)
    monkeypatch.setattr(Timer, "time_elapsed", lambda self, *_: 15.0 * sampler.epoch)
    trainer = make_trainer(sampler, max_time={"minutes": 1}, rounds=-1)
    trainer.fit(module, Rounds(loader(sampler)))
    assert module.progress == [0.0, 0.25, 0.5, 0.75]


def test_a_module_that_tells_the_sampler_nothing_is_noticed():
    class Silent(Module):
        def training_step(self, batch, batch_idx):
            return losses_of(self.network(batch.inputs), batch.inputs, batch.targets).mean()

    sampler = Noted(N, BATCH)
    with pytest.raises(RuntimeError, match="Noted was told nothing of two rounds of batches"):
        make_trainer(sampler).fit(Silent(sampler), Rounds(loader(sampler)))
