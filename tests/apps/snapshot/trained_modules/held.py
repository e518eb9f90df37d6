"""Objects of many sizes, which grow, shrink and go when the program runs."""

LISTS = [list(range(count)) for count in range(200)]
TABLES = [{str(key): key for key in range(count)} for count in range(100)]
TEXTS = [bytearray(b"x" * count) for count in range(0, 5000, 37)]
LARGE = [bytearray(b"y" * (1 << power)) for power in range(10, 22)]
SETS = [set(range(count)) for count in range(50)]


def change():
    """Change all of them; return what can be counted of it."""
    for number, one in enumerate(LISTS):
        one.extend(range(number * 10))
        del one[::2]
    for number, table in enumerate(TABLES):
        table.update({f"new {key}": key for key in range(number * 3)})
        for key in list(table)[::2]:
            del table[key]
    for text in [*TEXTS, *LARGE]:
        first = bytes(text)
        text.extend(b"z" * (len(text) + 1))
        assert text == first + b"z" * (len(first) + 1)
        del text[len(text) // 3 :]
    for one in SETS:
        one.update(range(100))
        one.difference_update(range(0, 100, 2))
    counts = [sum(map(sum, LISTS)), sum(map(len, TABLES)), sum(map(len, TEXTS))]
    counts += [sum(map(len, LARGE)), sum(map(sum, SETS))]
    del LISTS[::2], TABLES[::2], TEXTS[::2], LARGE[::2], SETS[::2]
    again = [[bytes(300), {1: 2}, [3] * 50] for _ in range(2000)]
    assert all(one == [bytes(300), {1: 2}, [3] * 50] for one in again)
    return counts
