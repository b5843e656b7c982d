import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { allEnded, endGroup, endTree, killAll, trackGroup } from "../../lib/host/process-group.js";
import { processIdentity } from "../../lib/host/process-identity.js";
import { newFolder } from "../rig/folder.js";
import { until } from "../rig/until.js";

/** The script of a program that writes its pid to a file and ignores what asks it to end. */
const deaf = (name: string): string =>
  `sh -c 'trap "" TERM; echo $$ > ${name}; while :; do sleep 0.1; done' >/dev/null 2>&1`;
/** The same, but it ends on SIGTERM, half a second later, and writes that. */
const tidy = (name: string): string =>
  `sh -c 'trap "sleep 0.5; echo > ${name}.done; exit" TERM; echo $$ > ${name}; while :; do sleep 0.1; done' >/dev/null 2>&1`;

interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly path: (name: string) => string;
  /** Whether the program that wrote this file is running. */
  readonly runs: (name: string) => Promise<boolean>;
}

/** Starts a script in a new folder, and waits until it has written these files. */
async function start(script: string, files: readonly string[], detached: boolean): Promise<Started> {
  const folder = await newFolder();
  const path = (name: string): string => join(folder, name);
  const child = spawn("sh", ["-c", script], { cwd: folder, detached, stdio: "ignore" });
  const text = async (name: string): Promise<string> => readFile(path(name), "utf8").catch(() => "");
  for (const name of files) await until(async () => (await text(name)).endsWith("\n"));
  const runs = async (name: string): Promise<boolean> =>
    (await processIdentity(Number(await text(name)))) !== undefined;
  return { child, pid: child.pid ?? 0, path, runs };
}

test("a group gets time to clean up, and what is left then is killed, with the children that left the group", async () => {
  const script = `${tidy("tidy")} & ${deaf("deaf")} & setsid ${deaf("gone")} & trap "" TERM; while :; do sleep 0.1; done`;
  const { pid, path, runs } = await start(script, ["tidy", "deaf", "gone"], true);
  await endGroup(pid, "SIGTERM", 2_000);
  assert.ok(existsSync(path("tidy.done")));
  for (const name of ["deaf", "gone"]) await until(async () => !(await runs(name)));
});

test("a group that ends by itself is not waited for longer", async () => {
  const { child, pid } = await start("echo > begun; exec sleep 60", ["begun"], true);
  await endGroup(pid, "SIGTERM", 3_600_000);
  assert.is(child.signalCode ?? "SIGTERM", "SIGTERM");
});

test("of a program in this process's group each child gets the signal and time, then what is left is killed", async () => {
  const script = `${tidy("tidy")} & ${deaf("deaf")} & echo > begun; wait; while :; do sleep 0.1; done`;
  const { pid, path, runs } = await start(script, ["tidy", "deaf", "begun"], false);
  await endTree(pid, "SIGTERM", 2_000);
  assert.ok(existsSync(path("tidy.done")));
  await until(async () => !(await runs("deaf")));
});

test("what is being ended can be waited for", async () => {
  const { pid, path } = await start(`exec ${tidy("tidy")}`, ["tidy"], true);
  void endGroup(pid, "SIGTERM", 5_000);
  await allEnded();
  assert.ok(existsSync(path("tidy.done")));
});

test("everything that runs can be killed at once", async () => {
  const group = await start(`setsid ${deaf("deaf")} & wait`, ["deaf"], true);
  trackGroup(group.pid, new Promise((resolve) => group.child.once("close", resolve)));
  const single = await start(`${deaf("deaf")} & wait`, ["deaf"], false);
  await killAll();
  for (const { runs } of [group, single]) await until(async () => !(await runs("deaf")));
});

test.run();
