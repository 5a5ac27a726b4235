"""How a race is run: lanes, pairs, controls, clock, store. Needs the extra `race`; `reporting` shows it."""
