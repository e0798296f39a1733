"""A scan of nothing, of less than there is, or of what cannot be read never passes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from all_environments import FULL

from tools.scan import scanners
from tools.scan.__main__ import main
from tools.synthesized.errors import SynthesisError
from tools.synthesized.platform import Platform, read_all

_STACK = "stacks/iot-dev-data/cdk.tf.json"


def _nothing(outdir: Path) -> None:
    shutil.rmtree(outdir)


def _empty(outdir: Path) -> None:
    shutil.rmtree(outdir)
    outdir.mkdir()


def _without_manifest(outdir: Path) -> None:
    (outdir / "manifest.json").unlink()


def _manifest_of_nothing(outdir: Path) -> None:
    (outdir / "manifest.json").write_text('{"stacks": {}}')


def _broken_json(outdir: Path) -> None:
    (outdir / _STACK).write_text((outdir / _STACK).read_text()[:-20])


def _a_list(outdir: Path) -> None:
    (outdir / _STACK).write_text("[]")


def _without_resources(outdir: Path) -> None:
    content = json.loads((outdir / _STACK).read_text())
    del content["resource"]
    (outdir / _STACK).write_text(json.dumps(content))


def _without_stack(outdir: Path) -> None:
    shutil.rmtree((outdir / _STACK).parent)


def remove(outdir: Path, environment: str) -> None:
    manifest = json.loads((outdir / "manifest.json").read_text())
    manifest["stacks"] = {id_: stack for id_, stack in manifest["stacks"].items() if environment not in id_}
    (outdir / "manifest.json").write_text(json.dumps(manifest))
    for folder in (outdir / "stacks").glob(f"*{environment}*"):
        shutil.rmtree(folder)


def _without_environment(outdir: Path) -> None:
    remove(outdir, "iot-dev")


def _file_beside(name: str) -> Callable[[Path], None]:
    def spoil(outdir: Path) -> None:
        (outdir / "stacks" / "iot-dev-data" / name).write_text("x")

    return spoil


def _linked(outdir: Path) -> None:
    file = outdir / "stacks" / "iot-dev-data" / "cdk.tf.json"
    file.replace(outdir / "elsewhere.json")
    file.symlink_to(outdir / "elsewhere.json")


def _resources_twice(outdir: Path) -> None:
    """Python takes the last, and Terraform both."""
    file = outdir / "stacks" / "iot-dev-data" / "cdk.tf.json"
    file.write_text('{"resource": {"aws_iam_user": {"x": {}}}, ' + file.read_text().lstrip()[1:])


def _in_another_folder(outdir: Path) -> None:
    file = outdir / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["stacks"]["iot-dev-data"]["workingDirectory"] = "stacks/elsewhere"
    file.write_text(json.dumps(manifest))


def _another_zip(outdir: Path) -> None:
    next((outdir / "stacks" / "iot-dev-rotation").rglob("*.zip")).write_bytes(b"evil")


def _without_zip(outdir: Path) -> None:
    next((outdir / "stacks" / "iot-dev-rotation").rglob("*.zip")).unlink()


def _another_state(outdir: Path) -> None:
    file = outdir / "stacks" / "iot-dev-data" / ".terraform" / "environment"
    file.parent.mkdir()
    file.write_text("elsewhere")


def _of_no_environment(outdir: Path) -> None:
    file = outdir / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["stacks"]["evil-prod-data"] = {}
    file.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        *(
            (_file_beside(name), "was not synthesized")
            for name in ("x.tf", "x_override.tf.json", "terraform.tfvars", "terraform.tfstate")
        ),
        (_linked, "was not synthesized"),
        (_another_zip, "is not the file whose hash the JSON has"),
        (_without_zip, "is not the file whose hash the JSON has"),
        (_another_state, "chooses another state"),
        (_resources_twice, "it has resource twice"),
        (_in_another_folder, "in another folder"),
        (_of_no_environment, "of no environment that has a file"),
        (_nothing, "run: make synth"),
        (_empty, "run: make synth"),
        (_without_manifest, "run: make synth"),
        (_manifest_of_nothing, "has no stack of"),
        (_broken_json, "is not valid JSON"),
        (_a_list, "is not a JSON object"),
        (_without_resources, "has no resources"),
        (_without_stack, "cannot be read"),
        (_without_environment, "has no stack of iot-dev"),
    ],
)
def test_it_is_refused_with_one_line(
    app_outdir: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None],
    message: str,
) -> None:
    outdir = tmp_path / "cdktf.out"
    shutil.copytree(app_outdir, outdir)
    remove(outdir, FULL)
    spoil(outdir)

    assert main(["--outdir", str(outdir)]) == 2

    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


def test_a_report_that_cannot_be_written_is_said_before_the_scan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.scan.__main__.read_all", lambda _: pytest.fail("it was read"))

    assert main(["--json", "/proc/nobody/scan.json"]) == 2

    assert capsys.readouterr().err == (
        "scan: /proc/nobody/scan.json: /proc cannot be written (No such file or directory); "
        "make it a folder that you may write to\n"
    )


def test_stacks_of_an_earlier_synthesis_are_left_out(app_outdir: Path, tmp_path: Path) -> None:
    # GIVEN folders of a short-lived copy and of an environment that is gone, which no manifest names
    outdir = tmp_path / "cdktf.out"
    shutil.copytree(app_outdir, outdir)
    remove(outdir, FULL)
    before = [platform.stacks for platform in read_all(outdir)]
    for left in ("iot-dev-pr-12-data", "gone-dev-network"):
        (outdir / "stacks" / left).mkdir()
        (outdir / "stacks" / left / "cdk.tf.json").write_text("not even JSON")

    # THEN what is scanned is what has just been synthesized
    assert [platform.stacks for platform in read_all(outdir)] == before


def _answer(platform: Platform, **changes: Any) -> dict[str, Any]:
    seen = {s: [r.id for r in platform.resources if r.stack == s] for s in platform.stacks}
    return {"seen": seen, "unreadable": [], "findings": [], "documents": [], **changes}


def test_checkov_must_have_seen_every_resource(production: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = _answer(production)
    gone = answer["seen"]["globecart-prod-data"].pop()
    monkeypatch.setattr(scanners, "ask", lambda folder, texts: answer)

    with pytest.raises(SynthesisError, match=f"not seen 1 resources of globecart-prod-data: {gone}"):
        scanners.run([production])


def test_checkov_must_have_read_every_file(production: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = _answer(production, unreadable=["/globecart-prod-data/cdk.tf.json"])
    monkeypatch.setattr(scanners, "ask", lambda folder, texts: answer)

    with pytest.raises(SynthesisError, match="cannot read"):
        scanners.run([production])


def test_a_complete_answer_is_taken(production: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanners, "ask", lambda folder, texts: _answer(production))

    assert scanners.run([production]) == []


def test_scanners_that_are_not_installed_are_an_error(
    production: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanners, "_INTERPRETER", tmp_path / "python")

    with pytest.raises(SynthesisError, match="make setup-scan"):
        scanners.run([production])
