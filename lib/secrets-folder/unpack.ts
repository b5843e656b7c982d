import { Readable } from "node:stream";
import type { Finished } from "../host/process.js";
import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import {
  execScript,
  scriptStallMs,
  printedSummary,
  printedLines,
  type FolderAttributes,
  folderLine,
} from "./exec.js";
import { abandon, commit, stage } from "./container-scripts.js";
import type { SecretsFolder } from "./secrets-folder.js";

interface CheckedTar {
  readonly digest: string;
  /** The attributes of the folders, deepest first. */
  readonly folders: readonly FolderAttributes[];
}

/** The content of a vault to open. */
export interface VaultToUnpack {
  /** A tar of harmless files, folders and links; it may take long to arrive. */
  readonly tar: Readable;
  /** Settles once the whole tar was read: its content digest and folders, or why it is bad. */
  readonly checked: Promise<Result<CheckedTar>>;
}

/** The result of opening a vault. */
export interface UnpackResult {
  /** Paths that could not be linked from the home, because something else is there. */
  readonly unlinked: readonly string[];
}

/**
 * Opens a vault into the secrets folder: unpacks into a staging folder, checks, moves in, links from the home, and
 * leaves the mark last. `record` records the opening on the host just before the move and returns the mark. The script
 * that moves the files starts early and waits for input, since starting a program in a container takes longer than its
 * work. Returns "already open" without changing anything. A failure leaves nothing behind.
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
      { input: Readable.from(orders()), stallMs: 2 * scriptStallMs },
      secrets.bridges,
    ),
  ]);
  if (found.ok && found.value === "already open") return ok("already open");
  // the files there are the user's
  if (!found.ok && found.failure.kind === "secrets-not-empty") return found;
  if (found.ok && switched.ok && switched.value.code === 0)
    return ok({ unlinked: printedLines(switched.value) });
  await execScript(secrets, abandon, [0]);
  if (!found.ok) return found;
  if (recorded?.ok === false) return recorded;
  return switched.ok ? fail({ kind: "interrupted", signal: "SIGPIPE" }) : switched;
}

const endsReading = new Set<Failure["kind"]>(["connection-lost", "engine-unavailable", "container-gone"]);

function unpackOutcome(
  secrets: SecretsFolder,
  staged: Result<Finished>,
  whole: Result<CheckedTar>,
): Result<CheckedTar | "already open"> {
  if (staged.ok && staged.value.code === 10) return ok("already open");
  if (staged.ok && staged.value.code === 11) {
    const names = printedSummary(staged.value);
    return fail({ kind: "secrets-not-empty", folder: secrets.folder, names });
  }
  // a connection that was lost, or an engine that has gone, truncates the archive
  if (!staged.ok && endsReading.has(staged.failure.kind)) return staged;
  // a bad archive truncates tar's input, so its own failure takes precedence; an archive that tar did not read
  // completely has none
  if (!whole.ok && whole.failure.kind !== "interrupted") return whole;
  return staged.ok ? whole : staged;
}
