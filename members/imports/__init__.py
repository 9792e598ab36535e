"""Members brought along in files: read, tried, taken in portions, taken back."""
