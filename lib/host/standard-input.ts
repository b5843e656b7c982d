import { whenAborted } from "./abort.js";
import { isatty, ReadStream, WriteStream } from "node:tty";
import { closeSync, openSync } from "node:fs";
import { fail, ok, type Result } from "../failure/result.js";
import { Secret } from "./secret.js";
import { readSecretLine } from "./secret-line.js";
import { stdin } from "./standard-streams.js";
import type { Terminal } from "./terminal.js";

/** Returns whether stdin is a terminal, so that only a person could give input. */
export function inputIsTerminal(): boolean {
  return isatty(0);
}

/**
 * Reads stdin to its end, at most `limit` bytes; the caller wipes them. Failures: `file` (EFBIG for more), and
 * `interrupted`.
 */
export async function readInput(limit: number, signal: AbortSignal): Promise<Result<Buffer>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const release = whenAborted(signal, () => void stdin().destroy());
  try {
    for await (const chunk of stdin() as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limit)
        return fail({
          ...{ kind: "file", action: "read", path: "stdin", code: "EFBIG" },
          detail: `it has more than ${limit} bytes`,
        });
      chunks.push(chunk);
    }
  } catch (error) {
    if (!signal.aborted)
      return fail({
        ...{ kind: "file", action: "read", path: "stdin" },
        code: (error as NodeJS.ErrnoException).code ?? "unknown",
      });
  } finally {
    release();
  }
  return signal.aborted
    ? fail({ kind: "interrupted", signal: String(signal.reason) })
    : ok(Buffer.concat(chunks));
}

/**
 * Returns a terminal that asks for secrets on the process's controlling terminal, where stdin is a pipe with data; the
 * same one if there is none.
 */
export function secretsFromControllingTerminal(terminal: Terminal): Terminal {
  if (inputIsTerminal() || !canOpen(controllingTerminal)) return terminal;
  const secret: Terminal["secret"] = async (question, signal) => {
    const input = new ReadStream(openSync(controllingTerminal, "r"));
    const output = new WriteStream(openSync(controllingTerminal, "w"));
    try {
      const line = await readSecretLine(question, input, output, signal ?? new AbortController().signal);
      if (line === "closed") return fail({ kind: "answer-needed", question, flag: "--passphrase-file" });
      return line === "interrupted" ? fail({ kind: "interrupted", signal: "SIGINT" }) : ok(Secret.of(line));
    } finally {
      input.destroy();
      output.destroy();
    }
  };
  return { ...terminal, interactive: true, secret };
}

const controllingTerminal = "/dev/tty";

function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, "r+"));
    return true;
  } catch {
    return false;
  }
}
