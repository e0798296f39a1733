"""The embedded AWS: moto in server mode, with the additions that the Terraform AWS provider needs."""
