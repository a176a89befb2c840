"""How much memory a process has had at most."""

from pathlib import Path


def peak_memory_mb(process_id: int) -> float:
    """In MB, of a living process; 0 where it is gone or the kernel does not say."""
    try:
        lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
