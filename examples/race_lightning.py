"""A Lightning module that races: a constant learning rate against one cycle.

    sooner race --target 0.95 --pairs 6 --names constant,one-cycle -- \
        'python examples/race_lightning.py --seed {seed}' \
        'python examples/race_lightning.py --seed {seed} --one-cycle'

The report is made in a hook of the module, and its evaluation is off the clock. Under several processes the first
alone reports.
"""

import argparse

import torch
from lightning.pytorch import LightningModule, Trainer, seed_everything
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset, random_split

import sooner

BATCH = 32


class Digits(LightningModule):
    def __init__(self, held_out, one_cycle):
        super().__init__()
        self.network = torch.nn.Sequential(torch.nn.Linear(64, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10))
        self.held_out = held_out
        self.one_cycle = one_cycle

    def training_step(self, batch, batch_idx):
        inputs, targets = batch
        return cross_entropy(self.network(inputs), targets)

    def on_train_batch_end(self, outputs, batch, batch_idx):
        if self.global_step % 15 == 0:
            sooner.report(self.accuracy, step=self.global_step, examples=self.global_step * BATCH)

    @torch.no_grad()
    def accuracy(self):
        inputs, targets = self.held_out
        return (self.network(inputs).argmax(1) == targets).float().mean()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.02, momentum=0.9)
        if not self.one_cycle:
            return optimizer
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.2, total_steps=steps)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]


parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--one-cycle", action="store_true", help="warm up to ten times the learning rate, and anneal")
options = parser.parse_args()

seed_everything(options.seed, verbose=False)
digits = load_digits()
data = TensorDataset(torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target))
train, held_out = random_split(data, [0.8, 0.2])
model = Digits(held_out[:], options.one_cycle)
trainer = Trainer(
    max_epochs=options.epochs,
    accelerator="cpu",
    devices=1,
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(model, DataLoader(train, batch_size=BATCH, shuffle=True, drop_last=True))
print(f"accuracy {model.accuracy():.4f}")
