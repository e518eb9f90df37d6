"""The standard streams of a restored process.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot_streams`. The objects
stay, since modules may refer to them; what CPython finds out of their descriptors at its start is
found anew.
"""

import sys

import _io

_NEWLINE = "\n"
_MOST = 8192 * 1024
"""Bytes of the largest buffer that CPython makes for a file (3.14)."""
_SETTINGS = ("encoding", "errors", "line_buffering", "write_through")


class Stream:
    """One of the standard streams, as the interpreter's start made it (create_stdio)."""

    def __init__(self, number, name):
        """Take the stream of a descriptor before any module can change it."""
        self.number = number
        self.name = name
        self.text = getattr(sys, name)
        self.buffer = self.text.buffer
        self.raw = getattr(self.buffer, "raw", self.buffer)
        self.first = {key: getattr(self.text, key) for key in _SETTINGS}
        self.changes = {}

    def note_changes(self):
        """Remember what modules set by `reconfigure`."""
        try:
            self.text.buffer  # noqa: B018 - of a detached one there is none
        except ValueError:
            self.text = None
            return
        now = {key: getattr(self.text, key) for key in _SETTINGS}
        self.changes = {key: now[key] for key in _SETTINGS if now[key] != self.first[key]}

    def leave(self):
        """Forget whether the build's descriptor can be moved: it is asked for before it is told."""
        if self.text is not None:
            self.text.__init__(_Nowhere(), newline=_NEWLINE, **self.first)

    def restore(self):
        """Do for the descriptor of this process what CPython's start does."""
        try:
            # A new one: an old one keeps in mind whether its descriptor can be moved.
            raw = _io.FileIO(self.number, "wb" if self.number else "rb", closefd=False)
        except OSError:
            self._close()
            return
        raw.name = f"<{self.name}>"
        is_terminal = raw.isatty()
        is_buffered = self.buffer is not self.raw
        if is_buffered:
            self.buffer.__init__(raw, _buffer_size(raw))
        else:
            self.buffer = raw
        self.raw = raw
        if self.text is None:
            return
        settings = {
            **self.first,
            "line_buffering": is_buffered and (is_terminal or self.number == 2),
            **self.changes,
        }
        self.text.__init__(self.buffer, newline=_NEWLINE, **settings)
        self.text.mode = "w" if self.number else "r"

    def _close(self):
        """Let there be none, as where the descriptor was closed before the start."""
        for name in (self.name, f"__{self.name}__"):
            if getattr(sys, name) is self.text:
                setattr(sys, name, None)


class _Nowhere:
    """What takes all, gives nothing, and has no position."""

    closed = False

    def readable(self):
        return True

    def writable(self):
        return True

    def seekable(self):
        return False

    def tell(self):
        return 0

    def read1(self, _=-1):
        return b""

    def write(self, data):
        return len(data)

    def flush(self):
        pass

    def close(self):
        pass


def _buffer_size(raw):
    """Return the size that `open` chooses for a file."""
    size = raw._blksize
    if sys.version_info >= (3, 14):
        return max(min(size, _MOST), _io.DEFAULT_BUFFER_SIZE)
    return size if size > 1 else _io.DEFAULT_BUFFER_SIZE


def streams():
    """Return those that there are."""
    names = ("stdin", "stdout", "stderr")
    return [Stream(n, name) for n, name in enumerate(names) if getattr(sys, name) is not None]
