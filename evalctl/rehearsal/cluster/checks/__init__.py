"""What a rehearsed cluster proves, one module for each question."""
