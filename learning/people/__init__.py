"""What people know: their predictions, models that imitate them, and the alarm when they are wrong."""
