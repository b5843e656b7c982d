import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Override, withImportRules } from "../../scripts/lint-rules.js";
import { above, folderOf, type Room, rooms } from "../../scripts/rooms.js";
import { newFolder } from "../rig/folder.js";
import { run } from "../rig/host.js";
import { repository } from "../rig/root.js";

const config = ".oxlintrc.json";
const doors = ["node:child_process", "node:fs", "node:fs/promises", "node:readline", "node:tty"];
const libraries = ["zx/core", "execa", "listr2"];
const sdk = "@aws-sdk/client-s3";

/** The name in a line is replaced by one that is unique in its file. */
const value = (from: string): string => `import { x as NAME } from "${from}";`;
const type = (from: string): string => `import type { x as NAME } from "${from}";`;
const dynamic = (from: string): string => `export const NAME = () => import("${from}");`;
const every = (from: string): readonly string[] => [
  value(from),
  type(from),
  `export { x as NAME } from "${from}";`,
  `export * from "${from}";`,
  dynamic(from),
];

/** Lines of a file: which of them oxlint must refuse, and which it must let pass. */
interface Lines {
  readonly refused: readonly string[];
  readonly allowed: readonly string[];
}

function linesOf(room: Room, folder: string): Lines {
  const up = "../".repeat(folder.split("/").length);
  const isDoor = room.name === "host";
  const isPure = room.pure === true;
  const outside = [...doors, ...libraries];
  const toHost = room.name === "failure" || isDoor ? [] : [`${up}lib/host/files.js`];
  const below = rooms.slice(rooms.indexOf(room) + 1).map((other) => `${up}${folderOf(other)}/human.js`);
  return {
    refused: [
      ...above(room).flatMap((other) => every(`${up}${folderOf(other)}/human.js`)),
      ...every(`${up}test/rig/human.js`),
      ...(isDoor ? [] : outside.flatMap((from) => [value(from), dynamic(from)])),
      ...(isPure ? [value("node:os"), ...toHost.map(value)] : []),
      value("zx"),
      value(sdk),
    ],
    allowed: [
      ...below.flatMap(every),
      ...every("./x.js"),
      ...outside.map(isDoor ? value : type),
      ...toHost.map(isPure ? type : value),
      value("node:path"),
      type(sdk),
    ],
  };
}

/** Runs oxlint with the repository's rules in a folder of its own, and returns the refused lines by file. */
async function refusedIn(files: Readonly<Record<string, readonly string[]>>): Promise<Map<string, string[]>> {
  const folder = await newFolder();
  await copyFile(join(repository, config), join(folder, config));
  for (const [file, lines] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(
      join(folder, file),
      lines.map((line, index) => `${line.replace("NAME", `x${index}`)}\n`).join(""),
    );
  }
  const oxlint = join(repository, "node_modules/.bin/oxlint");
  const { stdout } = await run(oxlint, ["--format=json"], { cwd: folder });
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: readonly { code: string; filename: string; labels: readonly { span: { line: number } }[] }[];
  };
  const refused = new Map<string, string[]>();
  for (const { code, filename, labels } of diagnostics) {
    if (code !== "eslint(no-restricted-imports)") continue;
    const line = files[filename]?.[(labels[0]?.span.line ?? 0) - 1] ?? filename;
    const before = refused.get(filename) ?? [];
    if (!before.includes(line)) refused.set(filename, [...before, line]);
  }
  return refused;
}

test("the lint rules are those that the list of rooms gives", async () => {
  const { overrides } = JSON.parse(await readFile(join(repository, config), "utf8")) as {
    overrides: readonly Override[];
  };
  assert.equal(overrides, JSON.parse(JSON.stringify(withImportRules(overrides))), "run `npm run rooms`");
});

test("every folder of lib is in the list of rooms, except what the build generates", async () => {
  const folders = (await readdir(join(repository, "lib"))).filter((name) => name !== "generated");
  const listed = rooms.map(({ name }) => name).filter((name) => name !== "tasks");
  assert.equal(folders.toSorted(), listed.toSorted());
});

test("in each room, lint refuses an import of a room above and lets one of a room below pass", async () => {
  const wanted = new Map<string, Lines>();
  for (const room of rooms) {
    for (const folder of [folderOf(room), `${folderOf(room)}/deeper`])
      wanted.set(`${folder}/file.ts`, linesOf(room, folder));
  }
  const refused = await refusedIn(
    Object.fromEntries([...wanted].map(([file, lines]) => [file, [...lines.refused, ...lines.allowed]])),
  );
  for (const [file, lines] of wanted)
    assert.equal((refused.get(file) ?? []).toSorted(), lines.refused.toSorted(), file);
});

test("the AWS SDK is imported only by the *-sdk.ts files of lib/aws", async () => {
  const files = [
    "lib/aws/s3-sdk.ts",
    "lib/aws/sso/portal-sdk.ts",
    "lib/aws/client.ts",
    "lib/remote/s3-sdk.ts",
  ];
  const refused = await refusedIn(
    Object.fromEntries(
      files.map((file) => [file, [value(sdk), value("node:fs"), value("../../cli/main.js")]]),
    ),
  );
  const [besidesSdk, all] = [2, 3];
  assert.equal(
    files.map((file) => refused.get(file)?.length),
    [besidesSdk, besidesSdk, all, all],
  );
});

test("no file of the source code has more than 400 lines", async () => {
  const folder = await newFolder();
  await copyFile(join(repository, config), join(folder, config));
  await mkdir(join(folder, "lib/plan"), { recursive: true });
  for (const [name, count] of Object.entries({ long: 401, short: 400 }))
    await writeFile(join(folder, `lib/plan/${name}.ts`), `export const x = 1;\n${"\n".repeat(count - 1)}`);
  const oxlint = join(repository, "node_modules/.bin/oxlint");
  const { stdout } = await run(oxlint, ["--format=unix", "--quiet"], { cwd: folder });
  assert.match(stdout, "lib/plan/long.ts");
  assert.not.match(stdout, "lib/plan/short.ts");
});

test.run();
