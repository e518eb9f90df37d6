import flask

app = flask.Flask(__name__)


@app.route("/<name>")
def greet(name):
    return flask.render_template("greeting.html", name=name)
