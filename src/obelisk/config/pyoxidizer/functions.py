"""The functions and constants of the API: targets, prompts, files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from obelisk.config.pyoxidizer.globbing import matching
from obelisk.config.pyoxidizer.manifest import FileContent, FileManifest, content_of
from obelisk.config.pyoxidizer.session import LOOK, Session, Target
from obelisk.config.pyoxidizer.table import Method, Row, Setting
from obelisk.config.starlark.stack import Caller, Function
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError

_TARGETS: Final = "test_targets_are_resolved_in_order"
_PROMPTS: Final = "test_prompts_never_block"
_CONSTANTS: Final = "test_constants"
_FILES: Final = "test_files_beside_the_executable"


def _register(  # noqa: PLR0913, PLR0917 - PyOxidizer's
    session: Session,
    caller: Caller,
    target: str,
    callable_: Function,
    depends: list[str] | None = None,
    default: bool = False,
    default_build_script: bool = False,
) -> None:
    del caller, default_build_script
    made = Target(function=callable_, depends=tuple(depends or ()))
    session.register(target, made, default=default)


def _resolve(session: Session, caller: Caller, target: str) -> Value:
    return session.resolve(target, caller)


def _resolve_all(session: Session, caller: Caller) -> Value:
    return session.resolve_wanted(caller)


def _set_build_path(session: Session, caller: Caller, path: str) -> None:
    del caller
    session.build_path = session.place(path)


def _can_prompt(session: Session, caller: Caller) -> bool:
    del session, caller
    return False


def _confirm(session: Session, caller: Caller, prompt: str, default: bool | None = None) -> bool:
    del session, caller
    if default is None:
        raise _no_answer(prompt)
    return default


def _input(session: Session, caller: Caller, prompt: str, default: str | None = None) -> str:
    del session, caller
    if default is None:
        raise _no_answer(prompt)
    return default


def _password(
    session: Session,
    caller: Caller,
    prompt: str,
    confirm: bool = False,
    default: str | None = None,
) -> str:
    del confirm
    return _input(session, caller, prompt, default)


def _no_answer(prompt: str) -> ConfigError:
    message = f"nobody is asked during a build, and there is no default for `{prompt}`"
    return ConfigError(message, hint="give a `default`, or read the value from `VARS`")


def _file_manifest(session: Session, caller: Caller) -> FileManifest:
    del caller
    return FileManifest(session)


def _file_content(
    session: Session,
    caller: Caller,
    path: str | None = None,
    filename: str | None = None,
    content: str | None = None,
    executable: bool | None = None,
) -> FileContent:
    caller.spend(LOOK)
    if (path is None) == (content is None):
        message = "exactly one of `path` and `content` must be given"
        raise ConfigError(message)
    if path is not None:
        made = content_of(session, session.place(path))
        made.values["filename"] = filename or made.filename
    elif filename is None:
        message = "`filename` must be given with `content`"
        raise ConfigError(message)
    else:
        made = FileContent(session, filename=filename, text=content)
    if executable is not None:
        made.values["executable"] = executable
    return made


def _glob(
    session: Session,
    caller: Caller,
    include: list[str],
    exclude: list[str] | None = None,
    strip_prefix: str | None = None,
) -> FileManifest:
    without = {path for pattern in exclude or [] for path in matching(session, pattern, caller)}
    manifest = FileManifest(session)
    for pattern in include:
        found = set(matching(session, pattern, caller)) - without
        if not found:
            message = f"`{pattern}` matches no file"
            raise ConfigError(message)
        caller.spend(LOOK * len(found))
        for path in sorted(found):
            manifest.add_path(path, strip_prefix or _root(session.folder, path))
    return manifest


def _root(folder: Path, path: str) -> str:
    return str(folder) if Path(path).is_relative_to(folder) else "/"


FUNCTIONS: Final = {
    "register_target": Method(
        does="a target of `obelisk build`; the default is the last one that says so, or the first",
        test=_TARGETS,
        function=_register,
    ),
    "resolve_target": Method(
        does="the result of the target's function", test=_TARGETS, function=_resolve
    ),
    "resolve_targets": Method(
        does="resolves what the command line names, or the default",
        test=_TARGETS,
        function=_resolve_all,
    ),
    "set_build_path": Method(
        does="where `FileManifest.install` starts from",
        test="test_a_manifest_is_installed_as_well",
        function=_set_build_path,
    ),
    "can_prompt": Method(does="False", test=_PROMPTS, function=_can_prompt),
    "prompt_confirm": Method(does="the default, else an error", test=_PROMPTS, function=_confirm),
    "prompt_input": Method(does="the default, else an error", test=_PROMPTS, function=_input),
    "prompt_password": Method(does="the default, else an error", test=_PROMPTS, function=_password),
    "FileManifest": Method(
        does="files that are written beside the executable", test=_FILES, function=_file_manifest
    ),
    "FileContent": Method(
        does="a file of the disk, or with a text", test=_FILES, function=_file_content
    ),
    "glob": Method(does="a manifest of the files that match", test=_FILES, function=_glob),
}

CONSTANTS: Final[dict[str, Row]] = {
    "BUILD_TARGET_TRIPLE": Setting(
        does="`--target`, a triple for musl by default", test=_CONSTANTS
    ),
    "CONFIG_PATH": Setting(does="the path of the configuration", test=_CONSTANTS),
    "CONTEXT": Setting(does="None", test=_CONSTANTS),
    "CWD": Setting(does="the directory of the configuration", test=_CONSTANTS),
    "VARS": Setting(does="`--var` and `--var-env`", test=_CONSTANTS),
}


def constants(session: Session) -> dict[str, Value]:
    """Return the values of the constants."""
    return {
        "BUILD_TARGET_TRIPLE": session.surroundings.triple,
        "CONFIG_PATH": str(session.path),
        "CONTEXT": None,
        "CWD": str(session.folder),
        "VARS": dict(session.surroundings.variables),
    }
