"""The embedded platform: servers that run on this machine so that nothing needs an AWS account."""
