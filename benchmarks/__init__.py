"""What copies cost, measured against other ways of making them."""
