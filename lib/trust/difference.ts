import { diffLines } from "diff";

/** A text that is made to take long to compare is shown as replaced. In ms. */
const patienceMs = 1_000;

/** Two texts as lines after `+`, `-` or a space; of the lines that are the same, so many around each change. */
export function diffText(before: string, after: string, context: number): string[] {
  const parts = diffLines(before, after, { timeout: patienceMs }) ?? [
    { value: before, added: false, removed: true },
    { value: after, added: true, removed: false },
  ];
  return parts.flatMap(({ value, added, removed }, index) => {
    const lines = value === "" ? [] : value.replace(/\n$/, "").split("\n");
    if (added) return lines.map((line) => `+ ${line}`);
    if (removed) return lines.map((line) => `- ${line}`);
    const head = index === 0 ? 0 : context;
    const tail = index === parts.length - 1 ? 0 : context;
    if (lines.length <= head + tail + 1) return lines.map((line) => `  ${line}`);
    const last = tail === 0 ? [] : lines.slice(-tail);
    return [...lines.slice(0, head), undefined, ...last].map((line) =>
      line === undefined ? "  …" : `  ${line}`,
    );
  });
}
