"""The failure drill: scenarios as data, faults as small functions, journals held against rows. `make drill`."""
