"""One run of benchmarks: where, how thorough, and what has been built so far."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.applications import Application, write_application
from bench.contenders import Contender, build
from bench.model import BenchError, Series, rounded
from bench.place import Place
from bench.processes import Command


@dataclass(kw_only=True)
class Session:
    """What all parts share. Products of peers are kept between runs, Obelisk's are not."""

    place: Place
    quick: bool
    clock: str
    """`cpu` or `wall`: what pyperformance's benchmarks take for the time."""
    gentle: bool
    """Whether other work on this machine is to be spared."""
    only: tuple[str, ...] = ()
    """Benchmarks or applications, if not all."""
    skip: tuple[str, ...] = ()
    """Beginnings of the names of contenders that are left out."""
    versions: dict[str, str] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)
    """Names that the parts have."""
    _applications: dict[str, Application] = field(default_factory=dict)
    _commands: dict[tuple[str, str], Command] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Tell the person who waits."""
        print(text, file=sys.stderr, flush=True)

    def wanted(self, names: Iterable[str]) -> list[str]:
        """Return the names that were asked for."""
        found = list(names)
        self._known.update(found)
        return [name for name in found if not self.only or name in self.only]

    def require_only(self) -> None:
        """Raise `BenchError` for a name that was asked for and that no part has."""
        unknown = [name for name in self.only if name not in self._known]
        if unknown:
            names = ", ".join(f"`{name}`" for name in unknown)
            message = f"no part that was run has {names} (`--only`)"
            raise BenchError(message, hint="there are " + ", ".join(sorted(self._known)))

    def application(self, name: str) -> Application:
        """Return an application, its sources written."""
        if name not in self._applications:
            made = write_application(name, self.place.work, quick=self.quick)
            self._applications[name] = made
        return self._applications[name]

    def command(self, contender: Contender, name: str) -> Command:
        """Return what starts an application; raise `BenchError` with the reason if nothing does."""
        self.refuse_skipped(contender)
        key = contender.name, name
        if key not in self._commands:
            application = self.application(name)
            kept = self._kept(contender, application)
            if kept is None:
                self.say(f"  building {name}: {contender.name}")
                kept = build(contender, self.place, application, anew=True)
            self.built(contender, name, kept)
        return self._commands[key]

    def refuse_skipped(self, contender: Contender) -> None:
        """Raise `BenchError` if a contender is left out of this run."""
        if contender.name.lower().startswith(self.skip):
            message = "left out of this run"
            raise BenchError(message)

    def built(self, contender: Contender, name: str, command: Command) -> None:
        """Keep what was built, for the parts that start it."""
        self._commands[contender.name, name] = command
        if contender.pin:
            data = {"of": self._origin(contender, name), **asdict(command)}
            path = self._record(contender, name)
            path.write_text(json.dumps(data, default=str), encoding="utf-8")

    def commands(
        self, contenders: Iterable[Contender], name: str
    ) -> tuple[dict[str, Command], dict[str, str]]:
        """Return the commands of all contenders for an application, and reasons for those without.

        Who could have no row, for what it is, has no reason either.
        """
        commands: dict[str, Command] = {}
        reasons: dict[str, str] = {}
        for contender in contenders:
            if name not in contender.applications and not contender.elsewhere:
                continue
            try:
                commands[contender.name] = self.command(contender, name)
            except BenchError as error:
                reasons[contender.name] = str(error)
                self.say(f"  {name}: {contender.name}: {error}")
        return commands, reasons

    def _kept(self, contender: Contender, application: Application) -> Command | None:
        path = self._record(contender, application.name)
        if not contender.pin or not path.exists():
            return None
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("of") != self._origin(contender, application.name):
            return None
        command = Command(
            argv=tuple(data["argv"]),
            root=self.place.root,
            environment=data["environment"],
            files=tuple(map(Path, data["files"])),
        )
        return command if all(path.exists() for path in command.files) else None

    def _record(self, contender: Contender, name: str) -> Path:
        return self.place.folder("built") / f"{contender.name}-{name}.json".replace(" ", "-")

    def _origin(self, contender: Contender, name: str) -> str:
        application = self.application(name)
        files = [path for path in sorted(application.folder.iterdir()) if path.is_file()]
        sizes = [f"{path.name} {path.stat().st_size}" for path in files]
        return "\n".join([contender.pin, self.place.label, *application.requirements, *sizes])


def series_of(
    case: str, samples: Mapping[str, Iterable[float]], reasons: Mapping[str, str]
) -> tuple[Series, ...]:
    """Return the series of one case: those with values, then those with a reason."""
    rows = [
        Series(case=case, contender=name, samples=rounded(values))
        for name, values in samples.items()
    ]
    rows += [Series(case=case, contender=name, reason=text) for name, text in reasons.items()]
    return tuple(rows)
