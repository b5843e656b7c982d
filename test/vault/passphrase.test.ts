import { spawnSync } from "node:child_process";
import { chmod, mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ok, type Result } from "../../lib/failure/result.js";
import { Secret } from "../../lib/host/secret.js";
import { splitCommand } from "../../lib/vault/split-command.js";
import {
  newPassphrase,
  readPassphrase,
  type PassphraseSources,
  type SecretAsker,
} from "../../lib/vault/read-passphrase.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

const test = suite("passphrase");

const nobody: SecretAsker = {
  interactive: false,
  secret: () => Promise.reject(new Error("asked, though there is nobody")),
  say: () => undefined,
  reveal: () => Promise.reject(new Error("shown, though there is nobody")),
};

interface Typing extends SecretAsker {
  readonly questions: string[];
  readonly said: string[];
  /** What was revealed on the screen. */
  readonly shown: string[];
}

/** The answers in order; a function gets the text shown at that moment. */
function typing(...answers: (string | ((shown: string) => string))[]): Typing {
  const [questions, said, shown]: [string[], string[], string[]] = [[], [], []];
  let showing = "";
  return {
    interactive: true,
    ...{ questions, said, shown },
    async secret(question): Promise<Result<Secret>> {
      questions.push(question);
      const answer = answers.shift() ?? "";
      return ok(Secret.fromText(typeof answer === "string" ? answer : answer(showing)));
    },
    say: (text) => void said.push(text),
    async reveal(text, work) {
      shown.push(text);
      showing = text;
      try {
        return await work();
      } finally {
        showing = "";
      }
    },
  };
}

/** The generated passphrase on the screen. */
const fromScreen = (shown: string): string => /^ {4}(\S+)$/m.exec(shown)?.[1] ?? "";

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
  return { sources, asker, run, ran, known: ["lab"] };
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

test("a file gives its bytes without one final newline", async () => {
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

test("a file that others can read is refused with a hint to chmod 600", async () => {
  for (const mode of [0o644, 0o640, 0o604, 0o610]) {
    const { detail } = failure(
      await readPassphrase(context({ file: await file("word", mode) })),
      "passphrase-unusable",
    );
    assert.match(detail, /others can read it.*chmod 600/);
  }
  assert.ok((await readPassphrase(context({ file: await file("word", 0o400) }))).ok);
});

test("a folder, a pipe, a missing file and a file that is too long are refused", async () => {
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

test("an empty passphrase is refused from every source", async () => {
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

test("a command runs without a shell, and its output is the passphrase", async () => {
  const here = context({ command: `pass show 'my vault' "a\\"b"` }, nobody, "secret\n");
  assert.is(text(value(await readPassphrase(here)).secret), "secret");
  assert.equal(here.ran, [["pass", "show", "my vault", `a"b`]]);
});

test("what was read is overwritten once it is a secret", async () => {
  const output = Buffer.from("secret\n");
  const run = async () => ok(output);
  const found = value(await readPassphrase({ ...context({ command: "c" }, nobody), run }));
  assert.is(text(found.secret), "secret");
  assert.ok(output.every((byte) => byte === 0));
});

test("shell syntax is refused instead of passed on as text", () => {
  for (const command of ["pass x | head -1", "a; b", "echo $HOME", "echo `id`", "x > y", "a && b"]) {
    assert.match(failure(splitCommand(command), "usage").message, /needs a shell/);
  }
  assert.match(failure(splitCommand("a 'b"), "usage").message, /never closed/);
  failure(splitCommand("  "), "usage");
  assert.equal(value(splitCommand(`sh -c 'a | b' "" x\\ y`)), ["sh", "-c", "a | b", "", "x y"]);
});

test("sources have a fixed order, with the environment's file after the flags", async () => {
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

test("without a terminal the failure names the flag", async () => {
  assert.is(failure(await readPassphrase(context({})), "answer-needed").flag, "--passphrase-file");
  assert.is(failure(await newPassphrase(context({})), "answer-needed").flag, "--passphrase-file");
});

test("a new passphrase is typed twice, with three tries", async () => {
  const twice = typing("word", "word");
  assert.is(text(value(await newPassphrase(context({}, twice))).secret), "word");
  assert.is(twice.questions.length, 2);
  const late = typing("word", "wrod", "word", "", "word", "word");
  const found = value(await newPassphrase(context({}, late)));
  assert.is(text(found.secret), "word");
  assert.ok(found.asked);
  assert.match(late.questions[2] ?? "", /passphrases differ/);
  failure(
    await newPassphrase(context({}, typing("a", "b", "c", "d", "e", "f", "g", "g"))),
    "passphrase-unusable",
  );
});

test("the strength is shown before the passphrase is repeated", async () => {
  for (const [passphrase, expected] of [
    ["password1", /^Strength: very weak: about 100 guesses/],
    ["lab", /^Strength: very weak/],
    ["x".repeat(5000), /^Strength: very weak/],
    ["äöü geheim", /^Strength: weak/],
    ["quiet otter under nine bridges", /^Strength: strong/],
  ] as const) {
    const somebody = typing(passphrase, passphrase);
    value(await newPassphrase(context({}, somebody)));
    assert.is(somebody.said.length, 1);
    assert.match(somebody.said[0] ?? "", expected);
  }
});

test("a weak new passphrase from a file gives a warning that names its source; an old one does not", async () => {
  const weak = await file("hunter2");
  const said: string[] = [];
  const listening: SecretAsker = { ...nobody, say: (line) => void said.push(line) };
  value(await readPassphrase(context({ file: weak }, listening)));
  value(await newPassphrase(context({ file: await file("quiet otter under nine bridges") }, listening)));
  assert.equal(said, []);
  value(await newPassphrase(context({ file: weak }, listening)));
  assert.is(said.length, 1);
  assert.match(said[0] ?? "", /--passphrase-file\) is very weak/);
  assert.not.match(said[0] ?? "", /hunter2/);
});

test("an empty answer generates eight words, shown once and typed back", async () => {
  const seen = new Set<string>();
  for (let count = 0; count < 20; count++) {
    const somebody = typing("", fromScreen);
    const { secret, asked } = value(await newPassphrase(context({}, somebody)));
    assert.ok(asked);
    assert.match(text(secret), /^[a-z]+(-[a-z]+){7}$/);
    assert.is(somebody.shown.length, 1);
    assert.equal(somebody.said, []);
    seen.add(text(secret));
  }
  assert.is(seen.size, 20);
});

test("a generated passphrase that is not typed back is not used", async () => {
  const late = typing("", "no", "nor this", fromScreen);
  assert.ok(value(await newPassphrase(context({}, late))).asked);
  assert.match(late.questions[2] ?? "", /That does not match/);
  const other = typing("", "a", "b", "c", "word", "word");
  assert.is(text(value(await newPassphrase(context({}, other))).secret), "word");
});

test("a passphrase is never printed", async () => {
  const found = value(await readPassphrase(context({ file: await file("very secret") })));
  assert.not.match(`${found.secret} ${JSON.stringify(found)}`, /very/);
});

for (const [what, bytes] of [
  ["a carriage return", "correct horse battery\r\n"],
  ["a byte order mark", "\ufeffcorrect horse battery\n"],
  ["more than one line", "correct horse battery\n\n"],
] as const)
  test(`a passphrase file with ${what} is warned about when a vault is made, not later`, async () => {
    const file = join(await newFolder(), "pass");
    await writeFile(file, bytes, { mode: 0o600 });
    const asker = typing();
    value(await readPassphrase(context({ file }, asker)));
    assert.equal(asker.said, []);
    value(await newPassphrase(context({ file }, asker)));
    assert.match(asker.said.join("\n"), new RegExp(`${what}.*cannot be opened by typing it`));
  });

test.run();
