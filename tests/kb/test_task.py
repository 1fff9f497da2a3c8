from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from kb.task import Column, Task, blob_digest

TASK = Task(
    name="penguins",
    target="species",
    classes=("Adelie", "Gentoo"),
    columns=(Column("mass", "numeric", missing_D=0.25), Column("island", "categorical", ("Dream",))),
    digest_D="ab",
    extra={"note": "ü"},
)


def test_a_task_survives_json() -> None:
    assert Task.from_dict(json.loads(json.dumps(TASK.to_dict()))) == TASK


def test_a_column_is_found_by_name() -> None:
    assert TASK.column("island").levels == ("Dream",)
    with pytest.raises(KeyError):
        TASK.column("wings")


def test_the_content_hash_names_all_that_the_task_says() -> None:
    same = Task.from_dict(TASK.to_dict())
    assert same.content_hash == TASK.content_hash
    assert len(TASK.content_hash) == 32
    others = [replace(TASK, digest_D="ac"), replace(TASK, seed=1), replace(TASK, about_train="x")]
    assert len({TASK.content_hash, *(other.content_hash for other in others)}) == 4


def test_a_blob_is_named_by_its_content() -> None:
    assert blob_digest(b"x") == hashlib.blake2b(b"x", digest_size=32).hexdigest()
