"""People, and who of them matches."""
