"""The least that FastAPI can do: one route that returns the bytes of a file.

python -m tests.bench.bare PORT FILE
"""

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response


def app(body: bytes) -> FastAPI:
    bare = FastAPI()

    @bare.get("/")
    async def same() -> Response:
        return Response(body, media_type="application/json")

    return bare


def main(port: int, file: Path) -> None:
    uvicorn.run(
        app(file.read_bytes()), host="127.0.0.1", port=port, log_level="warning", access_log=False
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
