"""What works here, and what does not: `doctor` and `explain`. Nothing is added to any pod."""
