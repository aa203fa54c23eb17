"""The speed of this machine and ours: every bench measures our path and its calibration."""
