import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { DoctorJson } from "../../lib/cli/doctor/doctor.js";
import { Host, run, text } from "../rig/host.js";
import { folderRemote } from "../rig/with-vault.js";

/** Tests of a whole session with podman. Defines them; the caller runs them where podman works. */
export function podmanTrip(rootless: boolean): void {
  const hosts: Host[] = [];

  async function host(remote: string, more = "engine: podman\n"): Promise<Host> {
    const made = await Host.make({ remote, more });
    hosts.push(made);
    return made;
  }

  async function inside({ container }: Host, script: string): Promise<string> {
    const done = await run("podman", ["exec", "--user", "tazpod", container, "sh", "-c", script]);
    assert.is(done.code, 0, done.stderr);
    return done.stdout.trim();
  }

  test.after(async () => {
    for (const { container } of hosts) await run("podman", ["rm", "--force", "--time", "0", container]);
  });

  let remote = "";
  let first: Host;

  test("a vault is created, filled, sealed and pushed, and the secrets folder is empty afterwards", async () => {
    remote = await folderRemote();
    first = await host(remote);
    const done = await first.enter("echo key-of-the-house > ~/secrets/key; echo out; echo err >&2; exit 7");
    assert.is(done.code, 7, done.stderr);
    assert.is(done.stdout, "out\n");
    assert.match(done.stderr, "err\n");
    assert.is(await inside(first, "ls -A ~/secrets"), "");
    assert.not.match(await text(first.vault), "key-of-the-house");
    assert.match((await first.tazpod("status")).stdout, /= vault-pushed/);
  });

  test("the vault opens again on the same host, and is pulled on another one", async () => {
    assert.is((await first.enter("cat ~/secrets/key")).stdout, "key-of-the-house\n");
    const second = await host(remote);
    const done = await second.enter("cat ~/secrets/key && echo more > ~/secrets/more");
    assert.is(done.stdout, "key-of-the-house\n", done.stderr);
    assert.is((await first.enter("cat ~/secrets/more")).stdout, "more\n");
  });

  test("save, lock and push run one by one, and down removes the container", async () => {
    const given = ["--passphrase-file", first.passphraseFile];
    for (const [args, expected] of [
      [["run", "--yes", "unlock", ...given], /unlocked: 2 files/],
      [["run", "save", ...given], /saved: 2 files/],
      [["lock"], /✔ lock: Vault locked/],
      [["push"], /✔ push: (.* has this vault already|Vault pushed to)/],
      [["down"], /✔ down: Container .* removed/],
    ] as const) {
      const done = await first.tazpod(...args);
      assert.is(done.code, 0, `${args.join(" ")}: ${done.stderr}`);
      assert.match(done.stderr, expected);
    }
    assert.is.not((await run("podman", ["container", "inspect", first.container])).code, 0);
  });

  test("a shell on a terminal works, and its changes are sealed", async () => {
    const pty = first.pty("enter", "--yes", "--passphrase-file", first.passphraseFile);
    await pty.expect("$ ");
    pty.line("tty; stty size; id -un; echo typed > ~/secrets/typed; exit");
    await pty.expect(/\/dev\/pts\/\d+\r\n\d+ \d+\r\ntazpod/);
    assert.is(await pty.ended, 0, pty.screen);
    assert.is((await first.enter("cat ~/secrets/typed")).stdout, "typed\n");
  });

  test("in a restarted container, the secrets folder is private once a vault is open", async () => {
    await run("podman", ["stop", first.container]);
    const done = await first.enter("stat -c '%a %U' ~/secrets; cat ~/secrets/key");
    assert.is(done.stdout, "700 tazpod\nkey-of-the-house\n", done.stderr);
  });

  test("a container that disappears under a shell is reported, and the next enter has everything that was sealed", async () => {
    const pty = first.pty("enter", "--yes", "--passphrase-file", first.passphraseFile);
    await pty.expect("$ ");
    await run("podman", ["kill", first.container]);
    assert.is.not(await pty.ended, 0);
    assert.match(pty.screen, /is no longer running/);
    assert.is((await first.enter("cat ~/secrets/key")).stdout, "key-of-the-house\n");
  });

  test("doctor and status name podman, and a foreign container is refused with the command that removes it", async () => {
    const { findings } = JSON.parse((await first.tazpod("doctor", "--json", "--yes")).stdout) as DoctorJson;
    const reason = (name: string): string => findings.find(({ check }) => check === name)?.reason ?? "";
    assert.match(reason("engine"), rootless ? /^podman \d+\.\d+\S*, rootless$/ : /^podman \d+\.\d+\S*$/);
    assert.match(reason("image"), /is here$/);
    assert.match(reason("container"), /is running(; root owns this project.*)?$/);
    const other = await host("none");
    await run("podman", ["create", "--name", other.container, "tazpod-test:1", "true"]);
    const refused = await other.enter("true");
    assert.is(refused.code, 3);
    assert.match(refused.stderr, `podman rm -f ${other.container}`);
  });

  test("podman is chosen automatically if Docker does not answer", async () => {
    const auto = await host("none", "");
    auto.env["TAZPOD_ENGINE"] = "auto";
    auto.env["DOCKER_HOST"] = "unix:///nowhere/docker.sock";
    const done = await auto.enter("echo k > ~/secrets/k; echo $container");
    assert.is(done.stdout, "podman\n", done.stderr);
    assert.match(done.stderr, /podman.*Docker is not answering|Docker is not answering.*podman/s);
    assert.is((await auto.enter("cat ~/secrets/k")).stdout, "k\n");
  });

  test("a missing image is looked for in the registry, and the message says what to do", async () => {
    const lost = await host("none");
    const config = lost.path(".tazpod", "config.yaml");
    await writeFile(config, (await text(config)).replace(/^image: .*$/m, "image: localhost:1/no/such:1"));
    const done = await lost.enter("true");
    assert.is.not(done.code, 0);
    assert.match(
      done.stderr,
      /localhost:1\/no\/such:1 is not on this machine and could not be pulled.*\n.*Check the network/s,
    );
  });

  test("a copied project goes into a volume, comes back whatever uid the container's user has outside, and is removed by down", async () => {
    const copied = await host("none", "engine: podman\nworkspace: copy\nnetwork: none\n");
    await writeFile(copied.path("f"), "1\n");
    const done = await copied.enter("stat -c %U /workspace/f; cat f; echo 2 > f; echo k > ~/secrets/k");
    assert.is(done.stdout, "tazpod\n1\n", done.stderr);
    assert.is(await text(copied.path("f")), "2\n");
    const down = await copied.tazpod("down");
    assert.is(down.code, 0, down.stderr);
    assert.not.match((await run("podman", ["volume", "ls"])).stdout, copied.container);
  });

  if (rootless) {
    test("the project's files belong to the host user outside and to the container user inside", async () => {
      const done = await first.enter("echo x > /workspace/made && stat -c %U /workspace/.tazpod/config.yaml");
      assert.is(done.stdout, "tazpod\n", done.stderr);
      assert.is(await text(first.path("made")), "x\n");
    });
  }
}
