import sys

seen = []
answers = []


def answer(argument):
    answers.append(argument[::-1])


def hook(event, arguments):
    seen.append(event)
    if event == "audited.ask":
        answer(*arguments)


def quiet(event, arguments):
    pass


sys.addaudithook(hook)
sys.addaudithook(quiet)
