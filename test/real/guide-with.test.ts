// needs: docker, git, direnv, npm, registry
// time limit: 600 s
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { newFolder } from "../rig/folder.js";
import { copyExample, exampleOf, programs, put, type } from "../rig/guide.js";
import { Host, passphrase, quick, removeHosts, run, text } from "../rig/host.js";
import { pack } from "../rig/package.js";
import { folderRemote, withSealed } from "../rig/with-vault.js";

// The examples of docs/recipes.md that run one command with a part of the vault.

test.after(removeHosts);

const page = "recipes.md";
const token = "t0ken-of-the-deploy";
const parts = exampleOf(page, "CI").files.get(".tazpod/config.yaml") ?? "";

interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly steps: readonly {
          readonly name?: string;
          readonly run?: string;
          readonly env?: Readonly<Record<string, string>>;
        }[];
      }
    >
  >;
}

test("CI: from a fresh clone, with the job's own commands, the deploy gets its token, which the log masks", async () => {
  const remote = await folderRemote();
  await withSealed(remote, { "prod/.env": `API_TOKEN=${token}\nAPI_URL=http://x.example\n` }, quick);
  const clone = await Host.make({ remote, more: `${quick}${parts}` });
  await chmod(clone.folder, 0o777);
  const { files } = exampleOf(page, "CI");
  for (const [path, content] of files) if (!path.startsWith(".tazpod/")) await put(clone.path(path), content);
  await mkdir(clone.path("tools"));
  await run("cp", [await pack(), clone.path("tools", "tazpod.tgz")]);
  // the host's address is not the container's: the request is written down instead
  await put(clone.path("bin", "curl"), '#!/bin/sh\necho "$*" > "${0%/*}/../requested"\n');
  await clone.configure(
    remote,
    `${quick}${parts}env: { PATH: "${clone.path("bin")}:/workspace/bin:/usr/bin:/bin" }\n`,
  );

  const shown = await clone.tazpod("trust", "--show");
  const hash = /\b[0-9a-f]{64}\b/.exec(shown.stdout + shown.stderr)?.[0] ?? "";
  const prefix = await newFolder("prefix");
  const given: Readonly<Record<string, string>> = {
    "vars.TAZPOD_TRUST": hash,
    "secrets.VAULT_PASSPHRASE": passphrase,
  };
  const { jobs } = parse(files.get(".github/workflows/deploy.yaml") ?? "") as Workflow;
  const steps = (jobs["deploy"]?.steps ?? []).filter((step) => step.run !== undefined);
  assert.equal(
    steps.map(({ name }) => name),
    ["Install tazpod", "Deploy"],
  );
  let log = "";
  for (const { run: commands = "", env = {} } of steps) {
    const filled = Object.entries(env).map(([name, value]) => [
      name,
      value.replace(/^\$\{\{ (.*) \}\}$/, (_, of: string) => given[of] ?? ""),
    ]);
    const done = await run("setsid", ["--wait", "bash", "-e", "-c", commands], {
      cwd: clone.folder,
      env: {
        ...{ CI: "true", GITHUB_ACTIONS: "true", TAZPOD_TRUST: "", npm_config_prefix: prefix },
        PATH: `${prefix}/bin:${process.env["PATH"]}`,
        ...(Object.fromEntries(filled) as Record<string, string>),
      },
    });
    assert.is(done.code, 0, done.stderr);
    log += done.stdout + done.stderr;
  }
  assert.match(log, "deploying with ***");
  assert.not.match(log, token);
  assert.not.match(log, passphrase);
  assert.is(
    await text(clone.path("requested")),
    `--fail --silent --header Authorization: Bearer ${token} http://x.example/deploy\n`,
  );
});

test("direnv: the command of the project's bin has the secrets, and the host's shell has none", async () => {
  const host = await withSealed("none", { "prod/.env": `TF_TOKEN=${token}\n` }, quick);
  const inside = await programs({
    terraform: 'echo "$* with $TF_TOKEN in $PWD"; printf %s "$TF_TOKEN" | wc -c',
  });
  await chmod(host.folder, 0o777);
  await put(host.path("inside", "terraform"), await text(join(inside, "terraform")));
  const env = `env: { PATH: "${host.path("inside")}:/workspace/inside:/usr/bin:/bin" }\n`;
  await host.configure("none", `${quick}${parts}${env}`);
  const [commands] = await copyExample(host, page, "direnv");
  const path = await programs();
  const allowed = await type(host, commands, path);
  assert.is(allowed.code, 0, allowed.stderr);
  const shell = `direnv exec . sh -c 'env; terraform plan -lock=false'`;
  const done = await type(host, shell, path, { TAZPOD_PASSPHRASE_FILE: host.passphraseFile });
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stdout, "plan -lock=false with *** in ");
  assert.match(done.stdout, new RegExp(`^\\s*${token.length}$`, "m"));
  assert.not.match(done.stdout, token);
  assert.not.match(done.stdout, "TF_TOKEN");
  assert.match(done.stderr, /vault|locked/);
});

test.run();
