import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { repository } from "../rig/root.js";

/** Where the words are looked for; test/ and CHANGELOG.md may quote old messages. */
const places = [
  "lib",
  "tasks",
  "schema",
  "scripts",
  "bench",
  "tazpod.tasks.yaml",
  "README.md",
  "CONTRIBUTING.md",
  "docs",
];

/** Words that make a reader stop, and what to write instead. */
const banned: readonly { readonly word: RegExp; readonly instead: string }[] = [
  {
    word: /\b(whoever|somebody|nobody|anybody|everybody)\b/i,
    instead: "who it is: the user, another host, a process, an administrator",
  },
  { word: /\banew\b/i, instead: "again" },
  // the failure kind changed-meanwhile is part of the JSON output
  { word: /(?<!changed-)\bmeanwhile\b/i, instead: "since then, while …" },
  { word: /\bto be had\b|\b(is|are) had\b/i, instead: "available, found" },
  { word: /\b(come|comes|came|coming) about\b/i, instead: "happen, become true" },
  { word: /\b(bring|brings|bringing|brought)( \w+){0,3} about\b/i, instead: "make true, reach" },
  { word: /\b(is|are|was|were|be) said\b/i, instead: "who tells whom: prints, reports, shows" },
  { word: /\b(go|goes|going|gone|went) on\b/i, instead: "continue" },
  { word: /\b(come|comes|came|coming) to (its|an|their) end\b/i, instead: "end, finish" },
  // tazpod.beside is a label on containers of older versions, too
  { word: /(?<!tazpod\.)\bbeside\b/i, instead: "next to, in addition to, at the same time" },
  { word: /\b(is|are|was|were) to be\b/i, instead: "must be, will be, should be" },
  { word: /\b(hitherto|whence|thereof|wherein|forthwith|therewith)\b/i, instead: "a word of today" },
  { word: /\bas far as (is|it is) known\b/i, instead: "what is known and what is not" },
  { word: /\benclaves?\b/i, instead: "secrets folder" },
  { word: /TazPod/, instead: "tazpod" },
];

async function filesIn(place: string): Promise<readonly string[]> {
  const path = join(repository, place);
  if (!(await stat(path)).isDirectory()) return [place];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(repository.length))
    .filter((file) => !file.startsWith("lib/generated/"))
    .toSorted();
}

/** Returns what is wrong with a text, a line each: `file:line: word (instead: …)`. */
function complaints(file: string, text: string): readonly string[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      banned.flatMap(({ word, instead }) =>
        word.test(line) ? [`${file}:${index + 1}: "${word.exec(line)?.[0]}" (instead: ${instead})`] : [],
      ),
    );
}

test("no text of the project uses words that a reader has to guess at", async () => {
  const found: string[] = [];
  for (const file of (await Promise.all(places.map(filesIn))).flat())
    found.push(...complaints(file, await readFile(join(repository, file), "utf8")));
  assert.is(found.join("\n"), "");
});

test("a banned word is reported with its file, its line and what to write instead", () => {
  assert.equal(complaints("docs/a.md", "fine\nNobody knows."), [
    'docs/a.md:2: "Nobody" (instead: who it is: the user, another host, a process, an administrator)',
  ]);
  assert.equal(complaints("docs/a.md", "changed-meanwhile, tazpod.beside, besides, the beginning"), []);
});

test.run();
