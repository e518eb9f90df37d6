"""What can be told of the frozen importer without running it."""

import ast
from pathlib import Path

import obelisk

RUNTIME = Path(obelisk.__file__).parent / "runtime/frozen"


def assigned(file, name):
    """The node of what is assigned to a name at the top of a file."""
    for node in ast.parse((RUNTIME / file).read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return node.value
    raise LookupError(name)


def test_the_importer_knows_all_adaptations():
    """It has only the names: the adaptations are loaded with the first module that needs one."""
    names = ast.literal_eval(assigned("importer.py", "_ADAPTED").args[0])
    keys = [key.value for key in assigned("adaptations.py", "ADAPTATIONS").keys]
    assert list(names) == keys == sorted(keys)
