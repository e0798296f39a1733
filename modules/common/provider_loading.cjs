// Loaded into the Node.js process of jsii by modules/common/provider_imports.py, which says why.
"use strict";

const { Module } = require("node:module");

const INDEX_OF_PROVIDER = /[\\/]provider-aws[\\/](.*[\\/])?lib[\\/]index\.js$/;
const EAGER = /^exports\.(\w+) = require\("(\.\/[\w-]+)"\);$/gm;
const LAZY = 'Object.defineProperty(exports, "$1", { enumerable: true, configurable: true, get: () => require("$2") });';

const compile = Module.prototype._compile;
Module.prototype._compile = function (content, filename, ...rest) {
  return compile.call(this, INDEX_OF_PROVIDER.test(filename) ? content.replace(EAGER, LAZY) : content, filename, ...rest);
};
