"""Rotation of database credentials: function, secret, access and schedule."""

from modules.rotation.access import RotationPath, RotationPermissions
from modules.rotation.function import CodePackage, RotationFunction
from modules.rotation.schedule import RotationWatch, SecretRotation
from modules.rotation.secret import ApplicationSecret, MasterSecretPolicy

__all__ = [
    "ApplicationSecret",
    "CodePackage",
    "MasterSecretPolicy",
    "RotationFunction",
    "RotationPath",
    "RotationPermissions",
    "RotationWatch",
    "SecretRotation",
]
