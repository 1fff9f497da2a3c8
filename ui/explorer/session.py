"""Who looks at which tree: the server's settings, the opened knowledge base, the chosen tree, the rater."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from urllib.parse import unquote

import streamlit as st

from kb.errors import InputError
from kb.knowledge import KnowledgeBase, Tree, open_kb
from kb.records import Judgement, TreeRecord
from ui.explorer.judged import Judged, judged_by
from ui.face import DEFAULT_KB, rater_named
from ui.wording import clean

__all__ = [
    "COOKIE",
    "Settings",
    "Visit",
    "forget_judged",
    "judged",
    "name_given",
    "reopen",
    "set_name",
    "settings",
    "stamp",
    "visit",
]

COOKIE = "priory_name"
MOST_NAME = 60  # letters
_FRESH_SECONDS = 30.0  # after which what others said is read again


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``priory explore`` was told.

    Attributes:
        kb: URL of the knowledge base.
        tree: Name of the tree to begin with; None for the newest.
        auth: Names come from the login of an OpenID provider.
    """

    kb: str
    tree: str | None
    auth: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page is given: one run of one page for one person.

    Attributes:
        kb_url: Where the knowledge base is.
        kb: The knowledge base, opened; shared by all sessions of this server.
        tree: The tree that the link names, with its newest record.
        rater: ``human:NAME``; None before they said who they are.
        trees: All trees, the newest first.
    """

    kb_url: str
    kb: KnowledgeBase
    tree: Tree
    rater: str | None
    trees: tuple[TreeRecord, ...]


def settings() -> Settings:
    """The settings of this server, which travel in its environment."""
    told = os.environ
    return Settings(
        kb=told.get("PRIORY_KB") or DEFAULT_KB,
        tree=told.get("PRIORY_TREE") or None,
        auth=told.get("PRIORY_EXPLORER_AUTH") == "1",
    )


@st.cache_resource(show_spinner=False)
def _opened(url: str) -> KnowledgeBase:
    return open_kb(url, create=False)


@st.cache_resource(show_spinner=False, max_entries=8)
def _shared_tree(url: str, name: str, tree_id: str) -> Tree:  # noqa: ARG001  # the id tells trees of one name apart
    """One object a tree and server, so that its cases are read once."""
    return _opened(url).tree(name)


def reopen() -> None:
    """Forget the opened knowledge base, so that the next run opens it again."""
    _shared_tree.clear()
    _opened.clear()


def visit() -> Visit | None:
    """This run's visit; None where the knowledge base holds no tree yet.

    Raises:
        PrioryError: The knowledge base can't be opened, or the link names a tree that is not there.
    """
    told = settings()
    kb = _opened(told.kb)
    trees = sorted(kb.trees(), key=lambda record: record.created, reverse=True)
    wanted = st.query_params.get("tree") or told.tree
    if not trees:
        return None
    record = next((r for r in trees if r.name == wanted), None) if wanted else trees[0]
    if record is None:
        record = kb.store.tree(str(wanted))
    tree = _shared_tree(told.kb, record.name, record.tree_id)
    tree.record = record
    return Visit(told.kb, kb, tree, rater(), tuple(trees))


def rater() -> str | None:
    """Who is here, as judgements name them; None before they said so."""
    name = name_given()
    return rater_named(f"human:{name}") if name else None


def name_given() -> str | None:
    """The name of the person: of the login with ``--auth``, else as entered once in this browser session."""
    if settings().auth:
        return _logged_in()
    if "name" not in st.session_state:
        st.session_state["name"] = _name(unquote(st.context.cookies.get(COOKIE, "")))
    return st.session_state["name"] or None


def _logged_in() -> str | None:
    user = st.user
    if not user.is_logged_in:
        return None
    expires = user.get("exp")
    if isinstance(expires, int | float) and expires < time.time():
        return None  # Streamlit keeps its cookie for 30 days, whatever the token says
    return _name(str(user.get("email") or user.get("name") or user.get("sub") or "")) or None


def _name(text: str) -> str:
    return clean(text)[:MOST_NAME].replace(":", " ").strip()


def set_name(text: str) -> None:
    """Remember who is here.

    Raises:
        InputError: No letter is left of it.
    """
    name = _name(text)
    if not name:
        raise InputError("that is no name.", where="name", remedy="Write at least one letter.")
    st.session_state["name"] = name


def judged(visit: Visit) -> Judged:
    """What the person here said about the tree's statements; read again when it is old."""
    state = str(visit.tree.record.spec.get("fit"))
    kept = st.session_state.get("judged")
    wanted = (visit.tree.tree_id, visit.rater, state)
    if kept is None or kept[0] != wanted or time.monotonic() - kept[1] > _FRESH_SECONDS:
        found = judged_by(visit.tree, visit.rater)
        kept = (wanted, time.monotonic(), found)
        st.session_state["judged"] = kept
    result: Judged = kept[2]
    return result


def stamp(visit: Visit) -> str:
    """Changes whenever rows of the tree may look different to the person here."""
    kept = judged(visit)
    state = str(visit.tree.record.spec.get("fit", {}).get("state", ""))
    return f"{state[:12]} {visit.rater or ''} {len(kept.own)} {len(kept.flagged)} {len(kept.cited)}"


def forget_judged(_: Judgement | None = None) -> None:
    """Read the judgements again in the next run: call it after any that this session made."""
    st.session_state.pop("judged", None)
