import { withoutHidden } from "./hidden.js";
import { unsafeCharacters } from "./printable.js";

/** Returns a value as one line of JSON, with unsafe characters escaped and without hidden texts. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value, (_, one: unknown) =>
    typeof one === "string" ? withoutHidden(one) : one,
  );
  return text.replaceAll(unsafeCharacters, escaped);
}

function escaped(found: string): string {
  return found
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
