import shared

print("suite", shared.name(__package__))
