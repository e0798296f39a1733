"""Alternating users in the database: made, shared, repaired."""

from __future__ import annotations

import pytest
from psycopg2 import sql

from rotation import errors
from rotation.secret import parse_secret
from rotation_support.cases import as_master, refused_rotation
from rotation_support.world import DATABASE, STEPS, Case, World


def test_first_rotation_makes_group_logins_and_schema(any_world: World) -> None:
    case = any_world.alternating()
    first = case.rotate()
    group = first["role"]
    assert any_world.execute(f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{group}'") == [(False,)]
    owner = f"SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = '{group}'"
    assert any_world.query(first, owner) == [(group,)]
    assert any_world.query(first, "SHOW search_path") == [('"$user", public',)]
    any_world.query(first, "CREATE TABLE made_in_own_schema (id int)")
    assert any_world.query(first, "SELECT to_regclass('made_in_own_schema')::regclass::text")
    logins = any_world.execute(
        "SELECT rolname, rolcanlogin, rolpassword IS NULL FROM pg_authid"
        f" WHERE rolname LIKE '{group[:-6]}_%' ORDER BY 1"
    )
    assert logins == [
        (first["usernames"][0], True, False),
        (first["usernames"][1], True, True),
        (group, False, True),
    ]


def test_table_of_one_login_is_usable_under_the_other(any_world: World) -> None:
    case = any_world.alternating()
    first = case.rotate()
    any_world.query(first, "CREATE TABLE notes (id int, owner name DEFAULT current_user)")
    any_world.query(first, "INSERT INTO notes VALUES (1)")
    any_world.query(first, "ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
    any_world.query(first, "ALTER TABLE notes FORCE ROW LEVEL SECURITY")
    any_world.query(first, "CREATE POLICY own ON notes USING (owner = current_user)")
    second = case.rotate()
    assert any_world.query(second, "SELECT id FROM notes") == [(1,)]
    any_world.query(second, "INSERT INTO notes VALUES (2)")
    any_world.query(second, "ALTER TABLE notes ADD COLUMN more int")
    assert any_world.query(first, "SELECT count(*) FROM notes") == [(2,)]


def test_default_privileges_set_under_one_login_hold_under_the_other(world: World) -> None:
    case = world.alternating()
    first = case.rotate()
    world.query(first, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
    second = case.rotate()
    world.query(second, "CREATE TABLE open (id int)")
    name = f"{second['role']}.open"
    assert world.query(first, f"SELECT has_table_privilege('{world.master.name}', '{name}', 'SELECT')") == [(True,)]


def test_grants_to_the_group_hold_for_both_logins(world: World) -> None:
    case = world.alternating()
    first = case.rotate()
    group = first["role"]
    world.server.execute(f"CREATE TABLE public.shared_{group} AS SELECT 42 AS answer", dbname=DATABASE)
    world.server.execute(f"GRANT SELECT ON public.shared_{group} TO {group}", dbname=DATABASE)
    second = case.rotate()
    for document in (first, second):
        assert world.query(document, f"SELECT answer FROM public.shared_{group}") == [(42,)]


def test_settings_and_limits_of_the_logins_survive(world: World) -> None:
    case = world.alternating()
    names = case.rotate()["usernames"]
    for name in names:
        world.alter(name, "SET search_path = pg_catalog, public")
        world.alter(name, "SET default_transaction_read_only = on")
        world.alter(name, "CONNECTION LIMIT 7")
    for _ in range(3):
        current = case.rotate()
        assert world.query(current, "SHOW search_path") == [("pg_catalog, public",)]
        assert world.query(current, "SHOW default_transaction_read_only") == [("on",)]
    limits = world.execute("SELECT rolname FROM pg_roles WHERE rolconnlimit = 7 ORDER BY 1")
    assert limits == [(name,) for name in names]


def test_single_user_with_settings_that_would_hinder(world: World) -> None:
    case = world.single()
    name = case.current()["username"]
    world.execute(f"CREATE ROLE {name}_other NOLOGIN")
    world.execute(f"GRANT {name}_other TO {name}")
    world.alter(name, f"SET role = {name}_other")
    world.alter(name, "SET default_transaction_read_only = on")
    assert world.works(case.rotate())


def test_previous_login_works_until_the_next_flip(any_world: World) -> None:
    case = any_world.alternating()
    first, second = case.rotate(), case.rotate()
    assert any_world.works(first)
    third = case.rotate()
    assert not any_world.works(first)
    assert any_world.works(second)
    assert any_world.works(third)


DAMAGE = {
    "without membership": "REVOKE {group} FROM {login}",
    "NOLOGIN": "ALTER ROLE {login} NOLOGIN",
    "NOINHERIT": "ALTER ROLE {login} NOINHERIT",
    "expired": "ALTER ROLE {login} VALID UNTIL '2001-01-01'",
    "without its role setting": "ALTER ROLE {login} RESET role",
    "with another role setting": "ALTER ROLE {login} SET role = none",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_login_is_repaired(any_world: World, damage: str) -> None:
    case = any_world.alternating()
    current = case.rotate()
    _damage(case, damage)
    after = case.rotate()
    login = current["usernames"][1]
    assert any_world.query(after, "SELECT session_user, current_user") == [(login, current["role"])]


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_login_damaged_after_set_is_repaired_by_the_replay(world: World, damage: str) -> None:
    case = world.alternating()
    current = case.rotate()
    case.begin()
    case.steps("createSecret", "setSecret")
    _damage(case, damage)
    case.steps(*STEPS)
    login = current["usernames"][1]
    assert world.query(case.current(), "SELECT session_user, current_user") == [(login, current["role"])]


def _damage(case: Case, damage: str) -> None:
    document = case.current()
    group, login = sql.Identifier(document["role"]), sql.Identifier(document["usernames"][1])
    as_master(case.world, sql.SQL(damage).format(group=group, login=login))


def test_first_rotation_with_a_login_that_exists(any_world: World) -> None:
    """A single user that becomes one of two: it is repaired, not replaced."""
    case = any_world.alternating()
    login = case.current()["usernames"][0]
    any_world.create_login(login, "password-of-before", "NOINHERIT VALID UNTIL '2001-01-01' CONNECTION LIMIT 9")
    first = case.rotate()
    assert any_world.query(first, "SELECT current_user") == [(first["role"],)]
    assert any_world.execute(f"SELECT rolconnlimit FROM pg_roles WHERE rolname = '{login}'") == [(9,)]


def test_setting_of_one_database_that_names_another_role_is_reported(world: World) -> None:
    case = world.alternating()
    current = case.rotate()
    login = current["usernames"][1]
    world.execute(f"ALTER ROLE {login} IN DATABASE {DATABASE} SET role = 'none'")
    message = "has the setting role = none, not "
    with pytest.raises(errors.RoleStateError, match=message):
        world.handle({"preflight": {"SecretId": case.arn}})
    refused_rotation(case, errors.RoleStateError, message)
    # Made after setSecret, only a login shows it.
    world.execute(f"ALTER ROLE {login} IN DATABASE {DATABASE} RESET role")
    case.step("setSecret")
    world.execute(f"ALTER ROLE {login} IN DATABASE {DATABASE} SET role = 'none'")
    for step in STEPS[2:]:
        with pytest.raises(errors.RoleStateError, match=f"has the role {login}, not "):
            case.step(step)
    assert case.current() == current


def test_membership_lost_before_finish_is_not_promoted(world: World) -> None:
    case = world.alternating()
    current = case.rotate()
    case.begin()
    case.steps(*STEPS[:3])
    world.execute(f"ALTER ROLE {current['usernames'][1]} RESET role")
    as_master(world, sql.SQL(f"REVOKE {current['role']} FROM {current['usernames'][1]}"))
    with pytest.raises(errors.RoleStateError, match="does not inherit the privileges"):
        case.step("finishSecret")
    assert case.current() == current


def test_login_that_answers_for_another_user_is_refused(world: World) -> None:
    """A user-name map or a proxy could log one in as someone else."""
    from rotation.checks import check_identity

    class Elsewhere:
        def run(self, *_: object, **__: object) -> list[tuple[str, str]]:
            return [("somebody", "somebody")]

    case = world.single()
    text = world.secrets_manager.value(case.arn, "AWSCURRENT")
    with pytest.raises(errors.RoleStateError, match="logged in as somebody instead of"):
        check_identity(Elsewhere(), parse_secret(text, "AWSCURRENT"))  # type: ignore[arg-type]


def test_roles_dropped_after_the_first_rotation_are_not_made_again(world: World) -> None:
    case = world.alternating()
    current = case.rotate()
    world.execute(f"DROP ROLE {current['usernames'][1]}")
    refused_rotation(case, errors.RoleStateError, "does not exist any more")
