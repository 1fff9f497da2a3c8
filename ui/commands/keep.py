"""Keep: in and out of other formats, copies, and a check of every invariant."""

from __future__ import annotations

import click

from ui.face import Face, everywhere

__all__ = ["backup", "doctor", "export", "import_"]


@click.command()
@everywhere
def export(face: Face) -> None:
    """Write a tree to a file.

    \b
    priory export
    """


@click.command("import")
@everywhere
def import_(face: Face) -> None:
    """Read a tree.

    \b
    priory import
    """


@click.command()
@everywhere
def backup(face: Face) -> None:
    """Copy.

    \b
    priory backup
    """


@click.command()
@everywhere
def doctor(face: Face) -> None:
    """Check it.

    \b
    priory doctor
    """
