import { stat } from "../../host/files.js";
import { displayPath } from "../../host/paths.js";
import type { Project } from "../../project/project.js";
import { ago, formatBytes, formatFileCount } from "../../host/human.js";
import { readFormat } from "../../vault/vault-format.js";
import { unusableFile } from "../../vault/read-passphrase.js";
import { inspectLocalVault } from "../vault/vault-command.js";
import { type Check, type Finding, good, fromFailure, type DoctorContext, warning } from "./check.js";

/** Checks the local vault without opening it. */
export function vaultCheck({ vaultFile }: Project): Check {
  return {
    name: "vault",
    limitMs: 5_000,
    async run() {
      const found = await stat(vaultFile);
      if (!found.ok) return fromFailure(found.failure);
      if (found.value === undefined) return good("none here: `tazpod enter` pulls or creates one");
      const format = await readFormat(vaultFile);
      if (!format.ok) return fromFailure(format.failure);
      const { bytes, modified } = found.value;
      return good(
        `${displayPath(vaultFile)}: ${formatBytes(bytes)}, format ${format.value}, written ${ago(modified)}`,
      );
    },
  };
}

/** Reads the whole vault in memory. It asks for the passphrase, so it has no time limit. */
export async function checkOpening({ context }: DoctorContext): Promise<Finding> {
  const found = await inspectLocalVault(context);
  if (!found.ok) {
    const isUnanswered = ["answer-needed", "interrupted"].includes(found.failure.kind);
    return { check: "opening", ...fromFailure(found.failure, isUnanswered ? "unknown" : "stops") };
  }
  const { files, bytes } = found.value.summary;
  return {
    check: "opening",
    ...good(`it opens and is intact: ${formatFileCount(files)}, ${formatBytes(bytes)}`),
  };
}

/** Checks whether only this user can access the sealed vault and its folder. */
export function modesCheck({ vaultFolder, vaultFile }: Project): Check {
  return {
    name: "modes",
    limitMs: 5_000,
    async run() {
      const open: string[] = [];
      for (const path of [vaultFolder, vaultFile]) {
        const found = await stat(path);
        if (!found.ok) return fromFailure(found.failure, "unknown");
        if (found.value !== undefined && (found.value.mode & 0o077) !== 0) open.push(displayPath(path));
      }
      return open.length === 0
        ? good(`only you can access ${displayPath(vaultFolder)}`)
        : warning(`other users can access ${open.join(" and ")}`, `Run \`chmod go-rwx ${open.join(" ")}\`.`);
    },
  };
}

/** Checks a passphrase file: one that others can read is refused when it is needed. */
export function passphraseCheck(path: string, source: string): Check {
  return {
    name: "passphrase",
    limitMs: 5_000,
    async run() {
      const why = await unusableFile(path);
      if (!why.ok) return fromFailure(why.failure);
      return why.value === undefined
        ? good(`only you can read ${path} (${source})`)
        : fromFailure({ kind: "passphrase-unusable", source: `${path} (${source})`, detail: why.value });
    },
  };
}
