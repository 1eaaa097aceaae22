"""The rules of `zoo bench --explain`: a sentence each, and the measured numbers from which on it is said.

A ratio is concluded from only where its whole interval lies beyond a threshold and the control of its race came out as 1; a share
only where the lower end of its interval does. No rule says what would help without a number of what it would help.
"""

from __future__ import annotations

from functools import partial

from zoo.benchmark.explanation import Explanation
from zoo.benchmark.modules import BACK, FRONT, NETWORK, NO_MODULE, SEARCH
from zoo.benchmark.noise import OTHERS
from zoo.benchmark.peers import ORIGINALS
from zoo.benchmark.plain import Evidence, Found, Rule, listed, milliseconds, percent, span
from zoo.benchmark.trials import BARE, BOUND, EMPTY, RIVALS
from zoo.benchmark.values import threads_text
from zoo.runtime.manifest import DYNAMIC, STATIC

MARGIN = 0.03
"""Differences up to this are not worth a word, however sure they are."""
LARGE = 0.3
"""Share of a call from which on something is what the call is made of."""
NEAR_PEAK = 0.5
"""Share of the machine's peak from which on the peak is the bound: real shapes seldom come nearer than this."""
COPIED = 0.05
"""Share of copies from which on they are worth a word."""
LOADS = 20
"""Calls that loading must outlast to be worth a word."""


def _floor(evidence: Evidence) -> Found | None:
    one = evidence.first
    empty = one.trial(EMPTY)
    if one.noise.reasons or empty is None or empty.ratio.low < LARGE:
        return None
    return {"batch": str(one.batch), "ms": milliseconds(_ours(one)), "share": span(empty.ratio)}


def _dispatch(evidence: Evidence) -> Found | None:
    one = evidence.first
    taken = 1e-3 * one.node_us * one.executions
    if one.noise.reasons or taken / one.call_ms < LARGE:
        return None
    share = percent(min(1.0, taken / one.call_ms))
    return {"batch": str(one.batch), "nodes": f"{one.executions:,.0f}", "us": f"{one.node_us:.2g} µs", "share": share}


def _batch(evidence: Evidence) -> Found | None:
    for one in evidence.quiet():
        for trial in one.trials:
            if trial.name.startswith("batch ") and trial.ratio.high < 1 - MARGIN:
                several = trial.name.removeprefix("batch ")
                return {"several": several, "batch": str(one.batch), "ratio": span(trial.ratio)}
    return None


def _threads_help(evidence: Evidence) -> Found | None:
    return _threads(evidence, helps=True)


def _threads_hurt(evidence: Evidence) -> Found | None:
    return _threads(evidence, helps=False)


def _threads(evidence: Evidence, *, helps: bool) -> Found | None:
    """More threads against one, whichever of the two was explained; the cores must have been free for them."""
    found = []
    for one in evidence.quiet():
        if one.noise.others is not None and one.noise.others > OTHERS:
            continue
        several, alone = one.trial(threads_text(None)), one.trial(threads_text(1))
        if one.threads == 1 and several is not None:
            low, high, shown = several.ratio.low, several.ratio.high, span(several.ratio)
        elif one.threads is None and alone is not None:
            low, high = 1 / alone.ratio.high, 1 / alone.ratio.low
            shown = f"{1 / alone.ratio.value:.2f} ({low:.2f}–{high:.2f})"
        else:
            continue
        if high < 1 - MARGIN if helps else low > 1 + MARGIN:
            found.append((one, shown))
    if not found:
        return None
    return {"batches": listed([one for one, _ in found]), "ratios": ", ".join(shown for _, shown in found)}


def _search(evidence: Evidence) -> Found | None:
    one = evidence.first
    search = next((part for part in one.parts if part.name == SEARCH), None)
    if search is None or search.low_share < LARGE:
        return None
    advice = ["shorter answers"]
    if "beam" in evidence.variant:
        advice.append("the greedy export, which keeps one row instead of a beam's")
    if evidence.precision != DYNAMIC:
        advice.append(f"products of whole numbers (--precision {DYNAMIC})")
    return {
        "batch": str(one.batch),
        "share": percent(search.share),
        "ms": milliseconds(one.call_ms),
        "steps": f"{search.steps:.0f}",
        "each": milliseconds(search.ms / max(search.steps, 1)),
        "slowest": next((module.name.partition(": ")[2] for module in one.modules if module.name.startswith(SEARCH)), SEARCH),
        "advice": " or ".join(advice),
    }


def _text(evidence: Evidence) -> Found | None:
    one = evidence.first
    text = [part for part in one.parts if part.name in (FRONT, BACK)]
    if sum(part.low_share for part in text) < LARGE or not any(part.name == FRONT for part in text):
        return None
    return {"batch": str(one.batch), "share": percent(sum(part.share for part in text))}


def _module(evidence: Evidence) -> Found | None:
    one = evidence.last
    module = next((module for module in one.modules if module.name.startswith(NETWORK)), None)
    name = module.name.partition(": ")[2] if module else ""
    if module is None or module.low_share < LARGE or name in ("", NO_MODULE):
        return None
    return {"batch": str(one.batch), "share": percent(module.share), "name": name, "operators": ", ".join(module.operators[:2])}


def _compute(evidence: Evidence) -> Found | None:
    one = evidence.last
    work = one.work
    share = work.gflops / work.peak_gflops
    # Above 1 the peak was measured while others computed.
    if one.noise.reasons or not one.on_cpu or not NEAR_PEAK <= share <= 1:
        return None
    return {"batch": str(one.batch), "gflops": f"{work.gflops:.3g}", "share": percent(share)}


def _memory(evidence: Evidence) -> Found | None:
    one = evidence.first
    share = one.work.gbytes / one.work.peak_gbytes
    if (
        one.noise.reasons
        or not one.on_cpu
        or share < NEAR_PEAK
        or one.work.gflops / one.work.peak_gflops >= NEAR_PEAK
        or 2 * one.work.weight_bytes < one.work.moved_bytes
    ):
        return None
    return {
        "batch": str(one.batch),
        "mb": f"{one.work.weight_bytes / 1e6:.3g}",
        "gbytes": f"{one.work.gbytes:.2g}",
        "peak": f"{one.work.peak_gbytes:.2g}",
        "advice": "more examples in a call"
        + (f" or products of whole numbers (--precision {DYNAMIC})" if evidence.precision not in (DYNAMIC, STATIC) else ""),
    }


def _copies(evidence: Evidence) -> Found | None:
    several = [one for one in evidence.explanations if one.copies.low_share >= COPIED]
    if not several:
        return None
    return {"batches": listed(several), "shares": ", ".join(percent(one.copies.share) for one in several)}


def _levels(evidence: Evidence) -> Found | None:
    for one in evidence.quiet():
        better = [trial for trial in one.trials if trial.name.startswith("level ") and trial.ratio.high < 1 - MARGIN]
        if better:
            best = min(better, key=lambda trial: trial.ratio.value)
            return {"level": best.name.removeprefix("level "), "batch": str(one.batch), "ratio": span(best.ratio), "now": one.level}
    return None


def _gained(evidence: Evidence, *, by: str) -> Found | None:
    """A change that takes less time, wherever it does."""
    several = [(one, trial) for one, trial in evidence.trials(by) if trial.ratio.high < 1 - MARGIN]
    if not several:
        return None
    return {"batches": listed([one for one, _ in several]), "ratios": ", ".join(span(trial.ratio) for _, trial in several)}


def _load(evidence: Evidence) -> Found | None:
    row = min(evidence.rows, key=lambda one: one.batch, default=None)
    if row is None or row.start.load_warm_ms < LOADS * row.latency.p50_ms:
        return None
    calls = row.start.load_warm_ms / row.latency.p50_ms
    return {"ms": milliseconds(row.start.load_warm_ms), "calls": f"{float(f'{calls:.2g}'):,.0f}", "batch": str(row.batch)}


def _peers(evidence: Evidence) -> Found | None:
    better = [
        f"{name} at {row.condition} ({span(peer.ratio)})"
        for row in evidence.rows
        if not row.noise.reasons
        for name, peer in row.against.items()
        if name in ORIGINALS and peer.ratio.high < 1 - MARGIN
    ]
    return {"peers": ", ".join(better)} if better else None


def _overtakes(evidence: Evidence) -> Found | None:
    """The smallest batch from which on, at every larger one, the other provider takes less time."""
    for ours, rival in RIVALS.items():
        tried = evidence.trials(rival)
        if not tried:
            continue
        on_gpu = [(one, trial.ratio.high < 1 if ours == "cpu" else trial.ratio.low > 1, trial) for one, trial in tried]
        behind = [number for number, (_, faster, _) in enumerate(on_gpu) if not faster]
        after = on_gpu[behind[-1] + 1 :] if behind else on_gpu
        if after:
            one, _, trial = after[0]
            return {"batch": str(one.batch), "rival": rival, "ours": ours, "ratio": span(trial.ratio)}
    return None


def _crowded(evidence: Evidence) -> Found | None:
    crowded = [one for one in evidence.quiet() if one.noise.others is not None and one.noise.others > OTHERS]
    return {"batches": listed(crowded), "share": percent(crowded[0].noise.others or 0)} if crowded else None


def _noise(evidence: Evidence) -> Found | None:
    noisy = [one for one in evidence.explanations if one.noise.reasons]
    return {"batches": listed(noisy), "reason": noisy[0].noise.reasons[0]} if noisy else None


def _ours(one: Explanation) -> float:
    """Milliseconds of the product's call."""
    bare = one.trial(BARE)
    return bare.ms / bare.ratio.value if bare else one.call_ms


RULES = (
    Rule(
        "floor",
        "At batch {batch} a call of {ms} is largely the floor of any call: an empty graph with its inputs takes {share} of it. "
        "Nothing inside the model can take that away; more examples in a call share it.",
        _floor,
    ),
    Rule(
        "dispatch",
        "At batch {batch} onnxruntime goes through {nodes} nodes, and a node with nothing to do takes {us}: about {share} of the "
        "call is overhead of small nodes, which more examples in a call share.",
        _dispatch,
    ),
    Rule(
        "batch",
        "In calls of {several} an example takes {ratio} of the time that it takes in calls of {batch}: batch more.",
        _batch,
    ),
    Rule(
        "search",
        "At batch {batch} {share} of {ms} is the search: {steps} steps of {each}, most in {slowest}; {advice} would shorten it.",
        _search,
    ),
    Rule("text", "At batch {batch} {share} is text: taking the question apart and putting the answer together.", _text),
    Rule("module", "At batch {batch} {share} is {name} ({operators}): a cheaper one there would help most.", _module),
    Rule(
        "compute",
        "At batch {batch} it computes {gflops} GFLOP/s, {share} of what a product of large matrices comes to here: it is bound by "
        "arithmetic, and only less of it, or another processor, would help.",
        _compute,
    ),
    Rule(
        "memory",
        "At batch {batch} it reads {mb} MB of weights a call and moves {gbytes} GB/s, where a copy comes to {peak} here: "
        "it is bound by memory, and {advice} would help.",
        _memory,
    ),
    Rule("copies", "Copies and reordering that onnxruntime put in take {shares} at batch {batches}.", _copies),
    Rule(
        "threads help",
        "All threads take {ratios} of the time of one at batch {batches}: leave --threads at all there.",
        _threads_help,
    ),
    Rule(
        "threads hurt",
        "All threads take {ratios} times as long as one at batch {batches}: they cost more than they gain there; --threads 1.",
        _threads_hurt,
    ),
    Rule("levels", "Optimisation level {level} takes {ratio} of the time of level {now} at batch {batch}.", _levels),
    Rule(
        "bound memory",
        "Memory claimed before the call (IO binding) takes {ratios} of a plain call at batch {batches}.",
        partial(_gained, by=BOUND),
    ),
    Rule("wrapper", "onnxruntime without zoo takes {ratios} of our time at batch {batches}.", partial(_gained, by=BARE)),
    Rule("overtakes", "From batch {batch} on cuda takes less time than the CPU ({rival} ÷ {ours}: {ratio}).", _overtakes),
    Rule("peers", "Its original in PyTorch takes less time than it: {peers}.", _peers),
    Rule("load", "Opening it takes {ms}, as long as {calls} calls of batch {batch}: keep it open.", _load),
    Rule(
        "crowded",
        "Of other numbers of threads nothing is concluded at batch {batches}: other processes took {share} of the cores.",
        _crowded,
    ),
    Rule("noise", "Nothing is concluded from the trials at batch {batches}: {reason}.", _noise),
)
