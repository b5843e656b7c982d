// needs: engine, git
// time limit: 300 s
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { builtinVars } from "../../lib/session/services.js";
import { copyExample, programs, put, type } from "../rig/guide.js";
import { type Host, quick, removeHosts, run, text } from "../rig/host.js";
import { repository } from "../rig/root.js";
import { withSealed } from "../rig/with-vault.js";

// The examples of docs/steps.md, as they are there.

test.after(removeHosts);

const page = "steps.md";

/** A project in git with a release v1.0.0 and two commits after it. */
async function released(): Promise<Host> {
  const host = await withSealed("none", { "release-token": "t0ken\n" }, quick);
  await put(host.path("lib", "a"), "a\n");
  const git = (script: string): ReturnType<typeof run> =>
    run("sh", ["-ec", script], { cwd: host.folder, env: gitEnv });
  const done = await git("git init -q . && git add lib && git commit -qm first && git tag v1.0.0");
  assert.is(done.code, 0, done.stderr);
  const more = "echo b > lib/a && git commit -qam 'lib: b' && git commit -q --allow-empty -m 'docs: c'";
  assert.is((await git(more)).code, 0);
  return host;
}

const who = ["AUTHOR", "COMMITTER"].flatMap((role) => [
  [`GIT_${role}_NAME`, "A"],
  [`GIT_${role}_EMAIL`, "a@example.org"],
]);
const safe = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" };
const gitEnv: Readonly<Record<string, string>> = { ...Object.fromEntries(who), ...safe };

test("the module of the guide publishes with a token of the vault, only once, and says what it did", async () => {
  const requests: string[] = [];
  let published = "";
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const piece of request) body += String(piece);
      if (request.method === "PUT") {
        requests.push(`${request.url} ${request.headers.authorization} ${body}`);
        published = request.url ?? "";
      }
      response.writeHead(request.method === "PUT" || request.url === published ? 200 : 404).end();
    })();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  try {
    const host = await released();
    await copyExample(host, page, "A module");
    const local = `version: 1\nvars: { server: "http://127.0.0.1:${port}" }\ngoals: { all: { new: true, run: [publish] } }\n`;
    await put(host.path("tazpod.tasks.local.yaml"), local);
    Object.assign(host.env, gitEnv);
    const done = await host.run("all", "version=v1.1.0");
    assert.is(done.code, 0, done.stderr);
    assert.match(done.stderr, "Published v1.1.0");
    assert.equal(requests, ["/releases/v1.1.0 Bearer t0ken docs: c\nlib: b\n"]);
    assert.not.match(done.stdout + done.stderr, "t0ken");
    assert.is(await host.secrets(), "");
    const again = await host.run("all");
    assert.is(again.code, 0, again.stderr);
    assert.is(requests.length, 1);
    server.close();
    server.closeAllConnections();
    const away = await host.run("all");
    assert.is.not(away.code, 0);
    assert.match(away.stderr, /does not answer[^]*Is the VPN up\?/);
  } finally {
    server.close();
  }
});

test("the program of the guide has the values in its environment, and the words after -- as arguments", async () => {
  const host = await released();
  Object.assign(host.env, gitEnv);
  const [commands] = await copyExample(host, page, "A program");
  const done = await type(host, commands, await programs());
  assert.is(done.code, 0, done.stderr);
  assert.is(await text(host.path("notes-v1.1.0.md")), "# v1.1.0\n- lib: b\n");
});

test("a program has exactly the variables of tazpod that the guide names", async () => {
  const host = await released();
  const show = "[sh, -c, 'env | grep -o ^TAZPOD_[A-Z_0-9]* | sort']";
  const recipe = `version: 1\ntasks: { show: { new: true, cmds: [${show}] }, inside: { new: true, in: container, cmds: [${show}] } }\n`;
  await put(host.path("tazpod.tasks.yaml"), recipe);
  const guide = await text(`${repository}docs/steps.md`);
  const own = Object.keys(process.env);
  for (const task of ["show", "inside"]) {
    const done = await host.tazpod("run", task);
    assert.is(done.code, 0, done.stderr);
    const names = done.stdout
      .trim()
      .split("\n")
      .filter((name) => !own.includes(name) || name === "TAZPOD_ENGINE");
    for (const name of names) assert.ok(guide.includes(`\`${name}\``), `${name} is not in docs/steps.md`);
    for (const name of [
      "TAZPOD_ROOT",
      ...builtinVars.filter((one) => one !== "root").map((one) => `TAZPOD_${one.toUpperCase()}`),
    ])
      assert.ok(names.includes(name), `${task}: ${name}`);
  }
});

test.run();
