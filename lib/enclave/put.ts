import type { Readable } from "node:stream";
import { fail, ok, type Result } from "../result.js";
import { call, printed } from "./call.js";
import { abandon, commit, stage } from "./scripts.js";
import type { Enclave, Marker } from "./types.js";

interface Checked {
  readonly digest: string;
  /** Deepest first; mtime in seconds since 1970. */
  readonly folders: readonly { readonly path: string; readonly mode: number; readonly mtime: number }[];
}

export interface Unpacking {
  /** A tar of files, folders and links that are known to be harmless; it may be long in coming. */
  readonly tar: Readable;
  /** Whether all of the tar was good, told once it has been read; then the digest of its content, and how its folders are to be. */
  readonly checked: Promise<Result<Checked>>;
}

/**
 * Opens a vault into the RAM folder: unpacked beside, checked, switched in, marked last.
 * Returns "already open" without touching anything when it is. On any failure nothing is left behind.
 */
export async function put(
  enclave: Enclave,
  { tar, checked }: Unpacking,
  mark: (digest: string) => Promise<Marker>,
  signal: AbortSignal,
): Promise<Result<"opened" | "already open">> {
  const [staged, whole] = await Promise.all([
    call(enclave, stage, [0, 10, 11], { input: tar, signal }),
    checked,
  ]);
  if (staged.ok && staged.value.code === 10) return ok("already open");
  if (staged.ok && staged.value.code === 11) {
    return fail({
      kind: "precondition",
      task: "unlock",
      message: notEmpty(enclave.folder, printed(staged.value)),
    });
  }
  const opened = await finish(enclave, staged, whole, mark);
  if (!opened.ok) await call(enclave, abandon, [0]);
  return opened;
}

async function finish(
  enclave: Enclave,
  staged: Result<unknown>,
  whole: Result<Checked>,
  mark: (digest: string) => Promise<Marker>,
): Promise<Result<"opened">> {
  // a bad archive cuts tar off, so its own reason comes first; one that tar did not read whole has none
  if (!whole.ok && whole.failure.kind !== "interrupted") return whole;
  if (!staged.ok) return staged;
  if (!whole.ok) return whole;
  const lines = [
    JSON.stringify(await mark(whole.value.digest)),
    ...whole.value.folders.map(folderLine),
    "end",
    "",
  ];
  const switched = await call(enclave, commit, [0], { input: lines.join("\n") });
  return switched.ok ? ok("opened") : switched;
}

function notEmpty(folder: string, names: string): string {
  return `${folder} in the container already holds ${names}. Move that elsewhere (or remove it), then unlock again.`;
}

/** For the commit script: every byte of the path that a shell could take for something else as a printf escape. */
function folderLine({ path, mode, mtime }: Checked["folders"][number]): string {
  const escaped = [...Buffer.from(path)].map((byte) =>
    /[A-Za-z0-9._/-]/.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `\\0${byte.toString(8).padStart(3, "0")}`,
  );
  return `${mode.toString(8)} ${mtime} ${escaped.join("")}`;
}
