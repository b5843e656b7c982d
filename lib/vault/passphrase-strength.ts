import { Secret } from "../host/secret.js";
import { randomInt } from "node:crypto";

export interface Strength {
  readonly word: "very weak" | "weak" | "fair" | "strong";
  /** How many guesses it takes, as a power of ten. */
  readonly magnitude: number;
}

/** What is beyond is guessed no sooner; it bounds the time an estimate takes. */
const maxCharacters = 100;

/**
 * How many guesses it takes somebody who knows how people choose passphrases, as zxcvbn estimates it. `known` are words
 * that are no secret here, such as the project's name.
 */
export async function estimateStrength(secret: Secret, known: readonly string[]): Promise<Strength> {
  const [{ ZxcvbnFactory }, { adjacencyGraphs: graphs, dictionary }] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
  ]);
  const text = secret.use((bytes) => [...bytes.toString("utf8")].slice(0, maxCharacters).join(""));
  const { guessesLog10 } = new ZxcvbnFactory({ graphs, dictionary }).check(text, [...known]);
  const magnitude = Math.max(0, Math.round(guessesLog10));
  return { word: wordFor(guessesLog10), magnitude };
}

/** zxcvbn's own steps: 10^10 guesses withstand somebody who has the file and a slow key derivation to go through. */
function wordFor(guessesLog10: number): Strength["word"] {
  if (guessesLog10 < 6) return "very weak";
  if (guessesLog10 < 8) return "weak";
  return guessesLog10 < 10 ? "fair" : "strong";
}

/** In words: "weak: about 10^7 guesses find it". */
export function strengthText({ word, magnitude }: Strength): string {
  return `${word}: about 10^${magnitude} guesses find it`;
}

const words = 8;

/** A passphrase of eight words out of BIP39's 2,048, joined by hyphens: 88 bits. */
export async function generatePassphrase(): Promise<Secret> {
  const { wordlist } = await import("@scure/bip39/wordlists/english.js");
  const chosen = Array.from({ length: words }, () => wordlist[randomInt(wordlist.length)]);
  return Secret.fromText(chosen.join("-"));
}
