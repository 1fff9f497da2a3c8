"""Compare: how many times as plausible one statement is as another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.address import Address
from ui.face import Face, as_address, everywhere, rater_named
from ui.wording import clean, count, shortened

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from learning.ratios import Consistency

__all__ = ["compare"]


@click.command()
@click.argument("first", required=False, callback=as_address)
@click.argument("second", required=False, callback=as_address)
@click.argument("ratio", required=False, type=float)
@click.option("--rater", metavar="WHO", help="human:NAME, model:NAME or oracle:NAME. Default: your login.")
@click.option("--note", default="", help="A remark to keep with it.")
@everywhere
def compare(
    face: Face,
    first: Address | None,
    second: Address | None,
    ratio: float | None,
    rater: str | None,
    note: str,
) -> None:
    """Say that the odds of FIRST to hold for D* are RATIO times those of SECOND.

    With no arguments it checks whether all comparisons hang together, and shows the three that do so least.

    \b
    priory compare 0.1 0.3 4
    priory compare
    """
    from learning import comparing

    if first is not None and (second is None or ratio is None):
        raise click.UsageError("Give FIRST, SECOND and RATIO, or nothing to check what was compared.")
    with face.tree() as tree:
        if first is None or second is None or ratio is None:
            _check(face, tree, comparing.consistency(tree))
            return
        found = comparing.compare(tree, first, second, ratio, rater=rater_named(rater), note=clean(note))
        if face.json:
            face.print_json(found.to_dict())
            return
        face.say(f"→ {found.changed:,} of {count(found.of, 'prediction')} changed")
        p, q = found.plausibility
        said = f"All that was said gives {first} {p:.0%} and {second} {q:.0%}, odds of {_times(found.ratio)}"
        face.say(f"{said}.")
        _tell_worst(face, tree, found.consistency)


def _times(ratio: float) -> str:
    """A ratio as people say it, the larger side first.

    >>> _times(4.0), _times(0.2)
    ('4 : 1', '1 : 5')
    """
    return f"{ratio:.2g} : 1" if ratio >= 1.0 else f"1 : {1.0 / ratio:.2g}"


def _check(face: Face, tree: Tree, found: Consistency) -> None:
    if face.json:
        face.print_json(found.to_dict())
        return
    face.say(f"{count(found.comparisons, 'comparison')}.")
    if found.chi2_per_freedom is not None:
        squares = f"{found.chi2_per_freedom:.1f} times the squared differences that raters' noise explains"
        face.say(f"They differ from what they imply together by {squares} (about 1 is as expected).")
    if found.worst is None:
        face.hint("No three statements were compared with each other, so nothing can contradict itself yet.")
        return
    if found.worst.adds_up:
        face.say("Every triangle of comparisons adds up within noise.")
    _tell_worst(face, tree, found, always=True)


def _tell_worst(face: Face, tree: Tree, found: Consistency, *, always: bool = False) -> None:
    worst = found.worst
    if worst is None or (worst.adds_up and not always):
        return
    a, b, c = worst.addresses
    ab, bc, ac = (_times(r) for r in worst.ratios)
    face.say()
    face.say(f"Three comparisons that add up least, off by a factor of {worst.off_by:.2g}:")
    for one, other, ratio in ((a, b, ab), (b, c, bc), (a, c, ac)):
        face.say(f"{one} to {other} is {ratio}")
    for address in worst.addresses:
        face.hint(f"{address} {shortened(tree.statement(address).text, 90)}")
    face.hint(f"Say one of them anew: priory compare {a} {c} {worst.ratios[0] * worst.ratios[1]:.2g}")
