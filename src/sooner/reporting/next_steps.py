"""What to do after a race of a task that comes with sooner: the same with data or programs of one's own."""

from __future__ import annotations


def next_steps(command: str = "sooner") -> list[str]:
    """Lines for a terminal, two of them commands that can be typed as they stand but for the names of files.

    `command` is how sooner was started, such as .venv/bin/sooner.
    """
    return [
        "Next, with your own data (a CSV, Parquet or Arrow file, or a folder of images with a sub-folder per class)",
        f"  {command} race --data table.csv --label species --target 0.9",
        "or with your own training script, which takes a seed and prints its accuracy as it goes:",
        f"  {command} race --metric 'val_acc=([0-9.]+)' --target 0.9 -- "
        "'python train.py --seed {seed}' 'python train.py --seed {seed} --lr 0.2'",
    ]
