"""What the server runs, in a folder of its own.

Beside ``pages`` Streamlit would take that folder for pages of the old kind, and a first visit to /rate would
run that module alone and show nothing.
"""

from __future__ import annotations

from ui.explorer.app import main

if __name__ == "__main__":
    main()
