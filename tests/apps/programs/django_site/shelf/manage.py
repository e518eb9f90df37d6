import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shelf.settings")
    from django.core.management import execute_from_command_line

    if sys.argv[1:] == ["visit"]:
        visit()
    else:
        execute_from_command_line(sys.argv)


def visit():
    """Ask for pages as a browser would."""
    import django

    django.setup()
    from django.test import Client

    from shelf.models import Book

    Book.objects.create(title="Gravel", pages=3)
    client = Client()
    print(client.get("/").content.decode().strip())
    page = client.get("/admin/login/")
    print(page.status_code, "Django administration" in page.content.decode())
