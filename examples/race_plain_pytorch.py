"""A training script that races: what `sooner.report` adds to a plain PyTorch loop is the two lines marked below.

    sooner race --target 0.97 --pairs 6 --names all,rs2-30 -- \
        'python examples/race_plain_pytorch.py --seed {seed}' \
        'python examples/race_plain_pytorch.py --seed {seed} --rs2 0.3'

RS2 draws 30% of the data anew in each round, and its schedule spans 30% of the examples. Run alone, the script trains
as ever, and reports to nobody.
"""

import argparse

import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

import sooner  # 1
from sooner.integrations import guard
from sooner.sampling import RS2, Reshuffling
from sooner.schedules import OneCycle

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--rs2", type=float, help="train on this share of the data in each round")
parser.add_argument("--epochs", type=float, default=10)
options = parser.parse_args()

torch.manual_seed(options.seed)
digits = load_digits()
images, labels = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None], torch.tensor(digits.target)
order = torch.randperm(len(images))
train, held_out = order[:1437], order[1437:]

data = sooner.Indexed(TensorDataset(images[train], labels[train]))
if options.rs2:
    sampler = RS2(len(train), batch_size=32, fraction=options.rs2, seed=options.seed)
else:
    sampler = Reshuffling(len(train), batch_size=32, seed=options.seed)
loader = guard(DataLoader(data, batch_sampler=sampler, collate_fn=sooner.collate))

model = torch.nn.Sequential(
    torch.nn.Conv2d(1, 16, 3, padding=1),
    torch.nn.ReLU(),
    torch.nn.Conv2d(16, 32, 3, padding=1),
    torch.nn.ReLU(),
    torch.nn.MaxPool2d(2),
    torch.nn.Flatten(),
    torch.nn.Linear(512, 10),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
schedule = OneCycle()


def accuracy() -> float:
    with torch.no_grad():
        return (model(images[held_out]).argmax(1) == labels[held_out]).float().mean().item()


seen, step = 0, 0
budget = round(options.epochs * len(train) * (options.rs2 or 1.0))
while seen < budget:
    for batch in loader:
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * schedule(min(1.0, seen / budget))
        cross_entropy(model(batch.inputs), batch.targets).backward()
        optimizer.step()
        optimizer.zero_grad()
        seen, step = seen + len(batch), step + 1
        if step % 12 == 0:
            sooner.report(accuracy, step=step, examples=seen)  # 2: computed off the clock
print(f"accuracy {accuracy():.4f}")
