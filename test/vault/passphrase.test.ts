import { spawnSync } from "node:child_process";
import { chmod, mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ok, type Result } from "../../lib/result.js";
import { Secret } from "../../lib/secret.js";
import { splitCommand } from "../../lib/vault/argv.js";
import {
  newPassphrase,
  readPassphrase,
  type PassphraseSources,
  type SecretAsker,
} from "../../lib/vault/passphrase.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

const test = suite("passphrase");

const nobody: SecretAsker = {
  interactive: false,
  secret: () => Promise.reject(new Error("asked, though there is nobody")),
};

/** Answers one after the other. */
function typing(...answers: string[]): SecretAsker & { questions: string[] } {
  const questions: string[] = [];
  return {
    interactive: true,
    questions,
    async secret(question): Promise<Result<Secret>> {
      questions.push(question);
      return ok(Secret.fromText(answers.shift() ?? ""));
    },
  };
}

function context(
  sources: PassphraseSources,
  asker: SecretAsker = nobody,
  output = "",
): Parameters<typeof readPassphrase>[0] & { ran: (readonly string[])[] } {
  const ran: (readonly string[])[] = [];
  const run = async (argv: readonly string[]): Promise<Result<Buffer>> => {
    ran.push(argv);
    return ok(Buffer.from(output));
  };
  return { sources, asker, run, ran };
}

function text(secret: Secret): string {
  return secret.use((bytes) => bytes.toString("utf8"));
}

async function file(content: string, mode = 0o600): Promise<string> {
  const path = join(await newFolder(), "p");
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

test("a file gives its bytes, less one newline at the end", async () => {
  for (const [content, expected] of [
    ["word", "word"],
    ["word\n", "word"],
    [" word \n\n", " word \n"],
    ["wörd\t", "wörd\t"],
  ] as const) {
    const found = value(await readPassphrase(context({ file: await file(content) })));
    assert.is(text(found.secret), expected);
    assert.not.ok(found.asked);
  }
});

test("a file that anybody else can read is refused, and chmod 600 named", async () => {
  for (const mode of [0o644, 0o640, 0o604, 0o610]) {
    const { detail } = failure(
      await readPassphrase(context({ file: await file("word", mode) })),
      "passphrase-unusable",
    );
    assert.match(detail, /others can read it.*chmod 600/);
  }
  assert.ok((await readPassphrase(context({ file: await file("word", 0o400) }))).ok);
});

test("a folder, a pipe, a missing and an over-long file are refused", async () => {
  const folder = await newFolder();
  await mkdir(join(folder, "d"), { mode: 0o700 });
  assert.match(
    failure(await readPassphrase(context({ file: join(folder, "d") })), "passphrase-unusable").detail,
    /regular file/,
  );
  spawnSync("mkfifo", ["-m", "600", join(folder, "fifo")]);
  assert.match(
    failure(await readPassphrase(context({ file: join(folder, "fifo") })), "passphrase-unusable").detail,
    /--passphrase-fd/,
  );
  assert.match(
    failure(await readPassphrase(context({ file: join(folder, "none") })), "passphrase-unusable").detail,
    /no such file/,
  );
  assert.match(
    failure(await readPassphrase(context({ file: await file("x".repeat(70_000)) })), "passphrase-unusable")
      .detail,
    /bytes/,
  );
});

test("nothing is ever an empty passphrase", async () => {
  for (const content of ["", "\n"]) {
    assert.match(
      failure(await readPassphrase(context({ file: await file(content) })), "passphrase-unusable").detail,
      /empty/,
    );
  }
  failure(await readPassphrase(context({ command: "pass show x" }, nobody, "\n")), "passphrase-unusable");
  failure(await readPassphrase(context({}, typing(""))), "passphrase-unusable");
});

test("a descriptor is read to its end", async () => {
  const handle = await open(await file("from fd\n"), "r");
  assert.is(text(value(await readPassphrase(context({ fd: handle.fd }))).secret), "from fd");
  await handle.close();
  assert.is(failure(await readPassphrase(context({ fd: 99 })), "file").code, "EBADF");
});

test("a command is run without a shell, and its output is the passphrase", async () => {
  const here = context({ command: `pass show 'my vault' "a\\"b"` }, nobody, "secret\n");
  assert.is(text(value(await readPassphrase(here)).secret), "secret");
  assert.equal(here.ran, [["pass", "show", "my vault", `a"b`]]);
});

test("what only a shell can do is refused, not passed on as text", () => {
  for (const command of ["pass x | head -1", "a; b", "echo $HOME", "echo `id`", "x > y", "a && b"]) {
    assert.match(failure(splitCommand(command), "usage").message, /needs a shell/);
  }
  assert.match(failure(splitCommand("a 'b"), "usage").message, /never closed/);
  failure(splitCommand("  "), "usage");
  assert.equal(value(splitCommand(`sh -c 'a | b' "" x\\ y`)), ["sh", "-c", "a | b", "", "x y"]);
});

test("the sources come in their order, and the environment's file after the flags", async () => {
  const [one, two] = [await file("one"), await file("two")];
  assert.is(text(value(await readPassphrase(context({ file: one, environmentFile: two }))).secret), "one");
  assert.is(
    text(
      value(await readPassphrase(context({ command: "c", environmentFile: two }, nobody, "three"))).secret,
    ),
    "three",
  );
  assert.is(text(value(await readPassphrase(context({ environmentFile: two }))).secret), "two");
});

test("with nobody at the terminal the flag is named", async () => {
  assert.is(failure(await readPassphrase(context({})), "answer-needed").flag, "--passphrase-file");
  assert.is(failure(await newPassphrase(context({})), "answer-needed").flag, "--passphrase-file");
});

test("a new one is typed twice the same, is never empty, and has three tries", async () => {
  const twice = typing("word", "word");
  assert.is(text(value(await newPassphrase(context({}, twice))).secret), "word");
  assert.is(twice.questions.length, 2);
  const late = typing("", "word", "wrod", "word", "word");
  const found = value(await newPassphrase(context({}, late)));
  assert.is(text(found.secret), "word");
  assert.ok(found.asked);
  assert.match(late.questions[1] ?? "", /cannot be empty/);
  assert.match(late.questions[3] ?? "", /not the same/);
  failure(
    await newPassphrase(context({}, typing("a", "b", "c", "d", "e", "f", "g", "g"))),
    "passphrase-unusable",
  );
});

test("a passphrase is not printed by anything", async () => {
  const found = value(await readPassphrase(context({ file: await file("very secret") })));
  assert.not.match(`${found.secret} ${JSON.stringify(found)}`, /very/);
});

test.run();
