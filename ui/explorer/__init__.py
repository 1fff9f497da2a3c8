"""The explorer: Streamlit pages on which people walk Z, rate it and predict from it."""
