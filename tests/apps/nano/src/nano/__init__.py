from nano import words


def main():
    print(words.count(["a", "b", "a"]))
    try:
        words.count([])
    except ValueError as error:
        print("error", error)
