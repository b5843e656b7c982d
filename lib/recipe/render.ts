/** `{{name}}`, `{{env.NAME}}` for an environment variable, or `{{tasks.TASK.NAME}}` for an output of a task. */
const placeholder = /\{\{\s*((?:env\.)?[A-Za-z_][A-Za-z0-9_-]*|tasks\.[A-Za-z0-9_.:-]*)\s*\}\}/g;

/** What the name of an environment variable starts with in a placeholder. */
export const environmentPrefix = "env.";

/**
 * Fills in each `{{name}}` of `text`. Other braces, such as `{{.Names}}`, stay. Names were checked when the recipe was
 * loaded, so a missing value is a bug and throws.
 */
export function render(text: string, vars: Readonly<Record<string, string>>): string {
  return text.replaceAll(placeholder, (_, name: string) => {
    const value = Object.hasOwn(vars, name) ? vars[name] : undefined;
    if (value === undefined) throw new Error(`{{${name}}} has no value in ${JSON.stringify(text)}`);
    return value;
  });
}

/** Like `render`, for text that contains foreign text: placeholders without a value stay. */
export function renderKnown(text: string, vars: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    placeholder,
    (all, name: string) => (Object.hasOwn(vars, name) ? vars[name] : undefined) ?? all,
  );
}

/** The values of `{{name}}` in one place. */
export interface Values {
  readonly texts: Readonly<Record<string, string>>;
  /** Values that fill several items of a command, or none: variadic arguments, and empty ones. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** Names whose value is free and comes from the command line. */
  readonly typed: ReadonlySet<string>;
}

/** A command with its values. */
export interface Filled {
  readonly argv: readonly string[];
  /** The items that contain such values. */
  readonly typed: ReadonlySet<number>;
}

/** Fills in the values of a command. No value is split: it is one item or, if it is a list, as many as it has words. */
export function renderCommand(command: readonly string[], { texts, lists, typed }: Values): Filled {
  const argv: string[] = [];
  const own = new Set<number>();
  for (const item of command) {
    const names = placeholders(item);
    const [name = ""] = names;
    const words = isPlaceholder(item) ? lists[name] : undefined;
    const from = argv.length;
    // a program cannot be left out
    argv.push(...(words === undefined || (from === 0 && words.length === 0) ? [render(item, texts)] : words));
    if (names.some((one) => typed.has(one))) for (let at = from; at < argv.length; at += 1) own.add(at);
  }
  return { argv, typed: own };
}

/** Returns the names of all placeholders, each once. */
export function placeholders(text: string): readonly string[] {
  return [...new Set([...text.matchAll(placeholder)].map((match) => match[1] ?? ""))];
}

/** Tells whether a text is one placeholder and nothing else. */
export function isPlaceholder(text: string): boolean {
  return /^\{\{[^{}]*\}\}$/.test(text) && placeholders(text).length === 1;
}
