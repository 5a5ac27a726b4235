"""What the benchmarks use of the inside of sooner's race, imported in one place: none of it is public."""

from sooner.racing import machine
from sooner.racing.assembling import Site, assemble, make_fabric
from sooner.racing.comparison import compare
from sooner.racing.conduct import finished
from sooner.racing.finals import difference, finals
from sooner.racing.fitted import SCAN, SHARE, agenda, ends, ladder, name_at
from sooner.racing.frontier import counted, frontier, per_seed, smallest_budget
from sooner.racing.monotone import monotone
from sooner.racing.planning import max_pairs_needed, pairs_needed
from sooner.racing.precision import choose
from sooner.racing.rescoring import compare_runs, rescore
from sooner.racing.results import Evaluation, Lane, Results, Run
from sooner.racing.sequential import levels, looks, settled
from sooner.racing.signed_rank import ALPHA, MIN_PAIRS, null_cdf, signed_rank
from sooner.racing.store import Record
from sooner.racing.survival import survival
from sooner.racing.times import Time, Trajectory
from sooner.racing.timing import timed
from sooner.racing.verdict import verdict

__all__ = [
    "ALPHA",
    "MIN_PAIRS",
    "SCAN",
    "SHARE",
    "Evaluation",
    "Lane",
    "Record",
    "Results",
    "Run",
    "Site",
    "Time",
    "Trajectory",
    "agenda",
    "assemble",
    "choose",
    "compare",
    "compare_runs",
    "counted",
    "difference",
    "ends",
    "finals",
    "finished",
    "frontier",
    "ladder",
    "levels",
    "looks",
    "machine",
    "make_fabric",
    "max_pairs_needed",
    "monotone",
    "name_at",
    "null_cdf",
    "pairs_needed",
    "per_seed",
    "rescore",
    "settled",
    "signed_rank",
    "smallest_budget",
    "survival",
    "timed",
    "verdict",
]
