"""The study of STT-MRAM in place of SRAM as the scratchpads of a systolic accelerator: from arrays to training steps."""
