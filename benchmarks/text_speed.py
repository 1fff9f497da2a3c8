"""Time and memory of one fit of many words against logistic regression: `python -m benchmarks.text_speed`.

A matrix of 10^5 cases and 10^5 words with Zipf frequencies and 5·10^6 non-zeros goes to both. Each fit runs
in a process of its own, so that its peak is its own; seconds are those of the processor, on one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy import sparse
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from kb.arrays import Codes, Numbers
from learning.clouds import WordCard
from learning.matches import WordMatches, word_matches
from learning.scorecard import Points
from learning.words import fit_words, forecast_words

SIZES = ((10_000, 10_000, 500_000), (100_000, 100_000, 5_000_000))


def made(n: int, w: int, entries: int, *, seed: int = 0) -> tuple[WordMatches, Codes, Numbers]:
    """Words that stand in cases, classes, and plausibilities of shape (w, 2)."""
    rng = np.random.default_rng(seed)
    frequency = 1.0 / (np.arange(w) + 10.0)
    edges = np.cumsum(frequency / frequency.sum())
    drawn = int(1.7 * entries)
    column = np.searchsorted(edges, rng.random(drawn)).clip(0, w - 1)
    pairs = np.unique(rng.integers(0, n, drawn) * np.int64(w) + column)
    pairs = np.sort(rng.permutation(pairs)[:entries])
    pattern = sparse.csr_array((np.ones(len(pairs)), (pairs // w, pairs % w)), shape=(n, w))
    matches = word_matches(pattern, float(np.median(np.diff(pattern.indptr))))
    effect = rng.normal(0.0, 0.4, w)
    odds: Numbers = matches.scale * np.asarray(pattern @ effect)
    y = (rng.random(n) < expit(odds)).astype(np.int64)
    return matches, y, rng.beta(0.5, 0.5, (w, 2)).clip(0.02, 0.98)


def timed(fit: Callable[[], object]) -> float:
    """Seconds of the processor that one run takes; how busy the machine is otherwise does not count."""
    began = time.process_time()
    fit()
    return time.process_time() - began


def measure(what: str, size: tuple[int, int, int]) -> dict[str, float]:
    """Seconds of the processor and peak memory in MiB of one fit, in this process and on one thread."""
    matches, y, tau = made(*size)
    if what == "regression":
        scaled = sparse.csr_matrix(sparse.diags_array(matches.scale) @ matches.pattern)
        seconds = timed(lambda: LogisticRegression(C=1.0, max_iter=200).fit(scaled, y))
        reading = 0.0
    else:
        card, fitted = WordCard(tau, np.zeros_like(tau)), list[Points]()
        seconds = timed(lambda: fitted.append(fit_words(card, matches, y)))
        reading = timed(lambda: forecast_words(card, fitted[0], matches))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "forecast": reading, "MiB": peak, "entries": float(matches.pattern.nnz)}


def apart(what: str, size: tuple[int, int, int]) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.text_speed", "--one", what, json.dumps(size)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=one_thread)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def main() -> None:
    """Print one line per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, help="One fit in this process, for the others.")
    parser.add_argument("--runs", type=int, default=3, help="The quickest of so many counts.")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one[0], tuple(json.loads(options.one[1])))))
        return
    print("cases × words (non-zeros): regression s, words s, ratio, forecasts s, peak MiB (regression's)")
    for size in SIZES:
        theirs, ours = (
            min((apart(what, size) for _ in range(options.runs)), key=lambda r: r["seconds"])
            for what in ("regression", "words")
        )
        print(
            f"{size[0]:,} × {size[1]:,} ({ours['entries']:,.0f}): {theirs['seconds']:.2f} "
            f"{ours['seconds']:.2f} {ours['seconds'] / theirs['seconds']:.1f}× {ours['forecast']:.2f} "
            f"{ours['MiB']:.0f} ({theirs['MiB']:.0f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
