# /// script
# dependencies = ["textual==8.2.8"]
# ///
"""A Textual program: a button that counts."""

from textual.app import App
from textual.widgets import Button, Footer, Label


class Counter(App):
    BINDINGS = [("q", "quit", "Quit")]
    CSS = "Button { margin: 1; }"
    count = 0

    def compose(self):
        yield Label("count 0")
        yield Button("Add one", id="add")
        yield Footer()

    def on_button_pressed(self):
        self.count += 1
        self.query_one(Label).update(f"count {self.count}")


if __name__ == "__main__":
    Counter().run()
    print("bye")
