print("welcome")
