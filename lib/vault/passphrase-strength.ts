import { Secret } from "../host/secret.js";
import { randomInt } from "node:crypto";

/** The estimated strength of a passphrase. */
export interface Strength {
  readonly word: "very weak" | "weak" | "fair" | "strong";
  /** The estimated number of guesses, as a power of ten. */
  readonly magnitude: number;
}

/** Further characters are ignored, which bounds the time of an estimate. */
const maxCharacters = 100;

/**
 * Estimates with zxcvbn how many guesses an attacker needs. `known` are words that are not secret here, such as the
 * project's name.
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

/** zxcvbn's thresholds: 10^10 guesses resist an offline attack on a slow key derivation. */
function wordFor(guessesLog10: number): Strength["word"] {
  if (guessesLog10 < 6) return "very weak";
  if (guessesLog10 < 8) return "weak";
  return guessesLog10 < 10 ? "fair" : "strong";
}

/** Describes a strength: "weak: about 10 million guesses find it". */
export function strengthText({ word, magnitude }: Strength): string {
  const guesses =
    magnitude < 15
      ? (10 ** magnitude).toLocaleString("en", { notation: "compact", compactDisplay: "long" })
      : `10^${magnitude}`;
  return `${word}: about ${guesses} guesses find it`;
}

const words = 8;

/** Generates a passphrase of eight of BIP39's 2048 words, joined by hyphens: 88 bits. */
export async function generatePassphrase(): Promise<Secret> {
  const { wordlist } = await import("@scure/bip39/wordlists/english.js");
  const chosen = Array.from({ length: words }, () => wordlist[randomInt(wordlist.length)]);
  return Secret.fromText(chosen.join("-"));
}
