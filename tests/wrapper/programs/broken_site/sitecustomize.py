raise ValueError("the program's own mistake")
