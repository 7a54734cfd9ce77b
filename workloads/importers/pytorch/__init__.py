"""PyTorch modules as networks, through torch.export: ATen's operators become the nodes that the ONNX importer translates."""
