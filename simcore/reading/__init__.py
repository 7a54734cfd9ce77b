"""Reading of a user's texts: trees that remember file and line, values with units, and errors that name the place."""
