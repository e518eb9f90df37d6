# /// script
# dependencies = ["cryptography", "lxml", "numpy", "psycopg[binary]", "requests"]
# [tool.obelisk]
# no-binary = ["lxml"]
# build-packages = ["libxml2", "libxslt", "zlib"]
# ///
"""Packages of five kinds: wheels with shared objects, with Rust, with libraries, and sources."""

import cryptography
import numpy
import psycopg
import requests
from lxml import etree

print(*etree.LIBXML_VERSION, "/", *etree.LIBXSLT_VERSION)
sheet = etree.XML(
    '<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform">'
    '<x:template match="/"><x:value-of select="sum(//n)"/></x:template></x:stylesheet>'
)
print(etree.XSLT(sheet)(etree.XML("<a><n>40</n><n>2</n></a>")).__str__().split()[-1])
schema = etree.XMLSchema(
    etree.XML(
        '<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema"><s:element name="n" type="s:int"/>'
        "</s:schema>"
    )
)
print(schema.validate(etree.XML("<n>1</n>")), schema.validate(etree.XML("<n>x</n>")))
print(numpy.arange(4).sum(), psycopg.pq.__impl__, bool(cryptography), bool(requests))
