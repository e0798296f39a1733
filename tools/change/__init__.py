"""What people read: tables and pages made from settings and synthesized JSON, never typed by hand."""
