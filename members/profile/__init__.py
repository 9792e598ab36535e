"""Everything known of a member on one screen: the guide's view of her, and her own."""
