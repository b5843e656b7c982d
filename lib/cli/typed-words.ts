import { type Flag, type FlagName, flags } from "../run/flags.js";

/** A command line that is being typed. */
export interface Typed {
  /** The words before the last one that are neither flags nor their values. */
  readonly words: readonly string[];
  /** The flags before the last word. */
  readonly given: ReadonlySet<FlagName>;
  /** The values of flags that were given. */
  readonly values: ReadonlyMap<FlagName, string>;
  /** The last word, which may be empty. */
  readonly last: string;
  /** Its value if it is `--flag=value`, else the whole word. */
  readonly current: string;
  /** How many characters at its beginning the shell does not replace: bash splits words at `=`. */
  readonly kept: number;
  /** The flag whose value `current` is. */
  readonly flag: FlagName | undefined;
  /** True after `--`. */
  readonly isCommand: boolean;
}

/** Reads the words of a command line up to the cursor; the last one may be empty. */
export function readTyped(typed: readonly string[]): Typed {
  const { words: all, isSplit } = joinAtEquals(typed);
  const last = all.at(-1) ?? "";
  const words: string[] = [];
  const given = new Set<FlagName>();
  const values = new Map<FlagName, string>();
  let waiting: FlagName | undefined;
  let isCommand = false;
  for (const word of all.slice(0, -1)) {
    if (isCommand) continue;
    if (waiting !== undefined) values.set(waiting, word);
    const name = waiting === undefined ? flagOf(word) : undefined;
    if (waiting === undefined && name === undefined && word !== "--") words.push(word);
    isCommand = waiting === undefined && word === "--";
    if (name !== undefined) given.add(name);
    waiting = name !== undefined && takesNext(name, word) ? name : undefined;
  }
  const [, long = "", value] = waiting === undefined ? (/^--([a-z-]+)=([^]*)$/.exec(last) ?? []) : [];
  const flag = waiting ?? (isFlag(long) ? long : undefined);
  const kept = isSplit ? last.indexOf("=") + 1 : 0;
  return { words, given, values, last, current: value ?? last, kept, flag, isCommand };
}

/** Joins `--flag`, `=` and `value`, which bash hands over as three words. */
function joinAtEquals(typed: readonly string[]): {
  readonly words: readonly string[];
  readonly isSplit: boolean;
} {
  const words: string[] = [];
  let isSplit = false;
  for (const [index, word] of typed.entries()) {
    const before = words.at(-1);
    isSplit = before !== undefined && (word === "=" || (typed[index - 1] === "=" && index > 1));
    if (isSplit) words[words.length - 1] = `${before}${word}`;
    else words.push(word);
  }
  return { words, isSplit };
}

function flagOf(word: string): FlagName | undefined {
  const [, long = "", short] = /^(?:--([a-z-]+)(?:=[^]*)?|-([A-Za-z]))$/.exec(word) ?? [];
  if (short === undefined) return isFlag(long) ? long : undefined;
  const all = Object.entries(flags) as readonly (readonly [FlagName, Flag])[];
  return all.find(([, flag]) => flag.short === short)?.[0];
}

function isFlag(name: string): name is FlagName {
  return Object.hasOwn(flags, name);
}

/** Tells whether the word after a flag is its value; that of --yes follows an equals sign. */
function takesNext(name: FlagName, word: string): boolean {
  const { type, value = "" }: Flag = flags[name];
  return type === "string" && !value.startsWith("[=") && !word.includes("=");
}
