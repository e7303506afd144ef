"""What a person sees, on a terminal and on the page: text, tables, bars, and how far a duplication is."""
