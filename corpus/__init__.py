"""What the law says, as text people review in git."""
