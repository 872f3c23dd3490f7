"""
An MCP server with one dangerous tool, to be run as a program: over stdio, or over HTTP on a free port of loopback.

    python -m tests.mediation.mcp_server LOG           # stdio
    python -m tests.mediation.mcp_server LOG --http    # says its URL on the first line
"""

import socket
import sys
from pathlib import Path

from mcp.server.fastmcp import FastMCP


def make_server(log: Path, **settings) -> FastMCP:
    server = FastMCP("remote", log_level="ERROR", **settings)

    @server.tool(name="remote-rm")
    def remove(path: str) -> str:
        """Removes a file."""
        with log.open("a") as file:
            file.write(f"{path}\n")
        return "it is gone"

    return server


def serve_http(log: Path) -> None:
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    app = make_server(log).streamable_http_app()
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    if sys.argv[2:] == ["--http"]:
        serve_http(Path(sys.argv[1]))
    else:
        make_server(Path(sys.argv[1])).run("stdio")
