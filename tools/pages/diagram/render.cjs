// Graphviz text on standard input, SVG on standard output: Graphviz itself, compiled to WebAssembly.
"use strict";

const { readFileSync } = require("node:fs");
const { instance } = require("@viz-js/viz");

instance().then((viz) => {
  const drawn = viz.render(readFileSync(0, "utf8"), { format: "svg" });
  // Graphviz draws on after an error, and leaves out what it did not understand.
  for (const { level, message } of drawn.errors) process.stderr.write(`${level}: ${message}\n`);
  if (drawn.errors.length || drawn.status !== "success") process.exitCode = 1;
  else process.stdout.write(drawn.output);
});
