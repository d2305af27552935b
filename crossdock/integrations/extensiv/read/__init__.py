"""Records of Extensiv's → ours. Pure."""
