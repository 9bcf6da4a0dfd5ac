"""The function's image, as far as it shows without being built."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

DOCKERFILE: Final = Path(__file__).parents[2] / "functions" / "function-agents" / "Dockerfile"


def test_the_image_compiles_what_a_start_imports_of_the_standard_library() -> None:
    instruction = DOCKERFILE.read_text().replace("\\\n", "")
    (program,) = re.findall(r"RUN /app/bin/python -B -c '([^']+)'\s*\| python3 -B -m compileall [^\n]* -i -\n", instruction)
    listed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.splitlines()
    for module in ("argparse", "logging", "threading"):
        assert sys.modules[module].__file__ in listed
    assert all(Path(file).is_file() for file in listed)
