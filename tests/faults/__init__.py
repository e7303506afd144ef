"""The guarantees hold while everything around them fails."""
