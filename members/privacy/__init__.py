"""Rights and records: requests, erasure, retention, who was shown and given what, incidents."""
