"""A digits race on two nodes, one of them lost in the middle, compared run by run with the race of one process.

    python -m benchmarks.ray.run [--pairs 6] [--budget 20ep]

Both nodes are on this machine, with one core each. Prints and writes result.json beside this file; exits 1 if any run
differs in anything but its times and memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import ray
import torch
from benchmarks._run import SOONER, beside, save, substance
from benchmarks._sooner import Results, RunRepeated, finished, machine, notice


def race(*arguments: str) -> list[str]:
    return [*SOONER, "race", "digits", "--threads", "1", *arguments]


def timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    assert found["complete"], f"{folder} is not complete"
    return found


def runs(folder: Path) -> list[dict[str, Any]]:
    return [{"lane": lane["name"], **run} for lane in results(folder)["lanes"] for run in lane["runs"]]


class Loss(threading.Thread):
    """Takes `node` from `cluster` when `least` runs have been made, some of them there, and one there is half made."""

    def __init__(self, cluster: Any, node: Any, folder: Path, least: int) -> None:
        super().__init__(daemon=True)
        self._cluster, self._node, self._folder, self._least = cluster, node, folder, least
        self.after_s: float | None = None

    def run(self) -> None:
        began = time.perf_counter()
        while not (self._seeds() and self._saved()):
            time.sleep(0.005)
        self._cluster.remove_node(self._node, allow_graceful=False)
        self.after_s = time.perf_counter() - began

    def _seeds(self) -> set[int]:
        """The seeds that run on the node; none as long as it is too early."""
        if not (self._folder / "race.db").exists():
            return set()
        try:
            records = finished(self._folder)
        except Exception:  # the race is about to make its tables
            return set()
        there = {record.seed for record in records if record.host.startswith("second")}
        return there if len(records) >= self._least else set()

    def _saved(self) -> bool:
        return any(list(self._folder.glob(f"run-*-{seed}.safetensors")) for seed in self._seeds())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", default="6")
    parser.add_argument("--budget", default="20ep")
    options = parser.parse_args()
    new = ("--model", "mlp", "--pairs", options.pairs, "--budget", options.budget)
    from ray.cluster_utils import Cluster

    with tempfile.TemporaryDirectory() as scratch:
        one, two = Path(scratch) / "one", Path(scratch) / "two"
        alone_s = timed(race(*new, "--out", str(one)))
        cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False, "node_name": "head"}
        )
        second = cluster.add_node(num_cpus=1, node_name="second")
        os.environ["RAY_ADDRESS"] = cluster.address
        loss = Loss(cluster, second, two, least=int(options.pairs))
        loss.start()
        spread_s = timed(race(*new, "--out", str(two), "--engine", "ray", "--save-every", "0.05"))
        assert loss.after_s is not None, "the race ended before the node was lost; give it a larger --budget"
        cluster.shutdown()
        expected, found = (substance(results(folder)) for folder in (one, two))
        different = sorted(
            f"{lane} seed {seed}" for lane, seed in expected if expected[lane, seed] != found[lane, seed]
        )
        made, lost = runs(two), Results.load(two / "results.json").notices
        result = {
            "machine": machine.describe(torch.device("cpu")) | {"threads": 1},
            "ray": ray.__version__,
            "runs": len(expected),
            "different": different,
            "hits": sum(run["hit"] for run in expected.values()),
            "runs_by_node": {node: sum(run["host"].startswith(node) for run in made) for node in ("head", "second")},
            "repeated": [f"{run['lane']} seed {run['seed']}" for run in made if run["resumed"]],
            "notes": [notice(each) for each in lost if isinstance(each, RunRepeated)],
            "node_lost_after_s": round(loss.after_s, 1),
            "wall_s": {"one process": round(alone_s, 1), "two nodes, one lost": round(spread_s, 1)},
        }
    save(beside(__file__), result)
    print(f"{len(expected)} runs, {len(different)} differ")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
