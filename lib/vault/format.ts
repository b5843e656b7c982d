import { minV1Bytes } from "./v1.js";

export type VaultFormat = "v1" | "age";

/** The first line of an age file (https://age-encryption.org/v1). */
const ageLine = Buffer.from("age-encryption.org/v1\n");

/** How many bytes of the beginning `recognise` wants to see. */
export const headBytes = 64;

/**
 * The format of a sealed vault by its first bytes (`headBytes` of them, or all). v1 has no mark of its own, so it
 * is whatever is not age and is long enough; undefined is what can be neither.
 */
export function detectFormat(head: Uint8Array): VaultFormat | undefined {
  if (ageLine.equals(head.subarray(0, ageLine.length))) return "age";
  return head.length >= minV1Bytes ? "v1" : undefined;
}
