"""How a race is run: lanes, pairs, controls, clock, store. Needs `pip install sooner[race]`; `reporting` shows it."""
