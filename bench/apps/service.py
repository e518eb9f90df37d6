# /// script
# dependencies = ["fastapi==0.121.0", "uvicorn==0.38.0", "uvloop==0.23.0", "httptools==0.9.0"]
# ///
"""A web service of FastAPI: validates a request and answers with JSON."""

import os
import sys

import uvicorn
import uvicorn.lifespan.on
import uvicorn.loops.uvloop
import uvicorn.protocols.http.httptools_impl
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float
    tags: list[str] = []


@app.get("/items/{number}")
async def item(number: int, tax: float = 0.19) -> Item:
    return Item(name=f"item {number}", price=round(number * (1 + tax), 2), tags=["a", "b", "c"])


def main():
    port = int(os.environ.get("BENCH_PORT", "8000"))
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
