"""What every station agrees on: nouns, ports, the wire format, settings. Pure: no clock, no disk, no client."""
