"""The contract with Secrets Manager: steps, tokens, stages, faults in between."""

from __future__ import annotations

from rotation_support.world import World


def test_empty_pending_four_steps_alternating(any_world: World) -> None:
    case = any_world.alternating(**{"extra": {"kept": True}})
    first = case.rotate()
    second = case.rotate()
    assert first["username"] == second["usernames"][0]
    assert second["username"] == second["usernames"][1]
    assert second["extra"] == {"kept": True}
    assert any_world.works(first)
    assert any_world.works(second)


def test_empty_pending_four_steps_single(any_world: World) -> None:
    case = any_world.single()
    before = case.current()
    after = case.rotate()
    assert after["kept"] == before["kept"]
    assert any_world.works(after)
    assert not any_world.works(before)
