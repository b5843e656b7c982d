/** A line of a plot: a name, and points from left to right. */
interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** What a plot shows; both axes start at 0. */
export interface Plot {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly lines: readonly [Line, Line];
}

const [width, height] = [720, 340];
/** The area of the lines; the names are to the right of it. */
const area = { left: 64, right: 520, top: 44, bottom: 284 };
const steps = 5;

const style = `
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.axis { stroke: #57606a; fill: none }
.grid { stroke: #57606a; stroke-opacity: 0.25 }
.line0 { stroke: #0969da; fill: #0969da }
.line1 { stroke: #bc4c00; fill: #bc4c00; stroke-dasharray: 6 4 }
polyline.line0, polyline.line1 { fill: none; stroke-width: 2 }
circle, text.line0, text.line1 { stroke: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .axis, .grid { stroke: #9198a1 }
  .line0 { stroke: #4493f8; fill: #4493f8 }
  .line1 { stroke: #f0883e; fill: #f0883e }
}
`;

/** Returns a plot as an SVG document, readable on light and dark pages. */
export function svgOf({ title, xTitle, yTitle, lines }: Plot): string {
  const all = lines.flatMap(({ points }) => points);
  const [xStep, yStep] = [stepOf(all.map(({ x }) => x)), stepOf(all.map(({ y }) => y))];
  const x = (value: number): number => place(value / (xStep * steps), area.left, area.right);
  const y = (value: number): number => place(value / (yStep * steps), area.bottom, area.top);
  const ticks = Array.from({ length: steps + 1 }, (_, index) => index);
  const middle = (area.left + area.right) / 2;
  const parts = [
    `<text class="title" x="${area.left}" y="24">${escaped(title)}</text>`,
    ...ticks.map((tick) => horizontal(y(tick * yStep), number(tick * yStep))),
    ...ticks.map((tick) => label(x(tick * xStep), area.bottom + 20, number(tick * xStep))),
    `<path class="axis" d="M${area.left} ${area.top}V${area.bottom}H${area.right}"/>`,
    label(middle, area.bottom + 42, xTitle),
    `<text text-anchor="middle" transform="translate(18 ${(area.top + area.bottom) / 2}) rotate(-90)">${escaped(yTitle)}</text>`,
    ...lines.map(({ points }, index) =>
      lineOf(
        points.map((point) => [x(point.x), y(point.y)]),
        index,
      ),
    ),
    ...namesOf(lines, y),
  ];
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img"`;
  return `${head} aria-label="${escaped(title)}">\n<style>${style}</style>\n${parts.join("\n")}\n</svg>\n`;
}

/** The distance of two ticks: a round number, so that five of them hold the largest value. */
function stepOf(values: readonly number[]): number {
  const least = Math.max(...values) / steps || 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 1.5, 2, 2.5, 3, 4, 5].find((factor) => factor * power >= least) ?? 10);
}

function place(share: number, from: number, to: number): number {
  return Number((from + share * (to - from)).toFixed(1));
}

function number(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function horizontal(y: number, text: string): string {
  const line = `<path class="grid" d="M${area.left} ${y}H${area.right}"/>`;
  return `${line}<text text-anchor="end" x="${area.left - 8}" y="${y + 4}">${text}</text>`;
}

function label(x: number, y: number, text: string): string {
  return `<text text-anchor="middle" x="${x}" y="${y}">${escaped(text)}</text>`;
}

function lineOf(points: readonly (readonly number[])[], index: number): string {
  const line = `<polyline class="line${index}" points="${points.map((point) => point.join(",")).join(" ")}"/>`;
  const dots = points.map(([x, y]) => `<circle class="line${index}" cx="${x}" cy="${y}" r="3.5"/>`);
  return [line, ...dots].join("");
}

/** The names at the ends of the lines, at least a line of text apart. */
function namesOf(lines: Plot["lines"], y: (value: number) => number): string[] {
  const ends = lines.map(({ points }) => y(points.at(-1)?.y ?? 0) + 4);
  const [first = 0, second = 0] = ends;
  const apart = Math.max(0, 18 - Math.abs(first - second)) / 2;
  const shift = first < second ? -apart : apart;
  return lines.map(({ name }, index) => {
    const at = (ends[index] ?? 0) + (index === 0 ? shift : -shift);
    return `<text class="line${index}" x="${area.right + 10}" y="${at}">${escaped(name)}</text>`;
  });
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
