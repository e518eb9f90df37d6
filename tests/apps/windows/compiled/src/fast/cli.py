from fast import plain, sums
def main():
    print(sums.total([1, 2.5]), plain.__file__.endswith(".pyd"), plain.answer(20))
    try:
        sums.total(["x"])
    except TypeError as error:
        print(error)
