import { splitAtColumns, widthOf } from "../../host/columns.js";
import type { ScreenRow } from "../../host/full-screen.js";
import type { DescribedLine } from "./describe-request.js";

/** Rows that fill a screen: a head, a body of which `from` is the first row shown, and a foot. */
export interface Layout {
  readonly rows: readonly ScreenRow[];
  /** The first row of the body that is shown, which may be less than what was asked for. */
  readonly from: number;
  /** How many rows of the body fit. */
  readonly room: number;
  /** True if the last row of the body is shown. */
  readonly showsEnd: boolean;
}

/** What a screen shows. */
export interface ScreenContent {
  readonly head: string;
  readonly body: readonly string[];
  /** Above the keys: a question or a note. */
  readonly note: string;
  readonly keys: readonly string[];
  readonly from: number;
}

/** Lays out a screen. The body gets at least one row; its place in the whole is noted if it does not fit. */
export function layOutScreen(
  { head, body, note, keys, from: wanted }: ScreenContent,
  { columns, rows: height }: { readonly columns: number; readonly rows: number },
): Layout {
  const top = splitAtColumns(head, columns);
  const bottom = [...splitAtColumns(note, columns), ...joinKeys(keys, columns)];
  const inner = height - top.length - bottom.length;
  const fits = body.length <= inner;
  const room = Math.max(1, fits ? inner : inner - 1);
  const from = Math.max(0, Math.min(wanted, body.length - room));
  const shown = body.slice(from, from + room);
  const end = from + shown.length;
  const more = end < body.length ? "more below" : "end";
  const place = fits ? [] : [`-- lines ${from + 1} to ${end} of ${body.length}, ${more} --`];
  const filled = [...shown, ...Array.from({ length: room - shown.length }, () => "")];
  return {
    rows: [
      ...top.map(inverse),
      ...[...filled, ...place].map((text) => ({ text })),
      ...bottom.map((text, index) =>
        index < bottom.length - joinKeys(keys, columns).length ? { text } : inverse(text),
      ),
    ],
    ...{ from, room, showsEnd: end >= body.length },
  };
}

/** Returns the rows of described lines: nothing is left out, and what continues a line is indented. */
export function wrapLine({ text, indent }: DescribedLine, columns: number): readonly string[] {
  if (widthOf(text) <= columns) return [text];
  const [first = "", ...others] = splitAtColumns(text, columns);
  const hanging = Math.min(indent, Math.floor(columns / 2));
  return [
    first,
    ...splitAtColumns(others.join(""), columns - hanging).map((rest) => " ".repeat(hanging) + rest),
  ];
}

/** Joins what keys do to rows, as many to a row as fit. */
function joinKeys(keys: readonly string[], columns: number): readonly string[] {
  const rows: string[] = [];
  for (const key of keys) {
    const joined = rows.length === 0 ? undefined : `${rows.at(-1)}  ${key}`;
    if (joined === undefined || joined.length > columns) rows.push(key);
    else rows[rows.length - 1] = joined;
  }
  return rows;
}

function inverse(text: string): ScreenRow {
  return { text, inverse: true };
}
