"""The card of one statement and the tables beside it, as data for the components that draw them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from kb.address import ROOT, depth, parent, slot_of
from kb.knowledge import Tree
from kb.records import Expansion, Judgement
from kb.statements import Measures, Statement
from kb.words import in_words
from ui.explorer.judged import Judged
from ui.explorer.rows import said_in_words
from ui.wording import clean, cost_in_words, count, decimals, percent, points, shortened, strongest

__all__ = ["card", "children_table", "judgement_table", "made_by"]

MOST_LETTERS = 20_000  # of a text on the card; a row of the tree shows its beginning
MOST_JUDGEMENTS = 200


def card(tree: Tree, s: Statement, judged: Judged) -> dict[str, Any]:
    """What the card shows: path, text, badges, facts. Others' ratings only after one's own."""
    above = tree.ancestors(s.address)
    m = s.measures
    return {
        "crumbs": [{"a": a.address, "t": shortened(a.text[:400], 34)} for a in above],
        "address": s.address,
        "text": clean_text(s.text),
        "when": _speaks_about(tree, s),
        "chips": _chips(tree, s),
        "facts": [*_numbers(s), _own(s, judged), *_people(s, judged)],
        "alarm": bool(m and m.alarm and s.address in judged.own),
    }


def clean_text(text: str) -> str:
    """The text for a screen, its end left out where it is very long.

    >>> len(clean_text("a" * 30_000)) < 20_100
    True
    """
    if len(text) <= MOST_LETTERS:
        return clean(text)
    return f"{clean(text[:MOST_LETTERS])} … ({len(text) - MOST_LETTERS:,} more letters)"


def _speaks_about(tree: Tree, s: Statement) -> str:
    if not s.draft.when:
        return ""
    return f"Speaks about cases with {clean(in_words(s.draft.when, tree.task.columns))}."


def _chips(tree: Tree, s: Statement) -> list[dict[str, str]]:
    found: list[dict[str, str]] = [{"t": s.kind}]
    step = made_by(tree, s)
    by = step.unpacker if step else s.draft.origin
    if by:
        found.append({"t": f"by {clean(by)}"})
    if step and step.spec.get("model"):
        found.append({"t": clean(step.spec["model"])[:60]})
    found.append({"t": f"depth {depth(s.address)}"})
    if step:
        found.append({"t": f"step: {cost_in_words(step.cost)}"})
    if s.is_dropped:
        found.append({"t": "dropped: left out of Z", "tone": "bad"})
    if not s.is_unpacked:
        found.append({"t": "not unpacked", "tone": "note"})
    return found


def made_by(tree: Tree, s: Statement) -> Expansion | None:
    """The step that made the statement; None for the root and for what a person wrote."""
    above = parent(s.address)
    if above is None or s.draft.origin.startswith(("human:", "oracle:")):
        return None
    slot = slot_of(s.address)
    return next((e for e in tree.store.expansions(tree.tree_id, above) if e.slot == slot), None)


def _numbers(s: Statement) -> list[dict[str, Any]]:
    m = s.measures
    if m is None:
        return [{"label": "points", "value": "no fit yet"}]
    found: list[dict[str, Any]] = []
    most = strongest(m.points, s.draft.side)
    if most and s.address != ROOT:
        label, value = f"points for {shortened(most[0], 20)}", points(most[1])
        found.append({"label": label, "value": value, "note": _odds(most[1])})
    if m.nats_on_D is not None and s.address != ROOT:
        found.append({"label": "earns on D", "value": f"{decimals(m.nats_on_D)} nats"})
    if m.carries_Dstar is not None:
        note = f"{percent(m.carries_D)} of D"
        found.append({"label": "speaks about", "value": percent(m.carries_Dstar), "note": f"of D*, {note}"})
    return found


def _odds(nats: float) -> str:
    """A factor on the odds in plain words.

    >>> _odds(0.6931), _odds(-2.3026)
    ('odds ×2', 'odds ÷10')
    """
    factor = 2.718281828459045 ** abs(nats)
    size = f"{factor:.0f}" if factor >= 10 else f"{factor:.1f}".removesuffix(".0")
    return f"odds {'×' if nats >= 0 else '÷'}{size}"


def _own(s: Statement, judged: Judged) -> dict[str, Any]:
    own = judged.own.get(s.address)
    label = "also for D*? you said"
    if own is None:
        return {"label": label, "value": "not rated", "tone": "quiet"}
    tone = "bad" if own[1] is not None and own[1] < 0.3 else ""
    return {"label": label, "value": said_in_words(own), "share": own[1], "tone": tone}


def _people(s: Statement, judged: Judged) -> list[dict[str, Any]]:
    m = s.measures
    if m is None or m.plausibility is None or s.address == ROOT:
        return []
    label = "people say"
    if s.address not in judged.own:
        return [{"label": label, "value": "after you rated it", "tone": "quiet"}] if m.rated else []
    return [{"label": label, "value": percent(m.plausibility), "note": _by(m), "share": m.plausibility}]


def _by(m: Measures) -> str:
    return count(m.rated, "rating") if m.rated else "inferred"


def children_table(children: Sequence[Statement], judged: Judged) -> dict[str, Any]:
    """Children as rows: what they say, what they add, how far they reach, what one said oneself."""
    rows = []
    for s in children:
        most = strongest(s.points, s.draft.side)
        m = s.measures
        own = judged.own.get(s.address)
        rows.append(
            {
                "cells": [
                    {"t": s.address.rpartition(".")[2], "tone": "mono"},
                    {"t": shortened(s.text[:1000], 300), "go": s.address},
                    {"t": f"{points(most[1])} {shortened(most[0], 16)}" if most else ""},
                    {"t": "" if m is None or m.nats_on_D is None else decimals(m.nats_on_D)},
                    {"t": said_in_words(own) if own else ""},
                    {"t": f"{s.n_children:,}" if s.n_children else "" if s.is_unpacked else "not unpacked"},
                ],
                "struck": s.is_dropped,
            }
        )
    columns = [
        ("", "short"),
        ("statement", ""),
        ("points", "short"),
        ("nats on D", "n"),
        ("you", "n"),
        ("below", "n"),
    ]
    return {"columns": [{"label": label, "kind": kind} for label, kind in columns], "rows": rows}


def judgement_table(said: Sequence[Judgement], rater: str | None, judged: Judged, at: str) -> dict[str, Any]:
    """What was said of the statement at an address: one's own; others' too once one has rated it."""
    sees_all = at in judged.own
    shown = [j for j in said if sees_all or j.rater == rater][-MOST_JUDGEMENTS:]
    rows = []
    for j in reversed(shown):
        kind, _, name = j.rater.partition(":")
        who = "you" if j.rater == rater else name if kind == "human" else f"{name} ({kind})"
        value = (
            said_in_words((j.answer, j.value)) if j.answer in ("credence", "here", "neither") else j.answer
        )
        cells = [
            clean(who),
            value,
            j.kind,
            clean(j.note),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(j.created)),
        ]
        rows.append({"cells": [{"t": cell} for cell in cells]})
    hidden = len(said) - len(shown) if not sees_all else 0
    nothing = "Nobody has judged this statement yet." if not hidden else ""
    return {
        "columns": [
            {"label": label, "kind": kind}
            for label, kind in (
                ("who", "short"),
                ("said", "short"),
                ("in a", "short"),
                ("note", ""),
                ("when", "n"),
            )
        ],
        "rows": rows,
        "nothing": nothing or f"{count(hidden, 'judgement')} by others, shown once you have rated it.",
    }
