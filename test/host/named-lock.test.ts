import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { withNamedLock } from "../../lib/host/named-lock.js";
import { uniqueName } from "../rig/host.js";
import { repository } from "../rig/root.js";

const holding = `import { withNamedLock } from ${JSON.stringify(`${repository}dist/lib/host/named-lock.js`)};
await withNamedLock(process.argv[1], () => new Promise(() => { console.log("held"); setInterval(() => 0, 1000); }));`;

test("work under one name runs one after the other, and under another name at the same time", async () => {
  const name = uniqueName();
  const order: string[] = [];
  const work = (word: string) => async () => {
    order.push(`${word} begins`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    order.push(`${word} ends`);
    return word;
  };
  const first = withNamedLock(name, work("one"));
  const rest = [withNamedLock(name, work("two")), withNamedLock(`${name}-other`, work("three"))];
  assert.equal(await Promise.all([first, ...rest]), ["one", "two", "three"]);
  assert.ok(order.indexOf("one ends") < order.indexOf("two begins"), order.join(", "));
  assert.ok(order.indexOf("three begins") < order.indexOf("one ends"), order.join(", "));
});

test("a name is free after work that throws", async () => {
  const name = uniqueName();
  let message = "";
  await withNamedLock(name, () => Promise.reject(new Error("no"))).catch((error: Error) => {
    message = error.message;
  });
  assert.is(message, "no");
  assert.is(await withNamedLock(name, async () => "free"), "free");
});

test("what another process holds is waited for until that is killed, and nothing is left of it", async () => {
  const name = uniqueName();
  const holder = spawn(process.execPath, ["--input-type=module", "-e", holding, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(holder, "exit");
  try {
    await once(holder.stdout, "data");
    let isKilled = false;
    const waiting = withNamedLock(name, async () => isKilled);
    await new Promise((resolve) => setTimeout(resolve, 300));
    isKilled = true;
    holder.kill("SIGKILL");
    assert.is(await waiting, true);
  } finally {
    holder.kill("SIGKILL");
    await ended;
  }
});

test("a program that keeps a name only delays the work", async () => {
  const name = uniqueName();
  let release = (): void => undefined;
  const kept = withNamedLock(name, () => new Promise<void>((resolve) => (release = resolve)));
  assert.is(await withNamedLock(name, async () => "done"), "done");
  release();
  await kept;
});

test.run();
