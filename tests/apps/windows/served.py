"""A page that Flask serves."""

# /// script
# dependencies = ["flask"]
#
# [tool.obelisk]
# pure = ["markupsafe"]
# ///

from flask import Flask, render_template_string
from werkzeug.serving import make_server

app = Flask(__name__)


@app.get("/<name>")
def page(name):
    return render_template_string("<p>{{ name }}</p>", name=name)


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app)
    print(server.server_port, flush=True)
    server.handle_request()
    print("served", flush=True)
