"""Export: from a trained module to a certified artifact. Imports torch."""
