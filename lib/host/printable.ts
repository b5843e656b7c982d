/**
 * Characters that control a terminal or hide text: C0 except newline and tab, DEL, C1, zero-width and other invisible
 * characters, fillers, line separators, bidirectional controls, annotations, and the invisible tag characters. Without the
 * variation selectors of emoji.
 */
export const unsafeCharacters =
  // eslint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

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
