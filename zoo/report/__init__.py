"""What people read: tables, curves, model cards."""
