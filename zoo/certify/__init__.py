"""Certificates: what was proven of an exported graph. Only `replay` and what it uses are torch-free."""
