"""Tests of the sandbox, which knows nothing of the product."""
