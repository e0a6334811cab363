"""`agent serve`: the API and the dashboard of a home."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.options import HomeOption, JsonOption

EPILOG = (
    "Examples: agent serve | agent serve --paper --open | agent serve --port 9000 --json | agent serve "
    "--without-http | agent serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem --allow-host "
    "boyd.example.org. Programs send Authorization: Bearer with what HOME/api.token holds (or "
    "HOME/api-read.token, which only reads)."
)


def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen at; loopback is this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 takes a free one.")] = 8501,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Certificate (PEM), needed at an address that others reach.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    without_tls: Annotated[
        bool,
        typer.Option("--without-tls", help="Listen for others in the clear: a proxy or a tunnel sees to it."),
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="A name this server goes by besides localhost; may be repeated."),
    ] = None,
    paper: Annotated[
        bool, typer.Option("--paper", help="Begin a paper agent beside, and once a rehearsal to look at.")
    ] = False,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser, logged in.")] = False,
    without_http: Annotated[
        bool,
        typer.Option("--without-http", help="Listen nowhere: only do the jobs and look after the agents."),
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Serve the home's agents: an HTTP API with a live stream, a dashboard, metrics; and do its jobs."""
    from agent.cli.handlers.serve import ServeRequest, serve_command

    serve_command(
        ServeRequest(
            home=home,
            host=host,
            port=port,
            tls_cert=tls_cert,
            tls_key=tls_key,
            without_tls=without_tls,
            names=tuple(allow_host or ()),
            paper=paper,
            browse=open_,
            json=json,
            without_http=without_http,
        )
    )
