"""What there is to see of a trained module and its data: each view gathers the arrays of one figure."""
