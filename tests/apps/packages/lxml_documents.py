# /// script
# dependencies = ["lxml"]
# ///
"""Parsing, XPath, XSLT and validation with libxml2 and libxslt."""

# expect: ['one', 'two']
# expect: b'<list><item>one</item><item>two</item></list>'
# expect: error Premature end of data in tag a line 1, line 1, column 4
# expect: valid True False
# expect: html <p>open</p>

from lxml import etree, html

tree = etree.XML("<r><e n='1'>one</e><e n='2'>two</e></r>")
print(tree.xpath("//e/text()"))
sheet = etree.XML(
    '<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform">'
    '<x:output omit-xml-declaration="yes"/><x:template match="/r"><list><x:for-each select="e">'
    '<item><x:value-of select="."/></item></x:for-each></list></x:template></x:stylesheet>'
)
print(etree.tostring(etree.XSLT(sheet)(tree)))
try:
    etree.fromstring("<a>")
except etree.XMLSyntaxError as error:
    print("error", str(error).partition(" (")[0])
rules = etree.RelaxNG(
    etree.XML('<element name="a" xmlns="http://relaxng.org/ns/structure/1.0"><text/></element>')
)
print("valid", rules.validate(etree.XML("<a>t</a>")), rules.validate(etree.XML("<b/>")))
print("html", html.tostring(html.fromstring("<p>open")).decode())
