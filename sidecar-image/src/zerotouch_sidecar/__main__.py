"""`python -m zerotouch_sidecar`."""

from zerotouch_sidecar.main import main

raise SystemExit(main())
