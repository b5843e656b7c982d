import type { Header } from "tar-stream";
import { nearest } from "../document/nearest.js";
import { Failed, fail, ok, type Result } from "../failure/result.js";
import { checkEntry } from "./archive/entry-policy.js";
import type { DigestLine } from "./archive/manifest.js";

/** Returns a path in the vault in its stored form, `prod/key` for `./prod//key`. Failure: `usage` for an impossible one. */
export function vaultPath(typed: string): Result<string> {
  const refuse = (detail: string): Result<never> =>
    fail({
      kind: "usage",
      message: `${JSON.stringify(typed)} cannot be a path in the vault: ${detail}.`,
      hint: "A path in the vault is relative, such as prod/api-key. `tazpod vault ls` lists them.",
    });
  const header: Partial<Header> = { name: typed, type: "file", mode: 0o600, size: 0, mtime: new Date(0) };
  try {
    if (typed.endsWith("/")) return refuse("a file's name does not end with `/`");
    const decision = checkEntry(header as Header, "age");
    return decision.do === "keep" ? ok(decision.path) : refuse("tazpod leaves it out of every vault");
  } catch (error) {
    if (error instanceof Failed && error.failure.kind === "archive-refused")
      return refuse(error.failure.detail);
    throw error;
  }
}

/**
 * Finds what has this path in the vault; undefined if it is free. Failure: `usage` if something above it is a file or a
 * link.
 */
export function findEntry(entries: readonly DigestLine[], path: string): Result<DigestLine | undefined> {
  const above = entries.find(({ entry }) => entry.type !== "directory" && path.startsWith(`${entry.path}/`));
  if (above !== undefined) return refuseType(above, "so nothing is below it");
  return ok(entries.find(({ entry }) => entry.path === path));
}

/** Finds the file with this path; undefined if the path is free. Failure: `usage` for a folder or a link. */
export function findFile(entries: readonly DigestLine[], path: string): Result<DigestLine | undefined> {
  const found = findEntry(entries, path);
  if (!found.ok || found.value === undefined || found.value.entry.type === "file") return found;
  return refuseType(found.value, "and not a file");
}

/** Returns the failure for a path that the vault does not have, with the nearest one. */
export function noSuchFile(entries: readonly DigestLine[], path: string): Result<never> {
  const close = nearest(
    path,
    entries.map(({ entry }) => entry.path),
  );
  if (close !== undefined)
    return fail({ kind: "unknown-name", what: "file in the vault", name: path, nearest: close });
  return fail({
    kind: "usage",
    message: `There is no file ${JSON.stringify(path)} in the vault.`,
    hint: "`tazpod vault ls` lists the files.",
  });
}

function refuseType({ entry: { path, type, target = "" } }: DigestLine, why: string): Result<never> {
  const what = { file: "a file", directory: "a folder", link: `a link to ${JSON.stringify(target)}` }[type];
  return fail({
    kind: "usage",
    message: `${JSON.stringify(path)} in the vault is ${what}, ${why}.`,
    hint: "`tazpod vault ls` lists the files.",
  });
}
