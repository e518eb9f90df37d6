def test():
    stones = [1, 2]
    assert stones == [1, 3]
