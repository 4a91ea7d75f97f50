def ready(): yield from ()
rebuild=logs=ready
