// time limit: 3600 s
import { readFileSync } from "node:fs";
import { mkdir, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { failureText } from "../../lib/failure/explain.js";
import { openTerminal } from "../../lib/host/terminal.js";
import { ok } from "../../lib/failure/result.js";
import { withProject } from "../../lib/session/open-project.js";
import { readTrust } from "../../lib/trust/ensure-trusted.js";
import { parseArguments } from "../../lib/run/arguments.js";
import { newFolder } from "../rig/folder.js";
import { repository } from "../rig/root.js";
import { value } from "../rig/result.js";

// What an attacker may write into the config and the recipe. TAZPOD_TEST_FUZZ sets the number of attempts.

const runs = Number(process.env["TAZPOD_TEST_FUZZ"] ?? 300);
/** In ms; far more than the slowest takes, even on a busy machine. */
const limit = 10_000;
const secret = "TOPSECRETKEY";

openTerminal();
const root = await realpath(await newFolder("project"));
await mkdir(join(root, ".tazpod"));
const outside = join(await newFolder("outside"), "secret");
await writeFile(outside, `${secret}\n`);
const { options } = value(parseArguments(["list"]));

const paths = [
  outside,
  "/proc/self/environ",
  "/dev/zero",
  "../x",
  "./s.mjs",
  "a\\0b",
  "__proto__",
  "{{root}}",
  "{{x}}",
  "tazpod.tasks.yaml",
  ".",
];
const words = [
  "version: 1",
  "extends",
  "facts",
  "tasks",
  "goals",
  "vars",
  "check",
  "command",
  "script",
  "cmds",
  "exists",
  "not",
  "all",
  "needs",
  "provides",
  "finally",
  "new: true",
  "image",
  "remote",
  "mounts",
  "parts",
  "build",
  "vault",
  "session",
  "sso",
  "null",
  "<<",
  "&a",
  "*a",
  "!!js/function",
  "- ",
  "  ",
  "\n",
  ": ",
  ", ",
  "{",
  "}",
  "[",
  "]",
  '"',
  "'",
  "|",
  ">",
  "#",
  "%",
  "\t",
  "\u001b[2J",
  "\ufeff",
  "---",
  "1e999",
  ...paths,
];
const samples = [
  readFileSync(`${repository}tazpod.tasks.yaml`, "utf8").slice(0, 6_000),
  `version: 1\nextends: ["${outside}"]\nfacts: { a: { new: true, check: { command: [sh, -c, x] } } }\ntasks: { b: { new: true, provides: [a], script: ./s.mjs } }\n`,
  `image: x\nremote: { url: "file://${outside}" }\nparts: { a: { paths: [a], open: on-request } }\nmounts: [{ source: /, target: /host }]\nbuild: { dockerfile: "${outside}" }\n`,
  "version: 1\ntasks: { a: { new: true, cmds: [[./s.mjs, '{{root}}/x']], vars: { x: y } } }\n",
];

const soup = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((all) => all.join(""));
/** A real file with parts removed, inserted and duplicated. */
const changed = fc
  .tuple(
    fc.constantFrom(...samples),
    fc.array(fc.tuple(fc.nat(6_000), fc.nat(40), fc.constantFrom(...words)), { maxLength: 6 }),
  )
  .map(([text, edits]) =>
    edits.reduce((now, [at, length, word]) => {
      const place = at % (now.length + 1);
      return now.slice(0, place) + word + now.slice(place + length);
    }, text),
  );
const deep = fc
  .tuple(fc.constantFrom("[", "{a: ", "- ", "a:\n ", "? ", '"', "&a [*a, ", "not: { "), fc.nat(3_000))
  .map(([piece, count]) => piece.repeat(count));
const text = fc.oneof(soup, changed, deep, fc.string({ unit: "binary" }));

test("no config or recipe causes a crash, takes long, or reveals text of a file outside the project", async () => {
  await fc.assert(
    fc.asyncProperty(text, text, text, async (config, recipe, script) => {
      await writeFile(join(root, ".tazpod", "config.yaml"), config);
      await writeFile(join(root, "tazpod.tasks.yaml"), recipe);
      await writeFile(join(root, "s.mjs"), script);
      const before = Date.now();
      const described = await withProject(
        root,
        options,
        async ({ services, recipe: read }) => {
          const trust = await readTrust(services.project, read, (task) => services.vars(read, task));
          return trust.ok ? ok(await trust.value.text(true)) : trust;
        },
        { skipTrustCheck: true },
      );
      const said = described.ok ? described.value : failureText(described.failure);
      if (described.ok) {
        // oxlint-disable-next-line no-control-regex
        assert.not.match(said, /\u001b/);
      }
      assert.not.ok(said.includes(secret), said);
      assert.ok(Date.now() - before < limit, `it took ${Date.now() - before} ms`);
    }),
    {
      numRuns: runs,
      interruptAfterTimeLimit: Number(process.env["TAZPOD_TEST_FUZZ_MS"] ?? 60_000 + runs * 50),
      markInterruptAsFailure: false,
    },
  );
});

test.run();
