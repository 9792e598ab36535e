"""A guide says that a sale is hers: the others concerned answer, somebody above decides."""
