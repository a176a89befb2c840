"""What torch may take of this machine."""

import torch

GIB = 2**30


def limit_torch(threads: int, memory_gib: float, device: str) -> None:
    """So many threads; on a GPU so much of its memory, 0 for no bound."""
    torch.set_num_threads(threads)
    if memory_gib and device != "cpu" and torch.cuda.is_available():
        of_all = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, memory_gib * GIB / of_all))
