// Runs the module for the command line: node run.mjs MODULE [--values].
import { readFileSync, writeSync } from 'node:fs';

const [module, option] = process.argv.slice(2);
const host = {
  print(address, length) {
    writeSync(1, new Uint8Array(instance.exports.memory.buffer, address, length));
  },
};
const { instance } = await WebAssembly.instantiate(readFileSync(module), { host });
process.exitCode = instance.exports.replay(option === '--values') ? 0 : 1;
