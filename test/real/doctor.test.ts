// needs: docker, s3, script
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import type { DoctorJson } from "../../lib/cli/doctor/doctor.js";
import { FaultProxy } from "../fake/fault-proxy.js";
import { behindProxy } from "../rig/behind-proxy.js";
import { newBucket } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { Host, removeHosts, text } from "../rig/host.js";
import { withSealed } from "../rig/with-vault.js";

// The doctor with a real engine and a real gateway. It creates no container, and the tests need none.

test.after(removeHosts);
const proxies: FaultProxy[] = [];
test.after.each(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
});

async function pushed(): ReturnType<typeof behindProxy> {
  const made = await behindProxy();
  proxies.push(made.proxy);
  return made;
}

/** `VERDICT: REASON` of each check, and the exit code. */
async function examined(host: Host, ...args: string[]): Promise<{ code: number; [check: string]: unknown }> {
  const done = await host.tazpod("doctor", "--json", "--yes", ...args);
  const { findings } = JSON.parse(done.stdout) as DoctorJson;
  const said = findings.map(({ check, verdict, reason }) => [check, `${verdict}: ${reason}`]);
  return { ...Object.fromEntries(said), code: done.code };
}

/** Every file of a project, with its content's hash, mode and time. */
function everything({ folder }: Host): string {
  return execFileSync(
    "sh",
    ["-c", 'find . -printf "%p %m %T@\\n" | sort; find . -type f -exec sha256sum {} + | sort'],
    {
      cwd: folder,
      encoding: "utf8",
    },
  );
}

test("on a healthy host every check is good, the remote is only read, and nothing changes", async () => {
  const { host, proxy } = await pushed();
  const before = everything(host);
  const found = await examined(host);
  assert.is(found.code, 0);
  const expected: Readonly<Record<string, RegExp>> = {
    project: /^good: .*config\.yaml, trusted$/,
    terminal: /^good: none.*--yes answers$/,
    engine: /^good: docker \d+\.\d+/,
    image: /^good: .* is here$/,
    // the tests' project is root's
    container:
      process.getuid?.() === 0
        ? /^warning: (\S+ is running; )?root owns this/
        : /^good: .* does not exist yet/,
    login: /^good: credentials found/,
    remote: /^good: s3:.* has a vault that \S+ wrote .*, generation 1$/,
    writes: /^good: the server honours/,
    clock: /^good: /,
    vault: /^good: .*format age/,
    modes: /^good: /,
  };
  for (const [check, line] of Object.entries(expected)) assert.match(String(found[check]), line);
  const asked = [...new Set(proxy.requests.map((request) => request.split("?")[0]))].toSorted();
  assert.is(asked.length, 2, asked.join("\n"));
  assert.is(asked[0], "GET /");
  assert.match(asked[1] ?? "", /^HEAD .*vault\.tar\.aes$/);
  assert.is(everything(host), before);
  proxy.requests.length = 0;
  assert.match(String((await examined(host, "--offline"))["remote"]), /^unknown: not asked: --offline/);
  assert.equal(proxy.requests, []);
});

test("an unreachable remote is a warning if there is a local vault, and stops enter if there is none", async () => {
  const { host, proxy, remote } = await pushed();
  await proxy.stop();
  const here = await examined(host);
  assert.match(String(here["remote"]), /^warning: s3:.* refuses the connection/);
  assert.is(here.code, 0);
  const fresh = await examined(await Host.make({ remote }));
  assert.match(String(fresh["remote"]), /^stops: s3:.* refuses the connection/);
  assert.match(String(fresh["clock"]), /^unknown: /);
  assert.is(fresh.code, 3);
});

test("a clock that is an hour behind the server's is reported with the difference", async () => {
  const { host, proxy } = await pushed();
  proxy.spoil(/./, { kind: "skew", ms: 3_600_000 }, Infinity);
  assert.match(
    String((await examined(host))["clock"]),
    /^warning: this machine is (3599|360[01]) s behind the server$/,
  );
});

test("a server that ignores conditional writes is a warning, unless the settings say that only one host pushes", async () => {
  const { url } = await newBucket();
  const proxy = await FaultProxy.start();
  proxies.push(proxy);
  const remote = `\n  url: ${url}\n  endpoint: ${proxy.url}`;
  const unasked = await Host.make({ remote });
  assert.match(String((await examined(unasked))["writes"]), /^unknown: .*the first push finds out$/);
  proxy.spoil(/^PUT /, { kind: "ignore-conditions" }, Infinity);
  const host = await withSealed(`${remote}\n  single_writer: true`);
  assert.match(String((await examined(host))["writes"]), /^good: .*does not honour.*no other host pushes$/);
  await host.configure(remote);
  assert.match(
    String((await examined(host))["writes"]),
    /^warning: .*does not honour conditional writes: it overwrites/,
  );
});

test("--read-data decrypts the whole vault, and one that does not open would stop enter", async () => {
  const host = await withSealed("none", { a: "1", b: "22" });
  const opening = async (file: string) => examined(host, "--read-data", "--passphrase-file", file);
  const good = await opening(host.passphraseFile);
  assert.is(good["opening"], "good: it opens and is intact: 2 files, 3 B");
  assert.is(good.code, 0);
  const wrong = `${await newFolder()}/wrong`;
  await writeFile(wrong, "not it\n", { mode: 0o600 });
  const bad = await opening(wrong);
  assert.match(String(bad["opening"]), /^stops: .* cannot be opened/);
  assert.is(bad.code, 3);
  const unasked = await examined(host, "--read-data");
  assert.match(String(unasked["opening"]), /^unknown: Cannot ask/);
});

test("in an untrusted project nothing runs, and the remote gets no request", async () => {
  const { host, proxy } = await pushed();
  const trace = `${await newFolder()}/ran`;
  const touched = `check: { command: [touch, "${trace}"] }`;
  await writeFile(
    host.path("tazpod.tasks.yaml"),
    `version: 1\nfacts: { session: { ${touched} }, container: { ${touched} }, project: { ${touched} } }\n`,
  );
  Object.assign(host.env, { TAZPOD_TRUST: "", XDG_STATE_HOME: await newFolder("state") });
  const found = await examined(host);
  assert.match(String(found["project"]), /^stops: its overrides are not trusted/);
  assert.is(found.code, 3);
  assert.is(found["remote"], undefined);
  assert.equal(proxy.requests, []);
  assert.is(await text(trace).catch(() => "nothing ran"), "nothing ran");
  // on a terminal enter would ask
  const pty = host.pty("doctor");
  await pty.expect(/- project +its overrides are not trusted/);
  assert.is(await pty.ended, 0, pty.screen);
});

test("a container with the same name that belongs to another project would stop enter", async () => {
  const host = await Host.make({ remote: "none" });
  execFileSync("docker", [
    "create",
    "--name",
    host.container,
    process.env["TAZPOD_TEST_IMAGE"] ?? "tazpod-test:1",
    "true",
  ]);
  const found = await examined(host);
  assert.match(
    String(found["container"]),
    /^stops: The container \S+ belongs to something other than tazpod/,
  );
});

test.run();
