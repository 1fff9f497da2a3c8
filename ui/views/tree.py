"""Trees and statements on a screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from kb.address import ROOT, depth
from kb.records import TreeRecord
from kb.statements import Statement
from kb.task import Task
from ui.telling import MOST_TELLING, places_of_most_telling
from ui.views.plain import ALARM, QUIET, Guided, cell, listing
from ui.wording import LEGEND, clean, count, decimals, percent, points, shortened, strongest

__all__ = [
    "TREE_LEGEND",
    "found_list",
    "held",
    "most_telling",
    "one_statement",
    "outline",
    "scored",
    "tree_list",
]

TREE_LEGEND = (
    f"{LEGEND} nats on D: what it and what lies below earn there. "
    "for D*?: how plausible people find that it holds there too; ~ is inferred, nobody rated it."
)


def tree_list(trees: Sequence[TreeRecord]) -> RenderableType:
    """The trees of a knowledge base with their tasks."""
    rows: list[Sequence[RenderableType]] = []
    for record in trees:
        task = Task.from_dict(record.spec["task"])
        classes = shortened(", ".join(task.classes), 40)
        rows.append(
            [
                cell(record.name, "bold"),
                cell(f"{task.target}: {classes}"),
                Text(f"{task.n_D:,}"),
                Text(f"{task.n_Dstar:,}"),
                cell(shortened(task.about_predict, 60)),
            ]
        )
    return listing(["tree", "predicts", "in D", "in D*", "D* holds"], rows, right="lwrrw")


def scored(s: Statement) -> Text:
    """Its points for the class that it changes most; a base rate and an aspect show none."""
    most = strongest(s.points, s.draft.side)
    if most is None or s.address == ROOT:
        return Text("")
    return Text(f"{points(most[1])} {shortened(most[0], 14)}")


def held(s: Statement) -> Text:
    """How plausible people find it, as far as anybody rated it."""
    m = s.measures
    if m is None or m.plausibility is None or s.address == ROOT:
        return Text("")
    style = ALARM if m.alarm else "" if m.rated else QUIET
    if not m.rated:
        return Text(
            f"~{percent(m.plausibility)}" if m.plausibility_sd is not None else "not rated", style=style
        )
    return Text(percent(m.plausibility) + (" !" if m.alarm else ""), style=style)


def earned(s: Statement) -> Text:
    """Its nats on D; nothing before the first fit, and for the root, which has nothing to beat."""
    value = s.measures.nats_on_D if s.measures else None
    return Text("" if value is None or s.address == ROOT else decimals(value))


def most_telling(statements: Sequence[Statement], most: int = MOST_TELLING) -> list[Statement]:
    """The first, those of the others that earn most on D, and what stands between, in their order."""
    nats = [s.measures.nats_on_D if s.measures else None for s in statements]
    return [statements[i] for i in places_of_most_telling([s.address for s in statements], nats, most)]


def outline(statements: Iterable[Statement]) -> RenderableType:
    """Statements in depth-first order, under guides, with what the newest fit found."""
    shown = list(statements)
    top = depth(shown[0].address) if shown else 0
    rows: list[Sequence[RenderableType]] = []
    for s in shown:
        style = "bold" if s.kind == "aspect" else "strike dim" if s.is_dropped else ""
        text = Guided(cell(s.text, style), depth(s.address) - top)
        name = cell(s.address, QUIET)
        rows.append([name, text, scored(s), earned(s), held(s)])
    return listing(["", "statement", "points", "nats on D", "for D*?"], rows, right="lwlrr")


def found_list(statements: Sequence[Statement], alike: Sequence[float] = ()) -> RenderableType:
    """Statements from anywhere in the tree, one under the other, with how alike they are where known."""
    rows: list[Sequence[RenderableType]] = [
        [cell(s.address, QUIET), Guided(cell(s.text)), scored(s), held(s)] for s in statements
    ]
    if not alike:
        return listing(["", "statement", "points", "for D*?"], rows, right="lwlr")
    with_likeness = [[*row, cell(f"{cosine:.2f}")] for row, cosine in zip(rows, alike, strict=True)]
    return listing(["", "statement", "points", "for D*?", "alike"], with_likeness, right="lwlrr")


def one_statement(s: Statement, path: Sequence[Statement]) -> RenderableType:
    """All that is known about one statement, a line each."""
    m = s.measures
    facts: list[tuple[str, object]] = [
        ("below", " › ".join(shortened(a.text, 40) for a in path)),
        ("speaks about", f"cases with {s.draft.when}" if s.draft.when else ""),
        ("written by", s.draft.origin),
        ("replaces", s.draft.replaces or ""),
    ]
    if m is not None:
        facts += [
            ("points", ", ".join(f"{points(v)} {clean(name)}" for name, v in m.points.items())),
            ("share of D, D*", _shares(s)),
            ("earns on D", f"{decimals(m.nats_on_D)} nats" if m.nats_on_D is not None else ""),
            ("also for D*", _believed(s)),
        ]
    if s.is_dropped:
        facts.append(("dropped", "left out, with what lies below; priory restore brings it back"))
    return listing(["", ""], [[cell(k, QUIET), cell(v)] for k, v in facts if v], right="lw")


def _shares(s: Statement) -> str:
    m = s.measures
    if m is None or m.carries_D is None or not s.draft.when:
        return ""
    return f"{percent(m.carries_D)} and {percent(m.carries_Dstar)}"


def _believed(s: Statement) -> str:
    m = s.measures
    if m is None or m.plausibility is None:
        return ""
    spread = f" ± {percent(m.plausibility_sd)}" if m.plausibility_sd is not None else ""
    by = count(m.rated, "rating") if m.rated else "nobody rated it, inferred"
    return f"{percent(m.plausibility)}{spread} ({by})"


def written(s: Statement) -> RenderableType:
    """One statement on a line or two, as an answer to having written it."""
    m = s.measures
    facts = [
        f"{points(v)} {clean(name)}" for name, v in [strongest(s.points, s.draft.side) or ("", 0.0)] if name
    ]
    if m is not None and s.draft.when and m.carries_Dstar is not None:
        facts.append(f"speaks about {percent(m.carries_Dstar)} of D*")
    if m is not None and m.nats_on_D is not None:
        facts.append(f"{decimals(m.nats_on_D)} nats on D")
    lines = [cell(s.text, "bold"), cell(" · ".join(facts))] if facts else [cell(s.text, "bold")]
    return listing(
        ["", ""],
        [[cell(s.address if not at else "", QUIET), line] for at, line in enumerate(lines)],
        right="lw",
    )
