"""The Lab workspace: four pages of neural ODEs."""
