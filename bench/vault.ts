/**
 * The part of `npm run bench` about the vault: sealing and opening against `tar | gzip | age -p` and back with the
 * programs of Debian, by turns in the same run, with the most memory each had; and an unlock against its key derivation.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomBytes, scryptSync } from "node:crypto";
import { fileURLToPath } from "node:url";
import { clearFolder } from "../lib/secrets-folder/contents.js";
import { ociEngine } from "../lib/engine/oci/engine.js";
import { ok, take } from "../lib/failure/result.js";
import { unlockVault } from "../lib/session/unlock-vault.js";
import { Secret } from "../lib/host/secret.js";
import { median, trust } from "./compare.js";

const bin = fileURLToPath(new URL("../bin/tazpod.js", import.meta.url));
const passphrase = "correct horse battery";
const MiB = 2 ** 20;

interface Measured {
  readonly ms: number;
  /** The sum of the peak memory of all its processes, in bytes. */
  readonly bytes: number;
}

export interface VaultRow {
  readonly what: string;
  readonly ours: Measured;
  readonly theirs: Measured;
  readonly target: number;
}

export interface UnlockRow {
  readonly ms: number;
  readonly keyMs: number;
  readonly targetMs: number;
}

/** Runs a program to its end and measures the memory of its processes; answers its questions on the terminal. */
async function measure(argv: readonly string[], cwd: string, asked = 0): Promise<Measured> {
  const [program = "", ...rest] = argv;
  const start = performance.now();
  const child = spawn(program, rest, { cwd, stdio: ["pipe", "pipe", "pipe"] });
  let [shown, answered] = ["", 0];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      shown = (shown + text).slice(-2000);
      while (answered < asked && (shown.match(/passphrase[^\n]*: /g)?.length ?? 0) > answered) {
        answered++;
        child.stdin.write(`${passphrase}\r`);
      }
    });
  const most = new Map<number, number>();
  const look = setInterval(() => lookAt(child.pid ?? 0, most), 25);
  const code = await new Promise((resolve) => child.once("close", resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${String(code)}: ${shown}`);
  return { ms: performance.now() - start, bytes: [...most.values()].reduce((sum, bytes) => sum + bytes, 0) };
}

function lookAt(pid: number, most: Map<number, number>): void {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const [, name = ""] = /^Name:\s+(.*)$/m.exec(status) ?? [];
    const [, kilobytes = "0"] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    if (name !== "script" && name !== "sh")
      most.set(pid, Math.max(most.get(pid) ?? 0, Number(kilobytes) * 1024));
    for (const thread of readdirSync(`/proc/${pid}/task`))
      for (const child of readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" "))
        if (child.trim() !== "") lookAt(Number(child), most);
  } catch {
    // it has just ended
  }
}

function onTerminal(command: string): string[] {
  return ["script", "--quiet", "--flush", "--return", "--echo", "never", "--command", command, "/dev/null"];
}

function middle(values: readonly Measured[]): Measured {
  return values.toSorted((a, b) => a.ms - b.ms)[values.length >> 1] ?? { ms: 0, bytes: 0 };
}

async function writeContent(file: string, bytes: number, compressible: boolean): Promise<void> {
  const words = Array.from({ length: 5000 }, (_, index) => randomBytes(2 + (index % 7)).toString("hex"));
  const out = await open(file, "w");
  for (let left = bytes; left > 0; left -= MiB) {
    const random = randomBytes(MiB);
    await out.write(compressible ? wordsOf(words, random) : random);
  }
  await out.close();
}

/** A MiB of words with a skewed distribution, like natural text. */
function wordsOf(words: readonly string[], random: Buffer): Buffer {
  let text = "";
  for (let at = 0; text.length < MiB; at = (at + 4) % (MiB - 4)) {
    const product = random.readUInt16LE(at) * random.readUInt16LE(at + 2);
    text += `${words[Math.floor((product / 2 ** 32) * words.length)]} `;
  }
  return Buffer.from(text.slice(0, MiB));
}

async function round(
  folder: string,
  name: string,
  bytes: number,
  compressible: boolean,
  rounds: number,
): Promise<VaultRow[]> {
  const root = join(folder, "vault-bench");
  const content = join(root, "content");
  mkdirSync(join(root, ".tazpod"), { recursive: true });
  mkdirSync(content);
  writeFileSync(join(root, ".tazpod", "config.yaml"), "image: none\nremote: none\nvault: { size: 4g }\n");
  writeFileSync(join(root, "pass"), `${passphrase}\n`, { mode: 0o600 });
  await writeContent(join(content, "file"), bytes, compressible);
  trust(bin, root);
  const vault = join(root, ".tazpod", "vault", "vault.tar.aes");
  const tazpod = (...args: string[]): string[] => [
    process.execPath,
    bin,
    "vault",
    ...args,
    "--passphrase-file",
    "pass",
  ];
  const results: Record<"seal" | "open" | "sealing" | "opening", Measured[]> = {
    seal: [],
    open: [],
    sealing: [],
    opening: [],
  };
  for (let turn = 0; turn < rounds; turn++) {
    rmSync(vault, { force: true });
    rmSync(join(root, "theirs.age"), { force: true });
    results.sealing.push(
      await measure(onTerminal("tar -c -C content . | gzip | age -p -o theirs.age"), root, 2),
    );
    results.seal.push(await measure(tazpod("import", "content"), root));
    results.opening.push(await measure(onTerminal("age -d theirs.age | tar -tz"), root, 1));
    results.open.push(await measure(tazpod("verify"), root));
  }
  rmSync(root, { recursive: true });
  return [
    { what: `seal ${name}`, ours: middle(results.seal), theirs: middle(results.sealing), target: 1.3 },
    { what: `open ${name}`, ours: middle(results.open), theirs: middle(results.opening), target: 1.3 },
  ];
}

/** Measures sealing (survey, seal, open again as proof) and opening (read and check everything). */
export async function* sealAndOpen(folder: string): AsyncGenerator<VaultRow> {
  for (const program of ["age", "script", "gzip", "tar"]) {
    if (spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0) continue;
    process.stdout.write(`skipped: sealing and opening (no ${program} here)\n`);
    return;
  }
  yield* await round(folder, "64 MiB random", 64 * MiB, false, 5);
  yield* await round(folder, "64 MiB of words", 64 * MiB, true, 5);
  yield* await round(folder, "1 GiB random", 1024 * MiB, false, 1);
  yield* await round(folder, "1 GiB of words", 1024 * MiB, true, 1);
}

/** Measures unlocking 50 files of 20 KiB in a running container. */
export async function unlock(vault: string, container: string, user: string): Promise<UnlockRow> {
  const folder = `/home/${user}/secrets`;
  const secrets = {
    ...{ engine: ociEngine("docker"), container, user, folder },
    ...{ vaultFolder: dirname(vault), startId: "bench" },
    ...{ secretsBytes: 64 * MiB, bridges: [".aws"] },
  };
  const [times, keys]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 9; turn++) {
    const begun = performance.now();
    take(
      await unlockVault(secrets, {
        vault,
        passphrase: Secret.fromText(passphrase),
        limitBytes: 63 * MiB,
        opening: undefined,
        accept: async () => ok(undefined),
        signal: new AbortController().signal,
      }),
    );
    times.push(performance.now() - begun);
    take(await clearFolder(secrets));
    const key = performance.now();
    scryptSync(passphrase, randomBytes(16), 32, { N: 2 ** 18, r: 8, p: 1, maxmem: 2 ** 29 });
    keys.push(performance.now() - key);
  }
  return { ms: median(times), keyMs: median(keys), targetMs: 150 };
}
