"""What bootstrap creates: state bucket, image repository, and the resources that an account has once."""

from modules.account.api_gateway import ApiGatewayAccountRole
from modules.account.boundary import PlatformBoundary
from modules.account.deploy_roles import DeployRoles
from modules.account.image_repository import ImageRepository
from modules.account.state_backend import StateBucket

__all__ = [
    "ApiGatewayAccountRole",
    "DeployRoles",
    "ImageRepository",
    "PlatformBoundary",
    "StateBucket",
]
