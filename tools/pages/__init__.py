"""Pages and diagrams made from settings and synthesized JSON, never typed by hand."""
