import { Readable } from "node:stream";
import type { Finished } from "../host/process.js";
import { fail, ok, type Result } from "../failure/result.js";
import {
  execScript,
  scriptTimeoutMs,
  printedSummary,
  printedLines,
  type FolderAttributes,
  folderLine,
} from "./exec.js";
import { abandon, commit, stage } from "./container-scripts.js";
import type { SecretsFolder } from "./secrets-folder.js";

interface CheckedTar {
  readonly digest: string;
  /** Deepest first. */
  readonly folders: readonly FolderAttributes[];
}

export interface VaultToUnpack {
  /** A tar of files, folders and links that are known to be harmless; it may be long in coming. */
  readonly tar: Readable;
  /** Whether all of the tar was good, told once it has been read; then the digest of its content, and how its folders are to be. */
  readonly checked: Promise<Result<CheckedTar>>;
}

export interface UnpackResult {
  /** Paths that were to be linked from the home, and could not: something else lies there. */
  readonly unlinked: readonly string[];
}

/**
 * Opens a vault into the RAM folder: unpacked beside, checked, switched in, linked from the home, marked last. `record` notes on
 * the host what is being opened, just before it is, and returns the mark to leave. What switches it in is started at
 * once and waits to be told, since starting a program in a container takes longer than all it does there.
 * Returns "already open" without touching anything when it is. On any failure nothing is left behind.
 */
export async function unpackVault(
  secrets: SecretsFolder,
  { tar, checked }: VaultToUnpack,
  record: (digest: string) => Promise<Result<string>>,
  signal: AbortSignal,
): Promise<Result<UnpackResult | "already open">> {
  const unpacked = Promise.all([
    execScript(secrets, stage, [0, 10, 11], { input: tar, signal }),
    checked,
  ]).then(([staged, whole]) => unpackOutcome(secrets, staged, whole));
  let recorded: Result<string> | undefined;
  async function* orders(): AsyncGenerator<string> {
    const found = await unpacked;
    if (!found.ok || found.value === "already open") return;
    const { digest, folders } = found.value;
    recorded = await record(digest);
    if (recorded.ok) yield [recorded.value, ...folders.map(folderLine), "end", ""].join("\n");
  }
  const [found, switched] = await Promise.all([
    unpacked,
    execScript(
      secrets,
      commit,
      [0, 6],
      { input: Readable.from(orders()), timeoutMs: 2 * scriptTimeoutMs },
      secrets.bridges,
    ),
  ]);
  if (found.ok && found.value === "already open") return ok("already open");
  // what lies there is the user's
  if (!found.ok && found.failure.kind === "precondition") return found;
  if (found.ok && switched.ok && switched.value.code === 0)
    return ok({ unlinked: printedLines(switched.value) });
  await execScript(secrets, abandon, [0]);
  if (!found.ok) return found;
  if (recorded?.ok === false) return recorded;
  return switched.ok ? fail({ kind: "interrupted", signal: "SIGPIPE" }) : switched;
}

function unpackOutcome(
  secrets: SecretsFolder,
  staged: Result<Finished>,
  whole: Result<CheckedTar>,
): Result<CheckedTar | "already open"> {
  if (staged.ok && staged.value.code === 10) return ok("already open");
  if (staged.ok && staged.value.code === 11) {
    return fail({
      kind: "precondition",
      task: "unlock",
      message: notEmpty(secrets.folder, printedSummary(staged.value)),
    });
  }
  // a bad archive cuts tar off, so its own reason comes first; one that tar did not read whole has none
  if (!whole.ok && whole.failure.kind !== "interrupted") return whole;
  return staged.ok ? whole : staged;
}

function notEmpty(folder: string, names: string): string {
  return `${folder} in the container already holds ${names}. Move that elsewhere (or remove it), then unlock again.`;
}
