/** Returns a moment, to the second, as messages say it: 2026-07-11 09:00:00 UTC. A text is ISO 8601 in UTC. */
export function utc(moment: Date | string): string {
  const text = typeof moment === "string" ? moment : moment.toISOString();
  return `${text.slice(0, 19).replace("T", " ")} UTC`;
}
