/**
 * Characters that control a terminal or hide text: C0 except newline and tab, DEL, C1, zero-width characters, line
 * separators, bidirectional controls, and the invisible tag characters.
 */
export const unsafeCharacters =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/** Replaces each unsafe character by one U+FFFD, so that columns stay aligned. Keeps newlines and tabs. */
export function printableLines(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(unsafeCharacters, "\ufffd");
}

/** Makes a name printable within a line: also replaces newlines and tabs, and keeps at most 300 characters. */
export function printable(text: string): string {
  const shown = printableWhole(text);
  return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown;
}

/** Like `printable`, without the limit. */
export function printableWhole(text: string): string {
  return printableLines(text).replaceAll(/[\n\t]/g, "\ufffd");
}
