"""Doing something to many records at once, in the background where they are many."""
