"""The loop, its budgets, schedules, optimizers, loader and checkpoints. Needs the extra `race`."""
