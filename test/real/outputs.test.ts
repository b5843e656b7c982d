// needs: engine
// time limit: 300 s
import { chmod, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host, quick, removeHosts } from "../rig/host.js";

// What a task in the container prints is masked.

test.after(removeHosts);

const secret = "s3cret-token";

async function project(recipe: string): Promise<Host> {
  const host = await Host.make({ remote: "none", more: quick });
  await chmod(host.folder, 0o777);
  await writeFile(
    host.path("tazpod.tasks.yaml"),
    `version: 1
tasks:
  token:
    new: true
    in: container
    outputs: { value: { from: stdout } }
    cmds: [[sh, -c, 'echo reading >&2; printf "%s-%s\\n" s3cret token']]
${recipe}`,
  );
  return host;
}

test("what comes from the container is not shown, reaches the tasks after it, and is masked in all they print", async () => {
  const host = await project(`
  host:
    new: true
    cmds:
      - [sh, -c, 'echo "host $1"; echo "err $1" >&2; printf %s "$1" | wc -c', sh, "{{tasks.token.value}}"]
  inside: { new: true, in: container, env: { T: "{{tasks.token.value}}" }, cmds: [[sh, -c, 'echo "inside $T"']] }
  script: { new: true, env: { T: "{{tasks.token.value}}" }, script: ./says.mjs }
`);
  await writeFile(
    host.path("says.mjs"),
    "export async function run({ env, print }) { print(`script ${env.T}`); return { ok: true, value: `Used ${env.T}` }; }\n",
  );
  const done = await host.tazpod("run", "host", "inside", "script", "--verbose");
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout.replaceAll(/ +(?=\d)/g, ""), "host ***\n12\ninside ***\nscript ***\n");
  assert.match(done.stderr, "err ***");
  assert.match(done.stderr, "Used ***");
  assert.match(done.stderr, "reading");
  assert.not.match(done.stderr, secret);
  const alone = await host.tazpod("token");
  assert.is(alone.code, 0, alone.stderr);
  assert.is(alone.stdout, "");
  assert.not.match(alone.stderr, secret);
});

test("a failure and its JSON do not show it either", async () => {
  const host = await project(`
  loud: { new: true, silent: true, cmds: [[sh, -c, 'echo "no luck with $1" >&2; exit 3', sh, "{{tasks.token.value}}"]] }
`);
  for (const more of [[], ["--json"], ["--quiet"]]) {
    const failed = await host.tazpod("run", "loud", ...more);
    assert.is(failed.code, 1);
    const all = failed.stdout + failed.stderr;
    assert.match(all, "no luck with ***");
    assert.not.match(all, secret);
  }
});

test.run();
