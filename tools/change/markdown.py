"""The page as Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.change import difference
from tools.change.findings import TITLES, FindingKind, ReviewFinding
from tools.change.page import COLUMNS, LOSS, Page, remark
from tools.change.plans import Action, Change, StackPlan
from tools.change.values import Attribute

# GitHub takes 65,536 characters.
MOST_CHARACTERS = 60_000
_CUT = "\n_The rest is cut off here; the HTML page has all of it._\n"
_SIGNS = {
    Action.CREATED: "+",
    Action.CHANGED: "~",
    Action.REPLACED: "±",
    Action.DESTROYED: "-",
    Action.MOVED: "→",
    Action.IMPORTED: "←",
    Action.FORGOTTEN: "…",
}


def render(page: Page, *, most: int = MOST_CHARACTERS) -> str:
    """Verdict, findings, summary, then the details of each stack while there is room."""
    text = "\n".join(_head(page))
    room = most - len(_CUT)
    if len(text) > room:
        return text[:room].rsplit("\n", 1)[0] + _CUT
    for plan in page.plans:
        details = "\n".join(_details(plan))
        if len(text) + len(details) > room:
            return text + _CUT
        text += details
    return text


def _head(page: Page) -> Iterator[str]:
    mark = {0: "✅", LOSS: "🛑"}.get(page.exit_code, "❌")
    yield f"## {page.title}: {_plain(page.environment)}\n"
    yield f"{mark} **{_plain(page.verdict)}**\n"
    yield f"{_plain(page.subject)}\n"
    for kind in FindingKind:
        found = page.of(kind)
        if found:
            yield f"### {TITLES[kind]}\n"
            yield from map(_finding, found)
            yield ""
    for plan in page.failed:
        yield f"### {_plain(plan.name)} fails\n"
        yield from (_fenced(error) for error in plan.errors)
        yield ""
    if page.unused:
        yield f"Allowed, and not needed: {', '.join(map(_code, page.unused))}\n"
    yield "| stack | " + " | ".join(COLUMNS) + " | |"
    yield "|---" + "|--:" * len(COLUMNS) + "|---|"
    for plan in page.plans:
        counts = " | ".join(str(plan.count(action) or "") for action in COLUMNS)
        yield f"| {_plain(plan.name)} | {counts} | {_cell(_plain(remark(plan)))} |"
    yield ""


def _finding(finding: ReviewFinding) -> str:
    mark = "🔴 " if finding.is_red else "☑️ allowed: " if finding.allowed else ""
    lines = [f"- {mark}{_code(finding.address)} ({_plain(finding.stack)}): {_plain(finding.says)}"]
    lines += [f"  - more: {_code(line)}" for line in finding.more]
    lines += [f"  - less: {_code(line)}" for line in finding.less]
    return "\n".join(lines)


def _details(plan: StackPlan) -> Iterator[str]:
    if not plan.changes and not plan.outputs:
        return
    yield f"\n<details><summary>{_plain(plan.name)}: {len(plan.changes)} resources</summary>\n"
    for change in plan.changes:
        yield from _change(change, drifted=change.address in plan.drifted)
    for output in plan.outputs:
        yield f"- {_SIGNS[output.action]} output {_code(output.name)} {output.action}"
    yield "\n</details>\n"


def _change(change: Change, *, drifted: bool) -> Iterator[str]:
    moved = f", formerly {_code(change.previous_address)}" if change.previous_address else ""
    outside = ", changed outside of Terraform" if drifted else ""
    cause = f": {_plain(change.cause)}" if change.cause else ""
    yield f"- {_SIGNS[change.action]} {_code(change.address)} {change.action}{moved}{outside}{cause}"
    if change.action in (Action.CHANGED, Action.REPLACED, Action.IMPORTED):
        lines = [line for attribute in change.telling for line in _attribute(attribute)]
        if lines:
            yield "\n".join(f"  {line}" for line in _fenced("\n".join(lines), "diff").splitlines())


def _attribute(attribute: Attribute) -> Iterator[str]:
    forces = "  # forces replacement" if attribute.forces_replacement else ""
    if difference.is_long(attribute.before, attribute.after):
        yield f"@@ {attribute.path}{forces} @@"
        yield from (f"{line.sign} {line.text}" for line in difference.lines(attribute.before, attribute.after))
        return
    if attribute.before is not None:
        yield f"- {attribute.path} = {attribute.before}{forces}"
    if attribute.after is not None:
        yield f"+ {attribute.path} = {attribute.after}{forces}"


def _code(text: str) -> str:
    """Inline code that no backtick in it can end."""
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{padding}{' '.join(text.split())}{padding}{ticks}"


def _fenced(text: str, language: str = "") -> str:
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _plain(text: str) -> str:
    """Text that is neither HTML nor markup nor the mention of a person."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b")
    return re.sub(r"([\\`*_\[\]#|])", r"\\\1", escaped)


def _cell(text: str) -> str:
    return " ".join(text.split())
