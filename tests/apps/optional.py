try:
    import colorsys
except ImportError:
    print("no such module")
else:
    print(colorsys.rgb_to_hsv(0, 0, 1)[2])
