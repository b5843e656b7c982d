import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { largeFiles, smallFiles } from "./rig/content.js";
import { byTurns, grown, linear, measure, onTerminal, time } from "./rig/measure.js";
import { hasDocker, inContainer, newSessionProject } from "./rig/project.js";
import type { Rig } from "./rig/rig.js";
import type { Measured, PlotName, Row } from "./rig/rows.js";

const jobs = ["unlock", "lock, nothing changed", "save, one file changed"] as const;
type Found = Readonly<Record<(typeof jobs)[number], { readonly ours: Measured; readonly base: Measured }>>;

/** What each is measured next to: programs of Debian that read and write the same files in RAM. */
const than: Readonly<Record<(typeof jobs)[number], string>> = {
  unlock: "age -d | tar -xz",
  "lock, nothing changed": "tar -c | cat",
  "save, one file changed": "tar -c | gzip | age -p",
};

/** Measures how unlocking and saving grow with the size of a vault, and with the number of its files. */
export async function* growth(rig: Rig): AsyncGenerator<Row> {
  const what = "unlock and save as vaults grow";
  if (!hasDocker(rig, what) || !rig.hasPrograms(what, "age", "script", "gzip", "tar")) return;
  for (const size of [4, 32, 64, 128]) {
    const found = await vaultOf(rig, `size-${size}`, (folder) => largeFiles(folder, size));
    yield* rowsOf(found, `${size} files, ${size} MiB`, "size", size);
  }
  const byNumber = new Map<number, Found>();
  for (const count of [50, 5000, 10_000, 20_000]) {
    const found = await vaultOf(rig, `number-${count}`, (folder) => smallFiles(folder, count, 500));
    byNumber.set(count, found);
    yield* rowsOf(found, `${count} files of 500 B`, "number", count);
  }
  const [few, some, many] = [byNumber.get(50), byNumber.get(5000), byNumber.get(20_000)];
  if (few === undefined || some === undefined || many === undefined) return;
  for (const job of jobs) {
    const base = grown(few[job].ours, some[job].ours, 4);
    const row = { what: `${job}: 20000 files of 500 B`, ours: many[job].ours, base };
    yield { ...row, than: "50 files, and 4 x 5000 files", target: { ratio: linear } };
  }
}

function* rowsOf(found: Found, content: string, by: "size" | "number", at: number): Generator<Row> {
  for (const job of jobs) {
    const name: PlotName | undefined =
      job === "unlock" ? `unlock-${by}` : job === "save, one file changed" ? `save-${by}` : undefined;
    const row = { what: `${job}: ${content}`, than: than[job], ...found[job], target: {} };
    yield name === undefined ? row : { ...row, plot: { name, at } };
  }
}

/** Measures a vault with this content, opened in a container. */
async function vaultOf(rig: Rig, name: string, make: (folder: string) => string): Promise<Found> {
  const settings = "vault: { size: 1g }\nsession: { autosave: off }\n";
  const project = newSessionProject(rig, name, "docker", { settings });
  const ram = join("/dev/shm", `tazpod-bench-${process.pid}`);
  const [content, copy, sealed] = [join(ram, "content"), join(ram, "copy"), join(project.root, "theirs.age")];
  try {
    make(content);
    time(project.withPassphrase("vault", "import", content));
    time(project.run("ensure-container"));
    const seal = {
      ...onTerminal(`tar -c -C ${content} . | gzip | age -p -o ${sealed}`, project.root),
      before: () => rmSync(sealed, { force: true }),
    };
    const extract = {
      ...onTerminal(`age -d ${sealed} | tar -xz -C ${copy}`, project.root),
      before: () => {
        rmSync(copy, { recursive: true, force: true });
        mkdirSync(copy);
      },
    };
    let turn = 0;
    const change = (): void => {
      time(inContainer(project, "sh", "-c", `echo ${turn++} > ~/secrets/changed`));
    };
    const pack = { argv: ["sh", "-c", `tar -c -C ${content} . | cat > /dev/null`], cwd: project.root };
    const found = await byTurns(3, {
      seal: async () => (await measure(seal, 2)).ms,
      extract: async () => (await measure(extract, 1)).ms,
      unlock: () => time(project.run("unlock")),
      pack: () => time(pack),
      unchanged: () => time(project.run("lock")),
      changed: () => {
        time(project.run("unlock"));
        const ms = time({ ...project.run("save"), before: change });
        time(project.run("lock"));
        return ms;
      },
    });
    return {
      unlock: { ours: found.unlock, base: found.extract },
      "lock, nothing changed": { ours: found.unchanged, base: found.pack },
      "save, one file changed": { ours: found.changed, base: found.seal },
    };
  } finally {
    rmSync(ram, { recursive: true, force: true });
  }
}
