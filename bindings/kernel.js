"use strict";
// jsii's kernel as the only Node process. jsii's own entry starts a second one, and copies each message
// between it and Python: half a millisecond for each of the thousands that a render sends.
//
// The kernel reads and writes messages on descriptor 3; here they are on standard input and output. What a
// library prints goes to standard error in the form that Python's side of jsii reads.
const fs = require("node:fs");
const { Writable } = require("node:stream");

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
require("./lib/program.js");
