"""A Django project with one application: a shelf of books."""
