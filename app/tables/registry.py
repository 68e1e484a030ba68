"""All tables: importing this module is what makes `metadata` complete."""

from sqlmodel import SQLModel

from app.tables import audit, integrations, jobs, labels, leads, projects

__all__ = ["audit", "integrations", "jobs", "labels", "leads", "metadata", "projects"]

metadata = SQLModel.metadata
"""Of every table of the project."""
