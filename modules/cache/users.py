"""Who may enter Redis: one application user with IAM, and nobody by default."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.elasticache_user import ElasticacheUser, ElasticacheUserAuthenticationMode
from cdktf_cdktf_provider_aws.elasticache_user_group import ElasticacheUserGroup
from constructs import Construct

from settings.naming import Naming

# Every key and channel, but not what empties, moves or reconfigures the store (KEYS, FLUSHALL, MIGRATE, CONFIG, ...).
# INFO counts as dangerous too, yet clients ask it whether the server is ready.
_APPLICATION_ACCESS = "on ~* &* +@all -@dangerous +info"
# A group must have a user named "default"; this one is off and can do nothing, so it needs no password either.
_NO_ACCESS = "off -@all"


class CacheUsers(Construct):
    """`name` is the user an application logs in as, `arn` what its role names, `group_id` the group of both users.

    No password exists. AWS wants the id and the name of an IAM user to be equal.
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
            # Not as a mode: "no-password-required" is read back as "no-password", and every plan would change it.
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
