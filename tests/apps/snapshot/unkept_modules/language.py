import locale

LANGUAGE = locale.getlocale(locale.LC_CTYPE)
