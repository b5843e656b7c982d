/**
 * `npm run record`: runs the demo and writes what it prints as a moving picture for the README, with time to read before
 * each command. Names that differ from run to run are replaced.
 */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const demo = fileURLToPath(new URL("demo.js", import.meta.url));
const picture = fileURLToPath(new URL("../../images/demo.svg", import.meta.url));

const [columns, rows] = [104, 28];
const [width, height, fontSize] = [7.3, 17, 12];
/** Nothing happens for longer than this in the picture, in seconds. */
const longestPause = 1.5;
const readingTime = 2.5;
const endPause = 8;

interface Line {
  readonly text: string;
  /** Seconds since the start, without long pauses. */
  readonly at: number;
}

const stable = (text: string): string =>
  text
    .replaceAll(/tazpod-demo-\w{6}\b/g, "demo")
    .replaceAll(/tazpod-demo-\d+-/g, "lab-")
    .replaceAll(/\b[0-9a-f]{64}\b/g, (hash) => `${hash.slice(0, 8)}…`)
    .replaceAll(`by ${hostname()} `, "by host-a ");

async function record(): Promise<readonly Line[]> {
  const running = spawn(process.execPath, [demo], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => running.once("close", resolve));
  const lines: Line[] = [];
  let [at, last] = [0, performance.now()];
  for await (const text of createInterface({ input: running.stdout })) {
    const now = performance.now();
    at += Math.min((now - last) / 1000, longestPause) + (isCommand(text) ? readingTime : 0);
    last = now;
    lines.push({ text: stable(text), at });
  }
  const code = await ended;
  if (code !== 0) throw new Error(`the demo ended with exit code ${String(code)}`);
  return lines;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const isCommand = (text: string): boolean => /^ {2}host-\w\$ /.test(text);

function classOf(text: string): string {
  if (isCommand(text)) return "command";
  if (/^\S/.test(text)) return "comment";
  return text.trimStart().startsWith("✔") ? "done" : "output";
}

/** Returns an SVG in which each line appears at its time and the text moves up when it reaches the end. */
function draw(lines: readonly Line[]): string {
  const total = (lines.at(-1)?.at ?? 0) + endPause;
  const percent = (seconds: number): string => ((100 * seconds) / total).toFixed(2);
  const moves = lines.flatMap(({ at }, index) =>
    index < rows ? [] : [`${percent(at)}%{transform:translateY(${(rows - 1 - index) * height}px)}`],
  );
  const texts = lines.map(({ text, at }, index) => {
    const shown = text.length > columns ? `${text.slice(0, columns - 1)}…` : text;
    return `<text class="${classOf(text)}" x="8" y="${(index + 1) * height}" style="animation-delay:${at.toFixed(2)}s">${escaped(shown)}</text>`;
  });
  const [w, h] = [Math.round(columns * width) + 16, rows * height + 12];
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-label="The demo in a terminal">
<style>
text{font:${fontSize}px ui-monospace,monospace;white-space:pre;opacity:0;animation:appear 0s forwards}
.command{fill:#fff;font-weight:bold}.comment{fill:#8b9bb4}.output{fill:#d5dbe6}.done{fill:#7ee2a8}
#screen{animation:move ${total.toFixed(2)}s steps(1,end) forwards}
@keyframes appear{to{opacity:1}}
@keyframes move{0%{transform:translateY(0)}${moves.join("")}}
@media (prefers-reduced-motion:reduce){text{opacity:1;animation:none}}
</style>
<rect width="${w}" height="${h}" rx="6" fill="#10151f"/>
<g id="screen">
${texts.join("\n")}
</g>
</svg>
`;
}

await writeFile(picture, draw(await record()));
