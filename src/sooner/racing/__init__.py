"""The race: lanes, pairs, controls, clock, store and statistics. Needs `pip install sooner[race]`."""
