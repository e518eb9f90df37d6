# /// script
# dependencies = ["fastapi==0.165.0", "uvicorn==0.54.0", "jinja2==3.1.6"]
# [tool.obelisk]
# data = ["templates/**/*", "static/**/*"]
# ///
"""An API with templates and static files, served by two processes."""

import os
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel

HERE = Path(__file__).parent
app = FastAPI()
app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
templates = Jinja2Templates(directory=HERE / "templates")


class Stone(BaseModel):
    name: str
    weight: float


@app.get("/stone/{number}")
def stone(request: Request, number: int):
    return templates.TemplateResponse(request, "stone.html", {"number": number})


@app.post("/weigh")
def weigh(stone: Stone):
    return {"name": stone.name, "double": stone.weight * 2, "process": os.getpid()}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    port = free_port()
    print(port, flush=True)
    uvicorn.run("app:app", port=port, workers=2, log_level="warning")
