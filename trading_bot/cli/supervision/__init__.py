"""What `tickertape up` does with its children: start them, start them again, stop them."""
