"""What a production review requires of a rendered environment."""
