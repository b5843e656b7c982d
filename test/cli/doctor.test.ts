import { readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv } from "ajv";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type DoctorJson, runCheck } from "../../lib/cli/doctor/doctor.js";
import { judgeClock } from "../../lib/cli/doctor/remote-checks.js";
import { judgeNode, judgeSwaps } from "../../lib/cli/doctor/host-checks.js";
import { packageRoot } from "../../lib/host/package-root.js";
import { newFolder } from "../rig/folder.js";
import { bin, Host, run } from "../rig/host.js";

// The doctor's results on a host without an engine and without a server.

const validate = new Ajv({ allErrors: true, strict: true }).compile(
  JSON.parse(readFileSync(join(packageRoot, "schema", "doctor.schema.json"), "utf8")),
);
const noEngine = { TAZPOD_ENGINE: "docker", DOCKER_HOST: "unix:///nowhere/docker.sock" };

async function examined(
  folder: string,
  ...args: string[]
): Promise<{ code: number; data: DoctorJson; verdicts: Record<string, string> }> {
  const done = await run(process.execPath, [bin, "doctor", "--json", ...args], {
    cwd: folder,
    env: noEngine,
  });
  const data = JSON.parse(done.stdout) as DoctorJson;
  assert.ok(validate(data), JSON.stringify(validate.errors));
  assert.is(done.stderr, "");
  const verdicts = Object.fromEntries(data.findings.map(({ check, verdict }) => [check, verdict]));
  return { code: done.code, data, verdicts };
}

test("an engine that does not answer is reported as stopping enter, and does not delay the other checks", async () => {
  const host = await Host.make({ remote: "none" });
  const { code, data, verdicts } = await examined(host.folder);
  assert.is(code, 3);
  assert.is(data.stops, true);
  const { node, swap, ...rest } = verdicts;
  assert.equal(rest, {
    project: "good",
    terminal: "warning",
    engine: "stops",
    schemas: "good",
    image: "unknown",
    container: "unknown",
    login: "good",
    remote: "good",
    vault: "good",
    modes: "good",
  });
  assert.ok(node !== undefined && swap !== undefined);
  const engine = data.findings.find(({ check }) => check === "engine");
  assert.match(engine?.reason ?? "", /not answering|not installed/);
  assert.match(engine?.todo ?? "", /systemctl start docker|apt-get install/);
});

test("the text output has one line per finding with a hint below it, and a last line that names what stops enter", async () => {
  const host = await Host.make({ remote: "none" });
  const done = await run(process.execPath, [bin, "doctor"], { cwd: host.folder, env: noEngine });
  assert.is(done.code, 3);
  assert.ok(
    done.stdout.startsWith(`${host.folder}\n  = project     .tazpod/config.yaml, trusted\n`),
    done.stdout,
  );
  assert.match(done.stdout, /\n {2}! engine {6}\S.*\n {16}\S/);
  assert.match(done.stdout, /\nThese problems would stop `tazpod enter`: engine\.\n$/);
});

test("a mistake in a config or recipe is a finding with its position, and the host is still checked", async () => {
  const host = await Host.make({ remote: "none", more: "usre: x\n" });
  const { code, data, verdicts } = await examined(host.folder);
  assert.is(code, 3);
  assert.equal(Object.keys(verdicts), ["project", "node", "swap"]);
  assert.match(data.findings[0]?.reason ?? "", /config\.yaml:6:1: unknown key "usre"/);
});

test("outside a project the doctor says so, and checks only the host", async () => {
  const { code, data, verdicts } = await examined(await newFolder());
  assert.is(code, 3);
  assert.equal(Object.keys(verdicts), ["project", "terminal", "engine", "node", "swap"]);
  assert.is(verdicts["project"], "warning");
  assert.match(data.findings[0]?.todo ?? "", /tazpod init/);
});

test("files that other users can read are named, with the command that restricts them", async () => {
  const host = await Host.make({ remote: "none" });
  const folder = host.path(".tazpod", "vault");
  await mkdir(folder, { mode: 0o755 });
  await writeFile(join(folder, "vault.tar.aes"), "x".repeat(100), { mode: 0o644 });
  await chmod(folder, 0o755);
  const { data } = await examined(host.folder);
  const modes = data.findings.find(({ check }) => check === "modes");
  assert.is(modes?.verdict, "warning");
  assert.match(modes?.todo ?? "", "chmod go-rwx .tazpod/vault .tazpod/vault/vault.tar.aes");
});

test("a passphrase file that is missing or readable by others would stop enter", async () => {
  const host = await Host.make({ remote: "none" });
  const check = async (): Promise<string> => {
    const { data } = await examined(host.folder, "--passphrase-file", host.passphraseFile);
    const found = data.findings.find((one) => one.check === "passphrase");
    return `${found?.verdict}: ${found?.reason}`;
  };
  assert.match(await check(), /^good: only you can read /);
  await chmod(host.passphraseFile, 0o644);
  assert.match(await check(), /^stops: .*others can read it \(mode 0644\)/);
  host.passphraseFile = "/nowhere";
  assert.match(await check(), /^stops: .*no such file/);
});

test("doctor takes no arguments, and a mistyped --read-data gets a suggestion", async () => {
  const host = await Host.make({ remote: "none" });
  assert.is((await host.tazpod("doctor", "me")).code, 2);
  assert.match((await host.tazpod("doctor", "--read-date")).stderr, 'Did you mean "--read-data"?');
});

test("a check that exceeds its time limit is unknown, and its request is aborted", async () => {
  let ended = false;
  const look = (signal: AbortSignal): Promise<never> =>
    new Promise(() => signal.addEventListener("abort", () => (ended = true)));
  const found = await runCheck({ name: "slow", limitMs: 20, run: look }, new AbortController().signal);
  assert.equal(found, { check: "slow", verdict: "unknown", reason: "no answer within 0.02 s" });
  assert.ok(ended);
});

test("a Node version is a warning from the day after its support ends", () => {
  const on = (version: string, day: string) => judgeNode(version, new Date(day));
  assert.is(on("20.19.0", "2026-04-30T12:00:00Z").verdict, "good");
  assert.is(on("20.19.0", "2026-05-01T12:00:00Z").verdict, "warning");
  assert.match(on("20.19.0", "2026-01-01T12:00:00Z").reason, /January 2027.*AWS SDK/);
  assert.not.match(on("22.1.0", "2026-05-01T12:00:00Z").reason, /AWS SDK/);
  assert.is(on("99.0.0", "2026-05-01T12:00:00Z").verdict, "unknown");
});

const head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

test("unencrypted swap on a disk is a warning; no swap, swap in RAM and encrypted swap are not", async () => {
  const swaps = (text: string, ...safe: string[]) =>
    judgeSwaps(head + text, async (path) => safe.includes(path));
  assert.is((await swaps("")).verdict, "good");
  const both = "/dev/zram0 partition 1 0 100\n/dev/sda2 partition 1 0 -2\n";
  assert.is((await swaps(both, "/dev/zram0", "/dev/sda2")).verdict, "good");
  const open = await swaps(both, "/dev/zram0");
  assert.is(open.verdict, "warning");
  assert.match(open.reason, /^\/dev\/sda2: /);
  assert.match(open.todo ?? "", /swapoff/);
});

test("a clock that is more than a minute off is a warning that names the direction", () => {
  assert.is(judgeClock(undefined).verdict, "unknown");
  assert.is(judgeClock(-59_000).verdict, "good");
  assert.match(judgeClock(-3_600_000).reason, "3600 s behind the server");
  assert.match(judgeClock(61_000).reason, "61 s ahead of the server");
});

test.run();
