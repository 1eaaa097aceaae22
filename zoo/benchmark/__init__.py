"""Latency, first call and memory of an artifact, alone or beside peers, with intervals; and two reports side by side."""
