"""What is decided for everyone at once: runs, the funds and pauses of sending, and forecasts."""
