"""Pages of people, companies, imports and the suppression list."""
