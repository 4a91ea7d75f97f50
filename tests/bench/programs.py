def call(): yield from ()
startup=call
