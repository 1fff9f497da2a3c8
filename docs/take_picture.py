"""Make docs/images/report.png anew: the demo, its report as a page, and headless Chromium to look at it.

python docs/take_picture.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "report.png"
SIZE = "1200,1212"
SHORT = "<style>main { padding-top: 40px }</style></head>"


def main() -> int:
    """Run the demo, write the page, take the picture; gives the exit code."""
    from ui.penguins import write_penguins

    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        sys.stderr.write("No Chromium on the path. On Debian: apt-get install chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_penguins(folder, seed=0)
        here = ["--kb", f"sqlite:///{folder}/penguins.db", "--quiet"]
        report = folder / "report.html"
        _priory("demo", "--no-ask", *here)
        _priory("report", "--labels", str(files.labels), "--html", str(report), *here)
        page = report.read_text(encoding="utf-8").replace("</head>", SHORT, 1)
        report.write_text(page, encoding="utf-8")
        seen = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={SIZE}"]
        subprocess.run(
            [browser, *seen, f"--screenshot={PICTURE}", report.as_uri()], check=True, capture_output=True
        )
    return 0


def _priory(*arguments: str) -> None:
    code = "import sys; from ui.main import main; sys.argv[0] = 'priory'; main()"
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
