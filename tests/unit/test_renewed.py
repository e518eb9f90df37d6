"""Variables that a process has anew which goes on from a snapshot, in the linker's map."""

import pytest

from obelisk.errors import ToolError
from obelisk.runtime.linkmap import variables

MAP = """\
             VMA              LMA     Size Align Out     In      Symbol
         1400000          1400000     2000    16 .bss
         1400010          1400010     1000     1         /root/objects/045-copies_folder.o:(.bss.own_folder)
         1401010          1401010        4     4         /root/objects/045-copies_folder.o:(.bss.owner)
         1401010          1401010        4     1                 owner
         1401014          1401014        4     4         /sysroot/lib/libother.a(src_owner.c.o):(.bss.owner)
         1401018          1401018       40     8         /sysroot/lib/libffi.a(src_tramp.c.o):(.bss.tramp_globals)
         1402000          1402000       80    64         /sysroot/lib/libmimalloc.a(src_static.c.o):(.data.cache)
"""  # noqa: E501 - as the linker writes it


def test_variables_are_found_by_their_files():
    names = {"copies_folder": ("owner", "own_folder"), "tramp": ("tramp_globals",)}
    assert variables(MAP, names) == [(0x1400010, 0x1000), (0x1401010, 4), (0x1401018, 0x40)]


def test_variables_with_initial_values_are_found_where_they_are_asked_for():
    names = {"copies_folder": ("owner",), "static": ("cache",)}
    assert variables(MAP, names, ("bss", "data")) == [(0x1401010, 4), (0x1402000, 0x80)]
    with pytest.raises(ToolError, match=r"no variable `cache` of static\.c"):
        variables(MAP, names)


def test_a_library_may_have_been_left_out():
    assert variables(MAP, {"closures": ("open_temp_exec_file_opts_idx",)}) == []


def test_a_variable_that_is_called_otherwise_now_is_missed():
    with pytest.raises(ToolError, match=r"no variable `globals` of tramp\.c"):
        variables(MAP, {"tramp": ("globals",)})
