import { fail, ok, type Result } from "../failure/result.js";

/**
 * Splits a command like a shell, without running one: blanks separate, '…' keeps everything, "…" everything but \" and
 * \\, and \ keeps the next character. Unquoted shell syntax (| ; & < > $ ` * and the like) is a `usage` failure, since
 * it would silently be taken as plain text. `source` names the command in failures.
 */
export function splitCommand(command: string, source = "--passphrase-command"): Result<readonly string[]> {
  const wrong = (detail: string, hint?: string): Result<never> =>
    fail({ kind: "usage", message: `${source}: ${detail}.`, hint });
  const words: string[] = [];
  let word: string | undefined;
  let quote: "'" | '"' | undefined;
  for (let at = 0; at < command.length; at++) {
    const char = command.charAt(at);
    const next = command.charAt(at + 1);
    if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else if (quote === '"' && char === "\\" && (next === '"' || next === "\\"))
        word = (word ?? "") + command.charAt(++at);
      else word = (word ?? "") + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (char === "\\" && next !== "") {
      word = (word ?? "") + command.charAt(++at);
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if ("|;&<>$`*?()".includes(char)) {
      return wrong(`\`${char}\` needs a shell`, "Quote it, or write: sh -c '…'");
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== undefined) return wrong(`a ${quote} is never closed`);
  if (word !== undefined) words.push(word);
  return words.length === 0 ? wrong("it is empty") : ok(words);
}
