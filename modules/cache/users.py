"""The users of Redis: one application user with IAM; the default user is disabled."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.elasticache_user import ElasticacheUser, ElasticacheUserAuthenticationMode
from cdktf_cdktf_provider_aws.elasticache_user_group import ElasticacheUserGroup
from constructs import Construct

from settings.naming import Naming

# All keys and channels, but no commands that delete, move or reconfigure the store (KEYS, FLUSHALL, MIGRATE, ...).
# INFO is in the same category, but clients use it to check whether the server is ready.
_APPLICATION_ACCESS = "on ~* &* +@all -@dangerous +info"
# A group must have a user named "default". This one is disabled and has no permissions, so it needs no password.
_NO_ACCESS = "off -@all"


class CacheUsers(Construct):
    """`name` is the user an application logs in as, `arn` what its role names, `group_id` the group of both users.

    There is no password. AWS requires that the id and the name of an IAM user are equal.
    """

    def __init__(self, scope: Construct, id_: str, *, names: Naming) -> None:
        super().__init__(scope, id_)
        self.name = names.name("redis-app")
        application = ElasticacheUser(
            self,
            "application",
            user_id=self.name,
            user_name=self.name,
            engine="redis",
            access_string=_APPLICATION_ACCESS,
            authentication_mode=ElasticacheUserAuthenticationMode(type="iam"),
        )
        default = ElasticacheUser(
            self,
            "default",
            user_id=names.name("redis-default"),
            user_name="default",
            engine="redis",
            access_string=_NO_ACCESS,
            # Not authentication_mode: "no-password-required" is read back as "no-password", a change in every plan.
            # https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_Authentication.html
            no_password_required=True,
        )
        group = ElasticacheUserGroup(
            self,
            "group",
            user_group_id=names.name("redis"),
            engine="redis",
            user_ids=[application.user_id, default.user_id],
        )
        self.arn = application.arn
        self.group_id = group.user_group_id
