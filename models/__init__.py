"""Devices and machines: bank timings, technology numbers with their sources, preset systems."""
