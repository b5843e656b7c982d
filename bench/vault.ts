import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { clearFolder } from "../lib/secrets-folder/contents.js";
import { ociEngine } from "../lib/engine/oci/engine.js";
import { ok, take } from "../lib/failure/result.js";
import { unlockVault } from "../lib/session/unlock-vault.js";
import { Secret } from "../lib/host/secret.js";
import { smallFiles, writeContent } from "./rig/content.js";
import { byTurns, keyDerivation, measure, MiB, onTerminal, passphrase, time } from "./rig/measure.js";
import { hasDocker, newProject, newSessionProject } from "./rig/project.js";
import type { Rig } from "./rig/rig.js";
import type { Row } from "./rig/rows.js";

/** The memory of scrypt with age's usual work factor (128 · N · r bytes), and 64 MiB. */
const target = { ratio: 0.8, bytes: 256 * MiB + 64 * MiB };

/**
 * Measures sealing (survey, seal, open again as proof) and opening (read and check everything), next to the programs of
 * Debian.
 */
export async function* sealAndOpen(rig: Rig): AsyncGenerator<Row> {
  if (!rig.hasPrograms("sealing and opening", "age", "script", "gzip", "tar")) return;
  for (const [name, kind, bytes, rounds] of [
    ["64 MiB random", "random", 64 * MiB, 5],
    ["64 MiB of words", "words", 64 * MiB, 5],
    ["1 GiB random", "random", 1024 * MiB, 1],
    ["1 GiB of words", "words", 1024 * MiB, 1],
  ] as const) {
    const settings = "vault: { size: 4g }\n";
    const { root, vault, withPassphrase } = newProject(rig, `vault-${kind}-${bytes}`, { settings });
    const content = rig.newFolder("content");
    writeContent(join(content, "file"), bytes, kind);
    const theirs = join(root, "theirs.age");
    const fresh = (file: string) => () => rmSync(file, { force: true });
    const found = await byTurns(rounds, {
      sealing: () =>
        measure(
          {
            ...onTerminal(`tar -c -C ${content} . | gzip | age -p -o ${theirs}`, root),
            before: fresh(theirs),
          },
          2,
        ),
      seal: () => measure({ ...withPassphrase("vault", "import", content), before: fresh(vault) }),
      opening: () => measure(onTerminal(`age -d ${theirs} | tar -tz`, root), 1),
      open: () => measure(withPassphrase("vault", "verify")),
    });
    const than = "tar, gzip and age";
    yield { what: `seal ${name}`, than, ours: found.seal, base: found.sealing, target };
    yield { what: `open ${name}`, than, ours: found.open, base: found.opening, target };
    rmSync(root, { recursive: true });
    rmSync(content, { recursive: true });
  }
}

/** Measures unlocking 50 files of 20 KiB in a running container, without the program's start. */
export async function* unlock(rig: Rig): AsyncGenerator<Row> {
  if (!hasDocker(rig, "unlock")) return;
  const { vault, container, ...project } = newSessionProject(rig, "unlock", "docker");
  time(project.withPassphrase("vault", "import", smallFiles(rig.newFolder("unlock-files"), 50, 20 * 1024)));
  time(project.run("ensure-container"));
  const secrets = {
    ...{ engine: ociEngine("docker"), container, user: "tazpod", folder: "/home/tazpod/secrets" },
    ...{ vaultFolder: dirname(vault), startId: "bench" },
    ...{ secretsBytes: 64 * MiB, bridges: [".aws"] },
  };
  const found = await byTurns(9, {
    unlock: async () => {
      const start = performance.now();
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
      const ms = performance.now() - start;
      take(await clearFolder(secrets));
      return ms;
    },
    key: keyDerivation,
  });
  const [ours, base] = [found.unlock, found.key];
  yield { what: "unlock 50 files, 1 MiB", than: "scrypt", ours, base, target: { moreMs: 150 } };
}
