"""What of a Hugging Face Trainer acts beside a sampler, and what is refused because it would go unnoticed."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import PretrainedConfig, Trainer, TrainingArguments

from sooner.integrations import SamplerReplaced
from sooner.integrations.transformers import SamplerTrainerMixin, classification_losses
from sooner.sampling import GraB, InfoBatch, ProgressiveDropout, Reshuffling, SelectiveBackprop
from tests.integrations.example import BATCH, N, Noted
from tests.integrations.test_transformers import MyTrainer, Network, Pairs, arguments, make_trainer, own_index


def made(folder, sampler=None, trainer=None, **options):
    """A Trainer with this sampler; `trainer` are arguments of its own, `options` those of its arguments."""
    model = Network(PretrainedConfig())
    given = {"train_dataset": Pairs(), "sampler": sampler or Reshuffling(N, BATCH), **(trainer or {})}
    return MyTrainer(model, arguments(folder, **options), **given)


def weights(trainer):
    trainer.train()
    return trainer.model.layer.weight.detach().clone()


OPTIONS = {
    "group_by_length": (
        {"train_sampling_strategy": "group_by_length"},
        "train_sampling_strategy='group_by_length' puts",
    ),
    "sequential": ({"train_sampling_strategy": "sequential"}, "train_sampling_strategy='sequential' puts"),
    "drop_last": ({"dataloader_drop_last": True}, r"dataloader_drop_last=True .*make it with drop_last=True"),
    "smoothing": (
        {"label_smoothing_factor": 0.1},
        r"label_smoothing_factor=0.1 .*example_losses=.*smoothing=0.1",
    ),
    "data_seed": ({"data_seed": 7}, "data_seed=7 .* the sampler's seed being 0: make the sampler with that seed"),
    "find": ({"auto_find_batch_size": True}, "auto_find_batch_size=True .*choose per_device_train_batch_size"),
    "order": ({"dataloader_in_order": False}, "dataloader_in_order=False lets batches overtake"),
    "split": ({"accelerator_config": {"split_batches": True}}, r"accelerator_config\.split_batches=True"),
    "dispatch": (
        {"accelerator_config": {"dispatch_batches": True}},
        "dispatch_batches=True has one process",
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_argument_that_would_do_nothing_is_refused(name, tmp_path):
    options, message = OPTIONS[name]
    with pytest.raises(ValueError, match=message):
        made(tmp_path, **options)


def test_an_argument_that_is_changed_later_is_refused_when_training_begins(tmp_path):
    trainer = made(tmp_path)
    trainer.args.data_seed = 3
    with pytest.raises(ValueError, match="data_seed=3"):
        trainer.train()


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    with pytest.raises(ValueError, match=r"MyTrainer cannot have .*label_smoothing_factor.*; .*data_seed=7"):
        made(tmp_path, label_smoothing_factor=0.1, data_seed=7)


def test_the_samplers_own_seed_and_end_of_a_round_may_be_said_twice(tmp_path):
    sampler = Reshuffling(N, BATCH, seed=7, drop_last=True)
    seen = []
    losses = lambda outputs, labels: (seen.append(len(labels)), classification_losses(outputs, labels))[1]
    made(tmp_path, sampler, {"example_losses": losses}, data_seed=7, dataloader_drop_last=True).train()
    assert set(seen) == {BATCH}
    assert N % BATCH


class Streamed(torch.utils.data.IterableDataset):
    def __iter__(self):
        yield from ()


def test_a_loss_of_the_trainers_own_is_refused(tmp_path):
    def mean_loss(outputs, labels, num_items_in_batch=None):
        return cross_entropy(outputs.logits, labels)

    with pytest.raises(ValueError, match=r"compute_loss_func=mean_loss gives one number.*example_losses="):
        made(tmp_path, trainer={"compute_loss_func": mean_loss})


def test_data_without_positions_are_refused(tmp_path):
    with pytest.raises(ValueError, match="train_dataset, a Streamed, has no examples by position"):
        made(tmp_path, trainer={"train_dataset": Streamed()}, max_steps=1)


@pytest.mark.parametrize("make", [SelectiveBackprop, ProgressiveDropout, GraB])
def test_a_sampler_that_a_trainer_cannot_tell_enough_is_refused(make, tmp_path):
    with pytest.raises(ValueError, match=rf"sampler, a {make.__name__}, has to see"):
        made(tmp_path, make(N, BATCH))
    made(tmp_path, ProgressiveDropout(N, BATCH, variant="scalar"))


def test_several_gpus_in_one_process_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(TrainingArguments, "n_gpu", 2)
    with pytest.raises(ValueError, match=r"n_gpu=2, DataParallel in one process.*torchrun"):
        made(tmp_path)


def test_a_mean_of_each_process_is_refused_among_several(tmp_path, monkeypatch):
    made(tmp_path, average_tokens_across_devices=False)  # alone there is no difference
    monkeypatch.setattr(TrainingArguments, "world_size", 2)
    with pytest.raises(ValueError, match="average_tokens_across_devices=False divides by each process's own count"):
        made(tmp_path, average_tokens_across_devices=False)


def test_a_search_over_hyperparameters_is_refused(tmp_path):
    with pytest.raises(ValueError, match="hyperparameter_search trains trial after trial with one sampler"):
        made(tmp_path).train(trial={"learning_rate": 0.1})


class Unheard(MyTrainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        outputs = model(inputs["inputs"])
        loss = cross_entropy(outputs.logits, inputs["labels"])
        return (loss, outputs) if return_outputs else loss


class Unstepped(MyTrainer):
    def training_step(self, model, inputs, num_items_in_batch=None):
        return torch.zeros(())


@pytest.mark.parametrize("kind", [Unheard, Unstepped])
def test_a_class_whose_loss_the_sampler_never_hears_of_is_stopped_before_the_first_step(kind, tmp_path):
    sampler = Noted(N, BATCH)
    trainer = kind(Network(PretrainedConfig()), arguments(tmp_path), train_dataset=Pairs(), sampler=sampler)
    before = trainer.model.layer.weight.detach().clone()
    with pytest.raises(RuntimeError, match=r"4 went by without .*compute_loss, so that Noted.*super\(\)\.compute"):
        trainer.train()
    assert torch.equal(trainer.model.layer.weight, before)


class Scaled(MyTrainer):
    def compute_loss(self, *args, **kwargs):
        return 2 * super().compute_loss(*args, **kwargs)


def test_a_compute_loss_that_calls_the_mixins_acts(tmp_path):
    plain = {"bf16": False, "optim": "sgd", "max_grad_norm": 0.0, "max_steps": 1, "lr_scheduler_type": "constant"}
    sampler = InfoBatch(N, BATCH)
    twice = Scaled(Network(PretrainedConfig()), arguments(tmp_path, **plain), train_dataset=Pairs(), sampler=sampler)
    torch.testing.assert_close(weights(twice), 2 * weights(made(tmp_path, InfoBatch(N, BATCH), **plain)))
    assert int((~sampler.scores["loss"].isnan()).sum()) == 4 * BATCH


class OwnLoss(Trainer):
    def compute_loss(self, *args, **kwargs):
        raise NotImplementedError


class OwnLoader(Trainer):
    def get_train_dataloader(self):
        raise NotImplementedError


class OwnOrder(Trainer):
    def _get_train_sampler(self, *args):
        raise NotImplementedError


@pytest.mark.parametrize("base", [OwnLoss, OwnLoader])
def test_a_trainer_whose_method_the_mixin_would_hide_is_refused(base):
    with pytest.raises(TypeError, match=rf"{base.__name__}\.\w+ would never be called, SamplerTrainerMixin"):

        class Hiding(SamplerTrainerMixin, base):
            pass


def test_a_trainer_with_an_order_of_its_own_is_refused():
    with pytest.raises(SamplerReplaced, match=r"OwnOrder\._get_train_sampler makes another order"):

        class Ordered(SamplerTrainerMixin, OwnOrder):
            pass


@pytest.mark.parametrize("name", ["weight", "index"])
def test_a_name_of_the_samplers_own_in_a_batch_is_refused(name, tmp_path):
    def collate(items):
        batch = torch.utils.data.default_collate(items)
        return {**batch, name: torch.ones(len(items))}

    with pytest.raises(ValueError, match=f"the collator gives '{name}', .*give it another name"):
        made(tmp_path, trainer={"data_collator": collate}).train()


class Weighing(Network):
    def forward(self, inputs, labels=None, example_weight=None):
        outputs = super().forward(inputs, labels)
        outputs.attentions = example_weight
        return outputs


def test_a_weight_under_another_name_acts(tmp_path):
    def collate(items):
        return {**torch.utils.data.default_collate(items), "example_weight": torch.full((len(items),), 3.0)}

    def losses(outputs, labels):
        return outputs.attentions * classification_losses(outputs, labels)

    plain = {"bf16": False, "optim": "sgd", "max_grad_norm": 0.0, "max_steps": 1, "lr_scheduler_type": "constant"}
    given = {"train_dataset": Pairs(), "data_collator": collate, "example_losses": losses}
    weighed = MyTrainer(
        Weighing(PretrainedConfig()), arguments(tmp_path, **plain), sampler=Reshuffling(N, BATCH), **given
    )
    torch.testing.assert_close(weights(weighed), 3 * weights(made(tmp_path, **plain)))


def test_labels_under_another_name_are_missed(tmp_path):
    def collate(items):
        batch = torch.utils.data.default_collate(items)
        return {"inputs": batch["inputs"], "starts": batch["labels"]}

    with pytest.raises(ValueError, match=r"example_losses gets the batch's 'labels', and the batch has index, inp"):
        made(tmp_path, trainer={"data_collator": collate}).train()


SHAPES = {
    "one output, as in regression": (torch.zeros(4, 1), torch.zeros(4, dtype=torch.int64)),
    "several labels": (torch.zeros(4, 3), torch.zeros(4, 3)),
    "tokens": (torch.zeros(4, 3, 3), torch.zeros(4, 3, dtype=torch.int64)),
    "numbers": (torch.zeros(4, 3), torch.zeros(4)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_losses_of_another_kind_are_not_taken_for_classes(name):
    logits, labels = SHAPES[name]
    with pytest.raises(ValueError, match="without example_losses each example has one class"):
        classification_losses(SimpleNamespace(logits=logits), labels)


def test_workers_that_stay_and_their_context_are_the_trainers(tmp_path):
    options = {"dataloader_persistent_workers": True, "dataloader_multiprocessing_context": "forkserver"}
    trainer = made(tmp_path, workers=1, **options)
    loader = trainer.get_train_dataloader().rounds.loader
    assert loader.persistent_workers
    assert loader.multiprocessing_context.get_start_method() == "forkserver"


def test_a_compiled_model_is_trained_alike(tmp_path):
    plain = {"bf16": False, "max_steps": 3}
    compiled = {**plain, "torch_compile": True, "torch_compile_backend": "eager"}
    torch.testing.assert_close(weights(made(tmp_path, **compiled)), weights(made(tmp_path, **plain)))


def test_workers_that_stay_give_every_loss_to_its_own_example(tmp_path):
    alone, staying = Noted(N, BATCH), Noted(N, BATCH)
    make_trainer(alone, arguments(tmp_path)).train()
    make_trainer(staying, arguments(tmp_path, workers=1, dataloader_persistent_workers=True), own_index).train()
    assert staying.noted == alone.noted
