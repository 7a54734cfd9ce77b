"""Devices and machines: bank timings, technology figures with their sources, and preset systems."""
