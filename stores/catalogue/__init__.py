"""What is sold, and how much of it lies where."""
