"""Explore: the knowledge base in a browser."""

from __future__ import annotations

import click

from ui.face import Face, everywhere

__all__ = ["explore"]


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port to bind. Default: the first free from 8501."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind.")
@click.option("--auth", is_flag=True, help="Take names from an OpenID login, see docs/explorer.md.")
@click.option("--model", metavar="SPEC", help="Offer unpacking by this language model, as in priory unpack.")
@click.option("--no-browser", is_flag=True, help="Open no browser.")
@everywhere
def explore(face: Face, port: int | None, host: str, auth: bool, model: str | None, no_browser: bool) -> None:
    """Browse, rate and predict in a browser, until Ctrl-C.

    Whoever reaches the port can read and judge every tree, so it is this machine's own unless --host says
    otherwise.

    \b
    priory explore
    priory explore --tree penguins --port 9000 --no-browser
    """
    from ui.explorer.serving import Server, free_port, serve

    with face.opened() as kb:
        if face.tree_name:
            kb.tree(face.tree_name)
    server = Server(
        kb=face.kb,
        tree=face.tree_name,
        host=host,
        port=free_port(host, port),
        auth=auth,
        model=model,
        opens_browser=not no_browser,
    )

    def ready() -> None:
        if face.json:
            face.print_json({"url": server.url, "kb": server.kb})
        else:
            face.say(f"Priory is at {server.url} (Ctrl-C stops it)")

    serve(server, ready=ready)
