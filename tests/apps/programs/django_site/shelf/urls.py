from django.contrib import admin
from django.shortcuts import render
from django.urls import path

from shelf.models import Book


def books(request):
    return render(request, "books.html", {"books": Book.objects.order_by("title")})


urlpatterns = [path("admin/", admin.site.urls), path("", books)]
