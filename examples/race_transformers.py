"""A Hugging Face `Trainer` that races, without sooner in it: it prints JSON lines, which a race reads by itself.

    sooner race --target 0.9 --pairs 6 --names linear,cosine -- \
        'python examples/race_transformers.py --seed {seed}' \
        'python examples/race_transformers.py --seed {seed} --schedule cosine --learning-rate 2e-3'

A tiny transformer, from scratch, reads each image of a digit as eight words, its rows. The `Trainer` evaluates on its
own, so the script gives its seconds without that: the race believes them. They begin behind the imports.
"""

import argparse
import json
import tempfile
import time

import torch
from sklearn.datasets import load_digits
from torch.utils.data import Subset, random_split
from transformers import Trainer, TrainerCallback, TrainingArguments, ViTConfig, ViTForImageClassification, set_seed

BEGAN = time.perf_counter()
BATCH = 32

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--epochs", type=float, default=8)
parser.add_argument("--schedule", default="linear")
parser.add_argument("--learning-rate", type=float, default=1e-3)
options = parser.parse_args()


class JsonLines(TrainerCallback):
    """Prints each evaluation as one line."""

    evaluated = 0.0

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        self.evaluated += metrics["eval_runtime"]
        seconds = time.perf_counter() - BEGAN - self.evaluated
        line = {"step": state.global_step, "examples": state.global_step * BATCH, "seconds": seconds}
        print(json.dumps({**line, "metric": metrics["eval_accuracy"]}))


def accuracy(predicted):
    return {"accuracy": float((predicted.predictions.argmax(1) == predicted.label_ids).mean())}


set_seed(options.seed)
digits = load_digits()
items = [
    {"pixel_values": torch.tensor(image / 16, dtype=torch.float32)[None], "labels": int(label)}
    for image, label in zip(digits.images, digits.target, strict=True)
]
train, held_out = random_split(Subset(items, range(len(items))), [0.8, 0.2])
config = ViTConfig(
    image_size=(8, 8),
    patch_size=(1, 8),
    num_channels=1,
    hidden_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=128,
    num_labels=10,
)
arguments = TrainingArguments(
    output_dir=tempfile.mkdtemp(),
    per_device_train_batch_size=BATCH,
    per_device_eval_batch_size=180,
    num_train_epochs=options.epochs,
    learning_rate=options.learning_rate,
    lr_scheduler_type=options.schedule,
    warmup_steps=0.1,
    eval_strategy="steps",
    eval_steps=30,
    seed=options.seed,
    use_cpu=True,
    save_strategy="no",
    logging_strategy="no",
    report_to=[],
    disable_tqdm=True,
)
trainer = Trainer(
    ViTForImageClassification(config),
    arguments,
    train_dataset=train,
    eval_dataset=held_out,
    compute_metrics=accuracy,
    callbacks=[JsonLines()],
)
trainer.train()
