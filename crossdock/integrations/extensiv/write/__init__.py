"""Our writes → calls of Extensiv. Pure."""
