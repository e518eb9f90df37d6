"""PythonPackagingPolicy: what is included, which here is nearly everything."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from obelisk.config.pyoxidizer.session import Session
from obelisk.config.pyoxidizer.table import (
    ApiObject,
    Because,
    Method,
    Row,
    Setting,
    host_type,
    ignored,
)
from obelisk.config.starlark.stack import Caller, Function

_LOCATION: Final = "test_locations_have_no_effect"
_BYTECODE: Final = "test_levels_of_bytecode_alone_have_no_effect"


def _register_resource_callback(policy: Policy, caller: Caller, callback: Function) -> None:
    del caller
    policy.callbacks.append(callback)


def _set_variant(policy: Policy, caller: Caller, extension: str, variant: str) -> None:
    del policy, caller, extension, variant


def _set_mode(policy: Policy, caller: Caller, mode: Literal["classify", "files"]) -> None:
    del caller
    policy.values["file_scanner_classify_files"] = mode == "classify"
    policy.values["file_scanner_emit_files"] = mode == "files"


class Policy(ApiObject):
    """A packaging policy; executables share it, and keep their own list of its callbacks."""

    rows: ClassVar[dict[str, Row]] = {
        "allow_files": ignored(_LOCATION, Because.EVERYTHING, bool, False),
        "allow_in_memory_shared_library_loading": ignored(_LOCATION, Because.STATIC, bool, False),
        "bytecode_optimize_level_zero": ignored(_BYTECODE, Because.BYTECODE, bool, True),
        "bytecode_optimize_level_one": ignored(_BYTECODE, Because.BYTECODE, bool, False),
        "bytecode_optimize_level_two": ignored(_BYTECODE, Because.BYTECODE, bool, False),
        "extension_module_filter": ignored(
            "test_filters_of_extension_modules_leave_all",
            Because.NO_COPYLEFT,
            Literal["all", "minimal", "no-libraries", "no-copyleft", "no-gpl"],
            "all",
        ),
        "file_scanner_classify_files": Setting(
            does="if resources other than `File` are made of what is installed",
            test="test_files_are_resources_only_if_asked_for",
            accepts=bool,
            default=True,
        ),
        "file_scanner_emit_files": Setting(
            does="if `File` resources are made of what is installed",
            test="test_files_are_resources_only_if_asked_for",
            accepts=bool,
            default=False,
        ),
        "include_classified_resources": ignored(_LOCATION, Because.EVERYTHING, bool, True),
        "include_distribution_sources": Setting(
            does="`source-text = false` if `include_non_distribution_sources` is False as well",
            test="test_without_both_sources_there_is_no_source_text",
            accepts=bool,
            default=True,
        ),
        "include_distribution_resources": ignored(_LOCATION, Because.EVERYTHING, bool, False),
        "include_file_resources": ignored(_LOCATION, Because.EVERYTHING, bool, False),
        "include_non_distribution_sources": Setting(
            does="`source-text = false` if `include_distribution_sources` is False as well",
            test="test_without_both_sources_there_is_no_source_text",
            accepts=bool,
            default=True,
        ),
        "include_test": Setting(
            does='`include = ["test"]` if it is True',
            test="test_tests_of_the_standard_library_are_included",
            accepts=bool,
            default=False,
        ),
        "resources_location": ignored(_LOCATION, Because.EVERYTHING, str, "in-memory"),
        "resources_location_fallback": ignored(_LOCATION, Because.EVERYTHING, str | None, None),
        "preferred_extension_module_variants": Setting(
            does="an empty dict",
            test="test_variants_of_extension_modules",
            accepts=dict,
            default={},
            assignable=False,
        ),
        "register_resource_callback": Method(
            does="the function is called for each module and file of the standard library, and of "
            "what is installed",
            test="test_callbacks_decide_what_is_included",
            function=_register_resource_callback,
        ),
        "set_preferred_extension_module_variant": Method(
            does=f"no effect: {Because.STATIC}",
            test="test_variants_of_extension_modules",
            because=Because.STATIC,
            function=_set_variant,
        ),
        "set_resource_handling_mode": Method(
            does='"files": `File` resources are made of what is installed, and no others',
            test="test_files_are_resources_only_if_asked_for",
            function=_set_mode,
        ),
    }
    host_type = host_type("PythonPackagingPolicy", rows)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.callbacks: list[Function] = []
