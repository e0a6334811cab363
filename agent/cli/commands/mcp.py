"""`agent mcp`: the home's tools for an assistant."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.options import HomeOption, JournalOption, JsonOption

EPILOG = (
    "Examples: agent mcp | agent mcp --http --port 8502 | agent mcp --allow-kill. An assistant's program "
    "starts `agent mcp` itself and speaks over its input and output; over HTTP it sends Authorization: "
    "Bearer with what HOME/mcp.token holds, from this machine."
)


def mcp(
    *,
    http: Annotated[
        bool, typer.Option("--http", help="Listen on 127.0.0.1 with a token, not on input and output.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port for --http (8502); 0 takes a free one.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File of mode 600 with the token; HOME/mcp.token, made where there is none."),
    ] = None,
    allow_kill: Annotated[
        bool,
        typer.Option("--allow-kill", help="Offer a kill too; each needs a code of `agent kill --code`."),
    ] = False,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Serve tools for an assistant (MCP): status, why, lessons, verify, replay, backtest; nothing trades."""
    from agent.cli.handlers.mcp import McpRequest, serve_mcp

    serve_mcp(McpRequest(home, journal, port, token_file, http=http, allow_kill=allow_kill, json=json))
