/** A key: a character as itself, or a name. */
export type Key = string;

const sequences: Readonly<Record<string, Key>> = {
  ...{ A: "up", B: "down", H: "home", F: "end" },
  ...{ "1~": "home", "4~": "end", "5~": "page-up", "6~": "page-down", "7~": "home", "8~": "end" },
};
const controls: Readonly<Record<string, Key>> = {
  ...{ "\r": "enter", "\n": "enter", "\u007f": "backspace", "\b": "backspace", "\u001b": "escape" },
  ...{ "\u0003": "ctrl-c", "\u0004": "ctrl-d", "\u001a": "ctrl-z" },
};

/**
 * Returns the keys of what a terminal sent (ECMA-48 and xterm). A single escape is the Escape key; sequences of other
 * keys, and characters that are neither printable nor in the list, are left out.
 */
export function keysOf(typed: string): readonly Key[] {
  const keys: Key[] = [];
  // eslint-disable-next-line no-control-regex
  for (const [found, csi, ss3] of typed.matchAll(/\u001b\[([0-9;?<]*[@-~])|\u001bO(.)|\u001b.|./gsu)) {
    const sequence = csi ?? ss3;
    const key = sequence === undefined ? (controls[found] ?? found) : sequences[sequence];
    if (key !== undefined && (key.length > 1 ? !key.startsWith("\u001b") : key >= " ")) keys.push(key);
  }
  return keys;
}
