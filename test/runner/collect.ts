import { setImmediate } from "node:timers/promises";

// Loaded into each test file by the runner. Garbage is collected when the tests are done, so that node warns of a file
// that was not closed each time, not only when memory happens to run short.
process.once("beforeExit", async () => {
  // what the last turn of the event loop held is free in the next
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.();
    await setImmediate();
  }
});
