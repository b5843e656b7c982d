import { fail, ok, type Result } from "../../failure/result.js";
import type { Failure } from "../../failure/failure.js";

/** What a tar program said of the files that it could not take as they are. */
export interface TarWarnings {
  /** Not in the archive: they cannot be read, are gone, or are sockets. */
  readonly unread: readonly string[];
  /** In the archive, but changed while they were being read. */
  readonly changedWhileReading: readonly string[];
}

export const noTarWarnings: TarWarnings = { unread: [], changedWhileReading: [] };

// GNU tar's and busybox's
const unread = [
  /^tar: (.*): Cannot (?:open|stat|read|access|savedir|readlink): /,
  /^tar: (.*): File removed before we read it$/,
  /^tar: (.*): socket ignored$/,
  /^tar: can't (?:open|stat|read link) '(.*)': /,
  /^tar: (.*): (?:can't stat|unknown file type)/,
  /^tar: (\.\/.*): (?:Permission denied|No such file or directory)$/,
];
const changing = [/^tar: (.*): file changed as we read it$/, /^tar: (.*): File shrank by \d+ bytes; padding/];
/** Only says that there was something before. */
const closingLine = /^tar: (?:Exiting with failure status|error exit) .*previous errors$/;

/**
 * Judges how a tar program that packs ended. What changed while it was read is told, for whoever reads it again; what
 * could not be read only when `lenient`. Everything else that it complains of is `save-incomplete`.
 */
export function interpretTar(
  code: number | undefined,
  stderr: string,
  lenient: boolean,
): Result<TarWarnings> {
  const lines = stderr.split("\n").filter((line) => line !== "" && !closingLine.test(line));
  const found = { unread: named(lines, unread), changedWhileReading: named(lines, changing) };
  const told = (lenient ? found.unread.length : 0) + found.changedWhileReading.length;
  if (told === lines.length && (code === 0 || told > 0)) return ok(found);
  const said =
    lines.length > 0 ? lines : [`tar ended with ${code === undefined ? "a signal" : `code ${code}`}`];
  return fail({ kind: "save-incomplete", problems: said.slice(0, 20) });
}

function named(lines: readonly string[], patterns: readonly RegExp[]): string[] {
  return lines.flatMap((line) => {
    const path = patterns.map((pattern) => pattern.exec(line)?.[1]).find((text) => text !== undefined);
    return path === undefined ? [] : [unescaped(path.replace(/^\.\//, ""))];
  });
}

/** GNU tar writes what is not plain ASCII, and colons, as escapes. */
function unescaped(path: string): string {
  if (!path.includes("\\")) return path;
  const bytes = path.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : code,
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/**
 * Whether an archive failed because its source did not end well, which then says more. One that was refused for what
 * is in it was not read on, and its source ended because of that.
 */
export function isTruncated(failure: Failure): boolean {
  return (failure.kind === "archive-refused" && failure.damaged === true) || failure.kind === "interrupted";
}
