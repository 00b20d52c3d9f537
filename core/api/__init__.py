"""The web process around Streamlit: the gate, sign-in pages, health and export routes."""
