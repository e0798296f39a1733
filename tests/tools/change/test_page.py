"""The page: its verdict and exit code, and its four forms."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from plan_documents import change, output, plan
from rich.console import Console

from tools.change import page, render
from tools.change.findings import FindingKind, ReviewFinding
from tools.change.page import Page
from tools.change.plans import StackPlan, read
from tools.synthesized.errors import INTERRUPTED, SynthesisError
from tools.synthesized.paths import ROOT

_HOSTILE = "<script src=//evil.example></script>"
_ADDED = ReviewFinding(
    FindingKind.UNMANAGED,
    "iot-dev-data",
    "aws_security_group.a",
    "aws_vpc_security_group_ingress_rule sgr-1: in no state",
)
_LOST = change("aws_rds_cluster.a", "delete", before={"cluster_identifier": "a"})
_REFUSAL = "Instance cannot be destroyed: Resource aws_vpc.main has lifecycle.prevent_destroy set, but"


def _page(*plans: StackPlan, **options: Any) -> Page:
    return page.make(
        "Rehearsal", environment="iot-dev", subject="main → working tree", plans=plans, **{"reads": {}, **options}
    )


def _hostile() -> Page:
    policies = [json.dumps({"Statement": [{"Effect": "Allow", "Action": name}]}) for name in ("a:b", _HOSTILE)]
    return _page(
        plan(
            change("aws_sns_topic.a", "update", before={"name": "a"}, after={"name": f"{_HOSTILE}`@someone"}),
            change("aws_iam_role_policy.a", "update", before={"policy": policies[0]}, after={"policy": policies[1]}),
            change(
                "aws_vpc.a",
                "delete",
                "create",
                before={"cidr_block": "a"},
                after={"cidr_block": _HOSTILE},
                replace_paths=[["cidr_block"]],
            ),
            url=output("create", after=f"https://example.com/{_HOSTILE}"),
        ),
        read("iot-dev-api", None, errors=[_HOSTILE], note=_HOSTILE),
    )


@pytest.mark.parametrize(
    ("made", "code", "verdict"),
    [
        (_page(plan()), 0, "Nothing changes"),
        (_page(plan(change("aws_vpc.a", "create", after={"x": 1}))), 0, "Nothing stateful is lost; 1 resource in one"),
        (_page(plan(_LOST)), 3, "Something stateful would be lost: aws_rds_cluster.a"),
        (_page(plan(_LOST), allow=["aws_rds_cluster.a"]), 0, "Nothing stateful is lost"),
        (_page(plan(_LOST), allow=["aws_rds_cluster.b"]), 3, "Something stateful would be lost"),
        (_page(read("iot-dev-api", None, errors=["Unsupported attribute"])), 1, "Fails in iot-dev-api"),
        (_page(read("iot-dev-network", None, errors=[_REFUSAL])), 3, "Something stateful would be lost: aws_vpc.main"),
        (_page(plan(a=output("delete", before=1)), reads={"b": {("iot-dev-data", "a")}}), 1, "An output disappears"),
        (_page(plan(), drift=True), 0, "No drift"),
        (
            _page(plan(change("aws_vpc.a", "update", before={"x": 1}, after={"x": 2})), drift=True),
            4,
            "Drift: 1 resource",
        ),
        (_page(read("iot-dev-api", None, errors=["no credentials"]), drift=True), 1, "Fails in iot-dev-api"),
        (_page(plan(), drift=True, unmanaged=[_ADDED]), 4, "Drift: 1 added outside of Terraform"),
        (
            _page(
                plan(change("aws_vpc.a", "update", before={"x": 1}, after={"x": 2})), drift=True, unmanaged=[_ADDED] * 2
            ),
            4,
            "Drift: 1 resource in one stack, 2 added outside of Terraform",
        ),
        (
            _page(read("iot-dev-api", None, errors=["no credentials"]), drift=True, unmanaged=[_ADDED]),
            4,
            "Drift: 1 added outside of Terraform",
        ),
    ],
)
def test_verdict_and_exit_code(made: Page, code: int, verdict: str) -> None:
    assert made.exit_code == code
    assert made.verdict.startswith(verdict)


def test_every_exit_code_is_another_one_and_in_the_table_of_the_page() -> None:
    codes = [page.FINE, page.FAILURE, SynthesisError.exit_code, page.LOSS, page.DRIFT, INTERRUPTED]
    _, _, table = (ROOT / "docs" / "review.md").read_text(encoding="utf-8").partition("| exit code |")

    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table.partition("\n\n")[0], re.MULTILINE)] == sorted(
        codes
    )
    assert len(set(codes)) == len(codes)


def test_a_long_verdict_counts_the_rest() -> None:
    lost = plan(*(change(f"aws_vpc.{letter}", "delete", before={"x": letter}) for letter in "abcde"))

    assert _page(lost).verdict.endswith("aws_vpc.a, aws_vpc.b, aws_vpc.c and 2 more")


def test_an_allowed_address_that_loses_nothing_is_named() -> None:
    assert _page(plan(_LOST), allow=["aws_rds_cluster.a", "aws_vpc.old"]).unused == ("aws_vpc.old",)


def test_every_form_names_what_was_added_outside_of_terraform() -> None:
    made = _page(plan(), drift=True, unmanaged=[_ADDED])
    console = Console(record=True, width=200, file=io.StringIO())
    render.show(made, console)

    (finding,) = json.loads(page.to_json(made))["findings"]
    assert (finding["kind"], finding["address"], finding["red"]) == ("unmanaged", "aws_security_group.a", True)
    for text in (render.html(made), render.markdown(made), console.export_text()):
        assert "Added outside of Terraform" in text
        assert "sgr-1: in no state" in text.replace("\\_", "_")


class _Outside(HTMLParser):
    """Collects the tags, and every attribute that could load or lead somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.references: list[str] = []
        self.styles: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._in_style = tag == "style"
        self.references += [name for name, _ in attrs if name not in ("class", "lang", "charset", "name", "content")]

    def handle_data(self, data: str) -> None:
        self.styles += [data] if self._in_style else []
        self._in_style = False


def test_the_html_page_refers_to_nothing_outside_and_runs_nothing() -> None:
    seen = _Outside()
    seen.feed(render.html(_hostile()))

    assert not seen.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "a", "form"}
    assert set(seen.references) <= {"open", "colspan"}
    assert seen.styles
    assert not any(word in style for style in seen.styles for word in ("url(", "@import", "@font-face"))


def test_values_of_others_are_escaped_in_html_and_markdown() -> None:
    made = _hostile()

    assert _HOSTILE not in render.html(made)
    text = render.markdown(made)
    without_code = re.sub(r"`[^`\n]*`", "", re.sub(r"(?m)^ *(`{3,}).*?^ *\1$", "", text, flags=re.DOTALL))
    assert "<script" in text
    assert "<script" not in without_code
    assert "@someone" not in without_code


def test_markdown_fits_a_comment_and_keeps_what_is_dangerous() -> None:
    long = "a" * 99
    many = [change(f"aws_sns_topic.t{number}", "update", before={"x": long}, after={}) for number in range(999)]
    made = _page(plan(*many), plan(_LOST, stack="iot-dev-last"))

    text = render.markdown(made)

    assert len(text) <= render.MOST_CHARACTERS
    assert "🔴 `aws_rds_cluster.a`" in text
    assert "cut off" in text


def test_even_findings_alone_are_cut_to_a_comment() -> None:
    lost = plan(*(change(f"aws_vpc.v{number}", "delete", before={"x": number}) for number in range(2000)))

    assert len(render.markdown(_page(lost))) <= render.MOST_CHARACTERS


def test_a_fence_is_longer_than_any_in_the_value() -> None:
    made = _page(plan(change("aws_sns_topic.a", "update", before={"x": "a"}, after={"x": "```\n# heading"})))

    assert "````diff" in render.markdown(made)


def test_json_says_it_all_to_machines() -> None:
    said = json.loads(page.to_json(_page(plan(_LOST, arn=output("delete", before="arn")))))

    assert (said["exit_code"], said["findings"][0]["red"]) == (3, True)
    (stack,) = said["stacks"]
    assert stack["counts"] == {"destroyed": 1}
    assert stack["changes"][0]["attributes"] == [
        {"path": "cluster_identifier", "before": "a", "after": None, "forces_replacement": False}
    ]
    assert stack["outputs"][0]["name"] == "arn"
    assert not {"before", "after"} & stack["changes"][0].keys()


def test_the_terminal_shows_findings_stacks_and_verdict() -> None:
    console = Console(width=120, record=True, file=None, quiet=False)
    with console.capture() as capture:
        render.show(_page(plan(_LOST), read("iot-dev-api", None, note="unchanged [as ever]")), console)

    said = capture.get()
    assert "Lost: its data" in said
    assert "unchanged [as ever]" in said
    assert "Something stateful would be lost" in said


_AWS = "arn:aws:secretsmanager:eu-west-1:1:secret:x [red]:boom:[/] [link=a]"


def test_no_text_of_aws_terraform_or_a_file_is_markup_in_the_terminal() -> None:
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": _AWS}]})
    made = page.make(
        f"Rehearsal {_AWS}",
        environment=_AWS,
        subject="",
        plans=[
            plan(
                change("aws_iam_role_policy.a", "create", after={"policy": policy}),
                change("aws_iam_role_policy.b", "delete", before={"policy": policy.replace("a:b", "a:c")}),
                change(f"aws_vpc.{_AWS}", "delete", before={"x": 1}),
            ),
            read(f"stack {_AWS}", None, errors=[f"error {_AWS} \x1b[31m\x9b2J"], note=f"note {_AWS}"),
        ],
        reads={},
        allow=[f"allowed {_AWS}"],
    )
    console = Console(width=500, force_terminal=True, color_system=None)
    with console.capture() as capture:
        render.show(made, console)

    said = capture.get()
    for text in ("Rehearsal ", "a:b on ", "a:c on ", "aws_vpc.", "stack ", "error ", "note ", "allowed "):
        assert f"{text}{_AWS}" in said, text
    assert said.splitlines()[-1] == f"Something stateful would be lost: aws_vpc.{_AWS}; fails in stack {_AWS}"
    assert "\x9b" not in said
    assert "\x1b[31m" not in said


def test_a_permission_and_a_difference_do_not_use_one_sign_in_two_colours() -> None:
    """`+` is a line that comes, and green; what is allowed more or less is said in words."""
    before, after = (json.dumps({"Statement": [{"Effect": "Allow", "Action": name}]}) for name in ("a:b", "a:c"))
    made = _page(plan(change("aws_iam_role_policy.a", "update", before={"policy": before}, after={"policy": after})))
    console = Console(width=200, force_terminal=True, color_system="standard")
    with console.capture() as capture:
        render.show(made, console)

    said = re.sub(r"\x1b\[[0-9;]*m", "", capture.get())
    assert re.search("more: a:c .*\n.*less: no longer a:b ", said)
    (style,) = re.findall(r"<style>(.*?)</style>", render.html(made), re.DOTALL)
    assert re.findall(r'([.]\w+)::before { content: "([^"]*)"', style) == [
        (".more", "more: "),
        (".less", "less: "),
    ]
    assert ".finding.red .more { color: var(--red); }" in style
    assert not re.search(r"^\.(more|less) {", style, re.MULTILINE)
