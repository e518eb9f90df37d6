# /// script
# dependencies = ["pillow"]
# ///
"""Drawing text, and writing and reading every format that has a library of its own."""

# expect: PNG (64, 64) True
# expect: JPEG (64, 64) True
# expect: WEBP (64, 64) True
# expect: TIFF (64, 64) True
# expect: JPEG2000 (64, 64) True
# expect: AVIF (64, 64) True
# expect: text True
# expect: zlib 1.3.1
# expect: error cannot identify image file

import io

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError, features

image = Image.new("RGB", (64, 64), (200, 30, 60))
for name in ("PNG", "JPEG", "WEBP", "TIFF", "JPEG2000", "AVIF"):
    file = io.BytesIO()
    image.save(file, name)
    again = Image.open(io.BytesIO(file.getvalue()))
    again.load()
    close = all(abs(a - b) < 12 for a, b in zip(again.getpixel((5, 5)), (200, 30, 60), strict=True))
    print(name, again.size, close)
before = image.tobytes()
ImageDraw.Draw(image).text((3, 3), "stone", font=ImageFont.load_default(20))
print("text", image.tobytes() != before)
print("zlib", features.version("zlib"))
try:
    Image.open(io.BytesIO(b"none"))
except UnidentifiedImageError as error:
    print("error", str(error)[:26])
