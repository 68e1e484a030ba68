"""SQLModel tables: one file per noun, every column explained where it is declared."""
