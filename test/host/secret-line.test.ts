import { PassThrough } from "node:stream";
import type { ReadStream } from "node:tty";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readSecretLine } from "../../lib/host/secret-line.js";

/** A keyboard, and a screen that tells when the question appears. */
function keyboard(): { input: ReadStream; screen: PassThrough; raw: () => boolean; asked: Promise<void> } {
  let raw = false;
  const input = Object.assign(new PassThrough(), { setRawMode: (on: boolean) => void (raw = on) });
  const screen = new PassThrough();
  const asked = new Promise<void>((resolve) => void screen.once("data", () => resolve()));
  return { input: input as unknown as ReadStream, screen, raw: () => raw, asked };
}

const never = new AbortController().signal;

test("keys typed before the question are discarded, and editing works afterwards", async () => {
  const { input, screen, raw, asked } = keyboard();
  input.push("typed too early\r");
  const line = readSecretLine("Pass:", input, screen, never);
  await asked;
  assert.ok(raw());
  const typed = Buffer.from("wrong\u0015caf\u00e9x\u007f\r");
  input.push(typed);
  assert.is(String(await line), "caf\u00e9");
  assert.equal(typed, Buffer.alloc(typed.length), "what was typed is wiped");
  assert.not.ok(raw());
});

test("a pasted text counts as typed; arrow, function and Escape keys do not", async () => {
  const { input, screen, asked } = keyboard();
  const line = readSecretLine("Pass:", input, screen, never);
  await asked;
  for (const typed of ["\u001b[200~past", "ed\u001b[201~", "\u001b[A\u001bOP\u001b[15~", "\u001b", "!\r"])
    input.push(typed);
  assert.is(String(await line), "pasted!");
});

test("Ctrl-C ends it, even if typed before the question", async () => {
  for (const early of [true, false]) {
    const { input, screen, raw, asked } = keyboard();
    if (early) input.push("abc\u0003");
    const line = readSecretLine("Pass:", input, screen, never);
    if (!early) await asked.then(() => input.push("abc\u0003"));
    assert.is(await line, "interrupted");
    assert.not.ok(raw());
  }
});

test("an abort ends it, and so does the end of input", async () => {
  const ended = new AbortController();
  const first = keyboard();
  const line = readSecretLine("Pass:", first.input, first.screen, ended.signal);
  await first.asked;
  ended.abort("SIGTERM");
  assert.is(await line, "interrupted");
  const second = keyboard();
  const closed = readSecretLine("Pass:", second.input, second.screen, never);
  await second.asked;
  second.input.push(null);
  assert.is(await closed, "closed");
});

test.run();
