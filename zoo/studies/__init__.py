"""Studies: many trainings of one model, with Optuna keeping the list of them."""
