/**
 * What cannot be told by looking at it: control, format and unassigned characters, surrogates, private use, everything
 * that Unicode lets a terminal ignore, spaces other than U+0020 and the blank pattern of braille, and combining marks, which
 * may cover other characters.
 */
const invisible = /[\p{C}\p{M}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escape(found: string): string {
  if (found === " ") return found;
  return named[found] ?? `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`;
}

/**
 * Quotes a text so that it can be told from every other text by looking at it: in double quotes, with a backslash before
 * quotes and backslashes, and every character that is invisible or changes how others look as an escape such as `\n` or
 * `\u{202e}`.
 */
export function quoted(text: string): string {
  return `"${withEscapes(text.replaceAll(/["\\]/g, "\\$&"))}"`;
}

/** Shows a text in one line without quotes: the same escapes, but for quotes and backslashes. */
export function withEscapes(text: string): string {
  return text.replaceAll(invisible, escape);
}

/** Returns the characters of a text outside ASCII that are letters or digits, which may look like others; each once. */
export function foreignLetters(text: string): readonly string[] {
  return [...new Set(text.match(/[^\p{ASCII}]/gu) ?? [])].filter((found) => /[\p{L}\p{N}]/u.test(found));
}

/** Returns a word of a command as it is, or in JSON's quotes if a shell would read it otherwise; `*` counts as plain. */
export function plainWord(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : JSON.stringify(word);
}
