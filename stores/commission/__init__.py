"""What credit is worth to a guide: targets, commission by plan, months settled for good."""
