import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "uvu";
import * as assert from "uvu/assert";

const library = new URL("../../lib/host/standard-input.js", import.meta.url).href;

// the work with its input ends the process, or the timer does
const reading = `import { readInput } from ${JSON.stringify(library)};
setTimeout(() => process.exit(9), 10_000);
const stop = new AbortController();
if (process.argv[1] === "before") stop.abort("SIGTERM");
else setTimeout(() => stop.abort("SIGTERM"), 100);
const read = await readInput(10, stop.signal);
console.log(JSON.stringify(read.failure));
process.exit(0);`;

test("reading an input that does not end stops at a signal, also at one that came before", async () => {
  for (const moment of ["before", "while"]) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", reading, moment], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    const [code] = (await once(child, "close")) as [number];
    assert.is(code, 0, moment);
    assert.equal(JSON.parse(text), { kind: "interrupted", signal: "SIGTERM" });
  }
});

test.run();
