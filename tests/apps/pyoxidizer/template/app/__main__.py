import pathlib

import six

print("template", six.text_type("works"), pathlib.Path(__file__).with_name("data.txt").read_text())
