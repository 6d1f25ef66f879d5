"""What sequences let be done to many at once: verbs for the shelf of audience.bulk, and the lists they go through."""
