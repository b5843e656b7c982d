// needs: docker, root, script, tmux
// time limit: 900 s
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { newFolder } from "../rig/folder.js";
import { bin, Host, passphrase as usual, removeHosts, run, type Ended } from "../rig/host.js";
import { nowhere, watched } from "../rig/nowhere.js";
import { underShell } from "../rig/under-shell.js";
import { folderRemote, withSealed } from "../rig/with-vault.js";

// The passphrase and the content of the vault are in RAM only, where no other user or program can see them.

test.after(removeHosts);

// built at run time, so that neither is an argument of this test
const passphrase = ["a passphrase", "of this test"].join(" ");
const plantedBase64 = "c2VjcmV0LW9mLXRoZS1ob3VzZQ==";
const planted = Buffer.from(plantedBase64, "base64").toString();
const plant = `echo ${plantedBase64} | base64 -d > ~/secrets/key`;

test("a new vault's passphrase and content are in no process, project, remote or container, and not on the screen", async () => {
  const usb = await newFolder("usb");
  const host = await Host.make({ remote: `file://${usb}/vault.tar.aes` });
  const needles = [passphrase, planted];
  const { pty, left } = await underShell(host);
  const seen = await watched(needles, async () => {
    await pty.expect("Create one?");
    pty.line("");
    await pty.secret(/Passphrase for the new vault .*:/, passphrase);
    await pty.secret(/Repeat it .*:/, passphrase);
    await pty.expect("$ ");
    pty.line(`${plant}; echo wri''tten`);
    await pty.expect("written");
    await nowhere(host, needles, [usb]);
    pty.line("exit");
    assert.is(await left(), 0, pty.screen);
  });
  assert.equal(seen, []);
  for (const needle of needles) assert.not.match(pty.screen, needle);
  await nowhere(host, needles, [usb]);
});

type Start = (host: Host, file: string) => Promise<Ended>;

const inside = `${plant}; cd; touch go; until [ -e on ]; do sleep 0.1; done; rm go on`;
const words = ["--yes", "enter", "--", "sh", "-c", inside];

/** Starts `enter` with the passphrase from each of the sources except the prompt. */
const sources: Readonly<Record<string, Start>> = {
  "--passphrase-fd": (host, file) =>
    run(
      "sh",
      ["-c", `exec 7< "$0"; exec "$@"`, file, process.execPath, bin, "--passphrase-fd", "7", ...words],
      {
        cwd: host.folder,
      },
    ),
  "--passphrase-file": (host, file) => host.tazpod("--passphrase-file", file, ...words),
  "--passphrase-command": (host, file) => host.tazpod("--passphrase-command", `cat '${file}'`, ...words),
  TAZPOD_PASSPHRASE_FILE: (host, file) => {
    host.env["TAZPOD_PASSPHRASE_FILE"] = file;
    return host.tazpod(...words);
  },
};

for (const [source, start] of Object.entries(sources)) {
  test(`the passphrase from ${source} opens and seals the vault, and is never visible while everything runs`, async () => {
    const usb = await newFolder("usb");
    const host = await withSealed(`file://${usb}/vault.tar.aes`);
    assert.is((await host.run("ensure-container")).code, 0);
    const needles = [usual, planted];
    let ended: Ended | undefined;
    const seen = await watched(needles, async () => {
      const running = start(host, host.passphraseFile);
      await Promise.race([running, until(() => host.inside("ls ~"), "go")]);
      await nowhere(host, needles, [usb]);
      await host.inside("touch ~/on");
      ended = await running;
    });
    assert.is(ended?.code, 0, ended?.stderr);
    assert.equal(seen, []);
    for (const needle of needles) assert.not.match(`${ended?.stdout}${ended?.stderr}`, needle);
    await nowhere(host, needles, [usb]);
    assert.is((await host.enter("cat ~/secrets/key")).stdout, planted);
  });
}

async function until(look: () => Promise<string>, what: string | RegExp): Promise<void> {
  let seen = "";
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    seen = await look();
    if (typeof what === "string" ? seen.includes(what) : what.test(seen)) return;
  }
  throw new Error(`no ${what} within a minute, but: ${seen}`);
}

test("a passphrase that is typed for unlock and again for save is never visible while everything runs", async () => {
  const usb = await newFolder("usb");
  const host = await withSealed(`file://${usb}/vault.tar.aes`);
  const needles = [usual, planted];
  const { pty, left } = await underShell(host, "--yes");
  const seen = await watched(needles, async () => {
    await pty.secret("Passphrase of the vault:", usual);
    await pty.expect("$ ");
    pty.line(`${plant}; echo wri''tten`);
    await pty.expect("written");
    await nowhere(host, needles, [usb]);
    pty.line("exit");
    assert.is(await left(), 0, pty.screen);
  });
  assert.equal(seen, []);
  for (const needle of needles) assert.not.match(pty.screen, needle);
  await nowhere(host, needles, [usb]);
});

/** A terminal that records what has scrolled away. */
class Tmux {
  readonly #socket: string;
  constructor(socket: string) {
    this.#socket = socket;
  }
  async #do(...args: string[]): Promise<string> {
    const done = await run("tmux", ["-S", this.#socket, "-f", "/dev/null", ...args]);
    assert.is(done.code, 0, done.stderr);
    return done.stdout;
  }
  start = (folder: string, ...argv: string[]) =>
    this.#do("new-session", "-d", "-x", "120", "-y", "40", "-c", folder, ...argv);
  line = (text: string) => this.#do("send-keys", "-l", `${text}\r`);
  screen = () => this.#do("capture-pane", "-p");
  everything = () => this.#do("capture-pane", "-p", "-S", "-");
  end = () => this.#do("kill-server");
}

test("a generated passphrase is on the screen until it has been typed, and not in the scrollback afterwards", async () => {
  const host = await Host.make({ remote: await folderRemote() });
  const tmux = new Tmux(join(await newFolder("tmux"), "socket"));
  await tmux.start(host.folder, process.execPath, bin);
  try {
    await until(tmux.screen, "Create one?");
    await tmux.line("");
    await until(tmux.screen, "(Enter generates one):");
    await tmux.line("");
    await until(tmux.screen, "Type it:");
    const shown = /^ {4}([a-z-]+)$/m.exec(await tmux.screen())?.[1] ?? "";
    assert.match(shown, /^[a-z]+(-[a-z]+){7}$/);
    await tmux.line(shown);
    await until(tmux.screen, /\$\s*$/);
    await tmux.line("echo generated > ~/secrets/key; echo wri''tten");
    await until(tmux.screen, "written");
    assert.not.match(await tmux.everything(), shown);
    await tmux.line("exit");
    await until(async () => ((await host.secrets()) === "" ? "locked" : ""), "locked");
    const read = await run(
      "sh",
      [
        "-c",
        `exec 7<&0; cd "$0"; exec "$@"`,
        ...[host.folder, process.execPath, bin, "--passphrase-fd", "7"],
        ...["--yes", "enter", "--", "sh", "-c", "cat ~/secrets/key"],
      ],
      { input: `${shown}\n` },
    );
    assert.is(read.stdout, "generated\n", read.stderr);
  } finally {
    await tmux.end().catch(() => undefined);
  }
});

test.run();
