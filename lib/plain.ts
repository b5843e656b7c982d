// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g;

/** One line, and no more of it than one reads: nothing that a project says may draw on the screen. */
export function plain(text: string): string {
  const shown = plainWhole(text);
  return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown;
}

/** The same, and all of it. */
export function plainWhole(text: string): string {
  return text.replaceAll(control, "\ufffd");
}

/** The same of lines that stay lines, as long as they are, with their tabs. */
export function plainLines(text: string): string {
  return text.replaceAll(control, (found) => (found === "\n" || found === "\t" ? found : "\ufffd"));
}
