import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A small fault: one place of the code, changed so that something would be lost, leaked or let through. */
export interface Mutation {
  /** Where it is written, as `test/mutations/vault.txt:12`. */
  readonly at: string;
  /** Relative to the repository. */
  readonly file: string;
  /** What would happen, in one sentence. */
  readonly fault: string;
  /** It occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** The test files that are closest, relative to the repository, the quickest first. */
  readonly tests: readonly string[];
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = "test/mutations";

/**
 * Reads the lists in test/mutations. A line `== FILE: TESTS` begins the mutations of one file; each has a line that says
 * the fault, then what is taken out on lines with `-`, and what is put in on lines with `+`. Throws where a list is wrong.
 */
export function readMutations(): readonly Mutation[] {
  const lists = readdirSync(root + folder).filter((name) => name.endsWith(".txt"));
  return lists.toSorted().flatMap((name) => parse(`${folder}/${name}`));
}

function parse(list: string): readonly Mutation[] {
  const found: Mutation[] = [];
  let [file, tests]: [string, readonly string[]] = ["", []];
  let line = 1;
  for (const block of readFileSync(root + list, "utf8")
    .trimEnd()
    .split(/\n\n+/)) {
    const [first = "", ...rest] = block.split("\n");
    const at = `${list}:${line}`;
    // the blank line after it counts
    line += rest.length + 2;
    const head = /^== (\S+): (.+)$/.exec(first);
    if (head !== null) {
      file = head[1] ?? "";
      tests = (head[2] ?? "").split(" ").map((part) => `test/${part}.test.ts`);
      continue;
    }
    const [from, to] = ["-", "+"].map((sign) =>
      rest.flatMap((text) => (text.startsWith(sign) ? [text.slice(2)] : [])).join("\n"),
    );
    if (file === "" || !from || to === undefined || from === to || /^[-+]/.test(first))
      throw new Error(`${at}: not a fault with a line to take out`);
    found.push({ at, file, fault: first, from, to, tests });
  }
  return found;
}

/** Returns the file with the fault in it. Throws if the place is not there, or there twice. */
export function mutated({ at, file, from, to }: Mutation): string {
  const [before, after, ...more] = readFileSync(root + file, "utf8").split(from);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(
      `${at}: ${file} has this text ${more.length > 0 ? "more than once" : "nowhere"}: ${from}`,
    );
  return before + to + after;
}
