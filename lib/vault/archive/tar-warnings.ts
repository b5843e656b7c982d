import { fail, ok, type Result } from "../../failure/result.js";
import type { Failure } from "../../failure/failure.js";

/** The files that a tar program warned about. */
export interface TarWarnings {
  /** Missing from the archive: unreadable. */
  readonly unread: readonly string[];
  /** Missing from the archive, which is no loss: a socket holds nothing. */
  readonly sockets: readonly string[];
  /** Changed or removed while tar read them; a folder in which something was made or removed counts, too. */
  readonly changedWhileReading: readonly string[];
}

/** No warnings. */
export const noTarWarnings: TarWarnings = { unread: [], sockets: [], changedWhileReading: [] };

// messages of GNU tar and busybox
const unread = [
  /^tar: (.*): Cannot (?:open|stat|read|access|savedir|readlink): /,
  /^tar: can't (?:open|stat|read link) '(.*)': /,
  /^tar: (.*): can't stat/,
  /^tar: (\.\/.*): Permission denied$/,
];
const sockets = [/^tar: (.*): socket ignored$/, /^tar: (.*): unknown file type/];
const changing = [
  /^tar: (.*): file changed as we read it$/,
  /^tar: (.*): File shrank by \d+ bytes; padding/,
  /^tar: (.*): File removed before we read it$/,
  /^tar: (.*): Cannot (?:open|stat): No such file or directory$/,
  /^tar: can't (?:open|stat) '(.*)': No such file or directory$/,
  /^tar: (\.\/.*): No such file or directory$/,
];
/** Only states that there were errors before. */
const closingLine = /^tar: (?:Exiting with failure status|error exit) .*previous errors$/;

/**
 * Interprets the exit code and stderr of tar when packing. Sockets, and files that changed while read, are returned;
 * unreadable ones only with `lenient`. Any other message is `save-incomplete`.
 */
export function interpretTar(
  code: number | undefined,
  stderr: string,
  lenient: boolean,
): Result<TarWarnings> {
  const lines = stderr.split("\n").filter((line) => line !== "" && !closingLine.test(line));
  const found = {
    ...{ sockets: named(lines, sockets), changedWhileReading: named(lines, changing) },
    unread: named(
      lines.filter((line) => !changing.some((pattern) => pattern.test(line))),
      unread,
    ),
  };
  const told = (lenient ? found.unread.length : 0) + found.sockets.length + found.changedWhileReading.length;
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

/** Decodes GNU tar's escapes of non-ASCII characters and colons. */
function unescaped(path: string): string {
  if (!path.includes("\\")) return path;
  const bytes = path.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : code,
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/**
 * Returns whether an archive failed because its source ended early; then the source's failure says more. A refused
 * archive is different: its source ended because reading stopped.
 */
export function isTruncated(failure: Failure): boolean {
  return (failure.kind === "archive-refused" && failure.damaged === true) || failure.kind === "interrupted";
}
