"""The reader of pages itself: what counts as a command."""

from __future__ import annotations

from pathlib import Path

from tests.docs.reading import steps

PAGE = """\
# A page

```console
$ priory trees
penguins
$ priory rate 0.1 \\
    85
$ cat > a.csv <<'EOF'
x,y
1,2
EOF
```

```text
$ priory not-run
```

```python
import priory
```
"""


def test_commands_and_scripts_are_found_in_order(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)

    found = [(s.language, s.code, s.line) for s in steps(page)]

    assert found == [
        ("console", "priory trees", 4),
        ("console", "priory rate 0.1 \\\n    85", 6),
        ("console", "cat > a.csv <<'EOF'\nx,y\n1,2\nEOF", 8),
        ("python", "import priory\n", 19),
    ]
