/** How many characters of a SHA-256 name a version in a lineage: enough against accidents, which is all it is for. */
const shortLength = 12;

/** How many versions the state and a manifest name. */
export const maxLineage = 500;

/** Returns the name of a version in a lineage, from the SHA-256 (hex) of its sealed file. */
export function shortName(sha256: string): string {
  return sha256.slice(0, shortLength);
}

/** Returns whether a value is a lineage: names of versions, newest first. */
export function isLineage(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.every((name) => typeof name === "string" && /^[0-9a-f]{12}$/.test(name))
  );
}

/** Joins lineages, newest first, without repetitions. */
export function joinLineages(...lineages: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lineages.flat())].slice(0, maxLineage);
}

/** Whether one version descends from another: a lineage that is missing, or full, leaves it unknown. */
export type Descent = "yes" | "no" | "unknown";

/** Tells from a version's lineage, which names at most `limit`, whether it descends from one of these versions. */
export function descent(
  lineage: readonly string[] | undefined,
  limit: number,
  ancestors: readonly string[],
): Descent {
  if (lineage === undefined || ancestors.length === 0) return "unknown";
  if (ancestors.some((sha256) => lineage.includes(shortName(sha256)))) return "yes";
  return lineage.length >= limit ? "unknown" : "no";
}
