"""What every command shares: the options, the way to a tree, and the two streams.

Data go to stdout, talk goes to stderr. rich is imported when something is printed, not before.
"""

from __future__ import annotations

import functools
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from kb.address import Address, parse_address
from kb.errors import InputError
from ui.wording import clean, without_password

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from kb.knowledge import KnowledgeBase, Tree
    from unpacking.budget import Budget

__all__ = [
    "DEFAULT_KB",
    "INTERRUPTED",
    "STOPPED_EARLY",
    "Face",
    "as_address",
    "as_budget",
    "as_json",
    "everywhere",
    "rater_named",
]

DEFAULT_KB = "sqlite:///priory.db"
STOPPED_EARLY = 3
INTERRUPTED = 130
WIDTH_OF_A_FILE = 120

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Face:
    """The shared options of one call, and what commands do with them.

    Attributes:
        kb: Where the knowledge base is.
        tree_name: Which tree; None for the only or the newest one.
        json: Results as JSON.
        quiet: No talk, only data and errors.
        debug: Tracebacks.
        seed: For everything that is drawn; None leaves it to the task.
    """

    kb: str = DEFAULT_KB
    tree_name: str | None = None
    json: bool = False
    quiet: bool = False
    debug: bool = False
    seed: int | None = None

    @property
    def out(self) -> Console:
        """Where data go."""
        return _console(stderr=False)

    @property
    def talk(self) -> Console:
        """Where everything else goes."""
        return _console(stderr=True, quiet=self.quiet)

    @property
    def is_interactive(self) -> bool:
        """A person can be asked: both ends are a terminal and nobody asked for silence or JSON."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not (self.quiet or self.json)

    def at(self, kb: str) -> Face:
        """The same with another knowledge base."""
        return replace(self, kb=kb)

    def say(self, text: str = "") -> None:
        """One line of talk; it may hold untrusted text."""
        self.talk.print(clean(text) if text else "", soft_wrap=not sys.stderr.isatty())

    def hint(self, text: str) -> None:
        """One quiet line of talk: a legend, or what to do next."""
        self.talk.print(clean(text), style="dim", soft_wrap=not sys.stderr.isatty())

    def show(self, *views: RenderableType) -> None:
        """Print data; plain strings are never read as markup."""
        for view in views:
            self.out.print(view)

    def print_json(self, value: object) -> None:
        """Print one JSON document, with what is not a finite number as null."""
        click.echo(as_json(value))

    @contextmanager
    def opened(self, *, create: bool = False) -> Iterator[KnowledgeBase]:
        """The knowledge base, closed again at the end."""
        from kb.knowledge import open_kb

        with open_kb(self.kb, create=create, ask=self.ask_password) as kb:
            yield kb

    @property
    def ask_password(self) -> Callable[[str], str] | None:
        """Asks for the password of a server on the terminal, unseen; None where there is nobody to ask."""
        if not self.is_interactive:
            return None
        return lambda question: str(click.prompt(clean(question), hide_input=True, err=True))

    @property
    def shown_kb(self) -> str:
        """Where the knowledge base is, without a password."""
        return without_password(self.kb)

    @contextmanager
    def tree(self) -> Iterator[Tree]:
        """The tree that is meant, in its opened knowledge base."""
        with self.opened() as kb:
            yield kb.tree(self.tree_name or self._meant(kb))

    def _meant(self, kb: KnowledgeBase) -> str:
        trees = sorted(kb.trees(), key=lambda record: record.created)
        if not trees:
            raise InputError(
                "there is no tree in this knowledge base yet.",
                where=self.shown_kb,
                remedy="Make one: priory demo, or priory new NAME --train A.csv --predict B.csv --target y",
            )
        if len(trees) > 1 and trees[-1].created == trees[-2].created:
            names = ", ".join(sorted(record.name for record in trees))
            raise InputError(
                f"there are {len(trees)} trees and none is the newest: {names}.",
                where=self.shown_kb,
                remedy="Name one with --tree.",
            )
        if len(trees) > 1:
            self.hint(f"Tree {trees[-1].name}, the newest of {len(trees)}; --tree picks another.")
        return trees[-1].name

    def stop_early(self, why: str, how: str) -> None:
        """End with exit code 3 after saying why, and how to go on.

        Raises:
            click.exceptions.Exit: Always.
        """
        self.say(f"Stopped early: {why}. What is done is kept. {how}")
        raise click.exceptions.Exit(STOPPED_EARLY)


def _console(*, stderr: bool, quiet: bool = False) -> Console:
    """A console on the stream of this moment (tests swap them), with all interpretation of text off."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_OF_A_FILE
    return Console(
        file=stream, quiet=quiet, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False
    )


def as_json(value: object) -> str:
    """The JSON text of what a ``to_dict`` gave; arrays become lists, NaN and infinities null."""
    return json.dumps(_plain(value), allow_nan=False, indent=2)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if value - value == 0.0 else None
    if value is None or isinstance(value, str | int):
        return value
    if hasattr(value, "to_dict"):
        return _plain(value.to_dict())
    return _plain(value.tolist()) if hasattr(value, "tolist") else str(value)


def everywhere(command: Callable[Concatenate[Face, P], None]) -> Callable[..., None]:
    """Give a command the shared options; it receives them as one ``Face``, first."""

    @functools.wraps(command)
    def run(*given: P.args, **options: P.kwargs) -> None:
        face = Face(**{name: options.pop(option) for name, option in _FACE_OPTIONS.items()})  # type: ignore[arg-type]  # click has checked them
        command(face, *given, **options)

    for option in reversed(_SHARED):
        option(run)
    return run


_FACE_OPTIONS = {
    "kb": "kb",
    "tree_name": "tree",
    "json": "as_json",
    "quiet": "quiet",
    "debug": "debug",
    "seed": "seed",
}
_SHARED = (
    click.option(
        "--kb",
        envvar="PRIORY_KB",
        show_envvar=True,
        default=DEFAULT_KB,
        show_default=True,
        metavar="URL",
        help="The knowledge base.",
    ),
    click.option("--tree", metavar="NAME", help="Which tree. Default: the only one, or the newest."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON, errors too."),
    click.option("--quiet", is_flag=True, help="Print data and errors only."),
    click.option("--debug", is_flag=True, help="Print the traceback of an error."),
    click.option("--seed", type=click.IntRange(0), metavar="N", help="For everything that is drawn."),
)


def as_address(_: click.Context, __: click.Parameter, value: str | None) -> Address | None:
    """A click callback: the address that was typed.

    Raises:
        InputError: It is none.
    """
    return None if value is None else parse_address(value)


def as_budget(_: click.Context, __: click.Parameter, value: str | None) -> Budget | None:
    """A click callback: the budget that was typed.

    Raises:
        InputError: It is none.
    """
    from unpacking.budget import Budget

    return None if value is None else Budget.parse(value)


def rater_named(name: str | None) -> str:
    """Who judges, as stored: ``human:`` in front of a bare name, the login name where none is given."""
    if name is None:
        name = os.environ.get("PRIORY_RATER") or _login()
    rater = clean(name)
    kind, _, rest = rater.partition(":")
    if not _:
        kind, rest = "human", rater
    if kind not in {"human", "model", "oracle"} or not rest:
        raise InputError(
            f"{rater!r} names no rater.",
            remedy="Write human:NAME, model:NAME or oracle:NAME, or only a name.",
        )
    return f"{kind}:{rest}"


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "you"
