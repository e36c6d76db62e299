"""session-lattice: what coding agents did, kept and answered from one DuckDB file.

sources     turn transcripts into typed events plus a checkpoint
log         gives each event a place in one order and keeps it
store       applies events to base tables and refreshes the views that they touch
generation  freezes the store into an immutable numbered file and swaps the pointer
reads       answers over HTTP, MCP and the command line from one generation per request
"""

__version__ = "0.1.0"
