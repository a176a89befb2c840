"""What each training measured of its candidate."""
