"""What the `duplication worker` command runs: takes jobs from the queue and does them, fills the queue, cleans up."""
