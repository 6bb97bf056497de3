"""Runs `rag.compliance.cli`."""

from rag.compliance.cli import main

raise SystemExit(main())
