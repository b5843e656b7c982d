/** What replaces a hidden text. */
export const mask = "***";
/** Shorter texts are not hidden, since they occur in any text by chance. */
export const minMaskedBytes = 4;
/** Lines of a text of at least this many bytes are hidden on their own, too. */
const minMaskedLine = 8;

/** The texts that nothing printed may show, the longest first. */
let hidden: readonly string[] = [];

/** Returns what to hide of some texts: each, and its longer lines; the longest first. */
export function partsToHide(texts: readonly string[]): readonly string[] {
  const lines = texts.flatMap((text) => text.split(/\r?\n/)).filter((line) => line.length >= minMaskedLine);
  const wanted = [...new Set([...texts.filter((text) => text.length >= minMaskedBytes), ...lines])];
  return wanted.toSorted((a, b) => b.length - a.length);
}

/**
 * Hides a text from now on in all that tazpod prints, and in the output of the programs that it shows; not in that of a
 * program that owns the terminal.
 */
export function hide(text: string): void {
  hidden = partsToHide([...hidden, text]);
}

/** Returns the hidden texts. */
export function hiddenTexts(): readonly string[] {
  return hidden;
}

/** Replaces each hidden text by `***`. */
export function withoutHidden(text: string): string {
  return hidden.reduce((rest, secret) => rest.replaceAll(secret, mask), text);
}
