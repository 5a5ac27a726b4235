"""A scikit-learn script that races as it is: the race reads the accuracy from what it prints.

    sooner race --metric '(?P<examples>[0-9]+) examples: accuracy=(?P<metric>[0-9.]+)' --target 0.94 --pairs 6 \
        --names batches-of-32,batches-of-128 -- \
        'python examples/race_sklearn.py --seed {seed}' \
        'python examples/race_sklearn.py --seed {seed} --batch-size 128'

The clock counts all of the program: here most of it is importing scikit-learn, which the report does not hide.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--epochs", type=int, default=20)
options = parser.parse_args()

digits = load_digits()
inputs, held_out, targets, answers = train_test_split(
    digits.data / 16, digits.target, test_size=0.2, stratify=digits.target, random_state=options.seed
)
model = SGDClassifier(loss="log_loss", alpha=1e-4, random_state=options.seed)
generator = np.random.default_rng(options.seed)
classes = np.arange(10)

seen, look = 0, 640
for _ in range(options.epochs):
    order = generator.permutation(len(inputs))
    for start in range(0, len(order), options.batch_size):
        batch = order[start : start + options.batch_size]
        model.partial_fit(inputs[batch], targets[batch], classes=classes)
        seen += len(batch)
        if seen >= look:
            look += 640
            print(f"{seen} examples: accuracy={model.score(held_out, answers):.4f}")
