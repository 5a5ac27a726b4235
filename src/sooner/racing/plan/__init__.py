"""Which runs there are: lanes and their controls, the order of runs, when a race is over."""
