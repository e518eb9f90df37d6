import _thrown
def main():
    for number in range(4):
        print(_thrown.catch(number))
