"""Shared parts of the Streamlit screens."""
