"""The part of affinetes that environments import inside their container."""
