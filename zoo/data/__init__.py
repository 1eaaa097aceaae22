"""Data sets: fetched, checked, read into arrays; and a person's own pictures in their place."""
