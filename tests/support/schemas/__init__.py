"""Generated schemas: tables of any shape, what is declared of them, and rows in them."""
