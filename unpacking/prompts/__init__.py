"""The prompts, one file each; ``unpacking.language_model.prompts`` reads them."""
