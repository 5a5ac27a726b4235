"""The race as others can cite it: what ran, the findings, and the machine."""

from __future__ import annotations

import re
from datetime import datetime

from sooner.reporting import format as words
from sooner.reporting.budgets import has_rungs, smallest
from sooner.reporting.summary import contestants, own
from sooner.reporting.wording import verdict
from sooner.results.records import Results

_MOST_COMPARISONS = 12  # written out one by one

_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "{}%&_#$"},
}


def plain(results: Results) -> str:
    """One paragraph: task, lanes, pairs, verdicts at the race's own target, machine, versions and date."""
    return " ".join([f"{_title(results)}.", *_sentences(results)])


def bibtex(results: Results) -> str:
    """The same as an entry of a bibliography, every special character escaped."""
    when = _when(results)
    fields = {
        "title": f"{{{_tex(_title(results))}}}",
        "howpublished": _tex(f"A race with sooner {results.versions.get('sooner', '')}".strip()),
        **({"year": str(when.year), "month": str(when.month)} if when else {}),
        "note": _tex(" ".join(_sentences(results))),
    }
    key = re.sub(r"[^a-z0-9]+", "-", f"sooner {results.task} {results.started[:10]}".lower()).strip("-")
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{{key},", *lines, "}"])


def _title(results: Results) -> str:
    return f"A race of training {contestants(results)} to {words.goal(results)} on {results.task}"


def _sentences(results: Results) -> list[str]:
    lanes = words.join([lane.name for lane in results.lanes])
    model = f" {results.model}," if results.model else ""
    pairs = f" {words.number_of(results.pairs, 'pair')}," if results.pairs else ""
    sentences = [f"Lanes: {lanes};{model}{pairs} protocol {results.protocol}."]
    if not results.complete:
        sentences.append("Not finished.")
    if has_rungs(results):
        sentences += [f"{lane.name}: {smallest(results, lane)}" for lane in results.lanes if lane.rungs]
    compared = own(results)
    sentences += [f"{c.lane} against {c.against}: {words.sentence(verdict(c))}" for c in compared[:_MOST_COMPARISONS]]
    if len(compared) > _MOST_COMPARISONS:
        sentences.append(f"And {words.number_of(len(compared) - _MOST_COMPARISONS, 'more comparison')}.")
    fingerprint = results.data.get("fingerprint")
    machine = [str(results.machine.get("accelerator") or results.machine.get("cpu") or results.device)]
    versions = [f"{name} {version}" for name, version in results.versions.items()]
    sentences.append(f"On {', '.join([*machine, *versions])}.")
    sentences += [f"Data fingerprint {fingerprint}."] if fingerprint else []
    sentences += [f"{words.moment(results.started)}."] if results.started else []
    return sentences


def _when(results: Results) -> datetime | None:
    try:
        return datetime.fromisoformat(results.started)
    except ValueError:
        return None


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in text)
