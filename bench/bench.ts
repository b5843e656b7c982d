/**
 * `npm run bench`: what the project promises about speed, as ratios of two commands run by turns on the same machine,
 * medians of each. Ends with exit code 1 when a promise is not kept. Parts that need an engine or an S3 server are left
 * out, with a word, where none answers.
 */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inPod } from "./kubernetes.js";
import { sync } from "./sync.js";
import { sealAndOpen, unlock, type UnlockRow, type VaultRow } from "./vault.js";
import { type Command, compare, isKept, type Row, time, trust, whileOpen } from "./compare.js";

const bin = fileURLToPath(new URL("../bin/tazpod.js", import.meta.url));
const image = process.env["TAZPOD_TEST_IMAGE"] ?? "tazpod-test:1";
const container = `tazpod-bench-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "tazpod-bench-"));
// trust given during a measurement must not outlast it
process.env["XDG_STATE_HOME"] = join(folder, "state");

function project(name: string, recipe?: string): string {
  const root = join(folder, name);
  mkdirSync(join(root, ".tazpod"), { recursive: true });
  writeFileSync(
    join(root, ".tazpod", "config.yaml"),
    `image: ${image}\ncontainer_name: ${container}\nuser: tazpod\nremote: none\n`,
  );
  if (recipe !== undefined) writeFileSync(join(root, "tazpod.tasks.yaml"), recipe);
  return root;
}

const instant = `version: 1
facts:
  container: { check: { env: PATH } }
  container-current: { check: { env: PATH } }
  workspace: { check: { env: PATH } }
  session: { check: { env: PATH } }
  vault-remote: { check: { env: PATH } }
  vault-local: { check: { env: TAZPOD_BENCH_ABSENT } }
  vault-open: { check: { env: TAZPOD_BENCH_ABSENT } }
  parts-open: { check: { env: PATH } }
`;

function startup(): Row[] {
  const cwd = project("plan", instant);
  trust(bin, cwd);
  const node = { argv: [process.execPath, "-e", "0"], cwd };
  const help = { argv: [process.execPath, bin, "--help"], cwd };
  const plan = { argv: [process.execPath, bin, "plan", "enter"], cwd };
  return [
    compare("tazpod --help", help, "node -e 0", node, 1.4, 21),
    compare("tazpod plan enter, instant checks", plan, "node -e 0", node, 2, 21),
    compare("tazpod status --short", prompt(), "node -e 0", node, { moreMs: 60 }, 21),
  ];
}

/** A project whose vault was pushed and is open. */
function prompt(): Command {
  const cwd = project("prompt");
  const vault = join(cwd, ".tazpod", "vault");
  mkdirSync(vault);
  const sealed = randomBytes(2 ** 20);
  writeFileSync(join(vault, "vault.tar.aes"), sealed);
  const sha256 = createHash("sha256").update(sealed).digest("hex");
  const pushed = { remote: "file:///nowhere", sha256, etag: sha256, at: "2026-01-01T00:00:00.000Z" };
  writeFileSync(join(vault, "state.json"), JSON.stringify({ version: 1, pushed }));
  writeFileSync(join(vault, "open.json"), "{}");
  return { argv: [process.execPath, bin, "status", "--short"], cwd };
}

/** A second shell of an open vault. */
async function warm(): Promise<Row[]> {
  const answer = spawnSync("docker", ["image", "inspect", image], { stdio: "ignore" });
  if (answer.status !== 0) {
    process.stdout.write(
      `skipped: warm enter (no docker here, or no image ${image}: images/test-image.sh)\n`,
    );
    return [];
  }
  const cwd = project("warm");
  trust(bin, cwd);
  const pass = join(folder, "pass");
  writeFileSync(pass, "bench\n", { mode: 0o600 });
  const holding = { argv: [process.execPath, bin, "enter", "--yes", "--passphrase-file", pass], cwd };
  const enter = { argv: [process.execPath, bin, "enter", "--", "true"], cwd };
  const exec = { argv: ["docker", "exec", container, "true"], cwd };
  try {
    return await whileOpen(holding, () => [
      compare("tazpod enter -- true, vault open", enter, `docker exec C true`, exec, 4, 15),
    ]);
  } finally {
    spawnSync("docker", ["rm", "-f", container], { stdio: "ignore" });
  }
}

/** An ordinary vault, opened in its own container. */
async function unlocking(): Promise<UnlockRow[]> {
  if (spawnSync("docker", ["image", "inspect", image], { stdio: "ignore" }).status !== 0) {
    process.stdout.write("skipped: unlock (no docker here, or not the image)\n");
    return [];
  }
  const cwd = project("unlock");
  trust(bin, cwd);
  const pass = join(folder, "unlock-pass");
  writeFileSync(pass, "correct horse battery\n", { mode: 0o600 });
  mkdirSync(join(cwd, "pile"));
  for (let index = 0; index < 50; index++)
    writeFileSync(join(cwd, "pile", `file ${index}`), randomBytes(20 * 1024));
  try {
    time({ argv: [process.execPath, bin, "vault", "import", "pile", "--passphrase-file", pass], cwd });
    time({ argv: [process.execPath, bin, "run", "--yes", "ensure-container"], cwd });
    return [await unlock(join(cwd, ".tazpod", "vault", "vault.tar.aes"), container, "tazpod")];
  } finally {
    spawnSync("docker", ["rm", "-f", container], { stdio: "ignore" });
  }
}

function printUnlock(rows: readonly UnlockRow[]): boolean {
  for (const { ms, keyMs, targetMs } of rows) {
    const more = ms - keyMs;
    const numbers = `${ms.toFixed(0)} ms, its key derivation ${keyMs.toFixed(0)} ms: ${more.toFixed(0)} ms more`;
    const verdict = more <= targetMs ? "kept" : "MISSED";
    process.stdout.write(`unlock 50 files, 1 MiB: ${numbers} (<= ${targetMs} ms)  ${verdict}\n`);
  }
  return rows.every(({ ms, keyMs, targetMs }) => ms - keyMs <= targetMs);
}

async function printVault(rows: AsyncIterable<VaultRow>): Promise<boolean> {
  const cell = ({ ms, bytes }: VaultRow["ours"]): string =>
    `${(ms / 1000).toFixed(2)} s, ${(bytes / 2 ** 20).toFixed(0)} MiB`;
  let good = true;
  for await (const { what, ours, theirs, target } of rows) {
    const ratio = ours.ms / theirs.ms;
    good &&= ratio <= target;
    const line = [what.padEnd(20), cell(ours).padEnd(18), `tar, gzip, age: ${cell(theirs)}`.padEnd(34)];
    const verdict = ratio <= target ? "kept" : "MISSED";
    process.stdout.write(`${line.join("  ")}  ${ratio.toFixed(2)} x (<= ${target} x)  ${verdict}\n`);
  }
  return good;
}

function print(rows: readonly Row[]): boolean {
  if (rows.length === 0) return true;
  const cells = rows.map((row) => {
    const { what, than, ms, baseMs, target } = row;
    const [found, wanted] =
      typeof target === "number"
        ? [`${(ms / baseMs).toFixed(2)} x`, `<= ${target} x`]
        : [`${(ms - baseMs).toFixed(0)} ms more`, `<= ${target.moreMs} ms more`];
    const verdict = isKept(row) ? "kept" : "MISSED";
    return [what, `${ms.toFixed(0)} ms`, than, `${baseMs.toFixed(0)} ms`, found, wanted, verdict];
  });
  const table = [["what", "median", "than", "median", "difference", "target", ""], ...cells];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of table) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
  }
  return rows.every(isKept);
}

try {
  // `npm run bench vault` runs only that part
  const parts = process.argv.slice(2);
  const wanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
  const good = [
    !wanted("start") || print([...startup(), ...(await warm())]),
    !wanted("unlock") || printUnlock(await unlocking()),
    !wanted("kubernetes") || print(await inPod(bin, folder, image)),
    !wanted("sync") || print(await sync(folder)),
    !wanted("vault") || (await printVault(sealAndOpen(folder))),
  ];
  process.exitCode = good.every(Boolean) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
