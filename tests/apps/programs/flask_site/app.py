# /// script
# dependencies = ["flask==3.1.3"]
# [tool.obelisk]
# data = ["templates/**/*", "static/**/*"]
# ///
"""A site with templates and static files, served by threads."""

from flask import Flask, render_template
from werkzeug.serving import make_server

app = Flask(__name__)


@app.get("/stone/<int:number>")
def stone(number):
    return render_template("stone.html", number=number)


@app.get("/stop")
def stop():
    server.shutdown_signal = True
    return "stopped"


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.port, flush=True)
    server.serve_forever()
