"""How to look beyond a refusal: what the embedded AWS protects because it is in use, and how to let go of it."""

TAG = "embedded-aws:given-up"
"""With this tag on a VPC, nothing that belongs to it is in use any more."""

REFUSALS = ("Client.DependencyViolation", "InvalidDBSubnetGroupStateFault", "CacheSubnetGroupInUse")
"""The codes of the errors that say so.

The first is the name that CloudTrail has for DependencyViolation. The provider waits up to 20 minutes for the end of
that, which may be a network interface that AWS removes late. There are none such here: waiting would change nothing.
"""
