"""What people do with the synthesized JSON: bootstrap, deploy, recover, lift protection, destroy.

The same code works on AWS and on the embedded AWS: credentials, and where AWS is, come from the environment variables
that the AWS provider, the S3 backend and boto3 all read.
"""
