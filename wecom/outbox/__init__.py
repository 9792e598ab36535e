"""What we want done at WeCom: rows that are claimed, sent once, and asked after when unsure."""
