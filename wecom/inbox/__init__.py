"""What WeCom tells us: the callback door, the rows it leaves, and how they become domain events."""
