"""What the benchmarks use of the inside of sooner's race, imported in one place: none of it is public."""

from sooner.racing.machine import describe as machine
from sooner.racing.plan.fitted import SCAN, agenda, ends, name_at
from sooner.racing.plan.ladder import ladder
from sooner.racing.race import finished
from sooner.racing.recipes.assemble import Site, assemble, make_fabric
from sooner.racing.recipes.precision import choose
from sooner.racing.record import RunRecord as Record
from sooner.racing.scoring import per_seed
from sooner.reporting.notices import notice
from sooner.reporting.wording import verdict
from sooner.results.budgets import counted, frontier, smallest_budget
from sooner.results.final_metric import difference, finals
from sooner.results.notices import RunRepeated, Told
from sooner.results.records import SHARE, Evaluation, Lane, Results, Run
from sooner.results.rescoring import compare_runs, compared, rescore, timed
from sooner.results.verdict import judge
from sooner.statistics.comparison import compare
from sooner.statistics.monotone import monotone
from sooner.statistics.power import max_pairs_needed, pairs_needed
from sooner.statistics.sequential import levels, looks, settled
from sooner.statistics.signed_rank import ALPHA, MIN_PAIRS, null_cdf, signed_rank
from sooner.statistics.survival import survival
from sooner.statistics.times import Time, Trajectory

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
    "RunRepeated",
    "Site",
    "Time",
    "Told",
    "Trajectory",
    "agenda",
    "assemble",
    "choose",
    "compare",
    "compare_runs",
    "compared",
    "counted",
    "difference",
    "ends",
    "finals",
    "finished",
    "frontier",
    "judge",
    "ladder",
    "levels",
    "looks",
    "machine",
    "make_fabric",
    "max_pairs_needed",
    "monotone",
    "name_at",
    "notice",
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
