"""Write docs/cli.md from the commands themselves; ``--check`` fails when it is stale."""

from __future__ import annotations

import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "cli.md"
HEAD = """\
# The command line

Made by `python docs/generate_cli.py` from the commands themselves; change those, not this page.

Every command takes `--kb`, `--tree`, `--json`, `--quiet`, `--debug` and `--seed`. Data go to stdout, talk and
progress to stderr. With `--json` a result is one JSON document, the `to_dict()` of what Python gives, and an
error is `{"error": {"code", "message", "where", "remedy"}}` on stderr.

| exit code | means |
|---|---|
| 0 | done |
| 1 | failed: the disk, the database, another program |
| 2 | bad usage or input |
| 3 | stopped early, with what is done kept; the same command goes on |
| 130 | interrupted; what is done is kept |

| environment | means |
|---|---|
| `PRIORY_KB` | the knowledge base, where `--kb` is not given |
| `PRIORY_RATER` | who judges and writes, where `--rater` is not given; otherwise `human:` and the login |
"""


def page() -> str:
    """The whole page."""
    from ui.main import SECTIONS, priory

    parts = [HEAD]
    with click.Context(priory, info_name="priory", **priory.context_settings) as context:
        for title, names in SECTIONS.items():
            parts.append(f"\n## {title}\n")
            for name in names:
                command = priory.get_command(context, name)
                if command is not None:
                    parts.append(section(name, command, context))
    return "".join(parts)


def section(name: str, command: click.Command, context: click.Context) -> str:
    """One command: its help as a terminal of 100 columns shows it."""
    own = click.Context(command, info_name=name, parent=context, terminal_width=100, max_content_width=100)
    text = "\n".join(line.rstrip() for line in command.get_help(own).splitlines())
    parts = [f"\n### priory {name}\n\n```text\n{text}\n```\n"]
    if isinstance(command, click.Group):
        parts += [section(f"{name} {sub}", each, context) for sub, each in command.commands.items()]
    return "".join(parts)


def main(arguments: list[str]) -> int:
    """Write or check the page; gives the exit code."""
    made = page()
    if "--check" not in arguments:
        PAGE.write_text(made, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == made:
        return 0
    click.echo("docs/cli.md is stale. Run: python docs/generate_cli.py", err=True)
    return 1


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
