import { randomInt } from "node:crypto";
import { Secret } from "../host/secret.js";

const words = 8;

/** A passphrase of eight words out of BIP39's 2,048, joined by hyphens: 88 bits. */
export async function generatePassphrase(): Promise<Secret> {
  const { wordlist } = await import("@scure/bip39/wordlists/english.js");
  const chosen = Array.from({ length: words }, () => wordlist[randomInt(wordlist.length)]);
  return Secret.fromText(chosen.join("-"));
}
