"""The loop, its budgets, schedules, optimizers, loader and checkpoints. Needs `pip install sooner[race]`."""
