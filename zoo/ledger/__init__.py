"""The reproduction ledger: every published figure beside what our seeds reached, one committed record a model."""
