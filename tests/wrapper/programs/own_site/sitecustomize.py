OWN = "the program's own"
print("own sitecustomize ran")
