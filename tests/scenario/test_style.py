# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of tests/style.sh hold for the tree, and each of them can fail."""
import subprocess

import pytest

from harness import ROOT

ENTITY = "/* SPDX-License-Identifier: x */\nstruct entity {\n\tint x;\n};\nconst struct entity goal_entity = { 1 };\n"
GOOD = "/* SPDX-License-Identifier: GPL-3.0-or-later */\nint main(void)\n{\n\treturn 0;\n}\n"
BREACHES = {
    "layers": ("daemon/core/x.c", '#include "store/store.h"\n'),
    "layers-sideways": ("daemon/match/x.c", '#include "model/model.h"\n'),
    "layers-library": ("daemon/bus/x.c", "#include <sqlite3.h>\n"),
    "names": ("daemon/store/x.c", 'static const char *const x = "goal";\n'),
    "names-sql": ("daemon/bus/x.c", 'static const char *const x = "SELECT 1 FROM \\"goal\\"";\n'),
    "words": ("daemon/core/x.c", "void f(char *a, const char *b)\n{\n\tstrcpy(a, b);\n}\n"),
    "words-shell": ("clients/x.c", 'int f(void)\n{\n\treturn system("true");\n}\n'),
    "licence": ("daemon/core/x.c", None),
    "columns": ("daemon/core/x.c", "int x;" + " " * 170 + "int y;\n"),
    "columns-blanks": ("daemon/core/x.c", "int x; \n"),
    "format": ("daemon/core/x.c", "int f( void ) {\n    return 0; }\n"),
    "shell": ("tests/x.sh", "#!/bin/sh\n[ $1 = a ] && cd $2\n"),
    "tidy": ("daemon/core/x.c", "int f(int a);\nint f(int a)\n{\n\tif (a)\n\t\ta++;\n\t\ta++;\n\treturn a;\n}\n"),
}


def style(*args):
    return subprocess.run([str(ROOT / "tests/style.sh"), *map(str, args)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)


@pytest.mark.limit(600)
@pytest.mark.parametrize("check", ["layers", "names", "words", "licence", "columns", "format", "shell", "tidy"])
def test_the_tree_keeps(check):
    result = style(check)
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr


@pytest.fixture
def tree(scratch):
    for path, text in (("daemon/model/goal.c", ENTITY), ("daemon/main.c", GOOD), ("run", "#!/bin/sh\n# SPDX-License-Identifier: x\n")):
        (scratch / path).parent.mkdir(parents=True, exist_ok=True)
        (scratch / path).write_text(text)
    for room in ("daemon/core", "daemon/store", "daemon/bus", "daemon/match", "clients", "tests"):
        (scratch / room).mkdir(exist_ok=True)
    return scratch


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_found(tree, breach):
    check = breach.partition("-")[0]
    good = style("--tree", tree, check)
    assert good.returncode == 0, good.stdout + good.stderr
    path, text = BREACHES[breach]
    licence = "# SPDX-License-Identifier: x\n" if path.endswith(".sh") else "/* SPDX-License-Identifier: x */\n"
    (tree / path).write_text(GOOD.split("\n", 1)[1] if text is None else licence + text)
    bad = style("--tree", tree, check)
    assert bad.returncode == 1 and f"{path}:" in bad.stdout, bad.stdout + bad.stderr
    assert "breaches of the style" in bad.stderr


def test_an_unknown_check_is_an_error():
    assert style("no-such-check").returncode == 2
