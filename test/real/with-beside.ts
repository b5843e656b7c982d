import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { Secret } from "../../lib/host/secret.js";
import { bin, Host, passphrase, removeHosts } from "../rig/host.js";
import { underShell } from "../rig/under-shell.js";
import { until } from "../rig/until.js";
import { filesIn } from "../rig/vault-of-files.js";

const execute = promisify(execFile);
const secret = `pa55-${randomBytes(4).toString("hex")}`;
const quick = "vault: { format: v1 }\n";
const parts = "parts:\n  prod: { paths: [prod], open: on-request }\n";

/** `run with` on an engine that can isolate containers from each other. */
export function withBeside(engine: "docker" | "podman"): void {
  test.after(removeHosts);

  const cli = async (...args: string[]): Promise<string> =>
    (await execute(engine, engine === "podman" ? ["--log-level", "error", ...args] : args)).stdout.trim();

  async function withParts(): Promise<Host> {
    const host = await Host.make({ remote: "none", more: `engine: ${engine}\n${quick}` });
    host.env["TAZPOD_ENGINE"] = engine;
    const made = await host.enter(
      `umask 077; cd ~/secrets; mkdir prod; printf '${secret}\\n' > prod/key; echo r > readme`,
    );
    assert.is(made.code, 0, made.stderr);
    await chmod(host.folder, 0o777);
    await host.configure("none", `engine: ${engine}\n${quick}${parts}`);
    assert.is((await host.run("down")).code, 0);
    return host;
  }

  /** The names of the containers that `with` has created for this host, running or not. */
  const beside = async (host: Host): Promise<string[]> => {
    const names = await cli("ps", "--all", "--format", "{{.Names}}");
    return names.split("\n").filter((name) => name.startsWith(`${host.container}-with-`));
  };

  const conflicts = (host: Host): Promise<string[]> =>
    readdir(host.path(".tazpod", "vault", "conflicts")).catch(() => []);

  test("the command sees only its part, its exit code is passed on, and no shell container is needed and none is left", async () => {
    const host = await withParts();
    const done = await host.run(
      "with",
      "prod",
      "--",
      "sh",
      "-c",
      "cd ~/secrets; ls; cat prod/key; pwd > /workspace/made; exit 7",
    );
    assert.is(done.code, 7, done.stderr);
    assert.is(done.stdout, `prod\n${secret}\n`);
    assert.equal(await beside(host), []);
    assert.not.match(
      await cli("ps", "--all", "--format", "{{.Names}}"),
      new RegExp(`^${host.container}$`, "m"),
    );
    assert.ok((await readdir(host.folder)).includes("made"));
    assert.not.match(done.stderr, "saved");
  });

  test("if the vault cannot take the command's changes, they are sealed in a file of their own, which is named", async () => {
    const host = await withParts();
    const made = await host.enter("head -c 1200000 /dev/urandom > ~/secrets/large");
    assert.is(made.code, 0, made.stderr);
    await host.run("down");
    await host.configure("none", `engine: ${engine}\nvault: { format: v1, size: 2m }\n${parts}`);
    const done = await host.run(
      "with",
      "prod",
      "--",
      "sh",
      "-c",
      "yes | head -c 700000 > ~/secrets/prod/new",
    );
    assert.is(done.code, 1, done.stderr);
    const [name = ""] = await conflicts(host);
    assert.match(done.stderr, `conflicts/${name}, with the same passphrase`);
    const path = host.path(".tazpod", "vault", "conflicts", name);
    const { files } = await filesIn(path, Secret.fromText(passphrase));
    assert.is(files.get("prod/new")?.length, 700_000);
    assert.equal(await beside(host), []);
  });

  test("it runs on a host where the project never had a container", async () => {
    const host = await withParts();
    await host.forgetState();
    const done = await host.run("with", "prod", "--", "sh", "-c", "cat ~/secrets/prod/key");
    assert.is(done.code, 0, done.stderr);
    assert.is(done.stdout, `${secret}\n`);
  });

  test("while it runs, the shell's container cannot see the part", async () => {
    const host = await withParts();
    const { pty, left } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
    await pty.expect("$ ");
    const running = host.tazpod(
      "run",
      "with",
      "prod",
      "--yes",
      "--",
      "sh",
      "-c",
      "cat ~/secrets/prod/key; echo on > /workspace/on; until [ -e /workspace/off ]; do sleep 0.1; done",
    );
    await until(async () => (await readdir(host.folder)).includes("on"));
    const looks =
      "ls -A ~/secrets; cat /proc/[0-9]*/root/home/tazpod/secrets/prod/key 2>&1; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'";
    const seen = await cli("exec", "--user", "tazpod", host.container, "sh", "-c", looks);
    assert.match(seen, "readme");
    assert.not.match(seen, secret);
    assert.not.match(
      await cli("exec", "--user", "tazpod", host.container, "ls", "-A", "/home/tazpod/secrets"),
      "prod",
    );
    await host.inside("touch /workspace/off");
    const done = await running;
    assert.is(done.code, 0, done.stderr);
    assert.is(done.stdout, `${secret}\n`);
    pty.line("exit");
    assert.is(await left(), 0, pty.screen);
    assert.equal(await conflicts(host), []);
  });

  test("changes by the command are saved, and so are changes by an open shell before and after it", async () => {
    const host = await withParts();
    const { pty, left } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
    await pty.expect("$ ");
    pty.line("echo work > ~/secrets/work; echo wri''tten");
    await pty.expect("written");
    const done = await host.tazpod(
      "run",
      "with",
      "prod",
      "--yes",
      "--",
      "sh",
      "-c",
      "echo 2 > ~/secrets/prod/two; rm ~/secrets/prod/key",
    );
    assert.is(done.code, 0, done.stderr);
    assert.match(done.stderr, "saved");
    pty.line("echo later > ~/secrets/later; exit");
    assert.is(await left(), 0, pty.screen);
    assert.equal(await conflicts(host), []);
    const whole = await host.enter("cd ~/secrets; ls . prod", "--part", "all");
    assert.is(whole.stdout, ".:\nlater\nprod\nreadme\nwork\n\nprod:\ntwo\n");
  });

  test("a part that is also open in the shell is not overwritten: the command's vault is kept as a conflict and named", async () => {
    const host = await withParts();
    const { pty, left } = await underShell(
      host,
      "--part",
      "all",
      "--yes",
      "--passphrase-file",
      host.passphraseFile,
    );
    await pty.expect("$ ");
    const done = await host.tazpod(
      "run",
      "with",
      "prod",
      "--yes",
      "--",
      "sh",
      "-c",
      "echo 2 > ~/secrets/prod/two",
    );
    assert.is(done.code, 5, done.stderr);
    assert.match(done.stderr, /sealed in .*conflicts\/vault-/);
    assert.is((await conflicts(host)).length, 1);
    pty.line("exit");
    assert.is(await left(), 0, pty.screen);
  });

  test("files that a vault cannot contain are named, and everything else is saved", async () => {
    const host = await withParts();
    const script = "cd ~/secrets/prod; mkfifo pipe; echo 4 > four";
    const done = await host.run("with", "prod", "--", "sh", "-c", script);
    assert.is(done.code, 0, done.stderr);
    assert.match(done.stderr, "Not saved, so that the vault keeps what it had there: prod/pipe");
    const after = await host.run("with", "prod", "--", "sh", "-c", "ls ~/secrets/prod");
    assert.is(after.stdout, "four\nkey\n", after.stderr);
  });

  test("files outside the part are named and sealed in a file of their own; one that cannot be read is named, too", async () => {
    const host = await withParts();
    const outside = "cd ~/secrets; echo precious > token; echo changed > readme; echo 5 > prod/five";
    const done = await host.run("with", "prod", "--", "sh", "-c", outside);
    assert.is(done.code, 0, done.stderr);
    assert.match(done.stderr, /Not saved in the vault, because .* part: (readme, token|token, readme)\. /);
    const [kept = ""] = await conflicts(host);
    const folder = host.path(".tazpod", "vault", "conflicts");
    const { files } = await filesIn(`${folder}/${kept}`, Secret.fromText(passphrase));
    assert.equal([files.get("token"), files.get("readme")], ["precious\n", "changed\n"]);
    const shut = "echo 6 > ~/secrets/prod/six; chmod 000 ~/secrets/prod/six";
    const silent = await host.run("with", "prod", "--", "sh", "-c", shut);
    assert.is(silent.code, 0, silent.stderr);
    assert.match(silent.stderr, /Not saved, .*: prod\/six\n/);
    const after = await host.run("with", "prod", "--", "sh", "-c", "ls ~/secrets/prod");
    assert.is(after.stdout, "five\nkey\n", after.stderr);
  });

  test("--env sets a variable and masks its value; --in-shell runs the command in the shell's container", async () => {
    const host = await withParts();
    const masked = await host.run(
      "with",
      "prod",
      "--env",
      "KEY=prod/key",
      "--",
      "sh",
      "-c",
      "echo $KEY; printf %s $KEY | wc -c; hostname > /workspace/where",
    );
    assert.is(masked.stdout, "***\n13\n", masked.stderr);
    const inShell = await host.run("with", "prod", "--in-shell", "--", "sh", "-c", "cat ~/secrets/prod/key");
    assert.is(inShell.stdout, `${secret}\n`, inShell.stderr);
    assert.match(await cli("ps", "--all", "--format", "{{.Names}}"), new RegExp(`^${host.container}$`, "m"));
  });

  for (const [signal, code] of [
    ["SIGTERM", 130],
    ["SIGHUP", 130],
    ["SIGINT", 130],
  ] as const)
    test(`${signal} ends the command, its changes are saved, and no container is left`, async () => {
      const host = await withParts();
      const args = [
        "run",
        "with",
        "prod",
        "--yes",
        "--passphrase-file",
        host.passphraseFile,
        "--",
        "sh",
        "-c",
        "echo 3 > ~/secrets/prod/three; echo on > /workspace/on; sleep 100",
      ];
      const child = spawn(process.execPath, [bin, ...args], {
        cwd: host.folder,
        env: { ...process.env, ...host.env },
        stdio: "ignore",
      });
      const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
      await until(async () => (await readdir(host.folder)).includes("on"));
      child.kill(signal);
      assert.is(await ended, code);
      assert.equal(await beside(host), []);
      const after = await host.run("with", "prod", "--", "sh", "-c", "cat ~/secrets/prod/three");
      assert.is(after.stdout, "3\n", after.stderr);
    });

  test("after kill -9 of tazpod the command's container ends by itself, and none is left", async () => {
    const host = await withParts();
    const args = [
      "run",
      "with",
      "prod",
      "--yes",
      "--passphrase-file",
      host.passphraseFile,
      "--",
      "sh",
      "-c",
      "echo on > /workspace/on; sleep 1000",
    ];
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: host.folder,
      env: { ...process.env, ...host.env },
      stdio: "ignore",
    });
    await until(async () => (await readdir(host.folder)).includes("on"));
    assert.is((await beside(host)).length, 1);
    child.kill("SIGKILL");
    await until(async () => (await beside(host)).length === 0, 30);
  });

  test("the next run removes a leftover container, but not one of a running tazpod", async () => {
    const host = await withParts();
    const image = "tazpod-test:1";
    const left = async (name: string, owner: string): Promise<string> =>
      cli(
        "run",
        "--detach",
        "--name",
        `${host.container}-with-${name}`,
        "--label",
        `tazpod.beside=${owner}`,
        "--label",
        `tazpod.project=${host.folder}`,
        "--entrypoint",
        "sh",
        image,
        "-c",
        "sleep 300",
      );
    const { processToken } = await import("../../lib/host/own-process.js");
    const own = await processToken();
    await left("alive", own);
    await left("dead", own.replace(/\/\d+\//, "/4194303/"));
    assert.is((await host.run("with", "prod", "--", "true")).code, 0);
    assert.equal(await beside(host), [`${host.container}-with-alive`]);
    await cli("rm", "--force", `${host.container}-with-alive`);
  });
}
