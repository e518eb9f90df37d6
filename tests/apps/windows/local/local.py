import _local
def main():
    print(_local.count())
