"""Care: copies between stores, a check of every invariant, migrations, and whether all is in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.address import ROOT, Address
from kb.errors import InputError
from ui.face import Face, as_address, everywhere
from ui.progress import of_copying, progress_bar
from ui.wording import clean, count, without_password

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.records import Finding, TreeRecord
    from kb.stores.migrating import MigrationStep
    from kb.stores.protocol import Store
    from kb.transfer import Copied

__all__ = ["copy", "doctor", "migrate", "verify"]


@click.command()
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="DST")
@click.option("--address", callback=as_address, default=ROOT, help="Only this statement and what lies below.")
@everywhere
def copy(face: Face, source: str, target: str, address: Address) -> None:
    """Copy a knowledge base, or a part of it, from SRC to DST and compare the two.

    Both may be files or Neo4j databases; every tree goes over unless --tree names one. A DST that holds
    something else is refused, so nothing of it is lost. A copy that was stopped goes on with the same
    command, and one that is there is brought up to date.

    \b
    priory copy sqlite:///penguins.db neo4j://localhost:7687
    priory copy neo4j://localhost:7687 sqlite:///part.db --tree penguins --address 0.3
    """
    from kb.knowledge import open_kb
    from kb.transfer import copy_tree

    with open_kb(source, create=False, ask=face.ask_password) as from_kb:
        trees = _to_copy(from_kb.store, face.tree_name, address)
        with (
            open_kb(target, ask=face.ask_password) as to_kb,
            progress_bar(face, "Copying") as bar,
        ):
            done = [
                copy_tree(from_kb.store, to_kb.store, tree, address=address, progress=of_copying(bar))
                for tree in trees
            ]
    if face.json:
        face.print_json({"copied": [each.to_dict() for each in done]})
        return
    for each in done:
        _say_copied(face, each)
    face.hint(f"Look at it: priory trees --kb {without_password(target)}")


def _to_copy(store: Store, name: str | None, address: Address) -> list[TreeRecord]:
    trees = [store.tree(name)] if name else store.trees()
    if not trees:
        raise InputError("there is no tree to copy.", where=store.url, remedy="Make one: priory demo")
    if address != ROOT and len(trees) > 1:
        raise InputError(
            f"there are {len(trees)} trees, and --address is in one of them.",
            where=store.url,
            remedy=f"Name it with --tree: {', '.join(tree.name for tree in trees)}.",
        )
    return trees


def _say_copied(face: Face, done: Copied) -> None:
    part = "" if done.address == ROOT else f" from {done.address} down"
    how = "resumed, " if done.was_resumed else ""
    new = count(done.new, "new record")
    face.say(f"{done.tree.name}{part}: {how}{new}. Both sides were read and are the same:")
    for word, n in done.compared.counts.items():
        if n:
            face.show(f"  {count(n, word)}, checksum {done.compared.checksums[word]}")


@click.command()
@click.option("--repair", is_flag=True, help="Mend what the rest tells; nothing is ever removed.")
@everywhere
def verify(face: Face, repair: bool) -> None:
    """Check every invariant of the knowledge base, page by page, while others go on working.

    With --repair counts, current slots, places and the index of words are worked out anew where they are
    wrong. What was lost can't be mended: import it again, or go back to a backup.

    \b
    priory verify
    priory verify --kb neo4j://localhost:7687 --repair
    """
    with face.opened() as kb, progress_bar(face, "Checking"):
        mended = list(kb.store.repair()) if repair else []
        checked, found = kb.store.invariants(), list(kb.store.check())
    if face.json:
        told = {"findings": [_finding(f) for f in found], "mended": [_finding(f) for f in mended]}
        face.print_json({"checked": list(checked), **told})
    else:
        _show_checked(face, checked, found, mended)
        if found and not repair:
            face.hint("What the rest tells is mended by: priory verify --repair")
    if found:
        raise click.exceptions.Exit(1)


def _show_checked(
    face: Face, checked: Sequence[str], found: Sequence[Finding], mended: Sequence[Finding]
) -> None:
    for f in mended:
        face.show(clean(f"mended {f.where}: {f.message}"))
    for invariant in checked:
        broken = sum(f.invariant == invariant for f in found)
        face.show(f"{'✗' if broken else '✓'} {clean(invariant)}")
    for f in found:
        face.show(clean(f"! {f.where}: {f.message}"))
    broken_things = f"{len(found):,} broken" if found else "nothing is broken"
    done = f"{count(len(mended), 'thing')} mended; " if mended else ""
    face.say(f"{done}{count(len(checked), 'invariant')} checked; {broken_things}.")


def _finding(f: Finding) -> dict[str, str]:
    return {"invariant": f.invariant, "where": f.where, "message": f.message}


@click.command()
@click.option("--check", is_flag=True, help="Only say what is missing; exit code 1 if anything is.")
@everywhere
def migrate(face: Face, check: bool) -> None:
    """Bring the knowledge base up to this version of Priory.

    Each migration is applied whole or not at all, and once, whoever else migrates. Opening a knowledge base
    never does that on the way. An older Priory refuses what a newer one has migrated.

    \b
    priory migrate --check
    priory migrate --kb neo4j://localhost:7687
    """
    from kb.stores.migrating import migrate as bring_up_to_date
    from kb.stores.migrating import status

    before = status(face.kb, ask=face.ask_password)
    now = before if check or not before.pending else bring_up_to_date(face.kb, ask=face.ask_password)
    applied = [step for step in now.applied if step.version > len(before.applied)]
    if face.json:
        told = {"applied": [_step(s) for s in now.applied], "pending": [_step(s) for s in now.pending]}
        face.print_json({"kb": without_password(now.url), "newest_known": now.newest_known, **told})
    else:
        for step in applied:
            face.show(clean(f"applied {step.version}: {step.name}"))
        for step in now.pending:
            face.show(clean(f"missing {step.version}: {step.name}"))
        at = now.applied[-1].version if now.applied else 0
        face.say(f"{without_password(now.url)} is at version {at} of {now.newest_known}.")
        if now.pending:
            face.hint("Apply what is missing: priory migrate")
    if now.pending:
        raise click.exceptions.Exit(1)


def _step(step: MigrationStep) -> dict[str, object]:
    return {"version": step.version, "name": step.name, "checksum": step.checksum, "applied": step.applied}


@click.command()
@everywhere
def doctor(face: Face) -> None:
    """See whether everything is in place: Python, the extras, the knowledge base and its trees.

    Quick, and reads little; priory verify checks every invariant of the knowledge base.

    \b
    priory doctor
    """
    from ui.health import examined

    found = examined(face)
    if face.json:
        face.print_json({"examined": [each.to_dict() for each in found]})
    else:
        for each in found:
            face.show(clean(f"{'✓' if each.is_well else '✗'} {each.what}: {each.found}"))
            if each.remedy:
                face.show(clean(f"    {each.remedy}"))
        ill = sum(not each.is_well for each in found)
        face.say("All is in place." if not ill else f"{count(ill, 'thing')} to see to.")
        face.hint("Every invariant of the knowledge base: priory verify")
    if any(not each.is_well for each in found):
        raise click.exceptions.Exit(1)
