import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { link, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { type Place, placeWith } from "./place.js";

// What runs on the host is what was trusted, even if the project's files change in between.

const config = ".tazpod/config.yaml";
const recipe = "tazpod.tasks.yaml";

async function trusted(files: Readonly<Record<string, string>>, name?: string): Promise<Place> {
  const place = await placeWith({ [config]: "remote: none\n", ...files }, name);
  for (const file of Object.keys(files))
    if (file.endsWith(".sh")) await place.write(file, files[file] ?? "", 0o755);
  const done = await place.tazpod("trust", "--yes");
  assert.is(done.code, 0, done.stderr);
  return place;
}

const writes = (file: string): string =>
  `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(file)}, "");\n`;

test("a script runs as it was trusted, even if an earlier step changed it", async () => {
  const trace = join(await newFolder(), "owned");
  for (const script of [
    "export const run = () => console.log('as trusted');\n",
    "console.log('as trusted');\n",
  ]) {
    const place = await trusted({
      [recipe]:
        "version: 1\nfacts: { done: { new: true, check: { exists: done } } }\ntasks:\n  change: { new: true, provides: [done], cmds: [[sh, -c, cp evil s.mjs; cp evil lib.mjs; touch done]] }\n  go: { new: true, needs: [done], script: ./s.mjs }\n",
      "s.mjs": `import "./lib.mjs";\n${script}`,
      "lib.mjs": "console.log('library');\n",
      evil: writes(trace),
    });
    const done = await place.tazpod("run", "go", "--yes");
    assert.is(done.code, 0, done.stderr);
    assert.match(done.stdout, "library\nas trusted\n");
    assert.not.ok(existsSync(trace));
    assert.is((await place.tazpod("run", "go", "--yes")).code, 4, "the next run asks");
  }
});

test("a changed or new program is not started, not even in a check or a finally", async () => {
  const place = await trusted({
    [recipe]: `version: 1
facts: { ok: { new: true, check: { command: [./check.sh] } } }
tasks:
  change: { new: true, cmds: [[sh, -c, 'echo "#!/bin/sh" > new.sh; for f in tool check end; do echo "touch owned-$f" >> $f.sh; done']] }
  tool: { new: true, cmds: [[sh, -c, 'echo touch owned-tool >> tool.sh'], ["{{root}}/tool.sh"]] }
  fresh: { new: true, cmds: [[sh, -c, 'echo touch owned-new > new.sh'], [sh, new.sh]] }
  end: { new: true, cmds: [[./end.sh]] }
  work: { new: true, cmds: [[sh, -c, 'echo touch owned-end >> end.sh']], finally: [end] }
  checked: { new: true, needs: [ok], cmds: [["true"]] }
`,
    "tool.sh": "#!/bin/sh\n",
    "check.sh": "#!/bin/sh\nexit 0\n",
    "end.sh": "#!/bin/sh\n",
  });
  for (const [task, file] of [
    ["tool", "tool.sh"],
    ["fresh", "new.sh"],
    ["work", "end.sh"],
  ] as const) {
    const done = await place.tazpod("run", task, "--yes");
    assert.is(done.code, 4, `${task}: ${done.stderr}`);
    assert.match(
      done.stderr,
      new RegExp(`${file} (has changed since|did not exist when) this project was trusted`),
    );
    assert.is((await place.tazpod("trust", "--yes")).code, 0);
  }
  for (const name of ["tool", "new", "end"]) assert.not.ok(existsSync(place.path(`owned-${name}`)), name);
});

test("files named by {{root}} are found in any folder, and a change asks again", async () => {
  for (const name of ["a {{b}} c", "..x", "$(id)", "ünï #?%41"]) {
    const place = await trusted(
      {
        [recipe]:
          'version: 1\ntasks: { go: { new: true, cmds: [["{{root}}/..t.sh"]] }, js: { new: true, script: "./..s #1.mjs" } }\n',
        "..t.sh": "#!/bin/sh\necho ran\n",
        "..s #1.mjs": 'import { x } from "./l%20b.mjs";\nexport const run = () => console.log(x);\n',
        "l b.mjs": "export const x = 'imported';\n",
      },
      name,
    );
    assert.is((await place.tazpod("run", "go")).stdout, "ran\n", name);
    const js = await place.tazpod("run", "js");
    assert.is(js.stdout, "imported\n", js.stderr);
    await place.write("l b.mjs", "export const x = 'changed';\n");
    assert.is((await place.tazpod("run", "js")).code, 4);
    await place.write("l b.mjs", "export const x = 'imported';\n");
    await place.write("..t.sh", "#!/bin/sh\necho changed\n", 0o755);
    assert.is((await place.tazpod("run", "go")).code, 4);
  }
});

test("a module from a computed import, or behind a folder that became a link, is refused", async () => {
  const place = await trusted({
    [recipe]:
      "version: 1\ntasks: { computed: { new: true, script: ./c.mjs }, linked: { new: true, script: ./l.mjs }, own: { new: true, script: ./o.mjs } }\n",
    "c.mjs": "export const run = () => import('./h' + 'idden.mjs');\n",
    "l.mjs": "export const run = () => import('./lib/a.mjs');\n",
    "o.mjs": "export const run = () => import('#x');\n",
    "hidden.mjs": writes("owned"),
    "package.json": '{ "imports": { "#x": "./hidden.mjs" } }',
  });
  for (const task of ["computed", "own"]) {
    const done = await place.tazpod("run", task);
    assert.is(done.code, 1, done.stderr);
    assert.match(done.stderr, "hidden.mjs was not trusted on this host");
  }
  await mkdir(place.path("node_modules/evil"), { recursive: true });
  await place.write("node_modules/evil/a.mjs", writes("owned"));
  await symlink("node_modules/evil", place.path("lib"));
  assert.match((await place.tazpod("run", "linked")).stderr, "a parent folder is a link");
  assert.not.ok(existsSync(place.path("owned")));
});

test("zx and tazpod/step are tazpod's own, and a package of the project is imported and named as not checked", async () => {
  const place = await trusted({
    [recipe]: "version: 1\ntasks: { go: { new: true, script: ./s.mjs } }\n",
    "s.mjs":
      'import { holds } from "tazpod/step";\nimport { chalk } from "zx";\nimport { x } from "own";\nexport const run = () => console.log(typeof holds, typeof chalk.red, x);\n',
    "node_modules/own/package.json": '{ "type": "module", "exports": "./i.js" }',
    "node_modules/own/i.js": 'export { x } from "./x.js";\n',
    "node_modules/own/x.js": "export const x = 'x';\n",
    "node_modules/zx/package.json": '{ "type": "module", "exports": "./i.js" }',
    "node_modules/zx/i.js": `${writes("owned")}export const chalk = { red() {} };\n`,
  });
  assert.is((await place.tazpod("run", "go")).stdout, "function function x\n");
  assert.not.ok(existsSync(place.path("owned")));
  assert.match((await place.tazpod("trust", "--show")).stdout, "Not checked: the packages own.");
});

test("a program without a path is never the project's, neither from node_modules/.bin nor from npx's PATH", async () => {
  const place = await trusted({ [recipe]: "version: 1\ntasks: { go: { new: true, cmds: [[uname]] } }\n" });
  for (const folder of ["node_modules/.bin", "bin"])
    await place.write(`${folder}/uname`, "#!/bin/sh\ntouch owned\n", 0o755);
  place.env["PATH"] = `${place.path("node_modules/.bin")}:${place.path("bin")}:.:${process.env["PATH"]}`;
  const done = await place.tazpod("run", "go");
  assert.is(done.code, 0, done.stderr);
  assert.not.ok(existsSync(place.path("owned")));
});

test("a process that swaps the recipe while tazpod runs never gets its own recipe run", async () => {
  const place = await trusted({
    [recipe]: "version: 1\ntasks: { hello: { new: true, cmds: [[echo, hello]] } }\n",
  });
  const slow = Array.from(
    { length: 300 },
    (_, index) => `  t${index}: { new: true, cmds: [[echo, x]] }`,
  ).join("\n");
  await link(place.path(recipe), place.path("good"));
  await writeFile(
    place.path("bad"),
    `version: 1\ntasks:\n  hello: { new: true, cmds: [[touch, owned]] }\n${slow}\n`,
  );
  const swap =
    "while [ ! -e stop ]; do ln -f bad n; mv -f n tazpod.tasks.yaml; ln -f good n; mv -f n tazpod.tasks.yaml; done";
  const swapping = spawn("sh", ["-c", swap], { cwd: place.folder });
  const ended = new Promise((done) => swapping.once("close", done));
  const codes = new Set<number>();
  for (let tries = 0; tries < 8; tries += 1) codes.add((await place.tazpod("run", "hello", "--yes")).code);
  await writeFile(place.path("stop"), "");
  await ended;
  assert.not.ok(existsSync(place.path("owned")));
  assert.ok(
    [...codes].every((code) => [0, 1, 4].includes(code)),
    [...codes].join(),
  );
});

test.run();
