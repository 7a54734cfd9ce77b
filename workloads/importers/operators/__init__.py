"""ONNX operators as layers, one file for each group of operators; ``table.py`` finds them."""
