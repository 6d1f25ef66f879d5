"""Verbs that touch several tables of messaging."""
