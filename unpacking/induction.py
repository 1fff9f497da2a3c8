"""The induction unpacker: finds in D what can be said, without any language model.

Root → aspects (a column, or columns that measure the same thing) → claims (conditions, for a side where they
speak for one) → refinements, which sharpen or contradict the claim above for some of its cases. Text columns
have groups of words below their aspect, see ``unpacking.phrases``. The proposals
of one step differ in which columns they take, how they cut them, or how they group them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kb.arrays import Codes, Mask, Numbers
from kb.cases import Cases, Labelled
from kb.conditions import conjunction, contained_phrase
from kb.records import Proposal
from kb.statements import Draft, Statement
from kb.task import Column, Task
from kb.words import column_in_words, in_words
from unpacking.bins import MOST_LEVELS, Bins, bin_column
from unpacking.counts import fold_of, gain_nats, gains_per_group, interaction_nats
from unpacking.phrases import forms_below, group_proposals, text_column, word_proposals
from unpacking.protocol import Situation
from unpacking.vocabulary import Vocabulary, text_pieces, vocabulary_of

__all__ = ["InductionUnpacker"]

NAME = "induction"
MOST_ASPECTS = 24
MOST_COLUMNS = 120  # columns with the highest gain that a root may speak about
CASES_LOOKED_AT = 10_000
OTHER_SEED_SHARE = 0.8  # of the cases are looked at with a seed other than 0, so that proposals differ
FEW_COLUMNS = 12  # up to which a refinement tries them all
LEAST_GAIN = 0.3  # nats that a column must earn, out of fold
_SIDE_SHARE = 0.6  # a claim speaks for a class when so many of its cases are in it
_SAME_THING = 0.45  # Cramér's V from which columns are taken to measure the same thing
_SAID_ALREADY = 0.8  # Cramér's V from which a column tells what another one tells


@dataclass(frozen=True, slots=True)
class _Sample:
    """The cases of D that a step looks at."""

    situation: Situation
    rows: Codes
    y: Codes
    fold: Codes
    binned: dict[tuple[str, int, bool], Bins | None]

    @property
    def classes(self) -> int:
        return len(self.situation.task.classes)

    def bins(
        self, column: Column, pieces: int, within: Codes | None = None, *, evenly: bool = False
    ) -> Bins | None:
        """The column cut by what it tells about y, within some of the sample's rows."""
        if within is not None:
            cases = self._one_column(column, self.rows[within])
            return bin_column(column, cases, self.y[within], self.classes, pieces)
        key = (column.name, pieces, evenly)
        if key not in self.binned and column.type == "text":
            self.binned[key] = self._text_pieces(column)
        elif key not in self.binned:
            cases = self._one_column(column, self.rows)
            self.binned[key] = bin_column(column, cases, self.y, self.classes, pieces, evenly=evenly)
        return self.binned[key]

    def _text_pieces(self, column: Column) -> Bins | None:
        """Pieces by what the words of a text say together, learnt on other folds; no condition names them."""
        codes = text_pieces(
            self.situation.D.cases.texts(column.name).take(self.rows), self.y, self.fold, self.classes
        )
        return None if codes is None else Bins(column.name, (), codes)

    def _one_column(self, column: Column, rows: Codes) -> Cases:
        return Cases([column], {column.name: self.situation.D.cases.values(column.name)[rows]})


@dataclass(slots=True)
class InductionUnpacker:
    """Proposes children from D alone."""

    name: str = NAME
    _samples: dict[tuple[str, int, int], _Sample] = field(default_factory=dict, repr=False)
    _vocabularies: dict[tuple[str, str, str], Vocabulary] = field(default_factory=dict, repr=False)

    def spec(self) -> dict[str, object]:
        """Nothing but the version of the method determines its proposals."""
        return {"version": 1}

    def propose(self, situation: Situation, n: int) -> tuple[Proposal, ...]:
        """At most n candidate sets of children that differ; an empty set when D supports nothing more."""
        sample = self._sample(situation)
        statement = situation.statement
        if not situation.above:
            found = _aspects(sample, n)
        elif column := text_column(situation):
            found = self._about_text(situation, column) or (
                _refinements(sample, n) if statement.draft.when else []
            )
        elif statement.kind == "aspect":
            found = _below_aspect(sample, n)
        elif statement.draft.when:
            found = _refinements(sample, n)
        else:
            found = []
        unique = {tuple(map(_says, p.children)): p for p in found if p.children}
        return tuple(unique.values())[:n] or (Proposal((), how="D supports nothing more specific"),)

    def _about_text(self, situation: Situation, column: Column) -> list[Proposal]:
        """Groups of words below an aspect, words below a group, forms below a word."""
        words = self._vocabulary(situation.task, column, situation.D, situation.Dstar)
        statement, above = situation.statement, situation.above[-1]
        if statement.kind != "aspect":
            forms = forms_below(situation, words)
            return [forms] if forms else []
        is_group = bool(statement.draft.when) or (above.kind == "aspect" and len(situation.above) > 1)
        if is_group and above.draft.columns == statement.draft.columns:
            return word_proposals(situation, words)
        return group_proposals(situation, words)

    def has_forms(self, task: Task, word: Statement, D: Labelled, Dstar: Cases) -> bool:
        """Whether there are marked forms of a word, such as ``not good`` of ``good``, to stand below it."""
        said = contained_phrase(word.draft.when or "", task.columns)
        if said is None:
            return False
        words = self._vocabulary(task, task.column(said[0]), D, Dstar)
        return bool(words.forms.get(said[1]))

    def _vocabulary(self, task: Task, column: Column, D: Labelled, Dstar: Cases) -> Vocabulary:
        key = (task.digest_D, task.digest_Dstar, column.name)
        if key not in self._vocabularies:
            self._vocabularies[key] = vocabulary_of(task, column, D, Dstar)
        return self._vocabularies[key]

    def _sample(self, situation: Situation) -> _Sample:
        key = (situation.task.digest_D, situation.task.seed, situation.seed)
        if key not in self._samples:
            n = situation.D.n
            size = min(n if situation.seed == 0 else round(OTHER_SEED_SHARE * n), CASES_LOOKED_AT)
            rng = np.random.default_rng([situation.task.seed, situation.seed])
            rows = np.arange(n) if size == n else np.sort(rng.permutation(n)[:size])
            fold = fold_of(len(rows), situation.task.seed)
            self._samples = {key: _Sample(situation, rows, situation.D.y[rows], fold, {})}
        return replace(self._samples[key], situation=situation)


def _aspects(sample: _Sample, n: int) -> list[Proposal]:
    """Columns one by one, columns in groups, columns that say different things, and fewer of them."""
    binned, gains = _informative(sample, sample.situation.task.columns)
    if not binned:
        return []
    association = _association(binned, sample.y, sample.classes)
    texts = [i for i, b in enumerate(binned) if sample.situation.task.column(b.column).type == "text"]
    association[texts] = association[:, texts] = 0.0  # a text is no measurement of what a column measures
    association[texts, texts] = 1.0
    names = [b.column for b in binned]
    single = Proposal(tuple(_aspect(sample, [c]) for c in names[:MOST_ASPECTS]), how="one column each")
    groups = _groups(association, gains)
    grouped = Proposal(
        tuple(_aspect(sample, [names[i] for i in g]) for g in groups[:MOST_ASPECTS]),
        how="columns that measure the same thing together",
    )
    different = _say_different_things(association)
    apart = Proposal(
        tuple(_aspect(sample, [names[i]]) for i in different[:MOST_ASPECTS]),
        how="columns that say different things",
    )
    fewer = [
        Proposal(single.children[:size], how=f"the {size} that tell most")
        for size in range(len(single.children) - 1, 0, -1)
    ]
    return [single, grouped, apart, *fewer][: max(n, 3)]


def _informative(sample: _Sample, columns: Sequence[Column]) -> tuple[list[Bins], Numbers]:
    """Columns that earn something on D, best first, with their nats.

    Judged by pieces that no label chose, so that chance earns nothing: even ones, or the values themselves.
    """
    found: list[tuple[float, Bins]] = []
    for column in columns:
        bins = sample.bins(column, 5 if column.type in ("numeric", "date") else MOST_LEVELS, evenly=True)
        if bins is not None:
            gain = gain_nats(bins.codes, sample.y, sample.fold, sample.classes)
            if gain > LEAST_GAIN:
                found.append((gain, bins))
    found.sort(key=lambda pair: -pair[0])
    found = found[:MOST_COLUMNS]
    return [b for _, b in found], np.array([g for g, _ in found])


def _association(binned: Sequence[Bins], y: Codes, classes: int) -> Numbers:
    """Cramér's V between columns within the classes, shape (C, C).

    Within a class, since two columns that tell the same class are not yet two measurements of one thing.
    """
    offsets = np.cumsum([0, *(int(b.codes.max()) + 1 for b in binned)])
    found = np.zeros((len(binned), len(binned)))
    for k in range(classes):
        rows = np.flatnonzero(y == k)
        indicator = np.zeros((len(rows), offsets[-1]), dtype=np.float32)
        for bins, at in zip(binned, offsets, strict=False):
            indicator[np.arange(len(rows)), at + bins.codes[rows]] = 1.0
        joint = (indicator.T @ indicator).astype(np.float64)
        for i in range(len(binned)):
            for j in range(i):
                block = joint[offsets[i] : offsets[i + 1], offsets[j] : offsets[j + 1]]
                found[i, j] += len(rows) / len(y) * _cramer(block)
    return found + found.T + np.eye(len(binned))


def _cramer(table: Numbers) -> float:
    """Bias-corrected Cramér's V (Bergsma 2013) of a table of counts."""
    n = max(table.sum(), 2.0)
    rows, columns = np.count_nonzero(table.sum(axis=1)), np.count_nonzero(table.sum(axis=0))
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / n
    phi2 = float(((table - expected) ** 2 / np.maximum(expected, 1e-9)).sum()) / n
    phi2 = max(0.0, phi2 - (rows - 1) * (columns - 1) / (n - 1))
    smaller = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1.0
    return float(np.sqrt(phi2 / smaller)) if smaller > 0 else 0.0


def _groups(association: Numbers, gains: Numbers) -> list[list[int]]:
    """Columns clustered by association, the group that tells most first."""
    if len(association) == 1:
        return [[0]]
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    distance = np.clip(1.0 - association, 0.0, 1.0)
    tree = linkage(squareform(distance, checks=False), method="average")
    label = fcluster(tree, 1.0 - _SAME_THING, criterion="distance")
    if label.max() > MOST_ASPECTS:
        label = fcluster(tree, MOST_ASPECTS, criterion="maxclust")
    groups = [np.flatnonzero(label == g).tolist() for g in np.unique(label)]
    return sorted(groups, key=lambda g: -float(gains[g].max()))


def _say_different_things(association: Numbers) -> list[int]:
    """Columns in order of gain, without those that tell what an earlier one tells."""
    kept: list[int] = []
    for i in range(len(association)):
        if all(association[i, j] < _SAID_ALREADY for j in kept):
            kept.append(i)
    return kept


def _aspect(sample: _Sample, columns: Sequence[str]) -> Draft:
    task = sample.situation.task
    ordered = [c.name for c in task.columns if c.name in columns]
    words = [column_in_words(c) for c in ordered]
    target = column_in_words(task.target)
    if len(words) == 1:
        text = f"{_capital(words[0])} tells the {target}."
    else:
        text = f"{_capital(', '.join(words[:-1]))} and {words[-1]} together tell the {target}."
    return Draft(text=text, kind="aspect", columns=tuple(ordered), origin=NAME)


def _below_aspect(sample: _Sample, n: int) -> list[Proposal]:
    columns = [sample.situation.task.column(c) for c in sample.situation.statement.draft.columns]
    if len(columns) > 1:
        return _parts_of_group(sample, columns)
    if not columns:
        return []
    column, proposals = columns[0], []
    if column.type in ("numeric", "date"):
        ways = [
            (6, _half_lines, True),
            (6, _half_lines, False),
            (4, _pieces, False),
            (3, _half_lines, False),
            (4, _half_lines, True),
        ]
    else:
        ways = [(4, _pieces, False), (2, _pieces, False), (6, _pieces, False), (3, _pieces, False)]
    for pieces, way, evenly in ways[: max(n, 3)]:
        bins = sample.bins(column, pieces, evenly=evenly)
        if bins is not None:
            proposals.append(way(sample, bins))
    return proposals


def _pieces(sample: _Sample, bins: Bins) -> Proposal:
    """One claim per piece."""
    claims = [_claim(sample, when, bins.codes == i) for i, when in enumerate(bins.conditions)]
    return Proposal(tuple(c for c in claims if c), how=f"{len(bins.conditions)} pieces")


def _half_lines(sample: _Sample, bins: Bins) -> Proposal:
    """Per cut a claim about each side of it: what changes little by little is told best so."""
    how = f"both sides of {len(bins.half_lines)} cuts"
    claims = []
    for i, (low, high) in enumerate(bins.half_lines):
        claims.append(_claim(sample, low, bins.codes <= i))
        claims.append(_claim(sample, high, (bins.codes > i) & (bins.codes <= len(bins.half_lines))))
    rest = range(len(bins.half_lines) + 1, len(bins.conditions))
    claims += [_claim(sample, bins.conditions[i], bins.codes == i) for i in rest]
    return Proposal(tuple(c for c in claims if c), how=how)


def _parts_of_group(sample: _Sample, columns: Sequence[Column]) -> list[Proposal]:
    binned, _ = _informative(sample, columns)
    names = [b.column for b in binned][:MOST_ASPECTS]
    return [
        Proposal(tuple(_aspect(sample, [c]) for c in names[:size]), how=f"{size} of its columns")
        for size in range(len(names), 0, -1)
    ]


def _claim(sample: _Sample, when: str, applies: Mask) -> Draft | None:
    """The claim that a condition makes; None where too few cases are."""
    counts = np.bincount(sample.y[applies], minlength=sample.classes).astype(np.float64)
    if not counts.sum():
        return None
    task = sample.situation.task
    base = np.bincount(sample.y, minlength=sample.classes).astype(np.float64)
    side, verdict = _verdict(counts, base, task.classes)
    text = f"{_capital(in_words(when, task.columns))}: {verdict}."
    return Draft(
        text=text,
        kind="claim",
        when=when,
        side=side,
        columns=sample.situation.statement.draft.columns,
        origin=NAME,
    )


def _verdict(counts: Numbers, base: Numbers, classes: Sequence[str]) -> tuple[str | None, str]:
    """The side of a claim and its words, from the classes of the cases that it speaks about."""
    share = (counts + 0.5) / (counts + 0.5).sum()
    lift = share / ((base + 0.5) / (base + 0.5).sum())
    top = int(np.argmax(share))
    if len(classes) == 2:
        side = int(np.argmax(lift))
        return classes[side], classes[side] if side == top else f"{classes[side]} more often"
    if share[top] >= _SIDE_SHARE and lift[top] > 1.0:
        return classes[top], classes[top]
    likely = [k for k in np.argsort(-share, kind="stable")[:4] if share[k] >= 0.2]
    if len(likely) in (0, len(classes)):  # then to name them would say nothing, or what is hardly ever so
        first, second = np.argsort(-lift, kind="stable")[:2]
        also = f" or {classes[second]}" if lift[second] > 1.0 else ""
        return None, f"{classes[first]}{also} more often"
    return None, " or ".join(classes[k] for k in likely)


def _refinements(sample: _Sample, n: int) -> list[Proposal]:
    """The claim's cases, cut by a column that means something else for them than for others."""
    situation = sample.situation
    when = situation.statement.draft.when or ""
    applies = situation.D.cases.matches([when])[:, 0][sample.rows]
    within = np.flatnonzero(applies)
    if len(within) < 20 or len(np.unique(sample.y[within])) < 2:
        return []
    ranked: list[tuple[float, Bins]] = []
    for column in _promising(sample, applies, n + 2):
        bins = sample.bins(column, 3, within)
        if bins is not None:
            gain = _interaction(sample, applies, bins)
            if gain > LEAST_GAIN:
                ranked.append((gain, bins))
    ranked.sort(key=lambda pair: -pair[0])
    return [_refinement(sample, when, within, bins) for _, bins in ranked[: max(n, 3)]]


def _promising(sample: _Sample, applies: Mask, most: int) -> list[Column]:
    """Columns worth cutting anew within some cases: all of few, else those that change most there."""
    columns = [c for c in sample.situation.task.columns if c.type != "text"]
    if len(columns) <= FEW_COLUMNS:
        return columns
    gains = []
    for column in columns:
        bins = sample.bins(column, 5)
        if bins is not None:
            gain = interaction_nats(applies, bins.codes, sample.y, sample.fold, sample.classes)
            gains.append((gain, column))
    gains.sort(key=lambda pair: -pair[0])
    return [column for _, column in gains[:most]]


def _interaction(sample: _Sample, applies: Mask, bins: Bins) -> float:
    """Nats of pieces cut within a claim's cases, beyond what claim and pieces tell by themselves."""
    matches = sample.situation.D.cases.matches(list(bins.conditions))[sample.rows]
    codes = np.where(matches.any(axis=1), matches.argmax(axis=1), len(bins.conditions))
    return interaction_nats(applies, codes.astype(np.int64), sample.y, sample.fold, sample.classes)


def _refinement(sample: _Sample, when: str, within: Codes, bins: Bins) -> Proposal:
    """Those pieces of the claim's cases that differ from it."""
    y = sample.y[within]
    gains = gains_per_group(bins.codes, y, sample.fold[within], sample.classes)
    children = []
    for i, condition in enumerate(bins.conditions):
        applies = np.zeros(len(sample.y), dtype=np.bool_)
        applies[within[bins.codes == i]] = True
        if i < len(gains) and gains[i] > 0.0:
            children.append(_claim(sample, conjunction(when, condition), applies))
    named = column_in_words(bins.column)
    return Proposal(tuple(c for c in children if c), how=f"by {named}")


def _says(child: Draft) -> tuple[object, ...]:
    """What two proposals have in common if they say the same; groups of words differ in their text alone."""
    return child.when, child.columns, child.text if child.kind == "aspect" else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
