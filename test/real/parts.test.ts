// needs: engine, script, bash
// time limit: 900 s
import { randomBytes } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bin, type Host, quick, removeHosts, run } from "../rig/host.js";
import { namesIn } from "../rig/names-in.js";
import { underShell } from "../rig/under-shell.js";
import { folderRemote, withQuickVault, withVault } from "../rig/with-vault.js";

// Parts of a vault that are opened separately.

test.after(removeHosts);

const parts = "parts:\n  aws: .aws\n  prod: { paths: [prod, kube/prod], open: on-request }\n";
/** Searched for in every process of the machine. */
const secret = `pa55-${randomBytes(4).toString("hex")}`;
const content = `umask 077; cd ~/secrets; mkdir -p .aws prod kube/prod; echo id > .aws/credentials; printf '${secret}\\n' > prod/key; echo k > kube/prod/k; echo v > kube/view; echo r > readme; chmod 750 kube`;
const tree = "cd ~/secrets && find . -path ./.tazpod -prune -o -print | sort | tail -n +2 | tr '\\n' ' '";
const all =
  "./.aws ./.aws/credentials ./kube ./kube/prod ./kube/prod/k ./kube/view ./prod ./prod/key ./readme ";
const always = "./.aws ./.aws/credentials ./kube ./kube/view ./readme ";

/** A vault that was made before its settings had parts. */
async function withParts(url = "none"): Promise<Host> {
  const host = await withQuickVault(url, content);
  await host.configure(url, `vault: { format: v1 }\n${parts}`);
  return host;
}

test("a part that opens on request stays closed by default, and a save keeps it unchanged", async () => {
  const host = await withParts();
  const done = await host.enter(`${tree}; echo more > ~/secrets/more; echo new > ~/secrets/.aws/config`);
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, always);
  assert.match(done.stderr, "without prod");
  assert.match(done.stderr, "saved: 7 files");
  const whole = await host.enter(
    `${tree}; cat ~/secrets/prod/key; stat -c %a ~/secrets/kube`,
    "--part",
    "all",
  );
  assert.is(whole.code, 0, whole.stderr);
  assert.is(
    whole.stdout,
    `${all.replace("./.aws/c", "./.aws/config ./.aws/c").replace("./prod ", "./more ./prod ")}${secret}\n750\n`,
  );
  assert.not.match(whole.stderr, "saved");
});

test("--part opens only the named parts; their changes are saved, and closed parts are unchanged", async () => {
  const host = await withParts();
  const done = await host.enter(
    `${tree}; echo changed > ~/secrets/kube/prod/k; rm ~/secrets/prod/key`,
    "--part",
    "prod",
  );
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, "./kube ./kube/prod ./kube/prod/k ./prod ./prod/key ");
  const whole = await host.enter(
    `${tree}; cat ~/secrets/kube/prod/k; stat -c %a ~/secrets/kube`,
    "--part",
    "all",
  );
  assert.is(whole.stdout, `${all.replace("./prod/key ", "")}changed\n750\n`);
});

test("unlock --part opens further parts of an open vault, unsaved work stays, and everything is saved", async () => {
  const host = await withParts();
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("echo work > ~/secrets/work; rm ~/secrets/readme");
  const more = await host.run("unlock", "--part", "prod");
  assert.is(more.code, 0, more.stderr);
  assert.match(more.stderr, /Unlocked prod: 2 files/);
  assert.is(await host.inside(tree), all.replace("./readme ", "./work "));
  const diff = await host.tazpod("vault", "diff", "--passphrase-file", host.passphraseFile);
  assert.is(diff.stdout, "+ work\n- readme\n");
  const locked = await host.run("lock");
  assert.is(locked.code, 0, locked.stderr);
  assert.is((await host.enter(tree, "--part", "all")).stdout, all.replace("./readme ", "./work "));
});

test("files in the place of a closed part are reported and kept sealed separately, and everything else is saved", async () => {
  const host = await withParts();
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("mkdir ~/secrets/prod && echo mine > ~/secrets/prod/key && echo work > ~/secrets/work");
  const over = await host.run("unlock", "--part", "prod");
  assert.is(over.code, 3, over.stderr);
  assert.match(over.stderr, "Different files are in the place of files of this part: prod/key");
  const locked = await host.run("lock");
  assert.is(locked.code, 0, locked.stderr);
  assert.match(locked.stderr, /Not saved in the vault, because their part is closed: prod\/key/);
  const kept = /is sealed in (\S+\.tar\.aes)\./.exec(locked.stderr)?.[1] ?? "";
  assert.is(
    (await host.enter("cat ~/secrets/prod/key ~/secrets/work", "--part", "all")).stdout,
    `${secret}\nwork\n`,
  );
  assert.ok((await namesIn(kept)).includes("prod/key"));
});

test("the first file of a part creates the part, even if it opens on request", async () => {
  const host = await withVault(
    "none",
    undefined,
    `${quick}parts: { new: { paths: new, open: on-request } }\n`,
  );
  const made = await host.enter("mkdir ~/secrets/new; echo 1 > ~/secrets/new/key");
  assert.is(made.code, 0, made.stderr);
  assert.not.match(made.stderr, /Not saved/);
  assert.is((await host.enter("ls ~/secrets")).stdout, "key\n");
  assert.is((await host.enter("cat ~/secrets/new/key", "--part", "new")).stdout, "1\n");
});

test("with PART: only the command sees it, its changes are saved, and the vault is locked afterwards", async () => {
  const url = await folderRemote();
  const host = await withParts(url);
  const done = await host.run(
    "with",
    "prod",
    "--",
    "sh",
    "-c",
    `${tree}; echo 2 > ~/secrets/prod/two; exit 7`,
  );
  assert.is(done.code, 7, done.stderr);
  assert.is(done.stdout, "./kube ./kube/prod ./kube/prod/k ./prod ./prod/key ");
  assert.is(await host.secrets(), "");
  assert.match((await host.tazpod("status")).stdout, /= vault-pushed/);
  assert.is((await host.run("with", "prod", "--", "sh", "-c", "cat ~/secrets/prod/two")).stdout, "2\n");
});

test("with PART during an open shell: only the command sees it, and it needs no passphrase", async () => {
  const host = await withParts();
  const { pty, left } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  pty.line("echo work > ~/secrets/work; echo wri''tten");
  await pty.expect("written");
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const done = await host.tazpod(
    "run",
    "with",
    "prod",
    "--yes",
    "--",
    "sh",
    "-c",
    "cat ~/secrets/prod/key; echo 3 > ~/secrets/prod/three",
  );
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, `${secret}\n`);
  assert.is(await host.inside(tree), `${always}./work `);
  pty.line("exit");
  assert.is(await left(), 0, pty.screen);
  assert.is(
    (await host.enter("cat ~/secrets/prod/three ~/secrets/work", "--part", "all")).stdout,
    "3\nwork\n",
  );
});

test("a value of the vault as a variable of one command is masked in its output, and is in no other argument or environment", async () => {
  const host = await withParts();
  const seen = host.run(
    "with",
    "prod",
    "--env",
    "KEY=prod/key",
    "--",
    "sh",
    "-c",
    "echo $KEY; echo $KEY >&2; printf %s $KEY | wc -c; sleep 3",
  );
  const found: string[] = [];
  const ended = seen.then(() => true);
  while (
    !(await Promise.race([ended, new Promise<false>((resolve) => setTimeout(() => resolve(false), 200))]))
  ) {
    const { stdout } = await run("sh", [
      "-c",
      `grep -la ${secret} /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | while read f; do p=\${f%/*}; [ "$(cat $p/comm)" = grep ] || cat $p/comm; done`,
    ]);
    found.push(...stdout.split("\n").filter((name) => name !== ""));
  }
  const done = await seen;
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, "***\n13\n");
  assert.match(done.stderr, /^\*\*\*$/m);
  assert.not.match(done.stderr, "pa55");
  // the command itself has it, as requested: it runs as `sh` and `sleep` in the container
  assert.equal(
    [...new Set(found)].filter((name) => name !== "sh" && name !== "sleep"),
    [],
  );
});

test("unknown parts and variables are named before anything is opened", async () => {
  const host = await withParts();
  const typo = await host.run("with", "prdo", "--", "true");
  assert.is(typo.code, 2);
  assert.match(typo.stderr, /There is no part of the vault .*prdo[^]*prod/);
  assert.not.match(typo.stderr, "container of its own");
  assert.is((await host.run("with", "--", "true")).code, 2);
  assert.is((await host.run("with", "prod")).code, 2);
  assert.is((await host.run("enter", "--env", "KEY=/etc/passwd", "--", "true")).code, 2);
  const missing = await host.run("with", "aws", "--env", "KEY=prod/key", "--", "echo", "ran");
  assert.is(missing.code, 3, missing.stderr);
  assert.match(missing.stderr, "--env KEY=prod/key: there is no such file in the open parts of the vault.");
  assert.is(missing.stdout, "");
  assert.is(await host.secrets(), "");
});

test("a dotenv file of the vault becomes variables of one command, masked, and leaves nothing behind", async () => {
  const host = await withParts();
  const file = `A=plain\nexport B='it is  $HOME'\n# no\nC="two\\nlines of it"\nQ="it's quoted"\nn=5\nKEY=lost\nPATH=/usr/bin:/bin\n`;
  const stored = await run(
    process.execPath,
    [bin, "vault", "set", "prod/.env", "--passphrase-file", host.passphraseFile],
    {
      cwd: host.folder,
      input: file,
    },
  );
  assert.is(stored.code, 0, stored.stderr);
  const script =
    'printf "%s|" "$A" "$B" "$C" "$Q" "$n" "$KEY" | od -An -c; echo "$A $B"; ls -A ~/secrets/.tazpod';
  const flags = ["--dotenv", "prod/.env", "--env", "KEY=prod/key"];
  const done = await host.run("with", "prod", ...flags, "--", "sh", "-c", script);
  assert.is(done.code, 0, done.stderr);
  // od separates the characters, so that nothing is masked
  assert.match(done.stdout.replace(/[ \n]/g, ""), `plain|itis$HOME|two\\nlinesofit|it'squoted|5|${secret}|`);
  assert.match(done.stdout, "\n*** ***\n");
  assert.not.match(done.stdout, "exports-");
  assert.match(done.stderr, "shorter than 4 bytes: n.");
  for (const [path, code, message] of [
    ["prod/none", 3, "there is no such file"],
    ["readme", 3, "there is no such file in the open parts"],
    ["prod/key", 3, "it has no line NAME=VALUE."],
    ["/etc/passwd", 2, "takes a file in the vault"],
  ] as const) {
    const refused = await host.run("with", "prod", "--dotenv", path, "--", "echo", "ran");
    assert.is(refused.code, code, refused.stderr);
    assert.match(refused.stderr, message);
    assert.is(refused.stdout, "");
  }
  const none = await host.run("enter", "--dotenv", "prod/.env");
  assert.is(none.code, 2);
  assert.match(none.stderr, "--dotenv needs a command after --.");
});

test("masked output whose reader has gone, or that does not fit on the disk, is a failure after the cleanup", async () => {
  const host = await withParts();
  // more than a pipe holds
  const inside =
    'trap "" PIPE; echo one; sleep 1; echo two; sleep 1; head -c 200000 /dev/zero | tr "\\0" x; exit 0';
  const flags = ["--yes", "--passphrase-file", host.passphraseFile, "--env", "KEY=prod/key"];
  const words = [bin, "run", ...flags, "with", "prod", "--", "sh", "-c", inside];
  for (const [to, code] of [
    ["| head -1; exit ${PIPESTATUS[0]}", 141],
    ["> /dev/full", 1],
  ] as const) {
    const options = { cwd: host.folder, env: host.env };
    const done = await run("bash", ["-c", `"$0" "$@" ${to}`, process.execPath, ...words], options);
    assert.is(done.code, code, done.stderr);
    assert.not.match(done.stderr, "Node.js v");
    assert.is(await host.secrets(), "");
  }
  // a program that prints without an end, and has not asked not to be told
  const endless = ["-c", '"$0" "$@" | head -1; exit ${PIPESTATUS[0]}', process.execPath].concat(
    words.slice(0, -3),
    "yes",
  );
  const done = await run("timeout", ["60", "bash", ...endless], { cwd: host.folder, env: host.env });
  assert.is(done.stdout, "y\n", done.stderr);
  // it may have had time to report an error of its own
  assert.ok([141, 1].includes(done.code), `${done.code}: ${done.stderr}`);
  assert.is(await host.secrets(), "");
});

test.run();
