"""What a construct is given stays readable: what travels together is one value (`modules.common.place.Place`)."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST = 8


def test_no_constructor_takes_more_than_eight_parameters_besides_scope_and_id() -> None:
    found = {}
    for file in (*(ROOT / "modules").rglob("*.py"), *(ROOT / "stacks").glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for class_ in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
            for method in class_.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    names = [argument.arg for argument in (*method.args.args, *method.args.kwonlyargs)]
                    found[f"{file.name}: {class_.name}"] = len(set(names) - {"self", "scope", "id_"})

    assert len(found) > 30
    assert {name: count for name, count in found.items() if count > MOST} == {}
