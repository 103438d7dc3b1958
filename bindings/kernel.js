"use strict";
// jsii's kernel as the only Node process. jsii's own entry starts a second one, and copies each message
// between it and Python: half a millisecond for each of the thousands that a render sends.
//
// The kernel reads and writes messages on descriptor 3; here they are on standard input and output. What a
// library prints goes to standard error in the form that Python's side of jsii reads.
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { Writable } = require("node:stream");
const util = require("node:util");

const CHANNEL = 3;
const { readSync, writeSync } = fs;
fs.readSync = (fd, ...rest) => readSync(fd === CHANNEL ? 0 : fd, ...rest);
fs.writeSync = (fd, ...rest) => writeSync(fd === CHANNEL ? 1 : fd, ...rest);

function printed(name) {
  return new Writable({
    write(chunk, _, done) {
      writeSync(2, `${JSON.stringify({ [name]: chunk.toString("base64") })}\n`);
      done();
    },
  });
}

for (const name of ["stdout", "stderr"]) {
  Object.defineProperty(process, name, { value: printed(name) });
}

// cdktf stores a stack without a limit for each value. It has the kernel's frames only, since our lines are in
// Python, and takes a tenth of Node's time. Errors keep their stacks, which have a limit.
const { captureStackTrace } = Error;
Error.captureStackTrace = (object, below) => {
  if (Error.stackTraceLimit < Number.MAX_SAFE_INTEGER) captureStackTrace(object, below);
};

// jsii links each of a package's files into a folder of its own, thousands for cdktf, and removes them at the end;
// with this option of Node it makes one symbolic link for a package. The option is not in effect: a file keeps its
// path in jsii's cache, which is the same in every run, so that Node finds what it compiled in an earlier one. One
// package finds another by NODE_PATH.
process.execArgv.push("--preserve-symlinks");
const { mkdtempSync } = fs;
fs.mkdtempSync = (prefix, ...rest) => {
  const folder = mkdtempSync(prefix, ...rest);
  if (path.basename(prefix) === "jsii-kernel-") {
    process.env.NODE_PATH = path.join(folder, "node_modules");
    Module._initPaths();
  }
  return folder;
};
// What Node compiled is beside jsii's cache: it belongs to that path, and goes with a home folder that is temporary.
// jsii refuses a cache below a folder that others may write to.
if (process.env.HOME && process.env.JSII_RUNTIME_PACKAGE_CACHE !== "disabled") {
  const compiled = path.join(process.env.HOME, ".cache", "aws", "jsii", "compiled");
  try {
    fs.mkdirSync(compiled, { recursive: true, mode: 0o700 });
    Module.enableCompileCache?.(compiled);
  } catch {
    // The home folder is read-only: nothing is kept.
  }
}

// Packages that no render uses, but cdktf (for assets) and cdk8s (for YAML, which our side writes) load at once. They are
// loaded when they are used (docs/speed.md).
const UNUSED = ["archiver", "yaml"];
const { _load } = Module;
Module._load = (request, ...rest) => {
  if (!UNUSED.includes(request)) return _load(request, ...rest);
  const load = () => _load(request, ...rest);
  return new Proxy(function () {}, {
    apply: (_, self, values) => Reflect.apply(load(), self, values),
    get: (_, name) => load()[name],
  });
};

// The kernel makes the message of an assertion for each type that it meets, with all that the type holds.
util.inspect.defaultOptions.depth = 0;

require("./lib/program.js");
