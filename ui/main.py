"""The command line: which commands there are, and how a call of one ends.

A command's module is imported when it runs (or for a help list); the work itself only inside its function.
"""

from __future__ import annotations

import difflib
import importlib
import os
import shlex
import sys
import traceback
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import click

from kb.errors import PrioryError
from ui.face import INTERRUPTED
from ui.wording import clean, without_password

__all__ = ["main", "priory"]


SECTIONS: dict[str, dict[str, str]] = {
    "Begin": {"demo": "begin", "new": "begin"},
    "Look": {"trees": "look", "show": "look", "search": "look", "explore": "explore"},
    "Grow": {
        "unpack": "grow",
        "add": "write",
        "edit": "write",
        "drop": "write",
        "restore": "write",
        "split": "reshape",
        "merge": "reshape",
        "rescope": "reshape",
        "choose": "write",
        "worker": "grow",
        "ask": "examine",
        "pack": "examine",
        "queue": "queue",
    },
    "Judge": {"rate": "judge", "compare": "compare", "session": "session"},
    "Learn and predict": {
        "learn": "learn",
        "predict": "predict",
        "explain": "predict",
        "report": "report",
        "baselines": "report",
    },
    "People": {"sample": "people", "people": "people", "audit": "people", "resolve": "people"},
    "Keep": {
        "export": "keep",
        "import": "keep",
        "backup": "keep",
        "copy": "care",
        "verify": "care",
        "migrate": "care",
        "doctor": "care",
    },
}
MODULES = {name: module for section in SECTIONS.values() for name, module in section.items()}

OF_COMMANDS = {"--kb", "--tree", "--json", "--quiet", "--debug", "--seed"}

WELCOME = """\
Priory – a prior you can read.

Give it labelled cases and the cases to predict. It writes down what would have to be true,
you say which of it also holds where it is to be used, and it predicts from that.

Begin   priory demo                  penguins, start to report, in a minute or two
        priory new mine --train a.csv --predict b.csv --target y
        priory --help                every command
"""


class Commands(click.Group):
    """A group whose commands are imported when they are needed, and whose every end is handled."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """All commands, in the order of the sections."""
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name; its module is imported now."""
        if cmd_name not in MODULES:
            return None
        module = importlib.import_module(f"ui.commands.{MODULES[cmd_name]}")
        command = getattr(module, cmd_name if cmd_name != "import" else "import_")
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant, or an error that names the nearest ones."""
        if args and args[0] not in MODULES and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], MODULES, n=2)
            hint = f"Did you mean {' or '.join(near)}?" if near else "priory --help lists them."
            ctx.fail(f"There is no command {clean(args[0])!r}. {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, section by section, each with its first sentence."""
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, _first_sentence(self.get_command(ctx, name))) for name in names])

    def main(self, args: Sequence[str] | None = None, *more: Any, **extra: Any) -> NoReturn:
        """Run one call and exit with its code; nothing else of Priory decides how a process ends."""
        given = list(sys.argv[1:] if args is None else args)
        try:
            ended = super().main(given, *more, **{**extra, "standalone_mode": False})
            sys.stdout.flush()
        except BrokenPipeError:
            _silence()
            sys.exit(1)
        except Exception as error:  # noqa: BLE001  # the end of the line: whatever it is becomes one line
            sys.exit(_told(error, given))
        sys.exit(ended if isinstance(ended, int) else 0)


def _first_sentence(command: click.Command | None) -> str:
    return command.get_short_help_str(limit=100) if command else ""


def _silence() -> None:
    """Let the interpreter's last flush go nowhere: the reader of the pipe has left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _told(error: Exception, given: Sequence[str]) -> int:
    """Print one line about the error on stderr, and give the exit code."""
    as_json, debug = "--json" in given, "--debug" in given
    if debug and not isinstance(error, click.ClickException | click.Abort):
        traceback.print_exception(error)
    if isinstance(error, click.Abort):
        return _interrupted(given)
    if isinstance(error, PrioryError):
        known, code = error.to_dict(), error.exit_code
    elif isinstance(error, click.ClickException):
        known, code = _usage(error), error.exit_code
    else:
        known, code = _unexpected(error), 1
    _print_error(known, as_json=as_json)
    return code


def _interrupted(given: Sequence[str]) -> int:
    again = without_password(shlex.join(["priory", *given]))
    click.echo(f"Interrupted. What is done is kept. Go on with: {clean(again)}", err=True)
    return INTERRUPTED


def _usage(error: click.ClickException) -> dict[str, str]:
    context = getattr(error, "ctx", None)
    path = context.command_path if isinstance(context, click.Context) else "priory"
    remedy = f"See {path} --help" if isinstance(error, click.UsageError) else ""
    if isinstance(error, click.NoSuchOption) and path == "priory" and error.option_name in OF_COMMANDS:
        remedy = f"Options stand behind the command: priory trees {error.option_name} …"
    code = "usage" if isinstance(error, click.UsageError) else "failed"
    return {"code": code, "message": error.format_message(), "where": "", "remedy": remedy}


def _unexpected(error: Exception) -> dict[str, str]:
    detail = f"{type(error).__name__}: {error}".rstrip(": ")
    return {
        "code": "unexpected",
        "message": f"something went wrong that Priory didn't foresee ({detail}).",
        "where": "",
        "remedy": "Run it again with --debug to see where, and please report it.",
    }


def _print_error(error: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        from ui.face import as_json as written

        click.echo(written({"error": error}), err=True)
        return
    place = f"{error['where']}: " if error["where"] else ""
    click.echo(clean(f"Error: {place}{error['message']} {error['remedy']}"), err=True)


@click.group(
    cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option("--version", is_flag=True, is_eager=True, help="Show the version and exit.")
@click.pass_context
def priory(context: click.Context, version: bool) -> None:
    """Store a background model as a tree of statements, rate it, and predict from it.

    Every command takes --kb, --tree, --json, --quiet, --debug and --seed. Data go to stdout, talk to stderr.
    Exit codes: 0 done, 1 failed, 2 bad usage or input, 3 stopped early and resumable, 130 interrupted.

    \b
    priory demo
    priory show 0.1 --depth 2
    """
    if version:
        click.echo(f"priory {_version()}")
        context.exit()
    if context.invoked_subcommand is None:
        click.echo(WELCOME, nl=False)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("priory")
    except PackageNotFoundError:
        return "(run from its folder, not installed)"


def main(arguments: Iterable[str] | None = None) -> NoReturn:
    """The entry point of the ``priory`` script."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    priory.main(None if arguments is None else list(arguments), prog_name="priory")


if __name__ == "__main__":
    main()
