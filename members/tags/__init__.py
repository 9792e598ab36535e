"""Tags of members: put on by a person or by a rule, kept equal with WeCom's corp tags."""
