"""Training: from a spec to a run. Imports torch."""
